import type { Triple } from "../../core/box.js";
import type { ByteRange } from "../../core/bytes.js";
import type { Clock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import { planReads } from "../../formats/zarr/shard.js";
import type { Store } from "../../stores/store.js";
import { forEachLimited, turns } from "../../system/parallel.js";
import type { ChunkedLevel, ChunkPlace } from "./chunked.js";
import type { KeptChunk, KeptChunks } from "./kept-chunks.js";
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
    hear: Hear<T>,
    signal: AbortSignal | undefined,
  ): Promise<void>;
}

type Hear<T> = (chunk: T, stored: StoredBytes | undefined) => Promise<void>;

export type StoredBytes = { readonly at: number; readonly length: number } | { readonly bytes: Uint8Array };

/** What a range read costs beside its bytes, in bytes: gaps up to it are read for the sake of one request less. */
const GAP_BYTES = 32 * 1024;
/** Requests of one volume at the same time; the store has a limit for its host. */
const REQUESTS = 16;

interface Planned<T> {
  readonly place: ChunkPlace | undefined;
  readonly pieces: { readonly chunk: T; readonly at: number; readonly length: number | undefined }[];
}

export function storedChunks(
  store: Store,
  memory: () => BlockMemory,
  kept: KeptChunks,
  counts: TrafficCounts,
  clock: Clock,
): StoredChunks {
  const fetching = new Map<string, ReturnType<typeof asking>>();
  const settle = (id: string) => {
    fetching.get(id)?.settle();
    fetching.delete(id);
  };
  const turn = turns(REQUESTS);
  /** Bytes of the largest answer so far: what is set aside for each request before its length is known. */
  let largest = 256 * 1024;

  async function ask<T extends WantedChunk>(level: ChunkedLevel, { place, pieces }: Planned<T>, signal: AbortSignal | undefined) {
    const began = clock.monotonic();
    counts.requests++;
    const bytes = level.fetch
      ? await level.fetch(pieces[0]!.chunk.cell, signal)
      : place && (await store.read(place.key, place.range, { signal, ifMatch: place.etag }));
    counts.waitSeconds += (clock.monotonic() - began) / 1000;
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
    kept.ready(id);
    return room;
  }

  async function fetchPlanned<T extends WantedChunk>(
    level: ChunkedLevel,
    planned: Planned<T>,
    hear: Hear<T>,
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
      for (const { chunk } of planned.pieces) settle(chunk.id);
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

  /** Hands on chunks that are in memory, pinned meanwhile. */
  async function hearKept<T extends WantedChunk>(chunk: T, found: KeptChunk, hear: Hear<T>): Promise<void> {
    counts.storedHits++;
    try {
      await hear(chunk, found);
    } finally {
      kept.unpin(chunk.id);
    }
  }

  /** Sorts chunks into those in memory, those that another reader asks for, and those that this one asks for from now on. */
  function sorted<T extends WantedChunk>(wanted: readonly T[]) {
    const here: { chunk: T; found: KeptChunk }[] = [];
    const elsewhere: { chunk: T; job: Promise<void> }[] = [];
    const mine: T[] = [];
    for (const chunk of wanted) {
      const found = kept.pin(chunk.id);
      const asked = fetching.get(chunk.id);
      if (found) here.push({ chunk, found });
      else if (asked) elsewhere.push({ chunk, job: asked.job });
      else {
        mine.push(chunk);
        fetching.set(chunk.id, asking());
      }
    }
    return { here, elsewhere, mine };
  }

  async function fetchMine<T extends WantedChunk>(
    level: ChunkedLevel,
    mine: readonly T[],
    hear: Hear<T>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    try {
      await forEachLimited(await planned(level, mine, signal), REQUESTS, async (plan) => {
        signal?.throwIfAborted();
        await fetchPlanned(level, plan, hear, signal);
      });
    } finally {
      for (const { id } of mine) settle(id);
    }
  }

  return {
    async each(level, wanted, hear, signal) {
      for (let rest = wanted; rest.length > 0; ) {
        signal?.throwIfAborted();
        const { here, elsewhere, mine } = sorted(rest);
        const jobs = [
          ...here.map(({ chunk, found }) => hearKept(chunk, found, hear)),
          fetchMine(level, mine, hear, signal),
          ...elsewhere.map(({ job }) => job),
        ];
        for (const outcome of await Promise.allSettled(jobs)) if (outcome.status === "rejected") throw outcome.reason;
        rest = elsewhere.map(({ chunk }) => chunk);
      }
    },
  };
}

/** A request that others wait for. It never fails for them: they ask themselves then. */
function asking(): { job: Promise<void>; settle: () => void } {
  let settle = () => {};
  const job = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { job, settle };
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
