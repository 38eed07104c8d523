import { type Box, boxShape, type Triple, volumeOf } from "../../core/box.js";
import { spaciousBytes } from "../../core/bytes.js";
import { turns } from "../../system/parallel.js";
import { boxBytes } from "../blocks/box-bytes.js";
import { type ChunkPart, type Elements, packed } from "./copy.js";
import { type BlockMemory, BOX_SHARE } from "./memory.js";

/** Destination of a box: memory for its voxels, and the place of each chunk's part in it. */
export interface BoxTarget {
  readonly itemBytes: number;
  /** Voxels of the box, packed. */
  readonly bytes: Uint8Array;
  /** Address of `bytes` in the shared memory, where threads then write into them; undefined where `bytes` lie elsewhere. */
  readonly address: number | undefined;
  /** Strides of `bytes`, in elements. */
  readonly strides: Triple;
  into(part: ChunkPart): Elements;
  /** Called for chunks that are not stored. */
  readonly absent?: ((cell: Triple) => void) | undefined;
}

/**
 * Further share of the memory, for memory of boxes that is reused: fresh memory costs as much as the copy into it, and collecting
 * it as much again.
 */
const SPARE_SHARE = 1 / 16;

/** Places for boxes in the shared memory. */
export interface BoxPlaces {
  /**
   * Lets `work` fill a box.
   *
   * @param waits for a place, where others have them all; else the box is put together outside of the shared memory. Who waits holds nothing.
   * @returns its voxels, in memory of their own
   */
  fill(box: Box, itemBytes: number, waits: boolean, work: (target: BoxTarget) => Promise<void>): Promise<Uint8Array>;
  /** Takes the memory of a box back that nobody looks at any more, for the next one of its size. */
  reuse(bytes: Uint8Array): void;
}

/** @param spacious boxes lie at the beginning of larger buffers, see `spaciousBytes`: their memory does not stay with the process */
export function boxPlaces(memory: () => BlockMemory, spacious = false): BoxPlaces {
  let used = 0;
  const turn = turns(1);
  let freed = () => {};
  let spareBytes = 0;
  const spares = new Map<number, Set<ArrayBuffer>>();

  /** Memory whose every byte is written: zeros first would cost as much as the copy. */
  function ownBytes(length: number): Uint8Array {
    const [spare] = spares.get(length) ?? [];
    if (!spare && spacious) return spaciousBytes(length);
    if (!spare) return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer, 0, length);
    spares.get(length)!.delete(spare);
    spareBytes -= length;
    return new Uint8Array(spare);
  }

  /** A piece of the shared memory, unless boxes have their share already. */
  function take(length: number): number | undefined {
    if (length === 0 || used + length > memory().capacity * BOX_SHARE) return undefined;
    const at = memory().tryTake(length, "box");
    if (at !== undefined) used += length;
    return at;
  }
  function give(at: number, length: number): void {
    memory().give(at, length);
    used -= length;
    freed();
  }
  /** The same in turn, once boxes before have been read. While none is, there is nobody to wait for. */
  async function takeInTurn(length: number): Promise<number | undefined> {
    if (length > memory().capacity * BOX_SHARE) return undefined;
    const leave = await turn();
    try {
      for (;;) {
        const at = take(length);
        if (at !== undefined || used === 0) return at;
        await new Promise<void>((resolve) => {
          freed = resolve;
        });
      }
    } finally {
      leave();
    }
  }
  return {
    async fill(box, itemBytes, waits, work) {
      const shape = boxShape(box);
      const length = volumeOf(shape) * itemBytes;
      const at = waits ? await takeInTurn(length) : take(length);
      if (at === undefined) {
        const bytes = boxBytes(shape, itemBytes, ownBytes);
        await work(targetOf(bytes, undefined, shape, itemBytes));
        return bytes;
      }
      try {
        const bytes = memory()
          .bytes()
          .subarray(at, at + length);
        await work(targetOf(bytes, at, shape, itemBytes));
        const own = boxBytes(shape, itemBytes, ownBytes);
        own.set(bytes);
        return own;
      } finally {
        give(at, length);
      }
    },
    reuse({ buffer, byteLength }) {
      if (!(buffer instanceof ArrayBuffer) || byteLength !== buffer.byteLength) return;
      if (spareBytes + byteLength > memory().capacity * SPARE_SHARE) return;
      const alike = spares.get(byteLength) ?? new Set();
      if (alike.has(buffer)) return;
      spares.set(byteLength, alike.add(buffer));
      spareBytes += byteLength;
    },
  };
}

function targetOf(bytes: Uint8Array, address: number | undefined, shape: Triple, itemBytes: number): BoxTarget {
  const strides = packed(shape);
  const into = ({ at }: ChunkPart) => ({ bytes, offset: at[0] * strides[0] + at[1] * strides[1] + at[2], strides });
  return { itemBytes, bytes, address, strides, into };
}
