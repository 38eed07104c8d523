import { z } from "zod";
import { asEmporiumError, ERRORS } from "../core/errors.js";
import { ENGINES } from "../engine/cluster/engine-names.js";
import type { RunEnd } from "../engine/cluster/gate.js";
import type { OpenRun } from "../engine/cluster/run-record.js";
import type { AnyStation } from "../engine/cluster/work.js";
import { command, type Io } from "./command.js";
import { type OpenedRun, openForCommand, runPositional } from "./engine-options.js";
import { printReport } from "./report.js";

/** Exit status of a run that was cancelled. */
const CANCELLED = ERRORS.CANCELLED.exit;

export default command({
  name: "engine resume",
  summary: "Go on with a run that was cancelled or whose jobs are gone, on the same engine or another",
  details: [
    "Finished tasks are not repeated. With --executor local this machine does the rest in child processes, and the command waits until they are done.",
    "Refused with exit status 12 while the cluster does not answer, since jobs of the run may be alive. With another --executor the run goes on there; jobs that are left on the first one then do the same work and write the same bytes.",
  ],
  positionals: ["run"],
  options: z.object({
    run: runPositional,
    executor: z
      .enum(ENGINES)
      .optional()
      .meta({ description: "another engine than the one that the run was given to", value: "NAME" }),
    driver: z.enum(["gate", "here"]).default("gate").meta({
      description: "who begins the next stage: gate, a small job of the cluster; or here, this process, which then stays",
      value: "WHO",
    }),
    retryDead: z.boolean().default(false).meta({ description: "try again also what was given up" }),
  }),
  examples: [{ run: "emporium engine resume --help", says: "with the folder that ingest run --executor prints" }],
  async run({ run: location, executor: name, driver, retryDead: again }, io) {
    const opened = await openForCommand(location, io, name);
    const { station, executor } = opened;
    await askBefore(opened, io);
    const { changeEngine } = await import("../engine/cluster/run-record.js");
    // this machine only helps out; another cluster takes over
    const isMoved = executor.name !== "local" && executor.name !== opened.run.record.engine;
    const run = isMoved ? await changeEngine(opened.run, executor.name) : opened.run;
    const [{ callerName, drive, gate }, { envOf }, { runStatus }] = await Promise.all([
      import("../engine/cluster/drive.js"),
      import("../engine/env.js"),
      import("../engine/cluster/status.js"),
    ]);
    await openAgain(run, station, again, io);
    if (executor.name === "local" || executor.waits === false || driver === "here")
      await drive(run, station, executor, envOf(io));
    else await gate(run, station, { executor, gates: true, by: callerName({}), takeOver: true, clock: io.clock, log: io.log });
    return printReport(await runStatus(run, executor, io.clock), io);
  },
});

/** A run that was cancelled is open again; with `again`, what was given up too. @throws {EmporiumError} STORE_ABSENT, TARGET_LOCKED */
async function openAgain(run: OpenRun, station: AnyStation, again: boolean, io: Io): Promise<void> {
  const [{ getJson }, { END }, { reopen, retryDead }, { refuseCollected }, { envOf }] = await Promise.all([
    import("../engine/cluster/run-record.js"),
    import("../engine/cluster/run-files.js"),
    import("../engine/cluster/drive.js"),
    import("../engine/cluster/collect.js"),
    import("../engine/env.js"),
  ]);
  const wasCancelled = (await getJson<RunEnd>(run.store, `${run.folder}${END}`))?.exitStatus === CANCELLED;
  if (!again && !wasCancelled) return;
  await refuseCollected(run);
  if (wasCancelled) io.log.info(`${run.record.id} was cancelled and is now open again`);
  await (again ? retryDead(run, envOf(io)) : reopen(run, envOf(io)));
  await station.retake?.(run, envOf(io));
}

/**
 * Nothing is changed while the engine that is to do the rest does not answer. What an engine still has from which the run is taken away is
 * told. @throws {EmporiumError} ENGINE_ABSENT, ENGINE_SILENT
 */
async function askBefore({ run, executor, engineOf }: OpenedRun, io: Io): Promise<void> {
  const [{ askQueue }, { engineTitle }] = await Promise.all([
    import("../engine/cluster/queue.js"),
    import("../engine/cluster/engine-names.js"),
  ]);
  if (executor.name !== "local") await askQueue(run, executor, io.clock);
  const { engine } = run.record;
  if (engine === executor.name || engine === "local") return;
  const title = engineTitle(engine);
  try {
    const { alive } = await askQueue(run, await engineOf(engine), io.clock);
    if (alive) io.log.warn(`${title} still has jobs of the run; they do the same work and write the same bytes`);
  } catch (error) {
    const { message } = asEmporiumError(error);
    io.log.warn(`${message}; jobs that ${title} has of the run do the same work and write the same bytes`);
  }
}
