import { crc32 } from "node:zlib";
import type pg from "pg";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { writeZip, type ZipFile } from "../../formats/zip/write.js";
import type { DownloadContent } from "../../model/page-api.js";
import { compareKeys } from "../../stores/keys.js";
import { type Entry, openObject, type Store } from "../../stores/store.js";
import { isHiddenKey } from "../hidden.js";
import type { PieceBudget } from "../piece-budget.js";
import { contentsOf, foldersOf } from "./contents.js";
import type { Selection } from "./selection.js";
import { leveledVolume } from "./zarr-level.js";

/** Files of one archive: their names are kept until its end. */
export const FILES_MAX = 100_000;
/** Files of all archives that are being sent. */
const FILES_TOGETHER = 2 * FILES_MAX;
/** Small files that are asked for ahead where each takes a request over the network, and how small they are. */
const AHEAD = 8;
const AHEAD_BYTES = 1024 * 1024;

let listed = 0;

/** A file of an archive; its name is its key in the tree. */
export interface ArchivedFile extends ZipFile {
  readonly etag: string | undefined;
  /** Its bytes, where they are not those of the store. */
  readonly body: Uint8Array | undefined;
}

/** The files of an archive in the order of their keys. They count among those of all archives until they are let go. */
export interface ArchivedFiles {
  readonly files: readonly ArchivedFile[];
  letGo(): void;
}

/** What a selection is looked up in: as much of it as who asks may see. */
export interface ArchiveSources {
  readonly store: Store;
  readonly pool: pg.Pool;
}

/**
 * Lists the files of a selection. One that the catalogue names and the tree does not have is an error: no archive lacks what was asked for.
 *
 * @throws {EmporiumError} NOT_FOUND; USAGE for too many files, or contents that there are not; STORE_DENIED for a link that leads out of the place;
 *   STORE_THROTTLED where archives with many files are being sent; what the catalogue or the store throws
 */
export async function archivedFiles(sources: ArchiveSources, selection: Selection, signal: AbortSignal): Promise<ArchivedFiles> {
  const files = new Map<string, ArchivedFile>();
  let isGone = false;
  const letGo = () => {
    if (!isGone) listed -= files.size;
    isGone = true;
  };
  try {
    for await (const file of filesOf(sources, selection, signal)) {
      if (files.has(file.name)) continue;
      if (files.size === FILES_MAX) throw tooMany();
      if (listed >= FILES_TOGETHER) throw busy();
      files.set(file.name, file);
      listed++;
    }
  } catch (error) {
    letGo();
    throw error;
  }
  return { files: [...files.values()].sort((a, b) => compareKeys(a.name, b.name)), letGo };
}

async function* filesOf(
  { store, pool }: ArchiveSources,
  selection: Selection,
  signal: AbortSignal,
): AsyncGenerator<ArchivedFile> {
  const { of, ids, only, level } = selection;
  if ((of === "dataset" || of === "run") && only === undefined) {
    if (level !== undefined)
      throw new EmporiumError("USAGE", "a level is one of chosen volumes, and everything is asked for", {
        hint: 'say what with only, such as only=[["tomograms"]]',
      });
    for (const folder of await foldersOf(pool, of, ids)) yield* filesAt(store, folder, signal);
    return;
  }
  const { all, elsewhere } = await contentsOf(pool, { of, ids });
  if (only === undefined && elsewhere > 0)
    throw new EmporiumError("NOT_FOUND", `the catalogue names ${counted(elsewhere, "file")} outside the tree that is served`, {
      hint: "choose by kind what is in the tree",
    });
  const chosen = chosenOf(all, only);
  for (const { format, parts } of chosen)
    for (const { key } of parts) {
      if (level === undefined || format !== "OME-Zarr") yield* filesAt(store, key, signal);
      else yield* levelAt(store, key, level, signal);
    }
}

/**
 * Contents that a selection names.
 *
 * @throws {EmporiumError} USAGE where it names any that there are not
 */
export function chosenOf(all: readonly DownloadContent[], only: Selection["only"]): readonly DownloadContent[] {
  if (only === undefined) return all;
  const isNamed = ({ kind, format, what }: DownloadContent, words: readonly string[]) =>
    words.every((word, at) => [kind, format, what][at] === word);
  const none = only.find((words) => !all.some((one) => isNamed(one, words)));
  if (none)
    throw new EmporiumError(
      "USAGE",
      `there is nothing called ${none.filter((word) => word !== "").join(", ")} in what was asked for`,
      {
        hint: "look at the list of contents again: the catalogue may have changed",
      },
    );
  return all.filter((one) => only.some((words) => isNamed(one, words)));
}

/** @param key of a file, or with a last `/` of a folder */
async function* filesAt(store: Store, key: string, signal: AbortSignal): AsyncGenerator<ArchivedFile> {
  if (!key.endsWith("/")) {
    const stat = isHiddenKey(key) ? undefined : await store.stat(key, { signal });
    if (!stat) throw notThere(key);
    yield fileOf({ key, ...stat });
    return;
  }
  let found = 0;
  for await (const entry of store.list(key, { signal })) {
    if (isHiddenKey(entry.key)) continue;
    found++;
    yield fileOf(entry);
  }
  if (found === 0) throw notThere(key);
}

