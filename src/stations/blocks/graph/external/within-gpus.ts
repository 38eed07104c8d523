import { EmporiumError } from "../../../../core/errors.js";
import { counted } from "../../../../core/units.js";
import type { ClusterPlace } from "../../../../engine/cluster/begin.js";
import type { GraphDocument } from "../document.js";
import type { MemoryShares } from "../inputs.js";
import { settingsOf } from "./fields.js";
import { visibleGpus } from "./gpus.js";

/** GPUs of one job; undefined where jobs run on this machine. */
export function gpusOfJob({ executor, resources }: ClusterPlace): number | undefined {
  return executor.name === "local" ? undefined : resources.gpus;
}

/**
 * No more processes than there are GPUs for: each keeps those of its programs as long as it lives.
 *
 * @param inJob GPUs of a job that runs elsewhere; left out: those of this machine
 * @throws {EmporiumError} ENGINE_REFUSED where a job would have fewer than a program needs
 */
export async function withinGpus({ nodes }: GraphDocument, memory: MemoryShares, inJob?: number): Promise<MemoryShares> {
  const wanted = Math.max(0, ...Object.values(settingsOf(nodes)).map(({ gpu }) => gpu));
  if (wanted === 0) return memory;
  const there = inJob ?? (await visibleGpus()).length;
  const seen = `each needs ${wanted === 1 ? "a GPU" : `${counted(wanted, "GPU")}`}, ${there} ${inJob === undefined ? "seen here" : "for a job"}`;
  if (there < wanted && inJob !== undefined) {
    throw new EmporiumError("ENGINE_REFUSED", `programs need GPUs: ${seen}`, {
      hint: `write gpus: ${wanted} in the engine's profile`,
    });
  }
  // where there are none the run says so; a plan is also made elsewhere
  if (there < wanted) return { ...memory, notes: [...memory.notes, `programs need GPUs: ${seen}`] };
  const jobs = Math.min(memory.jobs, Math.floor(there / wanted));
  if (jobs === memory.jobs) return memory;
  return {
    ...memory,
    jobs,
    notes: [...memory.notes, `${jobs} of ${counted(memory.jobs, "process", "processes")} work: ${seen}`],
  };
}
