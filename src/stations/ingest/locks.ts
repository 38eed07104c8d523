import type { Task } from "../../engine/task.js";

/** Outputs that belong to one entity of one deposition: two depositions never share the number. */
const NUMBERED =
  /^[^/]+\/[^/]+\/(?:(?:TiltSeries|Alignments)\/\d+\/|Reconstructions\/VoxelSpacing[^/]+\/(?:(?:Tomograms|Annotations|Images)\/\d+\/|NeuroglancerPrecompute\/\d+-))/;

/**
 * Names under which a target is locked while a plan is run: every deposition, and each dataset of which something is written that has no number
 * of its own (metadata of runs, frames, key photos). Two depositions that only add numbered entities to one dataset go on side by side.
 */
export function locksOf(
  tasks: readonly Task[],
  { depositions, datasets }: { depositions: readonly string[]; datasets: readonly string[] },
): string[] {
  if (tasks.length === 0) return [];
  const shared = new Set<string>();
  for (const { outputs } of tasks) for (const key of outputs) if (!NUMBERED.test(key)) shared.add(key.slice(0, key.indexOf("/")));
  const locked = datasets.filter((dataset) => shared.has(dataset)).map((dataset) => `dataset-${dataset}`);
  return [...new Set([...locked, ...depositions.map((deposition) => `deposition-${deposition}`)])].sort();
}
