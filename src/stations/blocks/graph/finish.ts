import { dirname } from "node:path";
import { removeIfEmpty } from "../../../engine/disk.js";
import type { Store } from "../../../stores/store.js";
import { documentsOf, documentsOfFiles, type JsonDocument, writeResult } from "./metadata.js";
import type { ResultPlan } from "./outputs.js";
import type { PreparedGraph } from "./prepare.js";

/** What is left to do when all blocks are done. Plain JSON: another process may do it. */
export type GraphEnd = {
  /** Metadata of the outputs, in their order. */
  readonly documents: readonly JsonDocument[];
  /** Results of reductions, and the objects that have them. */
  readonly results: readonly Pick<ResultPlan, "key" | "from" | "format">[];
  /** Folders of what lay between stages, and the one around them. */
  readonly temporary: readonly string[];
  readonly folder: string;
};

export function endOf({ outputs, results, stages, folder }: PreparedGraph): GraphEnd {
  return {
    documents: [...outputs.flatMap(documentsOf), ...results.flatMap(documentsOfFiles)],
    results: results.flatMap((result) => {
      const { key, from, format } = result;
      return documentsOfFiles(result).length > 0 ? [] : [{ key, from, format }];
    }),
    temporary: stages.flatMap(({ stage }) => (stage.isTemporary ? [`${folder}${stage.name}/`] : [])),
    folder,
  };
}

/** Makes the outputs visible, and removes what lay between the stages. Done again it gives the same bytes. */
export async function finishGraph(end: GraphEnd, target: Store, signal?: AbortSignal): Promise<void> {
  for (const { key, text } of end.documents)
    await target.write(key, new TextEncoder().encode(text), { contentType: "application/json", signal });
  for (const result of end.results) await writeResult(target, result, signal);
  for (const folder of end.temporary) await target.remove(folder, { signal });
  const { local } = target;
  if (!local) return;
  const path = local.path(end.folder.replace(/\/$/, ""));
  for (const folder of [path, dirname(path)]) await removeIfEmpty(folder);
}
