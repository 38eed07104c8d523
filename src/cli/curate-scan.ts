import { z } from "zod";
import { envOf } from "../engine/env.js";
import { command } from "./command.js";
import { runPattern, scanOptions } from "./curate-options.js";
import { printReport } from "./report.js";

export default command({
  name: "curate scan",
  summary: "Build the inventory of drives: every file, its run and species, headers of volumes and models",
  details: [
    "Walks the folders with several threads and records names, sizes and times; then reads the headers of volumes (.mrc, .st, .rec: the first 1024 bytes) and models (.mod), and the first bytes of possible sidecars. The inventory stays in the workspace, and the other curate commands read it.",
    "A second scan reads only folders that have changed. An interrupted scan resumes. A file that was overwritten in place in an unchanged folder is detected with --full.",
    "Nothing is written below the folders: a workspace or --out inside them is refused. Links are recorded and not followed. Folders that cannot be read are listed, and all others are scanned.",
    "--out writes the whole index, one entry per file, as JSON or CSV depending on the file's extension.",
    "Exit status: 0 everything scanned, 3 some folders could not be read, 11 another scan of the same folder is running, 130 stopped.",
  ],
  positionals: ["dir"],
  options: z.object({
    ...scanOptions,
    ...runPattern,
    out: z.string().optional().meta({ description: "write the index to this file, .json or .csv", value: "FILE", written: true }),
    heads: z.boolean().default(true).meta({ description: "read the headers of volumes and models (default)" }),
    vocabulary: z.string().optional().meta({ description: "further labels, YAML or CSV", value: "FILE" }),
  }),
  examples: [
    { run: "emporium curate scan demo-out/archive/grp_tomo_db1_d1", says: "the contents of a drive: kinds, runs, anomalies" },
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
      ...envOf(io),
    });
    return printReport(report, io);
  },
});
