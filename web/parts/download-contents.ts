import { contentsOfRunsQuery, runIdsQuery } from "../queries/generated.js";
import { askCatalogue } from "./api.js";
import type { Wanted } from "./download-text.js";
import { type DatasetPrefixes, treeKey } from "./files.js";
import { shapeWords } from "./value-words.js";

/** Files and volumes of one kind and format, and of annotations of one object. */
export interface Contents {
  readonly kind: "tomograms" | "tilt series" | "frames" | "annotations";
  /** `raw, 10.00 Å`, or object and shape of annotations. */
  readonly what: string;
  readonly format: string;
  readonly parts: Wanted["parts"];
}

/** Formats of annotations, as those of volumes are called. */
const FORMATS: Readonly<Record<string, string>> = { zarr: "OME-Zarr", mrc: "MRC" };
/** Rows of one answer of the catalogue, and runs of one question. */
const ROWS = 1000;
const RUNS = 200;
/** Runs whose contents are listed: commands for more of them would be longer than a terminal takes. */
export const RUNS_MAX = 2000;

/**
 * What runs or whole datasets hold, put together by what a person would choose; `elsewhere` files are not in the tree that is served. Undefined where there
 * are too many runs.
 */
export async function contentsOf(
  { kind, items }: Pick<Wanted, "kind" | "items">,
  signal: AbortSignal,
): Promise<{ readonly all: readonly Contents[]; readonly elsewhere: number } | undefined> {
  const ids = items.map(({ id }) => id);
  const runs = kind === "dataset" ? await runsOf(ids, signal) : ids;
  if (runs.length > RUNS_MAX) return undefined;
  const all = new Map<string, { kind: Contents["kind"]; what: string; format: string; parts: Wanted["parts"][number][] }>();
  let elsewhere = 0;
  const add = (one: Omit<Contents, "parts">, of: Of, url: string | null, sizeBytes: number | null) => {
    if (url === null) return;
    const key = of?.dataset ? treeKey(url, of.dataset) : undefined;
    if (key === undefined) {
      elsewhere++;
      return;
    }
    const name = JSON.stringify([one.kind, one.what, one.format]);
    const found = all.get(name) ?? { ...one, parts: [] };
    all.set(name, found);
    const isFolder = one.format === "OME-Zarr";
    found.parts.push({ key: isFolder ? `${key.replace(/\/*$/, "")}/` : key, sizeBytes });
  };
  for (let at = 0; at < runs.length; at += RUNS) {
    for (let offset = 0; ; offset += ROWS) {
      const some = await askCatalogue(contentsOfRunsQuery, { runs: runs.slice(at, at + RUNS), offset, limit: ROWS }, signal);
      for (const one of some.tomograms) {
        const what = `${one.processing}, ${one.voxelSpacing.toFixed(2)} Å`;
        add({ kind: "tomograms", what, format: "OME-Zarr" }, one.run, one.s3OmezarrDir, one.fileSizeOmezarr);
        add({ kind: "tomograms", what, format: "MRC" }, one.run, one.s3MrcFile, one.fileSizeMrc);
      }
      for (const one of some.tiltseries) {
        add({ kind: "tilt series", what: "", format: "OME-Zarr" }, one.run, one.s3OmezarrDir, one.fileSizeOmezarr);
        add({ kind: "tilt series", what: "", format: "MRC" }, one.run, one.s3MrcFile, one.fileSizeMrc);
      }
      for (const { run, s3FramePath, fileSize } of some.frames)
        add({ kind: "frames", what: "", format: endOf(s3FramePath) }, run, s3FramePath, fileSize);
      for (const { format, s3Path, fileSize, annotationShape: shape } of some.annotationFiles) {
        const what = `${shape?.annotation?.objectName ?? ""}, ${shapeWords(shape?.shapeType ?? "")}`;
        add({ kind: "annotations", what, format: FORMATS[format] ?? format }, shape?.annotation?.run ?? null, s3Path, fileSize);
      }
      if ([some.tomograms, some.tiltseries, some.frames, some.annotationFiles].every(({ length }) => length < ROWS)) break;
    }
  }
  return { all: [...all.values()], elsewhere };
}

type Of = { readonly dataset: DatasetPrefixes | null } | null;

async function runsOf(datasets: readonly number[], signal: AbortSignal): Promise<readonly number[]> {
  const ids: number[] = [];
  while (ids.length <= RUNS_MAX) {
    const { runs } = await askCatalogue(runIdsQuery, { datasets, offset: ids.length, limit: ROWS }, signal);
    ids.push(...runs.map(({ id }) => id));
    if (runs.length < ROWS) break;
  }
  return ids;
}

const endOf = (path: string | null): string => /\.([A-Za-z0-9]+)$/.exec(path ?? "")?.[1]?.toUpperCase() ?? "file";
