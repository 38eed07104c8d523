import type { ByteRange, RandomAccess, ReadOptions } from "../core/bytes.js";
import { EmporiumError } from "../core/errors.js";
import type { IoMode } from "./io-mode.js";
import { oneVersion } from "./one-version.js";
import type { ShortWay } from "./short-way.js";

/** Facts that a store knows about an object without reading it. */
export interface Stat {
  size: number;
  /** Changes with the object: an HTTP entity tag, or size, time and inode of a file. Undefined if a server gives none. */
  etag?: string | undefined;
  modifiedMs?: number | undefined;
  /**
   * A changed object may keep this tag: it is a weak one, or made of a date younger than its precision. Bytes of two answers may
   * then differ in version.
   */
  weak?: true | undefined;
}

/** Whether bytes of two answers that say the same of their object are surely of one version. */
export function isVersioned({ etag, modifiedMs, weak }: Partial<Stat>): boolean {
  return !weak && (etag !== undefined || modifiedMs !== undefined);
}

export interface Entry extends Stat {
  key: string;
  /**
   * The listing has no exact size: web servers round it or show none (then 0). Use `size` for progress only; `stat` gives the
   * exact size, but one request a file is too much for a tree of 100,000.
   */
  approximate?: true | undefined;
  /** A symbolic link to a file inside the place, or a file below a link to a folder: it lies elsewhere under its own name. */
  linked?: true | undefined;
  /**
   * Target of a link that leaves the place, with a last `/` if it is a folder. The link is listed under its name, whatever it
   * leads to, and reading it is refused: it is neither file nor folder.
   */
  leaves?: string | undefined;
}

/** A symbolic link that a listing does not follow, or what is no file, folder or link at all. */
export interface UnfollowedLink {
  readonly key: string;
  /**
   * `outside`: out of the place, and it is listed. These are left out: `nowhere`, or in circles; `above`: to a folder that it lies in; `special`: a
   * pipe, socket or device, or a link to one.
   */
  readonly leads: "outside" | "nowhere" | "above" | "special";
  /** Target of the link, where there is one. */
  readonly to?: string | undefined;
}

/** The answer to one long request: what the server said of the object, and its bytes as they arrive. */
export interface ByteStream {
  /** Facts of the whole object, as this very answer states them; `size` is absent where the server does not tell it. */
  readonly stat: Partial<Stat>;
  /** Offset of the first byte of `body` in the object: 0 when the server did not honour the range. */
  readonly offset: number;
  /** Bytes that the server announced for `body`, where it did. */
  readonly length?: number | undefined;
  /** Content type from the server, without parameters, lower case: `text/html`. */
  readonly mediaType?: string | undefined;
  /** Checksums of the whole object, where this very answer tells them: `md5:` and lower-case hexadecimal digits. */
  readonly checksums?: readonly string[] | undefined;
  /** The server unpacks what is stored packed: sizes and checksums of listings are not those of `body`. */
  readonly unpacked?: boolean | undefined;
  /** Nothing but the end of the connection ends `body`: one that breaks looks the same. */
  readonly endsByClose?: boolean | undefined;
  /** Throws a typed error when fewer or more bytes come than were announced, or when nothing comes for too long. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Lets the rest go. May be called at any time, also twice; leaving the loop over `body` early does the same. */
  cancel(): Promise<void>;
}

export interface StoreReadOptions extends ReadOptions {
  /** Refuse with STORE_CONFLICT when the object is no longer the one with this etag. */
  ifMatch?: string | undefined;
  /**
   * Memory of the caller's for so many bytes, once their number is known: then they need not be copied there. It may be called again, for a second try;
   * what it gave before is of no use then. A store need not ask, and what is returned may still lie elsewhere.
   */
  room?: ((length: number) => Uint8Array | undefined) | undefined;
}

export interface StoreStreamOptions extends StoreReadOptions {
  /** The caller is done with a piece when it asks for the next one: then its memory may be used again. */
  lend?: boolean | undefined;
}

