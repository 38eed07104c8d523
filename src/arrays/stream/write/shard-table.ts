import { type Triple, volumeOf } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import { v3ChunkKey } from "../../../formats/zarr/v3-metadata.js";
import type { Geometry } from "../plan/geometry.js";
import { SHARD_BYTES_MAX, type ShardGrid, shardGrid } from "../plan/shard-grid.js";
import type { Flusher } from "./flusher.js";
import { Shard } from "./shard.js";
import type { ShardSink } from "./shard-sink.js";

/** A chunk that a worker has put together; `bytes` undefined where it holds nothing but zeros. */
export interface FinishedChunk {
  level: number;
  chunk: Triple;
  unit: number;
  size: number;
  crc32: number;
  bytes: Uint8Array | undefined;
}

export interface ShardOptions {
  sink: ShardSink;
  bytesMax?: number | undefined;
}

/** The shards of all levels, and which of them each unit has chunks of. */
export class ShardTable {
  private readonly grids: readonly ShardGrid[];
  private readonly shards = new Map<string, Shard>();
  /** For each unit that is not noted, its shards with the number of its chunks in each. */
  private readonly touched = new Map<number, Map<Shard, number>>();

  constructor(
    private readonly g: Geometry,
    private readonly options: ShardOptions,
    private readonly flusher: Flusher | undefined,
  ) {
    const bytesMax = options.bytesMax ?? SHARD_BYTES_MAX;
    this.grids = g.shapes.map((shape, level) => shardGrid(level, shape, g.layout, g.itemBytes, bytesMax));
  }

  /** Voxels of a shard of each level. */
  get shapes(): Triple[] {
    return this.grids.map(({ shard }) => shard.map((count, axis) => count * this.g.chunk[axis]!) as Triple);
  }

  all(): Iterable<Shard> {
    return this.shards.values();
  }

  of(unit: number, level: number): Shard[] {
    return [...(this.touched.get(unit)?.keys() ?? [])].filter(({ key }) => key.startsWith(`${level}/`));
  }

  /** Finished shards, in the order of their levels and places. */
  results(): { key: string; size: number; crc32: number }[] {
    return this.grids.flatMap(({ shards }, level) =>
      [...places(shards)].map((place) => {
        const key = shardKey(level, place);
        const done = this.shards.get(key)?.done;
        if (!done) throw new EmporiumError("INTERNAL", `shard ${key} was not finished`);
        return { key, ...done };
      }),
    );
  }

  /** Enters a chunk behind those before it. */
  enter({ level, chunk, unit, size, crc32 }: FinishedChunk): Shard {
    const { shard: length, chunks } = this.grids[level]!;
    const place = chunk.map((at, axis) => Math.floor(at / length[axis]!)) as Triple;
    const key = shardKey(level, place);
    let shard = this.shards.get(key);
    if (!shard) {
      const inside = place.map((at, axis) => Math.min(length[axis]!, chunks[axis]! - at * length[axis]!)) as Triple;
      shard = new Shard(key, length, volumeOf(inside), this.options.sink, this.flusher);
      this.shards.set(key, shard);
    }
    const touched = this.touched.get(unit) ?? new Map<Shard, number>();
    touched.set(shard, (touched.get(shard) ?? 0) + 1);
    this.touched.set(unit, touched);
    shard.enter(chunk, size, crc32);
    return shard;
  }

  /** Takes a unit's chunks off those that are not noted. */
  settle(unit: number): Shard[] {
    const touched = this.touched.get(unit) ?? new Map<Shard, number>();
    this.touched.delete(unit);
    for (const [shard, count] of touched) shard.unnoted -= count;
    return [...touched.keys()];
  }
}

function shardKey(level: number, place: Triple): string {
  return `${level}/${v3ChunkKey(place, { encoding: "default", separator: "/" })}`;
}

function* places([nz, ny, nx]: Triple): Generator<Triple> {
  for (let z = 0; z < nz; z++) for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) yield [z, y, x];
}
