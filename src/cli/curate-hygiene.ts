import { z } from "zod";
import { envOf } from "../engine/env.js";
import { command } from "./command.js";
import { scanOptions } from "./curate-options.js";
import { printReport } from "./report.js";

export default command({
  name: "curate hygiene",
  summary: "List anomalies: macOS sidecars, backups, empty and damaged files, problematic names",
  details: [
    "Sidecars are recognised by name (._NAME) and by content (the magic numbers of AppleDouble and AppleSingle), also in place of a model, volume or PEET list; a sidecar without its file is an orphan. --json lists every file with its flags.",
    "Nothing is changed. --plan writes a shell script that lists what can be removed (sidecars, desktop files), and removes it when called with --delete.",
    "Exit status: 0 done, with or without findings; 3 some folders could not be read.",
  ],
  positionals: ["dir"],
  options: z.object({
    ...scanOptions,
    plan: z.string().optional().meta({ description: "write a clean-up script", value: "FILE", written: true }),
  }),
  examples: [
    {
      run: "emporium curate hygiene demo-out/archive/grp_tomo_db1_d2 --plan demo-out/tidy.sh",
      says: "counts of each kind, and a clean-up script",
    },
  ],
  async run({ dir, full, jobs, plan }, io) {
    const { hygieneOfArchive } = await import("../stations/curate/hygiene/hygiene.js");
    const report = await hygieneOfArchive(dir, {
      workspace: io.workspace,
      full,
      jobs,
      plan,
      ...envOf(io),
    });
    return printReport(report, io);
  },
});
