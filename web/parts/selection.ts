import { type Query, selectedAnnotationsQuery, selectedRunsQuery } from "../queries/generated.js";
import { askCatalogue } from "./api.js";
import type { Wanted } from "./download-text.js";
import { treeKey } from "./files.js";
import { plural } from "./format.js";
import { nodesOf } from "./run-data.js";

/** Entities of one question: an annotation may have 100 files, and the catalogue answers 10,000 rows. */
const BATCH = 50;

async function batched<T>(
  query: Query<T, { ids: readonly number[]; limit: number }>,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<readonly T[]> {
  const answers: T[] = [];
  for (let at = 0; at < ids.length; at += BATCH)
    answers.push(await askCatalogue(query, { ids: ids.slice(at, at + BATCH), limit: BATCH }, signal));
  return answers;
}

/** Download of datasets: their folders. */
export const wantedDatasets = (rows: readonly { readonly id: number; readonly fileSize: number | null }[]): Wanted => ({
  kind: "dataset",
  items: rows.map(({ id }) => ({ id, name: String(id) })),
  datasets: rows.map(({ id }) => id),
  parts: rows.map(({ id, fileSize }) => ({ key: `${id}/`, sizeBytes: fileSize })),
});

/** Download of runs: their folders. */
export async function wantedRuns(ids: readonly number[], signal: AbortSignal): Promise<Wanted> {
  const runs = (await batched(selectedRunsQuery, ids, signal)).flatMap((answer) => answer.runs);
  const parts = runs.flatMap(({ name, s3Prefix, dataset }) =>
    dataset ? [{ key: treeKey(s3Prefix, dataset) ?? `${dataset.id}/${name}/` }] : [],
  );
  return {
    kind: "run",
    items: runs.map(({ id, name }) => ({ id, name })),
    datasets: [...new Set(runs.flatMap(({ dataset }) => dataset?.id ?? []))],
    parts,
    leftOut: leftOut(ids.length - parts.length, "run"),
  };
}

/** Download of annotations: their files; a Zarr is a folder. */
export async function wantedAnnotations(ids: readonly number[], signal: AbortSignal): Promise<Wanted> {
  const rows = (await batched(selectedAnnotationsQuery, ids, signal)).flatMap(({ annotations }) => annotations);
  const files = rows.flatMap(({ run, annotationShapes }) =>
    nodesOf(annotationShapes).flatMap(({ annotationFiles }) =>
      nodesOf(annotationFiles).map(({ s3Path, format, fileSize }) => {
        const key = run?.dataset ? treeKey(s3Path, run.dataset) : undefined;
        return key && { key: format === "zarr" ? `${key.replace(/\/*$/, "")}/` : key, sizeBytes: fileSize };
      }),
    ),
  );
  const parts = files.flatMap((file) => file || []);
  return {
    kind: "annotation",
    items: rows.map(({ id, objectName }) => ({ id, name: `${objectName} ${id}` })),
    datasets: [...new Set(rows.flatMap(({ run }) => run?.dataset?.id ?? []))],
    parts,
    leftOut:
      [leftOut(ids.length - rows.length, "annotation"), leftOut(files.length - parts.length, "file")].filter(Boolean).join(" ") ||
      undefined,
  };
}

const leftOut = (n: number, what: string): string | undefined =>
  n === 0 ? undefined : `${plural(n, what)} of the selection ${n === 1 ? "is" : "are"} left out: not in the tree that is served.`;
