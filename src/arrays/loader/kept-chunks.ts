import type { BlockMemory } from "./memory.js";

/** Something in the shared memory that is kept for later reads. */
export interface KeptChunk {
  readonly at: number;
  readonly length: number;
}

/** Chunks in one form, stored or decoded, up to a number of bytes: those that were not asked for longest go first. */
export interface KeptChunks {
  readonly bytes: number;
  readonly pins: number;
  /** A kept chunk, which becomes the latest. It may go as soon as the caller waits for something: use it at once, or pin it. */
  find(id: string): KeptChunk | undefined;
  /** A chunk that stays until it is unpinned; undefined where it is not kept. */
  pin(id: string): KeptChunk | undefined;
  unpin(id: string): void;
  /** Room for a chunk, pinned; undefined where there is none, or the chunk is there already. Nobody finds it before it is `ready`. */
  add(id: string, length: number): KeptChunk | undefined;
  ready(id: string): void;
  /** Forgets a chunk, whose bytes are of no use. */
  drop(id: string): void;
  /** Frees the chunk that was not asked for longest. False: all are pinned. */
  evict(): boolean;
}

interface Entry extends KeptChunk {
  pins: number;
  ready: boolean;
}

/** @param pinnedMax bytes of chunks that are written just now: there is no room for one more */
export function keptChunks(memory: () => BlockMemory, bytesMax: number, pinnedMax = bytesMax): KeptChunks {
  const entries = new Map<string, Entry>();
  let bytes = 0;
  let pins = 0;
  let pinnedBytes = 0;

  function touch(id: string): Entry | undefined {
    const entry = entries.get(id);
    if (!entry?.ready) return undefined;
    entries.delete(id);
    entries.set(id, entry);
    return entry;
  }
  function remove(id: string, entry: Entry): void {
    entries.delete(id);
    bytes -= entry.length;
    memory().give(entry.at, entry.length);
  }
  function pin(entry: Entry, change: 1 | -1): void {
    const before = entry.pins;
    entry.pins += change;
    pins += change;
    if (before === 0) pinnedBytes += entry.length;
    else if (entry.pins === 0) pinnedBytes -= entry.length;
  }
  function evict(): boolean {
    for (const [id, entry] of entries) {
      if (entry.pins > 0) continue;
      remove(id, entry);
      return true;
    }
    return false;
  }
  return {
    get bytes() {
      return bytes;
    },
    get pins() {
      return pins;
    },
    find: touch,
    pin(id) {
      const entry = touch(id);
      if (!entry) return undefined;
      pin(entry, 1);
      return entry;
    },
    unpin(id) {
      const entry = entries.get(id);
      if (!entry || entry.pins === 0) return;
      pin(entry, -1);
    },
    add(id, length) {
      if (length > bytesMax || pinnedBytes + length > pinnedMax || entries.has(id)) return undefined;
      while (bytes + length > bytesMax) if (!evict()) return undefined;
      let at = memory().tryTake(length);
      while (at === undefined && evict()) at = memory().tryTake(length);
      if (at === undefined) return undefined;
      const entry = { at, length, pins: 0, ready: false };
      entries.set(id, entry);
      bytes += length;
      pin(entry, 1);
      return entry;
    },
    ready(id) {
      const entry = entries.get(id);
      if (entry) entry.ready = true;
    },
    drop(id) {
      const entry = entries.get(id);
      if (!entry) return;
      pins -= entry.pins;
      if (entry.pins > 0) pinnedBytes -= entry.length;
      remove(id, entry);
    },
    evict,
  };
}
