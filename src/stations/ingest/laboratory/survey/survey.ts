import { createHash } from "node:crypto";
import { asEmporiumError, EmporiumError, isEmporiumError } from "../../../../core/errors.js";
import { type Peek, peekFile } from "../../../../formats/peek/peek.js";
import { type FileFormatId, fileFormatOf, isText } from "../../../../formats/registry.js";
import { parseZattrs } from "../../../../formats/zarr/metadata.js";
import { parseOmeImage } from "../../../../formats/zarr/ome-v05.js";
import { parseZarrV3Group } from "../../../../formats/zarr/v3-metadata.js";
import { compareKeys } from "../../../../stores/keys.js";
import { openObject, type Store } from "../../../../stores/store.js";
import { UnfollowedLinks } from "../../../../stores/unfollowed-links.js";
import { forEachLimited } from "../../../../system/parallel.js";
import { KEPT_FROM, openHeads } from "./kept-heads.js";
import type { Laboratory, Surveyed } from "./laboratory.js";
import { sharedFacts, volumeOfMrc } from "./volume-facts.js";

/** Files that are looked at, at most; of a folder with more nothing is concluded. */
export const FILES_MAX = 500_000;
const HEAD_BYTES = 1024;
const HEADS_IN_FLIGHT = 32;
/** Largest text that is read whole: tables, models of programs and logs that matter are smaller. */
const TEXT_BYTES_MAX = 16 * 1024 * 1024;

export interface SurveyOptions {
  readonly signal: AbortSignal;
  /** Called with the number of files whose heads are read, and that of all. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
  /** Folder in which the heads of a large folder are kept, so that a survey goes on where an earlier one was stopped. */
  readonly workspace?: string | undefined;
}

/**
 * Lists a folder and reads the first kibibyte of each file: its format by contents, and shape and spacing of volumes. Nothing else is read before
 * somebody asks for it. Links are not followed out of the folder; hidden files are told and left alone.
 *
 * @throws {EmporiumError} STORE_…
 */
export async function survey(store: Store, { signal, onProgress, workspace }: SurveyOptions): Promise<Laboratory> {
  const links = new UnfollowedLinks();
  const hidden: string[] = [];
  const sizes = new Map<string, { size: number; etag?: string | undefined; isLinked?: true | undefined }>();
  const chunks = new Map<string, number>();
  let isComplete = true;
  for await (const { key, size, leaves, etag, linked } of store.list("", {
    signal,
    onLink: links.add,
    onUnusable: links.unusable,
  })) {
    // told by `onLink`
    if (leaves !== undefined) continue;
    const folder = zarrOf(key);
    if (folder === undefined && key.split("/").some((part) => part.startsWith("."))) {
      hidden.push(key);
      continue;
    }
    const path = folder ?? key;
    const [, array] = folder === undefined ? [] : (CHUNK.exec(key.slice(folder.length + 1)) ?? []);
    if (array !== undefined) chunks.set(`${path}/${array}`, (chunks.get(`${path}/${array}`) ?? 0) + 1);
    const known = sizes.get(path);
    sizes.set(path, { size: (known?.size ?? 0) + size, etag, isLinked: linked });
    if (sizes.size < FILES_MAX) continue;
    isComplete = false;
    break;
  }
  const files = Array.from(sizes, ([path, { size, etag, isLinked }]): Surveyed => {
    // of one shape from the beginning: what is added to an object later takes more memory
    return { path, size, format: undefined, volume: undefined, etag, isLinked, unreadable: undefined };
  });
  files.sort((a, b) => compareKeys(a.path, b.path));
  const heads = workspace !== undefined && files.length >= KEPT_FROM ? await openHeads(workspace, store.url) : undefined;
  const shared = sharedFacts();
  let done = 0;
  try {
    await forEachLimited(files, HEADS_IN_FLIGHT, async (file) => {
      const etag = file.path.endsWith(".zarr") ? undefined : sizes.get(file.path)!.etag;
      const known = etag === undefined ? undefined : heads?.find(file.path, file.size, etag);
      if (known) Object.assign(file, known);
      else {
        await lookAt(store, file, { chunksOf: (array) => (isComplete ? (chunks.get(array) ?? 0) : undefined), signal });
        if (etag !== undefined && file.unreadable === undefined) heads?.keep(file, etag);
      }
      if (file.volume) Object.assign(file, { volume: shared(file.volume) });
      onProgress?.(++done, files.length);
    });
  } finally {
    await heads?.close();
  }
  return laboratoryOf(store, files, { links, hidden, isComplete, signal });
}

/** A chunk of the arrays of a Zarr: `0/1/2/3`, `0/1.2.3` or `0/c/1/2/3`. */
const CHUNK = /^(.+?)\/(?:c[/.])?(?:0|[1-9]\d*)(?:[/.](?:0|[1-9]\d*)){2}$/;

interface LookOptions {
  /** Number of chunks that are stored of an array, by its path. */
  readonly chunksOf: (array: string) => number | undefined;
  readonly signal: AbortSignal;
}

async function lookAt(
  store: Store,
  file: { -readonly [K in keyof Surveyed]: Surveyed[K] },
  { chunksOf, signal }: LookOptions,
): Promise<void> {
  try {
    if (file.path.endsWith(".zarr")) {
      file.format = "zarr";
      file.volume = await zarrFacts(store, file.path, { chunksOf, signal });
      return;
    }
    if (file.size === 0) {
      file.format = "empty";
      return;
    }
    const head = await store.read(file.path, { offset: 0, length: Math.min(HEAD_BYTES, file.size) }, { signal });
    if (!head) {
      file.unreadable = "it is gone";
      return;
    }
    const format = fileFormatOf(head, file.path)?.id as FileFormatId | undefined;
    file.format = format ?? (isText(head) ? "text" : undefined);
    if (file.format === "mrc") file.volume = volumeOfMrc(head, file.path, file.size);
  } catch (error) {
    const { code, message } = asEmporiumError(error);
    if (code === "CANCELLED" || !isEmporiumError(error)) throw error;
    file.unreadable = message.split(`${file.path}: `).at(-1)!;
  }
}

