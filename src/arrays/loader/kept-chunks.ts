import type { BlockMemory, PieceUse } from "./memory.js";

/** Something in the shared memory that is kept for later reads. */
export interface KeptChunk {
  readonly at: number;
  readonly length: number;
}

/** Chunks in one form, stored or decoded, up to a number of bytes: those that were not asked for longest go first. */
export interface KeptChunks {
  readonly bytes: number;
  readonly pins: number;
  /** Bytes of pinned chunks. */
  readonly pinnedBytes: number;
  /** A kept chunk, which becomes the latest. It may go as soon as the caller waits for something: use it at once, or pin it. */
  find(id: string): KeptChunk | undefined;
  /** A chunk that stays until it is unpinned; undefined where it is not kept. */
  pin(id: string): KeptChunk | undefined;
  unpin(id: string): void;
  /** Room for a chunk, pinned; undefined where there is none, or the chunk is there already. Nobody finds it before it is `ready`. */
  add(id: string, length: number): KeptChunk | undefined;
  /** As `add`, for chunks that lie in one piece of memory. @returns the address at which it begins */
  addTogether(parts: readonly ChunkPiece[], length: number): number | undefined;
  ready(id: string): void;
  /** Forgets a chunk, whose bytes are of no use. */
  drop(id: string): void;
  /** Frees the chunk that was not asked for longest. False: all are pinned. */
  evict(): boolean;
}

/** One of several chunks in a piece of memory. */
export interface ChunkPiece {
  readonly id: string;
  readonly offset: number;
  readonly length: number;
}

interface Entry extends KeptChunk {
  pins: number;
  ready: boolean;
  /** The piece of memory, which is given back with the last of its chunks. */
  readonly piece: { readonly at: number; readonly length: number; chunks: number };
}

export interface KeptOptions {
  readonly use: PieceUse;
  readonly bytesMax: number;
  /** True if so many bytes more may be pinned. */
  mayPin(length: number): boolean;
  /** Frees something else that is only kept; false where there is nothing. */
  makeRoom?(): boolean;
}

export function keptChunks(
  memory: () => BlockMemory,
  { use, bytesMax, mayPin, makeRoom = () => false }: KeptOptions,
): KeptChunks {
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
    const { piece } = entry;
    if (--piece.chunks > 0) return;
    bytes -= piece.length;
    memory().give(piece.at, piece.length);
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
  function addTogether(parts: readonly ChunkPiece[], length: number): number | undefined {
    if (length > bytesMax || !mayPin(length) || parts.some(({ id }) => entries.has(id))) return undefined;
    while (bytes + length > bytesMax) if (!evict()) return undefined;
    let at = memory().tryTake(length, use);
    while (at === undefined && (evict() || makeRoom())) at = memory().tryTake(length, use);
    if (at === undefined) return undefined;
    const piece = { at, length, chunks: parts.length };
    for (const part of parts) {
      const entry = { at: at + part.offset, length: part.length, pins: 0, ready: false, piece };
      entries.set(part.id, entry);
      pin(entry, 1);
    }
    bytes += length;
    return at;
  }
  return {
    get bytes() {
      return bytes;
    },
    get pins() {
      return pins;
    },
    get pinnedBytes() {
      return pinnedBytes;
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
      const at = addTogether([{ id, offset: 0, length }], length);
      return at === undefined ? undefined : { at, length };
    },
    addTogether,
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
