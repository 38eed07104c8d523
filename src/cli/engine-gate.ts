import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { counted } from "../core/units.js";
import type { RunRecord } from "../engine/cluster/run-record.js";
import { command, type Io } from "./command.js";
import { openForCommand, runPositional } from "./engine-options.js";

/** Nobody waits for a gate, and a busy engine may take its time. */
const GATE_ASK_MS = 120_000;
/** There is more to do, as `engine work` says it. */
const MORE_TO_DO = 75;

export default command({
  name: "engine gate",
  summary: "Look at a run once and submit what is to be done next, as the jobs of a cluster call it",
  details: [
    "May be called at any time and by several at once: what it finds in the target decides.",
    "With --stage nothing is submitted, as workflows of engine export want it: the exit status is 0 when the stage is over, and 75 while slices of it are to be done. Behind the last stage the run ends, and the exit status is that of the run.",
  ],
  positionals: ["run"],
  options: z.object({
    run: runPositional,
    stage: z.string().optional().meta({ description: "only close this stage, and submit nothing", value: "NAME" }),
  }),
  examples: [{ run: "emporium engine gate --help", says: "jobs call it; people use engine resume" }],
  async run({ run: location, stage }, io) {
    const { run, station, executor } = await openForCommand(location, io, undefined, GATE_ASK_MS);
    const at = stage === undefined ? undefined : stageNumber(run.record, stage);
    const { callerName, gate } = await import("../engine/cluster/drive.js");
    const by = callerName(io.env);
    const submits = at === undefined;
    const step = await gate(run, station, { executor, gates: submits, submits, by, clock: io.clock, log: io.log });
    if (io.json) io.outJson({ state: step.state, errors: [] });
    else io.out(step.state);
    if (at === undefined) return 0;
    if (step.state === "ended") return at === run.record.stages.length - 1 ? endedStatus(step.end, run.url, io) : 0;
    return stageNumber(run.record, step.stage) > at ? 0 : MORE_TO_DO;
  },
});

/** @throws {EmporiumError} USAGE */
function stageNumber({ id, stages }: RunRecord, name: string): number {
  const at = stages.findIndex((stage) => stage.name === name);
  if (at >= 0) return at;
  throw new EmporiumError("USAGE", `the run ${id} has no stage ${name}`, {
    hint: `choose one of the stages ${stages.map((stage) => stage.name).join(", ")}`,
  });
}

function endedStatus(
  { exitStatus, failed, blocked }: { exitStatus: number; failed: number; blocked: number },
  url: string,
  io: Io,
) {
  if (failed + blocked > 0)
    io.log.warn(
      `${counted(failed, "task failed", "tasks failed")}, ${blocked} are blocked: emporium engine dead ${url} lists them`,
    );
  return exitStatus;
}
