import type { Triple } from "../../core/box.js";
import type { ByteRange } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { planReads } from "../../formats/zarr/shard.js";
import type { Store } from "../../stores/store.js";
import { forEachLimited, turns } from "../../system/parallel.js";
import type { ChunkedLevel, ChunkPlace } from "./chunked.js";
import type { KeptChunks } from "./kept-chunks.js";
import type { BlockMemory } from "./memory.js";
import type { TrafficCounts } from "./traffic.js";

/** A chunk whose stored bytes are wanted. */
export interface WantedChunk {
  readonly id: string;
  readonly cell: Triple;
  /** Bytes of the chunk that are enough; default: all of it. */
  readonly piece?: ByteRange | undefined;
}

export interface StoredChunks {
  /**
   * The stored bytes of chunks, of those that lie side by side by one request.
   *
   * @param hear is called for each of them as it comes, and awaited: until then its bytes stay. `at`: they are in the shared memory.
   */
  each<T extends WantedChunk>(
    level: ChunkedLevel,
    wanted: readonly T[],
    hear: (chunk: T, stored: StoredBytes | undefined) => Promise<void>,
    signal: AbortSignal | undefined,
  ): Promise<void>;
}

export type StoredBytes = { readonly at: number; readonly length: number } | { readonly bytes: Uint8Array };

/** What a range read costs beside its bytes, in bytes: gaps up to it are read for the sake of one request less. */
const GAP_BYTES = 32 * 1024;
/** Requests of one volume at the same time; the store has a limit for its host. */
const REQUESTS = 16;

interface Planned<T> {
  readonly place: ChunkPlace | undefined;
  readonly pieces: { readonly chunk: T; readonly at: number; readonly length: number | undefined }[];
}

export function storedChunks(store: Store, memory: () => BlockMemory, kept: KeptChunks, counts: TrafficCounts): StoredChunks {
  const fetching = new Map<string, Promise<void>>();
  const turn = turns(REQUESTS);
  /** Bytes of the largest answer so far: what is set aside for each request before its length is known. */
  let largest = 256 * 1024;

  async function ask<T extends WantedChunk>(level: ChunkedLevel, { place, pieces }: Planned<T>, signal: AbortSignal | undefined) {
    const began = performance.now();
    counts.requests++;
    const bytes = level.fetch
      ? await level.fetch(pieces[0]!.chunk.cell, signal)
      : place && (await store.read(place.key, place.range, { signal, ifMatch: place.etag }));
    counts.waitSeconds += (performance.now() - began) / 1000;
    counts.storedBytes += bytes?.length ?? 0;
    largest = Math.max(largest, bytes?.length ?? 0);
    if (bytes && place?.range && bytes.length < place.range.length) throw cutShort(level, place, bytes.length);
    return bytes;
  }

  /** @returns the bytes pinned in the shared memory, or by themselves where there is no room. */
  function keep({ id }: WantedChunk, bytes: Uint8Array): StoredBytes {
    const room = kept.add(id, bytes.length);
    if (!room) return { bytes };
    memory().bytes().set(bytes, room.at);
    return room;
  }

  async function fetchPlanned<T extends WantedChunk>(
    level: ChunkedLevel,
    planned: Planned<T>,
    hear: (chunk: T, stored: StoredBytes | undefined) => Promise<void>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const leave = await turn();
    try {
      const claim = await memory().claim([], Math.min(largest, Math.floor(memory().capacity / 64)));
      let found: (StoredBytes | undefined)[];
      try {
        const bytes = await ask(level, planned, signal);
        found = planned.pieces.map(
          ({ chunk, at, length }) => bytes && keep(chunk, length === undefined ? bytes : bytes.subarray(at, at + length)),
        );
      } finally {
        claim.release();
      }
      const done = planned.pieces.map(async ({ chunk }, i) => {
        try {
          await hear(chunk, found[i]);
        } finally {
          if (found[i] && "at" in found[i]) kept.unpin(chunk.id);
        }
      });
      const results = await Promise.allSettled(done);
      for (const result of results) if (result.status === "rejected") throw result.reason;
    } finally {
      leave();
    }
  }

  /** Whether a chunk came out of memory, perhaps after another reader's request for it. */
  async function fromKept<T extends WantedChunk>(
    chunk: T,
    hear: (chunk: T, stored: StoredBytes | undefined) => Promise<void>,
  ): Promise<boolean> {
    await fetching.get(chunk.id)?.catch(() => {});
    const found = kept.pin(chunk.id);
    if (!found) return false;
    counts.storedHits++;
    try {
      await hear(chunk, found);
    } finally {
      kept.unpin(chunk.id);
    }
    return true;
  }

  return {
    async each(level, wanted, hear, signal) {
      const missing: (typeof wanted)[number][] = [];
      await forEachLimited(wanted, REQUESTS, async (chunk) => {
        if (!(await fromKept(chunk, hear))) missing.push(chunk);
      });
      const plans = await planned(level, missing, signal);
      await forEachLimited(plans, REQUESTS, async (plan) => {
        signal?.throwIfAborted();
        const job = fetchPlanned(level, plan, hear, signal);
        for (const { chunk } of plan.pieces) fetching.set(chunk.id, job);
        try {
          await job;
        } finally {
          for (const { chunk } of plan.pieces) if (fetching.get(chunk.id) === job) fetching.delete(chunk.id);
        }
      });
    },
  };
}

/** Requests for chunks: pieces of one object that lie close together share one. */
async function planned<T extends WantedChunk>(
  level: ChunkedLevel,
  wanted: readonly T[],
  signal: AbortSignal | undefined,
): Promise<Planned<T>[]> {
  const plans: Planned<T>[] = [];
  const ranged = new Map<string, { place: ChunkPlace; pieces: { range: ByteRange; piece: T }[] }>();
  for (const chunk of wanted) {
    const place = level.fetch ? undefined : await level.find(chunk.cell, signal);
    const range = place && rangeOf(place, chunk.piece);
    if (!range) {
      plans.push({ place, pieces: [{ chunk, at: 0, length: undefined }] });
      continue;
    }
    const group = ranged.get(place.key) ?? { place, pieces: [] };
    group.pieces.push({ range, piece: chunk });
    ranged.set(place.key, group);
  }
  for (const { place, pieces } of ranged.values()) {
    for (const { range, pieces: own } of planReads(pieces, GAP_BYTES)) {
      plans.push({ place: { ...place, range }, pieces: own.map(({ at, length, piece }) => ({ chunk: piece, at, length })) });
    }
  }
  return plans;
}

function rangeOf({ range }: ChunkPlace, piece: ByteRange | undefined): ByteRange | undefined {
  if (!piece) return range;
  return { offset: (range?.offset ?? 0) + piece.offset, length: piece.length };
}

function cutShort({ name }: ChunkedLevel, { key, range }: ChunkPlace, length: number): EmporiumError {
  return new EmporiumError(
    "FORMAT_TRUNCATED",
    `${name}: ${key}: ${range!.length} bytes from ${range!.offset} wanted, ${length} are there`,
    {
      place: { file: `${name}/${key}`, byte: range!.offset + length },
      hint: "copy the object again: it was cut short",
    },
  );
}
