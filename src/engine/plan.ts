import { asEmporiumError, EmporiumError } from "../core/errors.js";
import { checkKey } from "../stores/keys.js";
import type { Task, TaskPlan } from "./task.js";

/** Folder of the target that belongs to the engine: locks, and journals of runs on a cluster. */
export const ENGINE_FOLDER = ".emporium";
/** Below it stand what tasks have found out, for whoever makes the report of a run. */
export const RESULTS_FOLDER = `${ENGINE_FOLDER}/results/`;

const KEY_BYTES_MAX = 1024; // S3's own limit

/**
 * Proves, before a byte moves, that a plan can be run in its own order and that no two tasks write one name. Names that differ
 * only in case or in Unicode composition count as one: the tree must survive a copy to a disk that folds them.
 *
 * @throws {EmporiumError} INTERNAL for needs that are absent, come later or form a cycle; NAME_UNSAFE for an output that is not a
 *   safe key; CONFIG_COLLISION, with both titles, for two outputs under one name or one inside the other.
 *
 * Cost: one pass, memory in proportion to the distinct folders and keys.
 */
export function checkPlan(plan: TaskPlan): void {
  checkNeeds(plan.tasks);
  const names: Names = new Map();
  for (const task of plan.tasks) for (const key of task.outputs) claim(names, task, key);
}

function checkNeeds(tasks: readonly Task[]): void {
  const position = new Map<string, number>();
  tasks.forEach((task, index) => {
    const first = position.get(task.id);
    if (first !== undefined) throw collision(tasks[first]!, task, task.outputs[0] ?? task.id, task.outputs[0] ?? task.id);
    position.set(task.id, index);
  });
  tasks.forEach((task, index) => {
    for (const first of task.after ?? []) {
      if ((position.get(first) ?? index) >= index)
        throw new EmporiumError("INTERNAL", `${task.title} does not come after task ${first}`);
    }
    for (const need of task.needs) {
      const at = position.get(need);
      if (at === undefined) throw new EmporiumError("INTERNAL", `${task.title} needs task ${need}, which is not in the plan`);
      if (at < index) continue;
      const cycle = findCycle(tasks, position, index);
      if (cycle) throw new EmporiumError("INTERNAL", `tasks need each other: ${cycle.map((t) => t.title).join(" needs ")}`);
      throw new EmporiumError("INTERNAL", `${task.title} comes before ${tasks[at]!.title}, which it needs`);
    }
  });
}

/** A circle of dependencies through one task, with that task first and last, or undefined. Not recursive: chains may be long. */
function findCycle(tasks: readonly Task[], position: ReadonlyMap<string, number>, start: number): Task[] | undefined {
  const from = new Map<number, number>();
  const open = [start];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const need of tasks[at]!.needs) {
      const next = position.get(need);
      if (next === undefined || (next !== start && from.has(next))) continue;
      from.set(next, at);
      if (next !== start) {
        open.push(next);
        continue;
      }
      const circle = [tasks[start]!];
      for (let step = at; step !== start; step = from.get(step)!) circle.push(tasks[step]!);
      return [...circle, tasks[start]!].reverse();
    }
  }
  return undefined;
}

/** Folded path → how it was spelt first, by whom, and whether as an output or only as a folder on the way to one. */
type Names = Map<string, { exact: string; task: Task; output: boolean }>;

function claim(names: Names, task: Task, key: string): void {
  checkOutput(key, task);
  const bare = key.replace(/\/$/, "");
  const folded = fold(bare);
  // folding changes lengths, but neither makes nor removes a slash
  let end = bare.indexOf("/");
  let foldedEnd = folded.indexOf("/");
  for (;;) {
    const last = end < 0;
    const exact = last ? bare : bare.slice(0, end);
    const name = last ? folded : folded.slice(0, foldedEnd);
    const known = names.get(name);
    if (known) {
      const foreign = known.task !== task;
      const clash =
        known.exact !== exact || // one folder on some disks, two on others
        (foreign && (known.output || last)) || // written twice, or written inside what the other writes
        (!foreign && known.output && last);
      if (clash) throw collision(known.task, task, known.exact, key);
      known.output ||= last;
    } else names.set(name, { exact, task, output: last });
    if (last) return;
    end = bare.indexOf("/", end + 1);
    foldedEnd = folded.indexOf("/", foldedEnd + 1);
  }
}

/** As disks fold that take `A` and `a`, or the two spellings of `é`, for one name. */
function fold(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

function collision(first: Task, second: Task, firstKey: string, secondKey: string): EmporiumError {
  const names = firstKey === secondKey ? firstKey : `${secondKey} and ${firstKey}`;
  const why = firstKey === secondKey ? "would be written twice" : "cannot stand side by side on every disk";
  return new EmporiumError("CONFIG_COLLISION", `${names} ${why}: by "${first.title}" and by "${second.title}"`, {
    place: second.place ?? first.place,
    hint: "give the two different names, or leave one of them out",
  });
}

/** @throws {EmporiumError} NAME_UNSAFE, with the task's place, for a key that stores refuse or that belongs to the engine. */
function checkOutput(key: string, task: Task): void {
  const hint = "change the name that it is made from";
  try {
    checkKey(key, "either");
  } catch (error) {
    throw new EmporiumError("NAME_UNSAFE", `${task.title}: ${asEmporiumError(error).message}`, { place: task.place, hint });
  }
  const fault = /[\u0000-\u001f\u007f]/.test(key)
    ? "holds a control character"
    : Buffer.byteLength(key) > KEY_BYTES_MAX
      ? `is longer than ${KEY_BYTES_MAX} bytes`
      : key.split("/")[0]!.toLowerCase() === ENGINE_FOLDER && !key.startsWith(RESULTS_FOLDER)
        ? `begins with ${ENGINE_FOLDER}, which belongs to the engine`
        : undefined;
  if (!fault) return;
  throw new EmporiumError("NAME_UNSAFE", `${task.title}: the name ${JSON.stringify(key)} ${fault}`, { place: task.place, hint });
}
