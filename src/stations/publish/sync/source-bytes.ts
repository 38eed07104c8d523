import { asEmporiumError, EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { closeHandles, openToRead, readPages } from "../../../stores/file/direct.js";
import { fileError } from "../../../stores/file/errors.js";
import type { IoMode } from "../../../stores/io-mode.js";
import type { Store } from "../../../stores/store.js";

/** A file that is to be sent: one of this machine, or an object of a store. */
export interface SourceFacts {
  /** Path on this machine; for an object its address, only for messages. */
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  /** Object with the bytes, if they are not on this machine. */
  readonly object?: SourceObject | undefined;
}

interface SourceObject {
  readonly store: Store;
  readonly key: string;
  /** Reading fails if the object has another ETag than in the listing. */
  readonly etag?: string | undefined;
}

/** A file that is read in pieces. */
export interface SourceBytes {
  /** Fills the buffer from a position; fewer bytes only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Size and time as they are now. */
  facts(): Promise<{ size: number; modifiedMs: number }>;
  close(): Promise<void>;
}

/** Options for reading sources. */
export interface Reading {
  readonly signal?: AbortSignal | undefined;
  /** Whether files of this machine are read past the page cache. Default `auto`. */
  readonly io?: IoMode | undefined;
}

/** Opens a source for reading. @throws {EmporiumError} errors of the disk or store; SOURCE_CHANGED while it is read */
export async function openSource(file: SourceFacts, { signal, io }: Reading = {}): Promise<SourceBytes> {
  return file.object ? openObjectSource(file, file.object, signal) : openFileSource(file.path, io);
}

async function openFileSource(path: string, io: IoMode = "auto"): Promise<SourceBytes> {
  const failed = (error: unknown): never => {
    throw fileError(error, path, "read");
  };
  const file = await openToRead(path, io).catch(failed);
  return {
    read: (into, position) => readPages(file, into, position).catch(failed),
    async facts() {
      const { size, mtimeMs } = await file.handle.stat().catch(failed);
      return { size, modifiedMs: mtimeMs };
    },
    close: () => closeHandles(file),
  };
}

function openObjectSource(file: SourceFacts, { store, key, etag }: SourceObject, signal?: AbortSignal): SourceBytes {
  return {
    async read(into, position) {
      if (position >= file.size) return 0;
      const bytes = await store
        .read(key, { offset: position, length: into.length }, { ifMatch: etag, signal })
        .catch((thrown) => {
          const error = asEmporiumError(thrown);
          throw error.code === "STORE_CONFLICT" ? sourceChanged(file.path, file.size, file.size) : error;
        });
      if (!bytes) throw sourceChanged(file.path, file.size, 0);
      into.set(bytes);
      return bytes.length;
    },
    async facts() {
      const now = await store.stat(key, { signal });
      const same = now !== undefined && (etag === undefined || now.etag === undefined || now.etag === etag);
      return { size: now?.size ?? 0, modifiedMs: same ? file.modifiedMs : (now?.modifiedMs ?? Number.NaN) };
    },
    close: async () => {},
  };
}

export function sourceChanged(path: string, wanted: number, found: number): EmporiumError {
  const what = wanted === found ? "it was written to" : `${counted(wanted, "byte was", "bytes were")} there, now ${found}`;
  return new EmporiumError("SOURCE_CHANGED", `${path} changed while it was being read: ${what}`, {
    place: /^[a-z][a-z0-9+.-]*:\/\//i.test(path) ? { url: path } : { file: path },
    hint: "run again when no process writes it any more",
  });
}
