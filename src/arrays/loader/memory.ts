import { EmporiumError } from "../../core/errors.js";
import { formatBytes } from "../../core/units.js";
import { PAGE_BYTES, PAGES_MAX, sharedMemory } from "../kernels/kernels.js";

/** Addresses are multiples of this: a line of the processor's cache. */
const ALIGNMENT = 64;

/** Share of the memory for boxes whose parts are being decoded. A box that does not fit into it is put together elsewhere. */
export const BOX_SHARE = 1 / 8;

/**
 * Use of a piece of memory. A read that holds a box or a stored chunk may wait for a claim: boxes and stored chunks lie in the
 * lower half, so that a claim finds its place in the upper one when nothing but them is in use.
 */
export type PieceUse = "box" | "stored" | "decoded";

/** Pieces of one memory that threads share. Bytes in use, those only set aside among them, are never more than the capacity. */
export interface BlockMemory {
  readonly capacity: number;
  /** The largest claim: half of it. */
  readonly claimMax: number;
  /** Bytes of pieces in use, and of memory that is only set aside. */
  readonly usedBytes: number;
  readonly usedBytesMax: number;
  /** All of the memory, for threads. Made when first asked for. */
  readonly shared: WebAssembly.Memory;
  bytes(): Uint8Array;
  /** A piece of memory, now; undefined where there is no room. */
  tryTake(length: number, use: PieceUse): number | undefined;
  give(at: number, length: number): void;
  /**
   * Several pieces at once, and bytes that are only counted, for memory that a decoder takes elsewhere. Waits until there is room, first
   * come first served. Who waits holds no chunk that is being decoded: it might wait for itself.
   *
   * @throws {EmporiumError} MEMORY_LIMIT for more than half of the capacity: the other half may be pinned while this waits.
   */
  claim(lengths: readonly number[], aside: number): Promise<Claim>;
}

export interface Claim {
  readonly at: readonly number[];
  release(): void;
}

/** @param makeRoom frees something that is only kept; false where there is nothing left. */
export function blockMemory(memoryBytes: number, makeRoom: () => boolean): BlockMemory {
  const capacity = Math.floor(Math.min(memoryBytes, PAGES_MAX * PAGE_BYTES - PAGE_BYTES) / ALIGNMENT) * ALIGNMENT;
  const claimMax = Math.floor(capacity / 2);
  // the kernels take address 0 for none
  const chunksStart = ALIGNMENT + aligned(capacity * BOX_SHARE);
  const boxes = freeSpaces(ALIGNMENT, chunksStart - ALIGNMENT);
  const chunks = freeSpaces(chunksStart, ALIGNMENT + capacity - chunksStart);
  /** Address at which the upper half begins: no claim is larger than that half. */
  const half = ALIGNMENT + Math.floor(capacity / 2);
  let shared: WebAssembly.Memory | undefined;
  let used = 0;
  let usedMax = 0;
  const waiting: (() => boolean)[] = [];
  const count = (bytes: number) => {
    used += bytes;
    usedMax = Math.max(usedMax, used);
  };

  function taken(length: number, take: (rounded: number) => number | undefined): number | undefined {
    const rounded = aligned(length);
    if (used + rounded > capacity) return undefined;
    const at = take(rounded);
    if (at !== undefined) count(rounded);
    return at;
  }
  function tryTake(length: number, use: PieceUse): number | undefined {
    if (use === "box") return taken(length, boxes.takeFirst);
    const below = use === "stored" ? half : Number.POSITIVE_INFINITY;
    return taken(length, (rounded) => chunks.takeFirst(rounded, below));
  }
  function give(at: number, length: number): void {
    const rounded = aligned(length);
    (at < chunksStart ? boxes : chunks).give(at, rounded);
    used -= rounded;
  }
  function tryClaim(lengths: readonly number[], aside: number): Claim | undefined {
    const at: number[] = [];
    const undo = () => {
      for (const [i, place] of at.entries()) give(place, lengths[i]!);
    };
    for (const length of lengths) {
      let place = taken(length, chunks.takeLast);
      while (place === undefined && makeRoom()) place = taken(length, chunks.takeLast);
      if (place === undefined) {
        undo();
        return undefined;
      }
      at.push(place);
    }
    while (used + aside > capacity) {
      if (makeRoom()) continue;
      undo();
      return undefined;
    }
    count(aside);
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      undo();
      used -= aside;
      while (waiting.length > 0 && waiting[0]!()) waiting.shift();
    };
    return { at, release };
  }

  return {
    capacity,
    claimMax,
    get usedBytes() {
      return used;
    },
    get usedBytesMax() {
      return usedMax;
    },
    get shared() {
      shared ??= sharedMemory(capacity + ALIGNMENT, capacity + ALIGNMENT);
      return shared;
    },
    bytes() {
      return new Uint8Array(this.shared.buffer);
    },
    tryTake,
    give,
    async claim(lengths, aside) {
      const wanted = lengths.reduce((sum, length) => sum + aligned(length), aside);
      if (wanted > claimMax) throw tooLittle(wanted, capacity);
      const now = waiting.length === 0 ? tryClaim(lengths, aside) : undefined;
      if (now) return now;
      return new Promise<Claim>((resolve) => {
        const attempt = () => {
          const claim = tryClaim(lengths, aside);
          if (claim) resolve(claim);
          return claim !== undefined;
        };
        waiting.push(attempt);
      });
    },
  };
}

