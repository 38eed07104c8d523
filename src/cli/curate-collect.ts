import { z } from "zod";
import { command } from "./command.js";
import { ledgerOption, scanOptions } from "./curate-options.js";
import { basesOf, portalBase } from "./harvest-options.js";
import { printReport } from "./report.js";

export default command({
  name: "curate collect",
  summary: "Gather the models of one label into a batch: named by the portal's runs, checksummed, recorded",
  details: [
    "Copies each model of the label that lies in a matched run to <dataset>/<run>_<run id>_<file>, reads it back, and writes manifest.json: source, drive, run, rule, SHA-256, what the model holds, and the volume that it was drawn on. DIR says which drives. The destination is a folder or a place in a bucket; nothing is written below the drives, and a destination inside of them is refused.",
    "The ledger of batches (curate batches) remembers every file by its content: one that another batch holds is left out and listed, unless its content has changed. The same content for the same run goes once; files of one name and different contents are kept apart by their hashes and listed.",
    "Run again it does only what is missing; stopped or killed at any moment and run again it ends with the same files. --dry-run reads and decides everything and writes nothing.",
    "Where the matches have no run or dataset id (tables of the reference) it is looked up in the portal's answers that the workspace keeps, or with --runs; a row that stays without one is listed and left out.",
    "Exit status: 0 done, 3 some models were left out or collided, 1 there is no such model, 11 another command has the ledger.",
  ],
  positionals: ["dir"],
  options: z.object({
    ...scanOptions,
    matches: z.string().meta({ description: "table of curate match, or of the reference", value: "FILE" }),
    label: z.string().min(1, "a label").meta({ description: "which models: MS, hat, T4P, or a file name without .mod" }),
    dest: z
      .string()
      .min(1, "a place")
      .meta({ description: "folder, or place in a bucket, for this batch alone", value: "LOCATION" }),
    batch: z.string().optional().meta({ description: "name of the batch (default: drives and label)", value: "ID" }),
    runs: z
      .string()
      .optional()
      .meta({ description: "portal, or file of its runs, for ids that the matches lack", value: "PORTAL|FILE" }),
    vocabulary: z.string().optional().meta({ description: "further labels, YAML or CSV", value: "FILE" }),
    ...ledgerOption,
    dryRun: z.boolean().default(false).meta({ description: "say what would be collected and write nothing" }),
    portalBase,
    anonymous: z.boolean().default(false).meta({ description: "sign no request to a bucket for --runs" }),
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
      clock: io.clock,
      log: io.log,
      signal: io.signal,
      onEvent: io.onEvent,
    });
    return printReport(report, io);
  },
});
