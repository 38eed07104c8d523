import { z } from "zod";
import { command } from "./command.js";
import { scanOptions } from "./curate-options.js";
import { printReport } from "./report.js";

export default command({
  name: "curate hygiene",
  summary: "List what is not what it seems: sidecars of macOS, backups, empty and damaged files, odd names",
  details: [
    "Sidecars are told by name (._NAME) and by content (the magic numbers of AppleDouble and AppleSingle), wherever a model, volume or list of PEET should be; one whose file is gone is an orphan. --json lists every file with its flags.",
    "Nothing is changed. --plan writes a shell script that lists what can go (sidecars, files of desktops), and removes it when it is called with --delete.",
    "Exit status: 0 done, whatever was found; 3 some folders could not be read.",
  ],
  positionals: ["dir"],
  options: z.object({
    ...scanOptions,
    plan: z.string().optional().meta({ description: "write a script that tidies up", value: "FILE" }),
  }),
  examples: [
    {
      run: "emporium curate hygiene demo-out/archive/grp_tomo_db1_d2 --plan demo-out/tidy.sh",
      says: "how many of each kind, and a script to tidy up",
    },
  ],
  async run({ dir, full, jobs, plan }, io) {
    const { hygieneOfArchive } = await import("../stations/curate/hygiene/hygiene.js");
    const report = await hygieneOfArchive(dir, {
      workspace: io.workspace,
      full,
      jobs,
      plan,
      clock: io.clock,
      log: io.log,
      signal: io.signal,
    });
    return printReport(report, io);
  },
});
