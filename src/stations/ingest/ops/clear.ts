import type { Operation } from "../../../engine/task.js";

/** An object that nothing vouches for. */
export interface Leftover {
  readonly key: string;
  readonly size: number;
  readonly modifiedMs?: number | undefined;
}

/** Removes what an interrupted import left, unless it has changed. Params: `{leftovers: [{key, size, modifiedMs?}]}`. */
export const clearOperation: Operation = async ({ params }, { target, signal }) => {
  const warnings: string[] = [];
  for (const { key, size, modifiedMs } of params.leftovers as unknown as readonly Leftover[]) {
    const stat = await target.stat(key, { signal });
    if (!stat) continue;
    if (stat.size === size && (modifiedMs === undefined || stat.modifiedMs === modifiedMs)) await target.remove(key, { signal });
    else warnings.push(`${key} is being written by another process; it is kept`);
  }
  return { outputs: [], ...(warnings.length > 0 ? { warnings } : {}) };
};
