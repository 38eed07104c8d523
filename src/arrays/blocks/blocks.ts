import type { Box } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { type EpochState, idsOf, type Share } from "./epoch.js";
import { boxOf, coreOf, type ReadGrid } from "./grid.js";
import type { BlockOrder } from "./order.js";
import type { NmBox } from "./world.js";

/** Source of the blocks: one array, or several arrays that share a grid. */
export interface BlockInput<T> {
  readonly grid: ReadGrid;
  read(box: Box, signal: AbortSignal | undefined): Promise<T>;
  /** Bytes of the result of `read` for a box. */
  bytesOf(box: Box): number;
  /** The region of the world that a box covers, in nm. */
  nmOf(box: Box): NmBox;
}

/** Blocks of an epoch, their order and their weights. */
export interface Epoch {
  readonly order: BlockOrder;
  readonly share: Share;
  readonly seed: number;
  readonly epoch: number;
  /** Factor for a block's loss, so that each block contributes as often as it occurs in the volume. */
  weightOf(id: number): number;
}

export interface ReadAheadOptions {
  /** Blocks that are read before they are asked for, once a block has been read. Default 4; 0 reads none ahead. */
  readonly prefetch?: number | undefined;
  /**
   * Bytes of blocks that are in memory: read ahead, or read and not released. At this limit nothing is read ahead; a block that is asked for is
   * always read. Default 256 MiB.
   */
  readonly prefetchBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Blocks that are in memory now. */
export interface Held {
  /** Blocks that were read and not yet released. */
  blocks: number;
  /** Blocks that were read ahead, or are being read. */
  ahead: number;
  /** Bytes of both. */
  bytes: number;
}

/** Numbers of blocks in an epoch, after the mask's selection: over all ranks, and of this rank, wherever it begins. */
export interface BlockCounts {
  readonly epoch: number;
  readonly rank: number;
}

/** The blocks of an epoch, one after the other. The loop may be left early: then what was being read ahead is stopped. */
export interface BlockSequence<T> extends AsyncIterable<Block<T>> {
  readonly held: Readonly<Held>;
  /** Counts the blocks; a mask is read for it, once as long as its volume is open. @throws what reading the mask throws */
  counts(): Promise<BlockCounts>;
}

/** One block: a number and where to read it. Nothing is read before `read`. */
export class Block<T> {
  #data: Promise<T> | undefined;

  constructor(
    private readonly reader: BlockReader<T>,
    readonly id: number,
    /** Its place among the blocks of this rank and epoch. */
    readonly position: number,
  ) {}

  /** The block without its halo, in voxels of the level. */
  get core(): Box {
    return coreOf(this.reader.input.grid, this.id);
  }
  /** The box that `read` returns, halo included, in voxels of the level. */
  get box(): Box {
    return boxOf(this.reader.input.grid, this.id);
  }
  /** The region of the world that the core covers, in nm. */
  get nm(): NmBox {
    return this.reader.input.nmOf(this.core);
  }
  get weight(): number {
    return this.reader.epoch.weightOf(this.id);
  }
  /** State after this block, for `resumeFrom`. */
  get next(): EpochState {
    const { seed, epoch } = this.reader.epoch;
    return { seed, epoch, position: this.position + 1 };
  }
  /** Reads the voxels. Further calls return the same promise, until `release`. @throws what the store throws; CANCELLED */
  read(): Promise<T> {
    this.#data ??= this.reader.take(this).catch((error: unknown) => {
      this.#data = undefined; // so that it can be tried again
      throw error;
    });
    return this.#data;
  }
  /** Says that the voxels are no longer needed. What was read stays valid for whoever still holds it. */
  release(): void {
    if (this.#data === undefined) return;
    this.#data = undefined;
    this.reader.release(this);
  }
}