async function* levelAt(store: Store, key: string, level: number, signal: AbortSignal): AsyncGenerator<ArchivedFile> {
  const volume = await leveledVolume(store, key, signal);
  for await (const one of volume.files(level)) {
    if (!("body" in one)) yield fileOf(one);
    else yield { name: one.key, size: one.body.length, modifiedMs: undefined, etag: undefined, body: one.body };
  }
}

function fileOf({ key, size, approximate, modifiedMs, etag, leaves }: Entry): ArchivedFile {
  if (leaves !== undefined)
    throw new EmporiumError("STORE_DENIED", `${key} is a link that leads out of what is served`, {
      hint: "choose what lies beside it, or ask whoever runs the server to put the file in its place",
    });
  return { name: key, size: approximate ? undefined : size, modifiedMs, etag, body: undefined };
}

function notThere(key: string): EmporiumError {
  return new EmporiumError("NOT_FOUND", `${key} is in the catalogue and not in the tree that is served`, {
    hint: "choose other files, or ask whoever runs the server to import the tree again",
  });
}

function tooMany(): EmporiumError {
  return new EmporiumError("USAGE", `more than ${counted(FILES_MAX, "file")} are too many for one archive`, {
    hint: "take emporium, which goes on where it was stopped; or choose less",
  });
}

function busy(): EmporiumError {
  return new EmporiumError("STORE_THROTTLED", "archives with many files are being sent to others", {
    retry: "later",
    hint: "try again in a minute",
  });
}

/**
 * The bytes of an archive, each piece read when the one before has been taken. Where a file cannot be read, or is another one than was listed, it breaks
 * off without an end, so that nobody takes it for whole.
 */
export async function* archiveBytes(
  store: Store,
  { files, letGo }: ArchivedFiles,
  { pieces, signal }: { readonly pieces: PieceBudget; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const ahead = readAhead(store, files, pieces, signal);
  async function* bodyOf(file: ArchivedFile): AsyncGenerator<Uint8Array> {
    if (file.body) {
      yield file.body;
      return;
    }
    let at = 0;
    const first = ahead.take(file);
    if (first) {
      try {
        const bytes = await first.bytes;
        at += bytes.length;
        yield bytes;
      } finally {
        first.giveBack();
      }
      if (at === file.size) return;
    }
    const { size, read } = await reading(store, file, signal);
    while (at < size) {
      const held = pieces.take(size - at);
      try {
        const bytes = await read({ offset: at, length: held });
        if (bytes.length !== held) throw shorter(file);
        at += held;
        yield bytes;
      } finally {
        pieces.giveBack(held);
      }
    }
  }
  try {
    yield* writeZip(files, bodyOf, { crc32 });
  } finally {
    letGo();
    await ahead.end();
  }
}

type ReadPart = (range: { readonly offset: number; readonly length: number }) => Promise<Uint8Array>;

/** A file of known version is read by its tag; else its store says what there is now, and no versions mix. */
async function reading(
  store: Store,
  { name, size, etag }: ArchivedFile,
  signal: AbortSignal,
): Promise<{ size: number; read: ReadPart }> {
  if (size !== undefined && etag !== undefined) {
    const read: ReadPart = async (range) => (await store.read(name, range, { ifMatch: etag, signal })) ?? new Uint8Array();
    return { size, read };
  }
  const object = await openObject(store, name, { signal });
  return { size: object.stat.size, read: (range) => object.read(range, { signal }) };
}

function shorter({ name }: ArchivedFile): EmporiumError {
  return new EmporiumError("SOURCE_CHANGED", `${name} became shorter while it was read`, { hint: "begin the archive again" });
}

interface First {
  readonly bytes: Promise<Uint8Array>;
  giveBack(): void;
}

/** Asks for small files before their turn: over a network the way there takes longer than they do. */
function readAhead(store: Store, files: readonly ArchivedFile[], pieces: PieceBudget, signal: AbortSignal) {
  const waiting = new Map<ArchivedFile, First>();
  let [next, turn] = [0, 0];
  const isSmall = ({ body, size, etag }: ArchivedFile) =>
    !body && etag !== undefined && size !== undefined && size > 0 && size <= AHEAD_BYTES;
  const start = (file: ArchivedFile): First => {
    const held = pieces.take(file.size!);
    const bytes = store.read(file.name, { offset: 0, length: held }, { ifMatch: file.etag, signal }).then((read) => {
      if (read?.length !== held) throw shorter(file);
      return read;
    });
    bytes.catch(() => {}); // it is thrown when its turn has come
    return { bytes, giveBack: () => pieces.giveBack(held) };
  };
  return {
    take(file: ArchivedFile): First | undefined {
      if (store.local) return undefined;
      while (files[turn] !== file) turn++;
      for (next = Math.max(next, turn); next < files.length && next < turn + AHEAD; next++)
        if (isSmall(files[next]!)) waiting.set(files[next]!, start(files[next]!));
      const first = waiting.get(file);
      waiting.delete(file);
      return first;
    },
    async end() {
      await Promise.allSettled([...waiting.values()].map(({ bytes }) => bytes));
      for (const first of waiting.values()) first.giveBack();
      waiting.clear();
    },
  };
}
