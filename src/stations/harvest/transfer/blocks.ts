import { sharedMemory } from "../../../arrays/kernels/kernels.js";

/** Bytes of a block: whole pages, and long enough that a disk is as fast with one as with many. */
export const BLOCK_BYTES = 256 * 1024;
/** Bytes of all blocks, for all transfers of this process together. */
export const BLOCKS_BYTES = 64 * 2 ** 20;
const BLOCKS = BLOCKS_BYTES / BLOCK_BYTES;

/**
 * A block that a connection fills. Byte `offset` of the file lies at `at + offset % BLOCK_BYTES` of the memory, so that pages of
 * both agree.
 */
export interface Block {
  readonly at: number;
}

/** Bytes of the file that lie in memory, behind each other or with gaps between. */
export interface Kept extends Block {
  readonly from: number;
  readonly to: number;
}

/** A step of hashing: bytes in memory, from `at` on, or the bytes up to an offset, which are read from the file. */
type HashStep = { readonly at: number; readonly length: number } | { readonly readUntil: number };

/**
 * Memory that bytes are received in, written from and hashed from, so that none of them is read back. All transfers of the
 * process share it. Where all of it is used because an earlier part of a file is still missing, the hindmost block is given up,
 * and read back later.
 */
export interface Blocks {
  readonly memory: Uint8Array;
  /** A free block. Waits for the hashing where it is behind. @throws the error that `fail` was given */
  take(): Promise<Block>;
  /** Keeps a block for the hashing, once its bytes are in the file. */
  keep(kept: Kept): void;
  /** Frees a block whose bytes could not be written, or are hashed. @param at a position in the block */
  free(at: number): void;
  /** The steps of hashing once all bytes before `prefix` are written, in order from the end of the last call. */
  steps(prefix: number): HashStep[];
  /** Rejects waiting and later calls of `take` with the error. */
  fail(error: Error): void;
  /** Gives all blocks back. Nobody may use them any more. */
  end(): void;
}

interface Waiting {
  readonly of: object;
  resolve(at: number): void;
  reject(error: Error): void;
}

interface Pool {
  readonly memory: Uint8Array;
  readonly free: number[];
  readonly waiting: Waiting[];
  /** Functions, one for each transfer, that give up its hindmost block; undefined if it keeps none. */
  readonly givers: Set<() => number | undefined>;
}

let common: Pool | undefined;

function newPool(): Pool {
  const free = Array.from({ length: BLOCKS }, (_, number) => (BLOCKS - 1 - number) * BLOCK_BYTES);
  const { buffer } = sharedMemory(BLOCKS * BLOCK_BYTES, BLOCKS * BLOCK_BYTES);
  return { memory: new Uint8Array(buffer), free, waiting: [], givers: new Set() };
}

/** The blocks of one transfer. */
export function newBlocks(): Blocks {
  common ??= newPool();
  const pool = common;
  const self = {};
  const held = new Set<number>();
  /** Blocks by the offset of their first byte in the file. */
  const kept = new Map<number, Kept>();
  let dead: Error | undefined;
  let hashed = 0;

  function giveUpHindmost(): number | undefined {
    let last: Kept | undefined;
    for (const one of kept.values()) if (!last || one.from > last.from) last = one;
    if (!last) return undefined;
    kept.delete(last.from);
    held.delete(last.at);
    return last.at;
  }
  pool.givers.add(giveUpHindmost);

  function anyGivenUp(): number | undefined {
    const own = giveUpHindmost();
    if (own !== undefined) return own;
    for (const give of pool.givers) {
      const at = give();
      if (at !== undefined) return at;
    }
    return undefined;
  }

  function release(at: number): void {
    held.delete(at);
    const next = pool.waiting.shift();
    if (next) next.resolve(at);
    else pool.free.push(at);
  }

  /** Offset at which the next kept bytes begin, at most `prefix`. */
  function nextKept(prefix: number): number {
    let next = prefix;
    for (const from of kept.keys()) if (from > hashed && from < next) next = from;
    return next;
  }

  return {
    memory: pool.memory,
    async take() {
      if (dead) throw dead;
      const at =
        pool.free.pop() ??
        anyGivenUp() ??
        (await new Promise<number>((resolve, reject) => pool.waiting.push({ of: self, resolve, reject })));
      held.add(at);
      return { at };
    },
    keep(one) {
      kept.set(one.from, one);
    },
    free(at) {
      release(at - (at % BLOCK_BYTES));
    },
    steps(prefix) {
      const steps: HashStep[] = [];
      while (hashed < prefix) {
        const one = kept.get(hashed);
        if (one) {
          kept.delete(hashed);
          steps.push({ at: one.at + (one.from % BLOCK_BYTES), length: one.to - one.from });
          hashed = one.to;
        } else {
          hashed = nextKept(prefix);
          steps.push({ readUntil: hashed });
        }
      }
      // what is kept is hashed late; those who wait may need it for the bytes before
      while (pool.waiting.length > 0) {
        const at = giveUpHindmost();
        if (at === undefined) break;
        release(at);
      }
      return steps;
    },
    fail(error) {
      dead ??= error;
      const own = pool.waiting.filter(({ of }) => of === self);
      for (const one of own) {
        pool.waiting.splice(pool.waiting.indexOf(one), 1);
        one.reject(dead);
      }
    },
    end() {
      pool.givers.delete(giveUpHindmost);
      kept.clear();
      for (const at of [...held]) release(at);
    },
  };
}
