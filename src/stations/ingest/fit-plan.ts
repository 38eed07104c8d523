import { stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { counted, formatBytes } from "../../core/units.js";
import type { Task } from "../../engine/task.js";
import { taskId } from "../../engine/task-id.js";
import type { Store } from "../../stores/store.js";
import type { PlanWarning } from "./draft.js";
import { COPY_OPERATION, GAIN_OPERATION, PHOTO_OPERATION, VIEW_MASK_OPERATION, VOLUME_OPERATION } from "./ops/names.js";
import type { IngestPlan } from "./plan.js";

/** Settings of a run that affect every task. */
export interface Ceilings {
  readonly memoryBytes: number;
  readonly checksum?: "sha256" | undefined;
}

export interface FittedPlan {
  readonly plan: IngestPlan;
  /** Warnings about tasks that may need more memory than the run has. */
  readonly warnings: readonly PlanWarning[];
}

/** Operations that can hash what they write. */
const CHECKED: ReadonlySet<string> = new Set([VOLUME_OPERATION, COPY_OPERATION, GAIN_OPERATION, PHOTO_OPERATION]);

/**
 * The plan within the limits of this run: a volume that needs more memory gets what there is and is processed in smaller pieces.
 * The checksum is a parameter of the task, because a receipt without it would not be enough.
 */
export function fitted(plan: IngestPlan, { checksum, memoryBytes }: Ceilings): FittedPlan {
  const ids = new Map<string, string>();
  const tasks = plan.tasks.map((planned): Task => {
    const needs = planned.needs.map((id) => ids.get(id) ?? id);
    const after = planned.after?.map((id) => ids.get(id) ?? id);
    const task = { ...planned, needs, ...(after && { after }), memoryBytes: Math.min(planned.memoryBytes, memoryBytes) };
    if (!CHECKED.has(task.run) || checksum === undefined) return task;
    const told = { ...task, params: { ...task.params, checksum } };
    const id = taskId(told);
    ids.set(task.id, id);
    return { ...told, id };
  });
  return { plan: { ...plan, tasks }, warnings: memoryWarnings(plan, memoryBytes) };
}

/** Operations that cut their work into what fits. */
const CUT: ReadonlySet<string> = new Set([VOLUME_OPERATION, VIEW_MASK_OPERATION]);

/** Warns of tasks that cannot be cut (a large mesh, a section of a very wide tomogram) and exceed the memory: each runs alone. */
function memoryWarnings({ tasks }: IngestPlan, memoryBytes: number): PlanWarning[] {
  const large = tasks.filter((task) => !CUT.has(task.run) && task.memoryBytes > memoryBytes);
  if (large.length === 0) return [];
  const most = large.reduce((a, b) => (b.memoryBytes > a.memoryBytes ? b : a));
  const count = large.length === 1 ? "one task" : `${counted(large.length, "task")}`;
  const message = `${count} may take more than the ${formatBytes(memoryBytes)} of --memory, the most ${formatBytes(most.memoryBytes)} (${most.title}); each runs alone`;
  return [{ message, ...(most.place && { place: most.place }) }];
}

/** Warns where the disk has less room than the float32 MRCs need; compressed chunks come on top. */
export async function roomWarnings(plan: IngestPlan, target: Store): Promise<PlanWarning[]> {
  if (!target.local) return [];
  let folder = target.local.path("");
  while (!(await stat(folder).catch(() => undefined)) && folder !== "/") folder = join(folder, "..");
  const disk = await statfs(folder).catch(() => undefined);
  if (!disk) return [];
  let needed = 0;
  for (const { run, params, outputs, bytes } of plan.tasks) {
    if (run !== VOLUME_OPERATION || typeof params.mrc !== "string" || outputs.length === 0) continue;
    if (!(await target.stat(params.mrc))) needed += bytes;
  }
  const free = disk.bavail * disk.bsize;
  if (free >= needed) return [];
  return [
    {
      message: `${target.url} has ${formatBytes(free)} free, the sources alone have ${formatBytes(needed)}: the disk will run full`,
    },
  ];
}
