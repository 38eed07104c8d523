import type { Clock } from "../../core/clock.js";
import { checkRange } from "../range.js";
import type { Stat, Store, Upload } from "../store.js";

export interface CacheOptions {
  clock: Clock;
  /** Bytes kept in all. Default 16 MiB. */
  bytesMax?: number | undefined;
  /** How long an answer is trusted. Default 10 s. */
  ageMsMax?: number | undefined;
}

/** A first read within so many bytes brings them all: a header is asked for in several small pieces. */
const HEAD_BYTES = 64 * 1024;
/** Larger reads are voxels, which nobody asks for twice. */
const ENTRY_BYTES_MAX = 256 * 1024;
/** What an entry costs beside its bytes. */
const ENTRY_OVERHEAD_BYTES = 256;

interface Kept {
  answer: Promise<Uint8Array | Stat | undefined>;
  key: string;
  bytes: number;
  atMs: number;
}

/**
 * Remembers stats and small reads, the least recently used forgotten first. Calls for the same answer that come while it is under way
 * share one request. Whatever is written or removed through this store is forgotten at once.
 */
export function withCache(store: Store, { clock, bytesMax = 16 * 1024 * 1024, ageMsMax = 10_000 }: CacheOptions): Store {
  const kept = new Map<string, Kept>();
  let total = 0;

  function drop(name: string): void {
    total -= kept.get(name)?.bytes ?? 0;
    kept.delete(name);
  }

  function forget(key: string): void {
    for (const [name, entry] of [...kept]) {
      if (entry.key === key || (key.endsWith("/") && entry.key.startsWith(key))) drop(name);
    }
  }

  function through<T extends Uint8Array | Stat | undefined>(name: string, key: string, ask: () => Promise<T>): Promise<T> {
    const found = kept.get(name);
    if (found && clock.monotonic() - found.atMs <= ageMsMax) {
      kept.delete(name);
      kept.set(name, found);
      return found.answer as Promise<T>;
    }
    drop(name);
    const answer = ask();
    const entry: Kept = { answer, key, bytes: ENTRY_OVERHEAD_BYTES, atMs: clock.monotonic() };
    kept.set(name, entry);
    total += entry.bytes;
    answer.then(
      (value) => {
        if (kept.get(name) !== entry) return;
        const more = value instanceof Uint8Array ? value.length : 0;
        entry.bytes += more;
        total += more;
        for (const oldest of kept.keys()) {
          if (total <= bytesMax) break;
          drop(oldest);
        }
      },
      () => kept.get(name) === entry && drop(name),
    );
    return answer;
  }

  function forgetting<A extends unknown[], T>(key: string, work: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
    return async (...args) => {
      try {
        return await work(...args);
      } finally {
        forget(key);
      }
    };
  }

  const { local } = store;
  return {
    url: store.url,
    features: store.features,
    // A signal belongs to one caller, the answer to all: who may cancel asks for himself.
    stat: async (key, options) => {
      const stat = await (options?.signal ? store.stat(key, options) : through(`stat ${key}`, key, () => store.stat(key)));
      return stat && { ...stat };
    },
    async read(key, range, options = {}) {
      if (range) checkRange(range);
      if (!range || range.length === 0 || range.length > ENTRY_BYTES_MAX || options.signal)
        return store.read(key, range, options);
      const { offset, length } = range;
      const version = options.ifMatch ?? "";
      if (offset + length <= HEAD_BYTES) {
        const head = await through(`head ${version} ${key}`, key, () =>
          store.read(key, { offset: 0, length: HEAD_BYTES }, options),
        );
        return head?.slice(offset, offset + length);
      }
      const bytes = await through(`${offset}+${length} ${version} ${key}`, key, () => store.read(key, range, options));
      return bytes?.slice();
    },
    write: (key, body, options) => forgetting(key, () => store.write(key, body, options))(),
    async create(key, options): Promise<Upload> {
      const upload = await store.create(key, options);
      return {
        key: upload.key,
        token: upload.token,
        partBytesMin: upload.partBytesMin,
        parts: upload.parts,
        part: (number, body, partOptions) => upload.part(number, body, partOptions),
        finish: forgetting(key, (finishOptions) => upload.finish(finishOptions)),
        abort: () => upload.abort(),
      };
    },
    list: (prefix, options) => store.list(prefix, options),
    children: (folder, options) => store.children(folder, options),
    remove: (key, options) => forgetting(key, () => store.remove(key, options))(),
    openUploads: (key, options) => store.openUploads(key, options),
    ...(store.stream && { stream: store.stream.bind(store) }),
    local: local && {
      sync: local.sync,
      path: (key) => local.path(key),
      partPath: (key, tag) => local.partPath(key, tag),
      adopt: async (partPath, key) => {
        await forgetting(key, () => local.adopt(partPath, key))();
        forget(`${key.replace(/\/$/, "")}/`);
      },
    },
  };
}
