import { z } from "zod";
import { envOf } from "../engine/env.js";
import { command } from "./command.js";
import { runPattern, scanOptions } from "./curate-options.js";
import { printReport } from "./report.js";

export default command({
  name: "curate missing",
  summary: "List the runs of an archive that the portal lacks, by species, the largest first",
  details: [
    "Reads the table of curate match: a folder that is named like a run and has no row there is a run that the portal lacks. A folder with an ambiguous row is not missing until a person has decided. Copies on several drives are one run.",
    "For each species it prints the location of its run folders: emporium ingest new --from FOLDER turns such a folder into the configuration of a dataset.",
    "--out writes a row for each folder. perhaps names a portal run with a similar name.",
    "Exit status: 0 done, 3 some folders could not be read.",
  ],
  positionals: ["dir"],
  options: z.object({
    ...scanOptions,
    ...runPattern,
    matches: z.string().default("matching_runs.csv").meta({ description: "table of curate match", value: "FILE" }),
    by: z
      .enum(["runs", "bytes", "tomograms"])
      .default("runs")
      .meta({ description: "the measure of a species' size", value: "WHAT" }),
    out: z.string().optional().meta({ description: "write a table of the folders to this file", value: "FILE", written: true }),
  }),
  examples: [
    {
      run: "emporium curate missing demo-out/archive/grp_tomo_db1_d2 --matches demo-out/archive/matching_runs.csv --out demo-out/missing_runs.csv",
      says: "what a drive holds that the portal does not",
    },
  ],
  async run({ dir, full, jobs, runPattern: runPatterns, matches, by, out }, io) {
    const { missingInPortal } = await import("../stations/curate/missing/missing.js");
    const report = await missingInPortal(dir, {
      workspace: io.workspace,
      full,
      jobs,
      runPatterns,
      matches,
      by,
      out,
      ...envOf(io),
    });
    return printReport(report, io);
  },
});
