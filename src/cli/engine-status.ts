import { z } from "zod";
import type { Report } from "../core/report.js";
import type { OpenRun } from "../engine/cluster/run-record.js";
import type { RunStatus } from "../engine/cluster/status.js";
import type { AnyStation } from "../engine/cluster/work.js";
import { command, type Io } from "./command.js";
import { openForCommand, runPositional } from "./engine-options.js";
import { printReport } from "./report.js";

const WATCH_MS = 5_000;

export default command({
  name: "engine status",
  summary: "Show how far a run on a cluster is: stages, slices, failures",
  details: [
    "What is done is read from the target, from any machine. Where the cluster's programs are here, its queue is asked too. The exit status is that of the run once it has ended, and 0 before; 12 where the cluster does not answer within seconds, and nobody knows whether jobs run. A run of blocks on one machine has a file for it, .emporium/graphs/RUN.status.json beside its first output: give its name. A run of verify, harvest download or publish then also shows what that command reports.",
  ],
  positionals: ["run"],
  options: z.object({
    run: runPositional,
    watch: z.boolean().default(false).meta({ description: "show it again every five seconds until the run has ended" }),
  }),
  examples: [{ run: "emporium engine status --help", says: "with the folder that ingest run --executor prints" }],
  async run({ run: location, watch }, io) {
    const { isBlockStatus, readBlockStatus } = await import("../engine/blocks/block-status.js");
    if (isBlockStatus(location)) {
      return watchUntil(
        () => readBlockStatus(location, io.clock.now()),
        ({ state }) => state !== "running",
        watch,
        io,
      );
    }
    const { run, executor, station } = await openForCommand(location, io);
    const { runStatus } = await import("../engine/cluster/status.js");
    const isOver = ({ status }: RunStatus) => !["prepared", "running", "unknown", "stopped"].includes(status);
    return watchUntil(
      () => runStatus(run, executor, io.clock),
      isOver,
      watch,
      io,
      (report) => withWork(report, run, station),
    );
  },
});

/** Shows a status until it is over, or once. @param whole text that is printed in the end */
async function watchUntil<R extends Report>(
  read: () => Promise<R>,
  isOver: (report: R) => boolean,
  watch: boolean,
  io: Io,
  whole: (report: R) => Promise<Report> = async (report) => report,
): Promise<number> {
  for (;;) {
    const report = await read();
    if (!watch || isOver(report)) return printReport(await whole(report), io);
    if (!io.json) io.show(report.toText());
    await io.clock.sleep(WATCH_MS, io.signal);
  }
}

/** The run's own status, then what its command reports of the work. */
async function withWork(status: RunStatus, run: OpenRun, station: AnyStation): Promise<Report> {
  const isWhole = status.status === "done" || status.status === "partial";
  const work = isWhole ? await station.report?.(run) : undefined;
  if (!work) return status;
  return {
    ...status,
    errors: work.errors,
    exitStatus: status.exitStatus === 0 ? work.exitStatus : status.exitStatus,
    ...{ report: work },
    toText: () => `${status.toText()}\n${work.toText()}`,
  };
}
