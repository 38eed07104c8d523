import type { EntityName } from "../../../catalog/entities.js";
import { EmporiumError } from "../../../core/errors.js";
import type { Json } from "../../../core/json.js";
import { toNumber } from "../../../core/number.js";
import type { Store } from "../../../stores/store.js";
import { type Document, placeOf, readDocument, readText, rootOf, valueAt } from "./documents.js";
import type { Wanted } from "./kinds.js";
import type { RunFiles } from "./tree.js";
import { wrong } from "./values.js";

/** The contents of a run's folder, by the layout's names. */
export interface RunDocuments {
  readonly run: Document;
  readonly frames: Document | undefined;
  readonly tiltseries: readonly Document[];
  readonly alignments: readonly Document[];
  readonly identifiedObjects: Document | undefined;
  readonly spacings: readonly Spacing[];
  readonly tomograms: readonly TomogramDocument[];
  /** Keys only, since there may be very many. */
  readonly annotations: readonly AnnotationKey[];
  /** Gain references. */
  readonly gains: readonly string[];
}

export interface Spacing {
  /** `10001/TS_01/Reconstructions/VoxelSpacing13.480`. */
  readonly folder: string;
  /** Å. */
  readonly voxelSpacing: number;
}

export interface TomogramDocument {
  readonly document: Document;
  readonly spacing: Spacing;
  /** Neuroglancer's configuration, as text. */
  readonly view: string | undefined;
}

export interface AnnotationKey {
  readonly key: string;
  readonly spacing: Spacing;
}

const DOCUMENTS = {
  tiltseries: /^TiltSeries\/[^/]+\/tiltseries_metadata\.json$/,
  alignments: /^Alignments\/[^/]+\/alignment_metadata\.json$/,
  tomogram: /^Reconstructions\/(VoxelSpacing[^/]+)\/Tomograms\/[^/]+\/tomogram_metadata\.json$/,
  annotation: /^Reconstructions\/(VoxelSpacing[^/]+)\/Annotations\/[^/]+\/[^/]*[0-9]\.json$/,
  spacing: /^(Reconstructions\/VoxelSpacing([^/]+))\//,
  gain: /^Gains\/[^/]*_gain[^/]*$/,
  gainFolder: /^Gains\/[^/]+(?<!\.json)$/,
} as const;

/** Reads a run's documents for the selected kinds, except annotations. @throws {EmporiumError} FORMAT_…, NAME_UNSAFE, STORE_… */
export async function readRun(
  store: Store,
  files: RunFiles,
  wanted: Wanted,
  signal: AbortSignal | undefined,
  warn: (text: string) => void,
): Promise<RunDocuments> {
  const need = (...entities: EntityName[]) => entities.some((entity) => wanted.has(entity));
  const matching = (pattern: RegExp) => {
    const keys: string[] = [];
    for (const key of files.files.keys()) if (pattern.test(key.slice(files.folder.length + 1))) keys.push(key);
    return keys;
  };
  const read = async (key: string): Promise<Document> => {
    const document = await readDocument(store, key, signal);
    if (!document) throw vanished(store, key);
    return document;
  };
  const readIfThere = async (name: string) => {
    const key = `${files.folder}/${name}`;
    return files.files.has(key) ? await read(key) : undefined;
  };
  const readAll = (pattern: RegExp) => inTurn(matching(pattern), read);
  const spacings = findSpacings(store, files);
  const spacingOf = (pattern: RegExp, key: string) => spacings.get(pattern.exec(key.slice(files.folder.length + 1))?.[1] ?? "")!;
  const marked = matching(DOCUMENTS.gain);
  return {
    run: await read(`${files.folder}/run_metadata.json`),
    frames: need("Frame", "FrameAcquisitionFile", "Tiltseries") ? await readIfThere("Frames/frames_metadata.json") : undefined,
    tiltseries: need("Tiltseries") ? await readAll(DOCUMENTS.tiltseries) : [],
    alignments: need("Alignment", "Tomogram", "Annotation") ? await readAll(DOCUMENTS.alignments) : [],
    identifiedObjects: need("IdentifiedObject") ? await readIfThere("IdentifiedObjects/identified_objects.json") : undefined,
    spacings: [...spacings.values()],
    tomograms: await inTurn(need("Tomogram") ? matching(DOCUMENTS.tomogram) : [], async (key) => {
      const document = await read(key);
      const view = await readView(store, files, document, signal, warn);
      return { document, spacing: spacingOf(DOCUMENTS.tomogram, key), view };
    }),
    annotations: matching(DOCUMENTS.annotation).map((key) => ({ key, spacing: spacingOf(DOCUMENTS.annotation, key) })),
    // if no file has the name of a gain reference, none is one
    gains: marked.length > 0 ? marked : matching(DOCUMENTS.gainFolder),
  };
}

