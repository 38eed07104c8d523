import { type ErrorRecord, toErrorRecord } from "../../core/errors.js";
import type { Ending, TaskStates } from "../executors/schedule.js";
import { briefOf } from "../perform.js";
import type { Running, RunOptions } from "../run.js";
import type { TaskState } from "../task.js";
import type { BlockSource, PlacedStage } from "./block-source.js";
import type { FigureCollector } from "./figures.js";

/** Counts are told at most so often. */
const COUNTS_MS = 100;

/** Tells of failures and of the ends of stages at once, and of everything else by counts. */
export function teller(
  source: BlockSource,
  states: TaskStates,
  figures: FigureCollector,
  { emit, clock }: Pick<Running, "emit"> & Pick<RunOptions, "clock">,
) {
  const failures = new Map<number, ErrorRecord>();
  let bytesDone = 0;
  let toldMs = clock.monotonic();
  const left = new Map(source.stages.map((stage) => [stage.name, openBlocks(stage, states)]));
  function tellStage({ name }: PlacedStage): void {
    left.set(name, left.get(name)! - 1);
    const found = left.get(name) === 0 ? figures.stages().find((stage) => stage.name === name) : undefined;
    if (found) emit({ kind: "stage", ...found });
  }
  const tellCounts = () => emit({ kind: "counted", counts: { ...states.counts }, bytesDone });
  function onSettled(index: number, state: TaskState, { error }: Ending): void {
    const stage = source.stageOf(index);
    if (state === "done") bytesDone += stage.bytes;
    tellStage(stage);
    if (state === "failed" && error) {
      const record = toErrorRecord(error);
      failures.set(index, record);
      emit({ kind: "settled", task: briefOf(source.task(index)), state, seconds: 0, error: record });
    }
    const now = clock.monotonic();
    if (now - toldMs < COUNTS_MS) return;
    toldMs = now;
    tellCounts();
  }
  return { onSettled, failures, counts: tellCounts };
}

function openBlocks({ first, count }: PlacedStage, states: TaskStates): number {
  let open = 0;
  for (let index = first; index < first + count; index++) if (states.get(index) === undefined) open++;
  return open;
}
