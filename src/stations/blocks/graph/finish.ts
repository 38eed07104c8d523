import { dirname } from "node:path";
import { removeIfEmpty } from "../../../engine/disk.js";
import type { Store } from "../../../stores/store.js";
import { documentsOf, documentsOfFiles, type JsonDocument, printedResult } from "./metadata.js";
import type { ResultPlan } from "./outputs.js";
import { checkedOf, contentsOf, writeNote } from "./owner-note.js";
import { marksOf, type OutputMark } from "./owners.js";
import type { PreparedGraph } from "./prepare.js";

/** Work that is left when all blocks are done. Plain JSON: another process may do it. */
export type GraphEnd = {
  /** Metadata of the outputs, in their order. */
  readonly documents: readonly JsonDocument[];
  /** Results of reductions, and the objects that have them. */
  readonly results: readonly Pick<ResultPlan, "key" | "from" | "format">[];
  /** Folders of what lay between stages, and the one around them. */
  readonly temporary: readonly string[];
  readonly folder: string;
  readonly outputs: readonly OutputMark[];
};

export function endOf(graph: PreparedGraph): GraphEnd {
  const { outputs, results, stages, folder } = graph;
  return {
    documents: [...outputs.flatMap(documentsOf), ...results.flatMap(documentsOfFiles)],
    results: results.flatMap((result) => {
      const { key, from, format } = result;
      return documentsOfFiles(result).length > 0 ? [] : [{ key, from, format }];
    }),
    temporary: stages.flatMap(({ stage }) => (stage.isTemporary ? [`${folder}${stage.name}/`] : [])),
    folder,
    outputs: marksOf(graph),
  };
}

/** Makes the outputs visible, and removes what lay between the stages. Done again it gives the same bytes. */
export async function finishGraph(end: GraphEnd, target: Store, signal?: AbortSignal): Promise<void> {
  for (const output of end.outputs) await finishOutput(end, output, target, signal);
  for (const folder of end.temporary) await target.remove(folder, { signal });
  const { local } = target;
  if (!local) return;
  const path = local.path(end.folder.replace(/\/$/, ""));
  for (const folder of [path, dirname(path)]) await removeIfEmpty(folder);
}

/** Notes what its documents are, writes them, and notes what the output then consists of. */
async function finishOutput(end: GraphEnd, { key, note }: OutputMark, target: Store, signal?: AbortSignal): Promise<void> {
  const isOwn = (one: { readonly key: string }) => (key.endsWith("/") ? one.key.startsWith(key) : one.key === key);
  const documents = end.documents.filter(isOwn).map(({ key, text }) => {
    return { key, bytes: new TextEncoder().encode(text), contentType: "application/json" };
  });
  const results = await Promise.all(end.results.filter(isOwn).map((result) => printedResult(target, result, signal)));
  const written = [...documents, ...results];
  const checked = Object.fromEntries(written.map((one) => [one.key.slice(key.length), checkedOf(one.bytes)]));
  await writeNote(target, key, { ...note, documents: checked }, signal);
  for (const { key, bytes, contentType } of written) await target.write(key, bytes, { contentType, signal });
  if (!key.endsWith("/")) return;
  const noted = { ...note, documents: checked };
  await writeNote(target, key, { ...noted, contents: await contentsOf(target, key, noted, signal) }, signal);
}
