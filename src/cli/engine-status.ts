import { z } from "zod";
import { command } from "./command.js";
import { openForCommand, runPositional } from "./engine-options.js";
import { printReport } from "./report.js";

const WATCH_MS = 5_000;

export default command({
  name: "engine status",
  summary: "Show how far a run on a cluster is: stages, slices, failures",
  details: [
    "What is done is read from the target, from any machine. Where the cluster's programs are here, its queue is asked too. The exit status is that of the run once it has ended, and 0 before.",
  ],
  positionals: ["run"],
  options: z.object({
    run: runPositional,
    watch: z.boolean().default(false).meta({ description: "show it again every five seconds until the run has ended" }),
  }),
  examples: [{ run: "emporium engine status --help", says: "with the folder that ingest run --executor prints" }],
  async run({ run: location, watch }, io) {
    const { run, executor } = await openForCommand(location, io);
    const { runStatus } = await import("../engine/cluster/status.js");
    for (;;) {
      const report = await runStatus(run, executor);
      const isOver = !["prepared", "running", "stopped"].includes(report.status);
      if (!watch || isOver) return printReport(report, io);
      if (!io.json) io.out(report.toText());
      await io.clock.sleep(WATCH_MS, io.signal);
    }
  },
});
