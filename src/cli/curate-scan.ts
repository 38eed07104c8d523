import { z } from "zod";
import { command } from "./command.js";
import { runPattern, scanOptions } from "./curate-options.js";
import { printReport } from "./report.js";

export default command({
  name: "curate scan",
  summary: "Take the inventory of drives: every file, its run and species, heads of volumes and models",
  details: [
    "Walks the folders with several threads and notes names, sizes and times; then reads the heads of volumes (.mrc, .st, .rec: the first 1024 bytes) and models (.mod), and looks at the first bytes of what claims to be a sidecar. The inventory stays in the workspace, and every other curate command goes by it.",
    "Again, it looks only into folders that have changed, and goes on where it was stopped. A file that was overwritten in place, in a folder that has not changed, is seen with --full.",
    "Nothing is written below the folders: a workspace or --out inside of them is refused. Links are noted and not followed. Folders that cannot be read are listed, and all others are done.",
    "--out writes the whole index, an entry a file, as JSON or CSV by the end of its name.",
    "Exit status: 0 all of it, 3 some folders could not be read, 11 another scan of the same folder is going on, 130 stopped.",
  ],
  positionals: ["dir"],
  options: z.object({
    ...scanOptions,
    ...runPattern,
    out: z.string().optional().meta({ description: "write the index there, .json or .csv", value: "FILE" }),
    heads: z.boolean().default(true).meta({ description: "read the heads of volumes and models (default)" }),
    vocabulary: z.string().optional().meta({ description: "further labels, YAML or CSV", value: "FILE" }),
  }),
  examples: [
    { run: "emporium curate scan demo-out/archive/grp_tomo_db1_d1", says: "what is on a drive: kinds, runs, what is odd" },
    {
      run: "emporium curate scan demo-out/archive/grp_tomo_db1_d1 demo-out/archive/grp_tomo_db1_d2 --out demo-out/archive.csv",
      says: "two drives, and every file as a line of a table",
    },
  ],
  async run({ dir, full, jobs, runPattern: runPatterns, out, heads, vocabulary }, io) {
    const { scanReport } = await import("../stations/curate/inventory/scan-report.js");
    const report = await scanReport(dir, {
      workspace: io.workspace,
      full,
      jobs,
      runPatterns,
      out,
      vocabulary,
      heads: heads ? "all" : "none",
      clock: io.clock,
      log: io.log,
      signal: io.signal,
    });
    return printReport(report, io);
  },
});
