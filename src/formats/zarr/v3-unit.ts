import type { ShardSerializer } from "./v3-codecs.js";
import type { ZarrV3Array } from "./v3-metadata.js";

/** Storage of the smallest chunks of an array. */
export interface StoredUnit {
  /** An array of the shape and chunks of one unit, without shards. */
  unit: ZarrV3Array;
  /** Shards around it, outermost first. None: a unit is an object. */
  shards: readonly ShardAround[];
}

/** A shard, as the array's axes see it. */
export interface ShardAround {
  shard: ShardSerializer;
  /** Array axis of each axis of the shard's own grid. */
  axes: readonly number[];
  /** Elements of an inner chunk along each axis of the array. */
  chunks: readonly number[];
}

/** Takes the shards off. A transposition around a shard reorders its axes; then a unit's own codecs begin with it. */
export function storedUnit(meta: ZarrV3Array): StoredUnit {
  const shards: ShardAround[] = [];
  let { codecs, chunks } = meta;
  let axes = codecs.order ?? meta.shape.map((_, axis) => axis);
  while (codecs.serializer.kind === "shard") {
    const shard = codecs.serializer;
    const inner = [...shard.chunks];
    for (const [encoded, axis] of axes.entries()) inner[axis] = shard.chunks[encoded]!;
    shards.push({ shard, axes, chunks: inner });
    const outer = axes;
    axes = (shard.codecs.order ?? outer.map((_, axis) => axis)).map((axis) => outer[axis]!);
    codecs = shard.codecs;
    chunks = inner;
  }
  const order = axes.every((axis, i) => axis === i) ? undefined : axes;
  return { unit: { ...meta, shape: chunks, chunks, codecs: { ...codecs, order } }, shards };
}
