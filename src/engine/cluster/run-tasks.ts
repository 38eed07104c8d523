import type { BlockSource } from "../blocks/block-source.js";
import { blocksOf, readBlockJournals } from "./block-run.js";
import { readTasks } from "./graph.js";
import type { OpenRun, RunStage } from "./run-record.js";
import { type DoneTasks, type JournalsOptions, readJournals, type StageJournals } from "./stage-journals.js";

/** A task without a receipt. */
export interface OpenTask {
  readonly id: string;
  readonly title: string;
  /** Whether it needs one of these tasks. */
  needsOneOf(tasks: ReadonlySet<string>): boolean;
}

/** The tasks of a run, whether they are a list or blocks. */
export interface RunTasks {
  /** Reads the journals of a stage. @throws {EmporiumError} as `readJournals` */
  journals(stage: RunStage, options?: JournalsOptions): Promise<StageJournals>;
  /** Tasks of a slice that are not done, in their order. */
  open(stage: RunStage, slice: number, done: DoneTasks): AsyncIterable<OpenTask>;
  /**
   * Keys that the tasks of a slice write, a list for each task. Empty for blocks: whoever ends the run looks through their
   * folders.
   */
  outputs(stage: RunStage, slice: number): Promise<readonly (readonly string[])[]>;
}

export function tasksOf(run: OpenRun): RunTasks {
  const source = blocksOf(run.record);
  return source ? blockTasks(run, source) : listTasks(run);
}

function listTasks({ store, folder }: OpenRun): RunTasks {
  const tasksIn = ({ slices }: RunStage, slice: number) => readTasks(store, folder, slices[slice]!, slices[slice + 1]!);
  return {
    journals: (stage, options) => readJournals(store, folder, stage.name, options),
    async *open(stage, slice, done) {
      for (const { id, title, needs } of await tasksIn(stage, slice)) {
        if (!done.has(id)) yield { id, title, needsOneOf: (tasks) => needs.some((need) => tasks.has(need)) };
      }
    },
    outputs: async (stage, slice) => (await tasksIn(stage, slice)).map(({ outputs }) => outputs),
  };
}

function blockTasks(run: OpenRun, source: BlockSource): RunTasks {
  return {
    journals: (stage, options) => readBlockJournals(run, source, stage, options),
    async *open({ slices }, slice, done) {
      for (let number = slices[slice]!; number < slices[slice + 1]!; number++) {
        const id = nameOf(source, number);
        if (done.has(id)) continue;
        yield {
          id,
          get title() {
            return source.task(number).title;
          },
          needsOneOf: (tasks) => needsOneOf(source, number, tasks),
        };
      }
    },
    outputs: async () => [],
  };
}

/** The name of a task, without the rest of it. */
export function nameOf(source: BlockSource, number: number): string {
  const { hash, first } = source.stageOf(number);
  return `${hash}.${number - first}`;
}

export function needsOneOf(source: BlockSource, number: number, tasks: ReadonlySet<string>): boolean {
  if (tasks.size === 0) return false;
  let found = false;
  source.needs(number, (need) => {
    found ||= tasks.has(nameOf(source, need));
  });
  return found;
}
