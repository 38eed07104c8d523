import type { ByteRange, ReadOptions } from "../../core/bytes.js";
import { concat } from "../../core/bytes.js";
import { throwIfCancelled } from "../../core/cancel.js";
import { crc32, crcText } from "../../core/crc32.js";
import { EmporiumError } from "../../core/errors.js";
import { changed } from "../faults.js";
import { checkKey, checkPrefix, compareKeys } from "../keys.js";
import { clampRange } from "../range.js";
import type { CreateOptions, Entry, Stat, Store, StoreReadOptions, Upload, UploadPart, WriteOptions } from "../store.js";
import { checkPart, conflict, orderedParts } from "../upload.js";

interface Held {
  body: Uint8Array;
  stat: Stat;
}

interface Open {
  key: string;
  parts: Map<number, { part: UploadPart; body: Uint8Array }>;
}

export interface MemoryStoreOptions {
  /** Appears in messages. Default `memory:`. */
  url?: string;
  /** Gives objects their time. Without it they have none. */
  now?: () => number;
}

/** Named bytes in memory: the reference back end, for tests and browsers. */
export function memoryStore({ url = "memory:", now }: MemoryStoreOptions = {}): Store {
  const objects = new Map<string, Held>();
  const uploads = new Map<string, Open>();
  let counter = 0;

  /** Checks and stores in one step, so that no other write comes between. */
  function put(key: string, body: Uint8Array, { ifMatch, ifAbsent }: WriteOptions): Stat {
    const etag = objects.get(key)?.stat.etag;
    if ((ifAbsent && etag !== undefined) || (ifMatch !== undefined && ifMatch !== etag)) throw conflict(`${url}/${key}`);
    const stat: Stat = { size: body.length, etag: `v${++counter}`, modifiedMs: now?.() };
    objects.set(key, { body, stat });
    return stat;
  }

  function sorted(matches: (key: string) => boolean): string[] {
    return [...objects.keys()].filter(matches).sort(compareKeys);
  }

  return {
    url,
    features: { ranges: true, conditionalWrites: true, atomicReplace: true, writable: true },
    async stat(key: string, { signal }: ReadOptions = {}) {
      checkKey(key);
      throwIfCancelled(signal);
      const held = objects.get(key);
      return held && { ...held.stat };
    },
    async read(key: string, range?: ByteRange, { ifMatch, signal }: StoreReadOptions = {}) {
      checkKey(key);
      throwIfCancelled(signal);
      const held = objects.get(key);
      if (!held) return undefined;
      if (ifMatch !== undefined && ifMatch !== held.stat.etag) throw changed(`${url}/${key}`);
      const { offset, length } = clampRange(range, held.body.length);
      return held.body.slice(offset, offset + length);
    },
    async write(key: string, body: Uint8Array, options: WriteOptions = {}) {
      checkKey(key);
      throwIfCancelled(options.signal);
      return { ...put(key, new Uint8Array(body), options) }; // a Buffer's own slice would share its memory
    },
    async create(key: string, options: CreateOptions = {}): Promise<Upload> {
      checkKey(key);
      throwIfCancelled(options.signal);
      const { resume } = options;
      const token = resume !== undefined && uploads.get(resume)?.key === key ? resume : `u${++counter}`;
      if (!uploads.has(token)) uploads.set(token, { key, parts: new Map() });
      return memoryUpload(`${url}/${key}`, token, uploads, (body) => put(key, body, options));
    },
    async *list(prefix: string, { signal }: ReadOptions = {}): AsyncIterable<Entry> {
      checkPrefix(prefix);
      for (const key of sorted((candidate) => candidate.startsWith(prefix))) {
        throwIfCancelled(signal);
        const held = objects.get(key);
        if (held) yield { key, ...held.stat };
      }
    },
    async *children(folder: string, { signal }: ReadOptions = {}): AsyncIterable<Entry> {
      const bare = checkKey(folder, "folder");
      const prefix = bare === "" ? "" : `${bare}/`;
      let last: string | undefined;
      for (const key of sorted((candidate) => candidate.startsWith(prefix))) {
        throwIfCancelled(signal);
        const slash = key.indexOf("/", prefix.length);
        const held = objects.get(key);
        if (slash < 0) {
          if (held) yield { key, ...held.stat };
        } else if (last !== key.slice(0, slash + 1)) {
          last = key.slice(0, slash + 1);
          yield { key: last, size: 0 };
        }
      }
    },
    async remove(key: string, { signal }: ReadOptions = {}) {
      checkKey(key, "either");
      throwIfCancelled(signal);
      if (!key.endsWith("/")) objects.delete(key);
      else for (const name of sorted((candidate) => candidate.startsWith(key))) objects.delete(name);
    },
    async *openUploads(key: string, { signal }: ReadOptions = {}) {
      if (key !== "") checkKey(key, "either");
      throwIfCancelled(signal);
      for (const [token, upload] of [...uploads]) {
        if (key === upload.key || ((key === "" || key.endsWith("/")) && upload.key.startsWith(key)))
          yield { key: upload.key, token };
      }
    },
  };
}

function memoryUpload(place: string, token: string, uploads: Map<string, Open>, put: (body: Uint8Array) => Stat): Upload {
  function open(): Open {
    const upload = uploads.get(token);
    if (!upload) throw new EmporiumError("STORE_FAILED", `${place}: the upload ${token} is finished or aborted`);
    return upload;
  }
  const { key, parts } = open();
  return {
    key,
    token,
    partBytesMin: 1,
    parts: orderedParts(parts.values(), ({ part }) => part),
    async part(number, body, { signal }: ReadOptions = {}) {
      checkPart(key, number);
      throwIfCancelled(signal);
      const part: UploadPart = { number, size: body.length, etag: crcText(crc32(body)) };
      open().parts.set(number, { part, body: new Uint8Array(body) });
      return part;
    },
    async finish({ signal }: ReadOptions = {}) {
      throwIfCancelled(signal);
      const { parts } = open();
      const order = orderedParts(parts.values(), ({ part }) => part, key);
      const stat = put(concat(order.map(({ number }) => parts.get(number)!.body)));
      uploads.delete(token);
      return { ...stat };
    },
    async abort() {
      uploads.delete(token);
    },
  };
}
