import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { toNumber } from "../../../core/number.js";
import { emptyHint, type Store } from "../../../stores/store.js";
import { UnfollowedLinks } from "../../../stores/unfollowed-links.js";
import { forEachLimited } from "../../../system/parallel.js";
import { treeAddresses } from "../portal-import/addresses.js";
import { type Node, nodesOf, placeOf, readDocument, rootOf, valueAt } from "../portal-import/documents.js";
import { type RunFiles, walkTree } from "../portal-import/tree.js";
import { tomogramType } from "./copick-names.js";
import type { ObjectFacts } from "./copick-objects.js";

/** The parts of a run that copick can show. */
export interface TreeRun {
  readonly dataset: string;
  readonly name: string;
  readonly tomograms: readonly TreeTomogram[];
  readonly annotations: readonly TreeAnnotation[];
}

interface TreeTomogram {
  /** Name of the tomogram's folder, `100`. */
  readonly id: string;
  readonly voxelSpacingAngstrom: number;
  /** Type as copick calls it. */
  readonly type: string;
  /** Key of the OME-Zarr. */
  readonly key: string;
}

/** One file of an annotation. */
interface TreeAnnotation {
  /** Name of the annotation's folder, `101`. */
  readonly id: string;
  readonly voxelSpacingAngstrom: number;
  readonly object: ObjectFacts;
  readonly shape: AnnotationShape;
  readonly key: string;
}

export type AnnotationShape = keyof typeof SHAPES;

/** Shapes that copick has, with the format that it reads each in. Points of instances become numbered picks. */
const SHAPES = {
  Point: "ndjson",
  OrientedPoint: "ndjson",
  InstanceSegmentation: "ndjson",
  SegmentationMask: "zarr",
  InstanceSegmentationMask: "zarr",
} as const;

export function isPicked(shape: AnnotationShape): boolean {
  return SHAPES[shape] === "ndjson";
}

export interface TreeReading {
  datasets?: readonly string[] | undefined;
  /** Runs that are read in parallel. */
  jobs: number;
  warn(text: string): void;
  signal?: AbortSignal | undefined;
}

/**
 * The data of a standardised tree for copick, from its metadata: one listing, and the documents of tomograms and annotations.
 *
 * @returns the runs by dataset and name, and those that could not be read.
 * @throws {EmporiumError} STORE_ABSENT where there is no run.
 */
export async function readTree(
  store: Store,
  { datasets, jobs, warn, signal }: TreeReading,
): Promise<{ runs: TreeRun[]; errors: ErrorRecord[] }> {
  const runs: TreeRun[] = [];
  const errors: ErrorRecord[] = [];
  const links = new UnfollowedLinks();
  const lost = new Map<string, number>();
  await forEachLimited(walkTree(store, datasets, signal, links.add), jobs, async (part) => {
    signal?.throwIfAborted();
    if (part.kind !== "run") return;
    try {
      runs.push(await readRun(store, part.top, part.files, { warn, lost, signal }));
    } catch (error) {
      if (signal?.aborted) throw error;
      errors.push(toErrorRecord(asEmporiumError(error)));
    }
  });
  const told = links.told(store.url);
  if (told !== undefined) warn(told);
  if (lost.size > 0) {
    const shapes = [...lost].sort(([a], [b]) => compare(a, b)).map(([what, count]) => `${count} × ${what}`);
    warn(`annotations that copick has no place for are left out: ${shapes.join(", ")}`);
  }
  if (runs.length === 0 && errors.length === 0) {
    throw new EmporiumError("STORE_ABSENT", `${store.url} has no run${datasets ? ` of ${datasets.join(", ")}` : ""}`, {
      place: placeOf(store, datasets?.[0] ?? ""),
      hint: emptyHint(store.url, "give the folder that holds the datasets, as ingest run writes it"),
    });
  }
  runs.sort((a, b) => compare(a.dataset, b.dataset) || compare(a.name, b.name));
  return { runs, errors };
}

const TOMOGRAM = /^Reconstructions\/VoxelSpacing(\d*\.?\d+)\/Tomograms\/([^/]+)\/tomogram_metadata\.json$/;
const ANNOTATION = /^Reconstructions\/VoxelSpacing(\d*\.?\d+)\/Annotations\/([^/]+)\/[^/]*[0-9]\.json$/;