async function zarrFacts(store: Store, path: string, { chunksOf, signal }: LookOptions): Promise<Surveyed["volume"]> {
  const old = await store.read(`${path}/.zattrs`, undefined, { signal });
  const bytes = old ?? (await store.read(`${path}/zarr.json`, undefined, { signal }));
  if (!bytes) return undefined;
  const attributes = old ? parseZattrs(bytes, path) : parseZarrV3Group(bytes, path).attributes;
  const image = parseOmeImage(attributes, path, { unitWhenAbsent: "angstrom" });
  const [first] = image.datasets;
  const document = first && `${path}/${first.path}/${old ? ".zarray" : "zarr.json"}`;
  const array = document === undefined ? undefined : await store.read(document, undefined, { signal });
  const { shape, chunks, chunk_grid } = array ? arrayOf(array, document!) : {};
  if (shape?.length !== 3) return undefined;
  const grid = chunks ?? chunk_grid?.configuration?.chunk_shape;
  const whole = grid?.length === 3 ? shape.reduce((all, length, axis) => all * Math.ceil(length / grid[axis]!), 1) : undefined;
  const stored = chunksOf(`${path}/${first!.path}`);
  return {
    ...(whole !== undefined && stored !== undefined && stored < whole && { chunks: { stored, whole } }),
    shape: [shape[0]!, shape[1]!, shape[2]!],
    spacingsAngstrom: first!.voxelSizeAngstrom,
    says: shape[0] === 1 ? "picture" : "volume",
    originAngstrom: [0, 0, 0],
    labels: [],
  };
}

/** @throws {EmporiumError} FORMAT_CORRUPT */
function arrayOf(bytes: Uint8Array, document: string): ZarrArray {
  try {
    return (JSON.parse(new TextDecoder().decode(bytes)) ?? {}) as ZarrArray;
  } catch {
    throw new EmporiumError("FORMAT_CORRUPT", `${document} is not whole: its JSON ends or breaks in the middle`);
  }
}

/** What is looked at of the document of an array, of Zarr 2 and of Zarr 3. */
interface ZarrArray {
  readonly shape?: readonly number[];
  readonly chunks?: readonly number[];
  readonly chunk_grid?: { readonly configuration?: { readonly chunk_shape?: readonly number[] } };
}

/** The Zarr folder that a key is in; `.zarr` within a Zarr is a part of it. */
function zarrOf(key: string): string | undefined {
  return /^(.*?\.zarr)\//.exec(key)?.[1];
}

/** The folder with its files as recognisers see it: texts and digests are read when somebody asks, and kept. */
function laboratoryOf(
  store: Store,
  files: readonly Surveyed[],
  more: Pick<Laboratory, "links" | "hidden" | "isComplete"> & { readonly signal: AbortSignal },
): Laboratory {
  const { signal, ...rest } = more;
  const byPath = new Map(files.map((file) => [file.path, file]));
  const byFolder = new Map<string, Surveyed[]>();
  for (const file of files) {
    const folder = file.path.slice(0, Math.max(0, file.path.lastIndexOf("/")));
    const own = byFolder.get(folder);
    if (own) own.push(file);
    else byFolder.set(folder, [file]);
  }
  const digests = new Map<string, Promise<string>>();
  const peeks = new Map<string, Promise<Peek | undefined>>();
  return {
    ...rest,
    store,
    files,
    get: (path) => byPath.get(path),
    inFolder: (folder) => byFolder.get(folder) ?? [],
    folders: () => [...byFolder.keys()],
    async text(path, bytesMax = TEXT_BYTES_MAX) {
      const file = byPath.get(path);
      if (!file || file.size > bytesMax) return undefined;
      const bytes = await store.read(path, undefined, { signal });
      return bytes && decoded(bytes);
    },
    open: (path) => openObject(store, path, { signal }),
    digest: (path) => kept(digests, path, () => digestOf(store, byPath.get(path)!, signal)),
    peek: (path) =>
      kept(peeks, path, async () => {
        try {
          return await peekFile(await openObject(store, path, { signal }), { signal });
        } catch (error) {
          if (isEmporiumError(error) && error.code.startsWith("FORMAT_")) return undefined;
          throw error;
        }
      }),
  };
}

function kept<T>(known: Map<string, Promise<T>>, path: string, make: () => Promise<T>): Promise<T> {
  const found = known.get(path) ?? make();
  known.set(path, found);
  return found;
}

/** Windows' programs write UTF-16. */
function decoded(bytes: Uint8Array): string {
  const isWide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  return new TextDecoder(isWide ? (bytes[0] === 0xff ? "utf-16le" : "utf-16be") : "utf-8").decode(bytes).replace(/^\ufeff/, "");
}

const DIGEST_BYTES = 256 * 1024;

/** Of size, beginning and end: equal for copies, and for no two reconstructions. */
async function digestOf(store: Store, { path, size }: Surveyed, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256").update(`${size}\0`);
  const length = Math.min(size, DIGEST_BYTES);
  for (const offset of new Set([0, size - length])) {
    hash.update((await store.read(path, { offset, length }, { signal })) ?? new Uint8Array(0));
  }
  return hash.digest("hex");
}