/** @param open makes the epoch when the first block is asked for */
export function readBlocks<T>(
  input: BlockInput<T>,
  open: () => Promise<Epoch>,
  position: number,
  options: ReadAheadOptions = {},
): BlockSequence<T> {
  const held: Held = { blocks: 0, ahead: 0, bytes: 0 };
  async function* blocks(): AsyncGenerator<Block<T>> {
    const reader = new BlockReader(input, await open(), position, held, options);
    try {
      for (let block = reader.next(); block; block = reader.next()) {
        options.signal?.throwIfAborted();
        yield block;
        reader.drop(block);
      }
    } finally {
      await reader.close();
    }
  }
  const counts = async () => {
    const { order, share } = await open();
    return { epoch: order.count, rank: share.count };
  };
  return { held, counts, [Symbol.asyncIterator]: blocks };
}

interface Ahead<T> {
  readonly data: Promise<T>;
  readonly stop: AbortController;
  readonly bytes: number;
}

/** One pass over an epoch: the blocks that are still to come, and those that were read ahead. */
class BlockReader<T> {
  readonly #ids: Iterator<number>;
  readonly #coming: Block<T>[] = [];
  readonly #ahead = new Map<Block<T>, Ahead<T>>();
  /** Bytes that each block which was read and not released holds. */
  readonly #taken = new Map<Block<T>, number>();
  #position: number;
  #closed = false;

  constructor(
    readonly input: BlockInput<T>,
    readonly epoch: Epoch,
    position: number,
    private readonly held: Held,
    private readonly options: ReadAheadOptions,
  ) {
    this.#position = position;
    this.#ids = idsOf(epoch.order, epoch.share, position)[Symbol.iterator]();
  }

  next(): Block<T> | undefined {
    return this.#coming.shift() ?? this.#make();
  }

  #make(): Block<T> | undefined {
    const { value, done } = this.#ids.next();
    return done ? undefined : new Block(this, value, this.#position++);
  }

  async take(block: Block<T>): Promise<T> {
    const ahead = this.#ahead.get(block);
    const bytes = ahead?.bytes ?? this.input.bytesOf(block.box);
    if (ahead) {
      this.#ahead.delete(block);
      this.held.ahead--;
    } else this.held.bytes += bytes;
    this.held.blocks++;
    this.#taken.set(block, bytes);
    const data = ahead?.data ?? this.input.read(block.box, this.options.signal);
    this.#readAhead();
    try {
      return await data;
    } catch (error) {
      this.release(block);
      throw error;
    }
  }

  release(block: Block<T>): void {
    const bytes = this.#taken.get(block);
    if (bytes === undefined) return;
    this.#taken.delete(block);
    this.held.blocks--;
    this.held.bytes -= bytes;
  }

  #readAhead(): void {
    const { prefetch = 4, prefetchBytes = LIMITS.memoryBytes / 2 } = this.options;
    for (let at = 0; at < prefetch && !this.#closed; at++) {
      if (at === this.#coming.length) {
        const made = this.#make();
        if (made === undefined) return;
        this.#coming.push(made);
      }
      const block = this.#coming[at]!;
      if (this.#ahead.has(block)) continue;
      const bytes = this.input.bytesOf(block.box);
      if (this.held.bytes + bytes > prefetchBytes) return;
      this.#start(block, bytes);
    }
  }

  #start(block: Block<T>, bytes: number): void {
    const stop = new AbortController();
    const { signal } = this.options;
    const data = this.input.read(block.box, signal ? AbortSignal.any([signal, stop.signal]) : stop.signal);
    data.catch(() => {}); // told where the block is read
    this.#ahead.set(block, { data, stop, bytes });
    this.held.ahead++;
    this.held.bytes += bytes;
  }

  /** Forgets what was read ahead for a block that was passed over. */
  drop(block: Block<T>): Promise<unknown> | undefined {
    const ahead = this.#ahead.get(block);
    if (ahead === undefined) return undefined;
    this.#ahead.delete(block);
    this.held.ahead--;
    this.held.bytes -= ahead.bytes;
    ahead.stop.abort(new EmporiumError("CANCELLED", "the block was dropped"));
    return ahead.data.catch(() => {});
  }

  /** Ends what is being read ahead, and waits for it. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#ids.return?.();
    await Promise.all([...this.#ahead.keys()].map((block) => this.drop(block)));
  }
}