/** The length rounded up to a multiple of `ALIGNMENT`: the bytes that a piece of that length takes. */
export function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

function tooLittle(wanted: number, capacity: number): EmporiumError {
  return new EmporiumError(
    "MEMORY_LIMIT",
    `a chunk takes ${formatBytes(wanted)} to decode; half of the ${formatBytes(capacity)} that volumes may use is for that`,
    {
      hint: "allow more memory, or read a volume of smaller chunks",
    },
  );
}

/** Free pieces in the order of their addresses; neighbours are joined. */
function freeSpaces(start: number, length: number) {
  const starts = [start];
  const lengths = [length];
  const forget = (i: number) => {
    if (lengths[i]! > 0) return;
    starts.splice(i, 1);
    lengths.splice(i, 1);
  };
  return {
    /** Takes the lowest place: low addresses are used again, and untouched ones take no memory. @param below greatest end address */
    takeFirst(wanted: number, below = Number.POSITIVE_INFINITY): number | undefined {
      const i = lengths.findIndex((one, at) => one >= wanted && starts[at]! + wanted <= below);
      if (i < 0) return undefined;
      const at = starts[i]!;
      starts[i]! += wanted;
      lengths[i]! -= wanted;
      forget(i);
      return at;
    },
    takeLast(wanted: number): number | undefined {
      const i = lengths.findLastIndex((one) => one >= wanted);
      if (i < 0) return undefined;
      lengths[i]! -= wanted;
      const at = starts[i]! + lengths[i]!;
      forget(i);
      return at;
    },
    give(at: number, bytes: number): void {
      if (bytes === 0) return;
      const found = starts.findIndex((one) => one > at);
      const i = found < 0 ? starts.length : found;
      const joinsBefore = i > 0 && starts[i - 1]! + lengths[i - 1]! === at;
      const joinsAfter = i < starts.length && at + bytes === starts[i];
      if (joinsBefore && joinsAfter) {
        lengths[i - 1]! += bytes + lengths[i]!;
        starts.splice(i, 1);
        lengths.splice(i, 1);
      } else if (joinsBefore) lengths[i - 1]! += bytes;
      else if (joinsAfter) {
        starts[i] = at;
        lengths[i]! += bytes;
      } else {
        starts.splice(i, 0, at);
        lengths.splice(i, 0, bytes);
      }
    },
  };
}