export interface ListOptions extends ReadOptions {
  /** Called with each name of the place that can be no key: it is left out of what the listing gives. */
  onUnusable?: ((name: string) => void) | undefined;
  /** Called with each link that is not followed, and with what is left out since it is a pipe, socket or device. A listing that is tried again may tell it twice. */
  onLink?: ((link: UnfollowedLink) => void) | undefined;
}

export interface WriteOptions {
  /** Replace only the object with this etag. */
  ifMatch?: string | undefined;
  /** Create, never replace. */
  ifAbsent?: boolean | undefined;
  contentType?: string | undefined;
  /** CRC-32 of the body, where the caller has it: some places check it, and need not compute it again. */
  crc32?: number | undefined;
  /** `false`: of no use after a power loss, so nothing waits for the disk. Folders that are made for it are synced all the same. */
  lasting?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface RemoveOptions extends ReadOptions, Pick<WriteOptions, "lasting"> {}

export interface CreateOptions extends Omit<WriteOptions, "lasting"> {
  /** Expected size, if known: back ends choose part sizes and preallocate by it. */
  size?: number | undefined;
  /** Token of an earlier upload of the same key that was not finished: goes on with it, or starts anew if it is gone. */
  resume?: string | undefined;
}

export interface UploadPart {
  /** Number of the part, from 1. Parts join in this order, whatever the order they arrive in. */
  number: number;
  size: number;
  etag: string;
}

export interface OpenUpload {
  key: string;
  token: string;
  /** Time at which it was begun, by the clock of the server; undefined where that does not tell. */
  begunMs?: number | undefined;
}

/** A body that never sits whole in memory. Nothing is visible under the key before `finish`. */
export interface Upload {
  readonly key: string;
  /** Names this upload in a journal; `create(key, { resume: token })` takes it up again. */
  readonly token: string;
  /** Every part but the last must have at least this many bytes. */
  readonly partBytesMin: number;
  /** Parts that are already there (after `resume`). */
  readonly parts: readonly UploadPart[];
  /** Parts may come in any order and side by side; a number sent again replaces the part. */
  part(number: number, body: Uint8Array, options?: Pick<WriteOptions, "crc32" | "signal">): Promise<UploadPart>;
  /** Joins the parts and makes the object visible, whole. */
  finish(options?: ReadOptions): Promise<Stat>;
  /** Forgets the parts. May be called at any time, also twice. */
  abort(): Promise<void>;
}

/**
 * A place that holds named bytes, rooted at one URL. Keys are relative, with `/` between checked segments and never a leading
 * one. Absent is `undefined`; every other failure throws an EmporiumError whose `retry` says whether the same call may succeed
 * later. Every back end keeps this order of methods.
 */
export interface Store {
  /** Absolute, ends without `/`. Never holds a secret. */
  readonly url: string;
  readonly features: StoreFeatures;
  stat(key: string, options?: ReadOptions): Promise<Stat | undefined>;
  /** The whole object, or the range of it. A range past the end gives fewer bytes, never an error. */
  read(key: string, range?: ByteRange, options?: StoreReadOptions): Promise<Uint8Array | undefined>;
  /** Makes the object visible whole, or not at all. */
  write(key: string, body: Uint8Array, options?: WriteOptions): Promise<Stat>;
  create(key: string, options?: CreateOptions): Promise<Upload>;
  /** Every object below the prefix (`""`: all), sorted by key in UTF-8 order. Omits unfinished objects and temporary names. */
  list(prefix: string, options?: ListOptions): AsyncIterable<Entry>;
  /** One level: objects and sub-folders directly below a folder key (`""`: the root), sorted. A folder's key ends with `/`. */
  children(folder: string, options?: ListOptions): AsyncIterable<Entry>;
  /** Removes an object, or every object below a key that ends with `/`. What is absent is removed already. */
  remove(key: string, options?: RemoveOptions): Promise<void>;
  /** Uploads of this key (or of all below a key ending with `/`) that were begun and neither finished nor aborted. */
  openUploads(key: string, options?: ReadOptions): AsyncIterable<OpenUpload>;
  /**
   * Streams an object by one request, for transfers larger than memory; from `offset` if the store has ranges. No retries: the
   * caller resumes behind its last byte. `undefined` if there is no such object. Absent from stores that only `read`.
   */
  stream?(
    key: string,
    from?: { offset: number; length?: number | undefined },
    options?: StoreStreamOptions,
  ): Promise<ByteStream | undefined>;
  /** Only for stores of web servers whose small objects a thread of its own may ask for. */
  readonly shortWay?: ShortWay | undefined;
  /** Only for stores whose objects are files of this machine. */
  readonly local?: LocalAccess | undefined;
}

export interface StoreFeatures {
  ranges: boolean;
  /** `ifMatch` and `ifAbsent` of `write` are checked atomically. */
  conditionalWrites: boolean;
  /** A reader never sees a mixture while an object is replaced. */
  atomicReplace: boolean;
  writable: boolean;
}

/** Direct access to files: workers read and write voxels by file descriptor, without a copy through the main thread. */
export interface LocalAccess {
  /** Whether finished parts are synced: what is written survives a power loss, and is worth flushing early. */
  readonly sync: boolean;
  /** Whether long reads and writes go past the page cache. */
  readonly io: IoMode;
  /** Absolute path of a key. */
  path(key: string): string;
  /** What is there under a key that is no object: a folder, or what cannot be read as a file. Undefined where nothing is, and for files. */
  otherThing(key: string): "folder" | "pipe" | "socket" | "device" | undefined;
  /** Path of a hidden sibling of the key, on the same file system: `.<name>.<tag>.part`. Creates the parent folders. */
  partPath(key: string, tag: string): Promise<string>;
  /** Syncs a finished part, file or folder (unless `sync: false`), and renames it to its key, replacing what was there. */
  adopt(partPath: string, key: string): Promise<void>;
}

/**
 * An object of a store as a source for format readers. Size and etag are read once; if the object changes, a read throws
 * STORE_CONFLICT, so versions never mix. If the server gives no version, `oneVersion` reads.
 *
 * @throws {EmporiumError} STORE_ABSENT if there is no such object.
 */
export async function openObject(
  store: Store,
  key: string,
  options: ReadOptions = {},
): Promise<RandomAccess & { readonly stat: Stat }> {
  const stat = await store.stat(key, options);
  const name = objectName(store, key);
  if (!stat) throw absent(store, key);
  const read = async (range: ByteRange | undefined, readOptions: ReadOptions = {}) => {
    const bytes = await store.read(key, range, { ...options, ...readOptions, ifMatch: stat.etag });
    if (!bytes) throw absent(store, key);
    return bytes;
  };
  return {
    name,
    stat,
    size: async () => stat.size,
    read: isVersioned(stat) ? read : oneVersion({ name, size: stat.size, read }),
  };
}

/** Others read a bucket, perhaps at once. A folder is its owner's until it is sent somewhere. */
export const isBucket = ({ url }: Pick<Store, "url">): boolean => /^(s3|gs):/.test(url);

/** Name of an object in messages: its path for local stores, its URL otherwise. */
export function objectName(store: Store, key: string): string {
  return store.local ? store.local.path(key) : `${store.url}/${key}`;
}

/** Hint for a location below which nothing was found; it may be a web server that tells nobody what is in its folders. */
export function emptyHint(url: string, hint: string): string {
  if (!/^https?:/i.test(url)) return hint;
  return `${hint}; a folder of a web server must show its list of files (/files of emporium serve shows none: take its bucket, at /s3)`;
}

export function absent(store: Store, key: string): EmporiumError {
  const name = objectName(store, key);
  const other = store.local?.otherThing(key);
  if (other !== undefined) {
    return new EmporiumError("STORE_ABSENT", `${name} is a ${other}, no file`, {
      place: { file: name },
      hint: "give the path of a file",
    });
  }
  return new EmporiumError("STORE_ABSENT", `${name} does not exist`, {
    place: store.local ? { file: name } : { url: name },
    hint: "check the path, and whether its folder exists",
  });
}