function findSpacings(store: Store, { folder, files, volumes }: RunFiles): Map<string, Spacing> {
  const found = new Map<string, Spacing>();
  for (const key of keysOf(files, volumes)) {
    const [, path, number = ""] = DOCUMENTS.spacing.exec(`${key.slice(folder.length + 1)}/`) ?? [];
    if (path === undefined) continue;
    const name = path.slice(path.indexOf("/") + 1);
    if (found.has(name)) continue;
    const voxelSpacing = Number(number);
    if (!/^\d*\.?\d+$/.test(number) || !(voxelSpacing > 0)) {
      throw new EmporiumError("NAME_UNSAFE", `the folder ${name} names no voxel spacing, as VoxelSpacing13.480 does`, {
        place: placeOf(store, `${folder}/${path}`),
      });
    }
    found.set(name, { folder: `${folder}/${path}`, voxelSpacing });
  }
  return found;
}

function* keysOf(...maps: ReadonlyMap<string, unknown>[]): Generator<string> {
  for (const map of maps) yield* map.keys();
}

/** Removes white space between tokens; numbers stay unchanged. A missing view is no error. */
async function readView(
  store: Store,
  { folder }: RunFiles,
  document: Document,
  signal: AbortSignal | undefined,
  warn: (text: string) => void,
): Promise<string | undefined> {
  const path = valueAt(rootOf(document), "neuroglancer_config_path");
  if (typeof path !== "string" || path === "") return undefined;
  const at = path.indexOf(`${folder}/`);
  const key = at < 0 ? path : path.slice(at);
  const { file, url } = document.place();
  const text = at < 0 ? undefined : await readText(store, key, signal);
  if (text === undefined) {
    warn(`${file ?? url}: neuroglancer_config_path names ${path}, which is not there`);
    return undefined;
  }
  try {
    JSON.parse(text);
  } catch {
    warn(`${file ?? url}: neuroglancer_config_path names ${path}, which is not JSON`);
    return undefined;
  }
  return text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, "$1");
}

/** The number of a document's deposition; by default its dataset's. @throws {EmporiumError} FORMAT_FIELD */
export function depositionOf(document: Document, fallback: number): number {
  const value = valueAt(rootOf(document), "deposition_id");
  return value === undefined || value === null || value === ""
    ? fallback
    : identifier(value, () => document.place("deposition_id"));
}

/** Identifiers are numbers, or texts in older documents. */
export function identifier(value: Json | undefined, place: Parameters<typeof wrong>[2]): number {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : toNumber(value);
  if (number === undefined || !Number.isInteger(number) || number < 0 || number >= 2 ** 31) {
    throw wrong(value, "the number of a portal entry", place);
  }
  return number;
}

export function vanished(store: Store, key: string): EmporiumError {
  return new EmporiumError("SOURCE_CHANGED", "the document was listed and is gone", {
    place: placeOf(store, key),
    hint: "import again when no process changes the tree",
  });
}

const AT_ONCE = 8;

/** Works in parallel, with results in order. */
export async function inTurn<In, Out>(items: readonly In[], work: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  }
  return results;
}
