import type { GraphDocument } from "../document.js";
import type { MemoryShares } from "../inputs.js";
import { settingsOf } from "./fields.js";
import { visibleGpus } from "./gpus.js";

/** No more processes than there are GPUs for: each keeps those of its programs as long as it lives. */
export async function withinGpus({ nodes }: GraphDocument, memory: MemoryShares): Promise<MemoryShares> {
  const wanted = Math.max(0, ...Object.values(settingsOf(nodes)).map(({ gpu }) => gpu));
  if (wanted === 0) return memory;
  const there = (await visibleGpus()).length;
  const seen = `each needs ${wanted === 1 ? "a GPU" : `${wanted} GPUs`}, ${there} seen here`;
  // where there are none the run says so; a plan is also made elsewhere
  if (there < wanted) return { ...memory, notes: [...memory.notes, `programs need GPUs: ${seen}`] };
  const jobs = Math.min(memory.jobs, Math.floor(there / wanted));
  if (jobs === memory.jobs) return memory;
  return { ...memory, jobs, notes: [...memory.notes, `${jobs} of ${memory.jobs} processes work: ${seen}`] };
}
