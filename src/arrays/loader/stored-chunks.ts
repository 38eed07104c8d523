import type { Triple } from "../../core/box.js";
import type { ByteRange } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { planReads } from "../../formats/zarr/shard.js";
import type { Store } from "../../stores/store.js";
import { forEachLimited, turns } from "../../system/parallel.js";
import type { ChunkedLevel, ChunkPlace } from "./chunked.js";
import type { KeptChunk, KeptChunks } from "./kept-chunks.js";
import type { ReadContext } from "./read-context.js";
import type { TrafficCounts } from "./traffic.js";

/** A chunk whose stored bytes are wanted. */
export interface WantedChunk {
  readonly id: string;
  readonly cell: Triple;
  /** Range of the chunk that suffices. Default: all of it. */
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

/** Cost of a range read beside its bytes, in bytes: smaller gaps are read as well, to save a request. */
const GAP_BYTES = 32 * 1024;
/** Requests of one volume at the same time; the store has a limit for its host. */
const REQUESTS = 16;

interface Planned<T> {
  readonly place: ChunkPlace | undefined;
  readonly pieces: { readonly chunk: T; readonly at: number; readonly length: number | undefined }[];
}

/** A request that others wait for. */
interface Asked {
  readonly answer: Promise<Answer | undefined>;
  /** Answers those who wait. With undefined the request has failed, and they ask themselves. */
  settle(answer: Answer | undefined): void;
  waiting: number;
}

interface Mine<T> {
  readonly chunk: T;
  readonly asked: Asked;
}

/** A chunk that was asked for. `done` is called by each who got it: its bytes stay until then. */
interface Answer {
  readonly stored: StoredBytes | undefined;
  done(): void;
}

export function storedChunks(
  store: Store,
  { memory, stored: kept, bodies, clock }: Pick<ReadContext, "memory" | "stored" | "bodies" | "clock">,
  counts: TrafficCounts,
): StoredChunks {
  const requests = chunkRequests(kept);
  const { ask, expectedBytes } = chunkReads(store, clock, counts);
  const turn = turns(REQUESTS);

  async function fetchPlanned<T extends WantedChunk>(
    level: ChunkedLevel,
    planned: Planned<T>,
    hear: Hear<T>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { pieces } = planned;
    const leave = [await turn(), await bodies(planned.place?.range?.length ?? expectedBytes())];
    const { room, filled, free } = placeFor({ memory, stored: kept }, planned);
    const end = (good: boolean) => {
      free(good);
      for (const one of leave) one();
    };
    let found: StoredBytes[] | undefined;
    try {
      const bytes = await ask(level, planned, room, signal);
      found = bytes && filled(bytes);
    } catch (error) {
      end(false);
      throw error;
    }
    let users = pieces.reduce((sum, { chunk }) => sum + 1 + requests.waitingFor(chunk.id), 0);
    const done = () => {
      if (--users === 0) end(found !== undefined);
    };
    for (const [i, { chunk }] of pieces.entries()) requests.settle(chunk.id, { stored: found?.[i], done });
    const results = await Promise.allSettled(pieces.map(({ chunk }, i) => hear(chunk, found?.[i]).finally(done)));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  async function fetchMine<T extends WantedChunk>(
    level: ChunkedLevel,
    mine: readonly Mine<T>[],
    hear: Hear<T>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    try {
      await forEachLimited(
        await planned(
          level,
          mine.map(({ chunk }) => chunk),
          signal,
        ),
        REQUESTS,
        async (plan) => {
          signal?.throwIfAborted();
          await fetchPlanned(level, plan, hear, signal);
        },
      );
    } finally {
      for (const { chunk, asked } of mine) requests.giveUp(chunk.id, asked);
    }
  }

  return {
    async each(level, wanted, hear, signal) {
      for (let rest = wanted; rest.length > 0; ) {
        signal?.throwIfAborted();
        const { here, elsewhere, mine } = requests.sorted(rest);
        const again: typeof elsewhere = [];
        const jobs = [
          ...here.map(({ chunk, found }) => hearKept(chunk, found, hear, { kept, counts })),
          fetchMine(level, mine, hear, signal),
          ...elsewhere.map(async (one) => {
            if (!(await hearOther(one.chunk, one.answer, hear, counts, signal))) again.push(one);
          }),
        ];
        for (const outcome of await Promise.allSettled(jobs)) if (outcome.status === "rejected") throw outcome.reason;
        rest = again.map(({ chunk }) => chunk);
      }
    },
  };
}

/** Chunks that readers of the volume have asked for and not got yet. */
function chunkRequests(kept: KeptChunks) {
  const fetching = new Map<string, Asked>();

  function settle(id: string, answer?: Answer): void {
    fetching.get(id)?.settle(answer);
    fetching.delete(id);
  }

  /** Sorts chunks into those in memory, those that another reader asks for, and those that this one asks for from now on. */
  function sorted<T extends WantedChunk>(wanted: readonly T[]) {
    const here: { chunk: T; found: KeptChunk }[] = [];
    const elsewhere: { chunk: T; answer: Asked["answer"] }[] = [];
    const mine: Mine<T>[] = [];
    for (const chunk of wanted) {
      const found = kept.pin(chunk.id);
      const asked = fetching.get(chunk.id);
      if (found) here.push({ chunk, found });
      else if (asked) {
        asked.waiting++;
        elsewhere.push({ chunk, answer: asked.answer });
      } else {
        const own = asking();
        mine.push({ chunk, asked: own });
        fetching.set(chunk.id, own);
      }
    }
    return { here, elsewhere, mine };
  }

  return {
    sorted,
    settle,
    /** Number of other readers that wait for the chunk. */
    waitingFor: (id: string): number => fetching.get(id)?.waiting ?? 0,
    /** Ends a request that was not settled: readers that wait for it then ask themselves. */
    giveUp(id: string, asked: Asked): void {
      if (fetching.get(id) === asked) settle(id);
    },
  };
}

/** Requests to the store of a volume. */
function chunkReads(store: Store, clock: ReadContext["clock"], counts: TrafficCounts) {
  /** Bytes of the largest answer so far: what is expected of a request before its length is known. */
  let largest = 256 * 1024;

  async function ask<T extends WantedChunk>(
    level: ChunkedLevel,
    { place, pieces }: Planned<T>,
    room: (length: number) => Uint8Array | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array | undefined> {
    const began = clock.monotonic();
    counts.requests++;
    const bytes = level.fetch
      ? await level.fetch(pieces[0]!.chunk.cell, signal)
      : place && (await store.read(place.key, place.range, { signal, ifMatch: place.etag, room }));
    counts.waitSeconds += (clock.monotonic() - began) / 1000;
    counts.storedBytes += bytes?.length ?? 0;
    largest = Math.max(largest, bytes?.length ?? 0);
    if (bytes && place?.range && bytes.length < place.range.length) throw cutShort(level, place, bytes.length);
    return bytes;
  }

  return { ask, expectedBytes: () => largest };
}

/** Memory for what a request brings, in which its chunks are kept. Pinned until `free`. */
function placeFor<T extends WantedChunk>(
  { memory, stored: kept }: Pick<ReadContext, "memory" | "stored">,
  { pieces }: Planned<T>,
) {
  const parts = (length: number) =>
    pieces.map(({ chunk, at, length: own }) => ({ id: chunk.id, offset: at, length: own ?? length }));
  let place: { at: number; length: number } | undefined;
  const free = (good: boolean) => {
    if (place) for (const { chunk } of pieces) good ? kept.unpin(chunk.id) : kept.drop(chunk.id);
    place = undefined;
  };
  const room = (length: number) => {
    free(false);
    const at = kept.addTogether(parts(length), length);
    if (at === undefined) return undefined;
    place = { at, length };
    return memory()
      .bytes()
      .subarray(at, at + length);
  };
  /** Stored bytes of each chunk, in the order of the pieces: in the kept memory where there is room for them. */
  const filled = (bytes: Uint8Array): StoredBytes[] => {
    const isThere = place?.length === bytes.length && bytes.byteOffset === place.at && bytes.buffer === memory().shared.buffer;
    if (!isThere) room(bytes.length)?.set(bytes);
    if (place) for (const { chunk } of pieces) kept.ready(chunk.id);
    return parts(bytes.length).map(({ offset, length }) =>
      place ? { at: place.at + offset, length } : { bytes: bytes.subarray(offset, offset + length) },
    );
  };
  return { room, filled, free };
}

/** Hands on a chunk that is in memory, pinned meanwhile. */
async function hearKept<T extends WantedChunk>(
  chunk: T,
  found: KeptChunk,
  hear: Hear<T>,
  { kept, counts }: { readonly kept: KeptChunks; readonly counts: TrafficCounts },
): Promise<void> {
  counts.storedHits++;
  try {
    await hear(chunk, found);
  } finally {
    kept.unpin(chunk.id);
  }
}

/** Hands on a chunk that another reader has asked for. @returns false where that failed */
async function hearOther<T extends WantedChunk>(
  chunk: T,
  answer: Promise<Answer | undefined>,
  hear: Hear<T>,
  counts: TrafficCounts,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const answered = await answer;
  if (!answered) return false;
  try {
    signal?.throwIfAborted();
    counts.storedHits++;
    await hear(chunk, answered.stored);
  } finally {
    answered.done();
  }
  return true;
}

function asking(): Asked {
  let settle: Asked["settle"] = () => {};
  const answer = new Promise<Answer | undefined>((resolve) => {
    settle = resolve;
  });
  return { answer, settle, waiting: 0 };
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
    `${name}: ${key} ends too early: ${counted(range!.length, "byte")} are needed from byte ${range!.offset}, ${length} found`,
    {
      place: { file: `${name}/${key}`, byte: range!.offset + length },
      hint: "copy the object again: it was cut short",
    },
  );
}
