import { z } from "zod";
import { envOf } from "../engine/env.js";
import { command } from "./command.js";
import { ledgerOption, scanOptions } from "./curate-options.js";
import { basesOf, portalBase } from "./harvest-options.js";
import { printReport } from "./report.js";

export default command({
  name: "curate collect",
  summary: "Collect the models of one label into a batch: named by the portal's runs, checksummed, recorded",
  details: [
    "Copies each model of the label in a matched run to <dataset>/<run>_<run id>_<file>, reads it back, and writes manifest.json: source, drive, run, rule, SHA-256, contents of the model, and the volume that it was drawn on. DIR names the drives. The destination is a folder or bucket location; nothing is written to the drives, and a destination on them is refused.",
    "The ledger of batches (curate batches) records every file by its content: a file that is in another batch is left out and listed, unless its content has changed. The same content for the same run is copied once; files with one name and different contents are kept apart by their hashes and listed.",
    "Run again, it does only what is missing; stopped or killed at any moment and run again, it ends with the same files. --dry-run reads and decides everything and writes nothing.",
    "If the matches have no run or dataset id (tables of the reference), the ids are looked up in the portal's answers in the workspace, or with --runs; a row that stays without an id is listed and left out.",
    "Exit status: 0 done, 3 some models were left out or collided, 1 there is no such model, 11 another command holds the ledger.",
  ],
  positionals: ["dir"],
  options: z.object({
    ...scanOptions,
    matches: z.string().meta({ description: "table of curate match, or of the reference", value: "FILE" }),
    label: z.string().min(1, "a label").meta({ description: "which models: MS, hat, T4P, or a file name without .mod" }),
    dest: z.string().min(1, "a place").meta({ description: "folder or bucket location for this batch alone", value: "LOCATION" }),
    batch: z.string().optional().meta({ description: "name of the batch (default: drives and label)", value: "ID" }),
    runs: z
      .string()
      .optional()
      .meta({ description: "portal, or file of its runs, for ids that the matches lack", value: "PORTAL|FILE" }),
    vocabulary: z.string().optional().meta({ description: "further labels, YAML or CSV", value: "FILE" }),
    ...ledgerOption,
    dryRun: z.boolean().default(false).meta({ description: "print what would be collected and write nothing" }),
    portalBase,
    anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets for --runs" }),
  }),
  examples: [
    {
      run: "emporium curate collect demo-out/archive/grp_tomo_db1_d4 --matches demo-out/archive/matching_runs.csv --label hat --dest demo-out/archive/batches/d4-hat",
      says: "the hat-like structures of one drive",
    },
  ],
  async run({ portalBase, ...options }, io) {
    const { collectBatch } = await import("../stations/curate/collect/collect.js");
    const report = await collectBatch(options.dir, {
      ...options,
      bases: await basesOf(portalBase),
      workspace: io.workspace,
      ...envOf(io),
    });
    return printReport(report, io);
  },
});