async function readRun(
  store: Store,
  dataset: string,
  files: RunFiles,
  { warn, lost, signal }: Pick<TreeReading, "warn" | "signal"> & { /** Counts by what is left out. */ lost: Map<string, number> },
): Promise<TreeRun> {
  const { keyOf } = treeAddresses({ s3: store.url, https: store.url }, files.folder, files, () => {});
  const keyIn = ({ value }: Node, name: string): string | undefined => {
    const key = keyOf(value[name]);
    // what a document names may be anywhere; copick gets what is in this run
    if (key !== undefined && (files.files.has(key) || files.volumes.has(key))) return key;
    if (key !== undefined) warn(`${files.folder}: ${key} is named but does not exist`);
    return undefined;
  };
  const documentAt = async (key: string) => {
    const document = await readDocument(store, key, signal);
    if (document) return rootOf(document);
    throw new EmporiumError("SOURCE_CHANGED", `${key} was listed and is not there any more`, { place: placeOf(store, key) });
  };
  const tomograms: TreeTomogram[] = [];
  const annotations: TreeAnnotation[] = [];
  for (const path of files.files.keys()) {
    const inside = path.slice(files.folder.length + 1);
    const [, tomogramSpacing, tomogram = ""] = TOMOGRAM.exec(inside) ?? [];
    if (tomogramSpacing !== undefined) {
      const root = await documentAt(path);
      const key = keyIn(root, "omezarr_dir");
      if (key === undefined) warn(`${path}: no OME-Zarr, which copick needs; the tomogram is left out`);
      else tomograms.push({ id: tomogram, voxelSpacingAngstrom: Number(tomogramSpacing), type: typeOf(root), key });
    }
    const [, spacing, annotation = ""] = ANNOTATION.exec(inside) ?? [];
    if (spacing !== undefined) {
      const root = await documentAt(path);
      const listed = nodesOf(root, "files");
      const taken = new Set(listed.flatMap((file) => shapeOf(file) ?? []));
      const left = new Set(listed.flatMap((file) => (shapeOf(file) === undefined ? lostShape(file, taken) : [])));
      for (const what of left) lost.set(what, (lost.get(what) ?? 0) + 1);
      for (const file of listed) {
        const shape = shapeOf(file);
        const key = shape && keyIn(file, "path");
        if (shape === undefined || key === undefined) continue;
        const object = objectOf(root, isPicked(shape));
        annotations.push({ id: annotation, voxelSpacingAngstrom: Number(spacing), object, shape, key });
      }
    }
  }
  return { dataset, name: files.folder.slice(dataset.length + 1), tomograms, annotations };
}

function typeOf({ value }: Node): string {
  return tomogramType({
    // as the portal's tables have it, which copick's names come from
    reconstructionMethod: textOf(value.reconstruction_method).replaceAll(" ", "_") || "Unknown",
    processing: textOf(value.processing) || "raw",
    processingSoftware: textOf(value.processing_software),
    ctfCorrected: value.ctf_corrected === true,
  });
}

function shapeOf({ value: { shape, format } }: Node): AnnotationShape | undefined {
  const known = (Object.keys(SHAPES) as AnnotationShape[]).find((name) => name === shape);
  return known !== undefined && SHAPES[known] === format ? known : undefined;
}

/** Shapes of a file that copick cannot show: its shape, or the shape without the format that copick reads. */
function lostShape({ value: { shape } }: Node, taken: ReadonlySet<string>): string[] {
  const name = textOf(shape);
  if (taken.has(name)) return [];
  const wanted = Object.hasOwn(SHAPES, name) ? SHAPES[name as AnnotationShape] : undefined;
  return [wanted === undefined ? name || "without a shape" : `${name} without its ${wanted}`];
}

function objectOf(root: Node, isParticle: boolean): ObjectFacts {
  const object = root.value.annotation_object;
  const { id, name } = isJsonObject(object) ? object : {};
  const publications = textOf(valueAt(root, "annotation_publications"));
  return { id: textOf(id), name: textOf(name) || textOf(id) || "unnamed", isParticle, publications };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}

function compare(a: string, b: string): number {
  const numbers = [toNumber(Number(a)), toNumber(Number(b))];
  return (Number.isNaN(numbers[0]) || Number.isNaN(numbers[1]) ? 0 : numbers[0]! - numbers[1]!) || (a < b ? -1 : a > b ? 1 : 0);
}
