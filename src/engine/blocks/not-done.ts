import type { ErrorRecord } from "../../core/errors.js";
import type { TaskStates } from "../executors/schedule.js";
import type { TaskState } from "../task.js";
import type { BlockSource } from "./block-source.js";

export interface NotDone {
  readonly index: number;
  readonly title: string;
  readonly state: Extract<TaskState, "failed" | "blocked" | "cancelled">;
  /** Error of a failed task. `because`, of a blocked one, is the title of a failed task that it needs. */
  readonly error?: ErrorRecord | undefined;
  readonly because?: string | undefined;
}

/** Every task that a run has not done, in its order. Made as it is asked for. */
export function* notDone(
  source: BlockSource,
  states: TaskStates,
  failures: ReadonlyMap<number, ErrorRecord>,
): Generator<NotDone> {
  for (let index = 0; index < source.count; index++) {
    const state = states.get(index);
    if (state !== "failed" && state !== "blocked" && state !== "cancelled") continue;
    const { title } = source.task(index);
    const because = state === "blocked" ? causeOf(source, states, index) : undefined;
    yield { index, title, state, error: failures.get(index), ...(because === undefined ? {} : { because }) };
  }
}

/** The title of a failed task that a blocked one needs, however far away. */
function causeOf(source: BlockSource, states: TaskStates, blocked: number): string | undefined {
  for (let at = blocked; ; ) {
    let next = -1;
    source.needs(at, (need) => {
      const state = states.get(need);
      if (next < 0 && (state === "failed" || state === "blocked")) next = need;
    });
    if (next < 0) return undefined;
    if (states.get(next) === "failed") return source.task(next).title;
    at = next;
  }
}
