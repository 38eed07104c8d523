import { concat } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { type JsonObject, printJson } from "../../core/json.js";
import { Float } from "../../core/number.js";
import { counted } from "../../core/units.js";
import type { PointBatch, PointKind } from "../points/points.js";
import { type AnnotationStyle, type Batch, diameterOf, Records } from "./annotation-encode.js";
import { gzipStored, STORED_OVERHEAD } from "./gzip.js";
import { frameShard, type Minishard, type Sharding, shardingJson, shardName, shardOf } from "./sharding.js";

/** A file of a folder that Neuroglancer reads. */
export interface PrecomputedFile {
  /** Key below the folder. */
  key: string;
  size: number;
  /** The body, piece by piece; each call begins anew. */
  body(): Iterable<Uint8Array>;
}

/** The portal's sharding by id: ten bits of minishards in one shard. */
export const BY_ID_SHARDING: Sharding = {
  preshiftBits: 0,
  hash: "identity",
  minishardBits: 10,
  shardBits: 0,
  minishardIndexEncoding: "gzip",
  dataEncoding: "gzip",
};

/** Length of the lines of an oriented point, in diameters. */
const LINE_DIAMETERS = 1.5;
/** Largest relative deviation of a line's length: matrices are often stored with four digits. */
const LENGTH_TOLERANCE = 1e-3;
const PIECE_RECORDS = 8192;

/**
 * Gathers points, then writes the folder of a `neuroglancer_annotations_v1` layer: points, instances in own colours, oriented
 * points as three lines each.
 *
 * Memory: 12 bytes a point, 48 an oriented point; records are made while they are written.
 * Source: `precompute/points.py` of cryoet-data-portal-neuroglancer; records are equal byte for byte. Layout: the README beside.
 */
export class AnnotationCollection {
  readonly #batches: Batch[] = [];
  readonly #lower = [Infinity, Infinity, Infinity];
  readonly #upper = [-Infinity, -Infinity, -Infinity];
  #points = 0;

  constructor(
    readonly kind: PointKind,
    readonly style: AnnotationStyle,
  ) {}

  /** Points taken so far. */
  get points(): number {
    return this.#points;
  }

  /**
   * @throws {EmporiumError} METADATA_VALUE for coordinates that are not finite as float32, matrices that are no rotation,
   * instance ids that are not whole numbers from 0.
   */
  add(batch: PointBatch): void {
    const first = this.#points;
    const { count, positions, instanceIds } = batch;
    if (positions.length < 3 * count) throw fault(first + Math.floor(positions.length / 3), "no position");
    if (this.kind === "orientedPoint") this.#addLines(batch, first);
    else {
      const geometry = Float32Array.from(positions.subarray(0, 3 * count));
      checkFinite(geometry, 3, first);
      for (let i = 0; i < 3 * count; i++) this.#widen(i % 3, positions[i]!);
      this.#batches.push({
        first,
        count,
        geometry,
        instanceIds: this.kind === "instancePoint" ? ids(instanceIds, count, first) : undefined,
      });
    }
    this.#points += count;
  }

  /** The files of the folder, `info` last. None where there are no points: a layer without bounds cannot be described. */
  *files(): Generator<PrecomputedFile> {
    if (this.#points === 0) return;
    const records = new Records(this.kind, this.style, this.#batches);
    const { bytes } = records.layout;
    const total = records.count;
    yield { key: "spatial0/0_0_0", size: 8 + total * (bytes + 8), body: () => spatialBody(records) };
    if (this.style.sharded ?? true) yield shardFile(records);
    else {
      for (let id = 0; id < total; id++) {
        yield { key: `by_id/${id}`, size: bytes, body: () => [records.piece(id, id + 1)] };
      }
    }
    const info = new TextEncoder().encode(printJson(infoOf(records, this.style, this.#lower, this.#upper), { indent: 2 }));
    yield { key: "info", size: info.length, body: () => [info] };
  }

  #addLines({ count, positions, rotations }: PointBatch, first: number): void {
    const length = LINE_DIAMETERS * diameterOf(this.style);
    const geometry = new Float32Array(12 * count);
    for (let i = 0; i < count; i++) {
      for (let axis = 0; axis < 3; axis++) {
        const start = positions[3 * i + axis]!;
        geometry[12 * i + axis] = start;
        this.#widen(axis, start, this.style.compat ? "lower" : "both");
      }
      for (let line = 0; line < 3; line++) {
        let squares = 0;
        for (let axis = 0; axis < 3; axis++) {
          const step = length * (rotations?.[9 * i + 3 * axis + line] ?? Number.NaN);
          const end = positions[3 * i + axis]! + step;
          squares += step * step;
          geometry[12 * i + 3 + 3 * line + axis] = end;
          this.#widen(axis, end, this.style.compat ? "upper" : "both");
        }
        if (!(Math.abs(Math.sqrt(squares) - length) <= LENGTH_TOLERANCE * length)) {
          throw fault(
            first + i,
            `a line of ${counted(Math.sqrt(squares), "voxel")} along ${"xyz"[line]}, a rotation gives ${length}`,
          );
        }
      }
    }
    checkFinite(geometry, 12, first);
    this.#batches.push({ first, count, geometry });
  }

  #widen(axis: number, value: number, bound: "both" | "lower" | "upper" = "both"): void {
    if (bound !== "upper" && value < this.#lower[axis]!) this.#lower[axis] = value;
    if (bound !== "lower" && value > this.#upper[axis]!) this.#upper[axis] = value;
  }
}

function infoOf(records: Records, style: AnnotationStyle, lower: readonly number[], upper: readonly number[]): JsonObject {
  const scale = new Float(style.voxelSpacingAngstrom * 1e-10);
  const size = upper.map((end, axis) => end - lower[axis]!);
  return {
    "@type": "neuroglancer_annotations_v1",
    dimensions: { x: [scale, "m"], y: [scale, "m"], z: [scale, "m"] },
    lower_bound: lower.map((value) => new Float(value)),
    upper_bound: upper.map((value) => new Float(value)),
    annotation_type: records.type,
    properties: records.properties.map(({ id, type, enumValues, enumLabels }) =>
      enumValues ? { id, type, enum_values: enumValues, enum_labels: enumLabels } : { id, type },
    ),
    relationships: [],
    by_id: (style.sharded ?? true) ? { key: "by_id", sharding: shardingJson(BY_ID_SHARDING) } : { key: "by_id" },
    spatial: [
      {
        key: "spatial0",
        grid_shape: [1, 1, 1],
        // A whole 1 as Python's `max(1, size)` gives it.
        chunk_size: size.map((length) => (length > 1 ? new Float(length) : 1)),
        limit: records.count,
      },
    ],
  };
}

function* spatialBody(records: Records): Generator<Uint8Array> {
  const head = new Uint8Array(8);
  new DataView(head.buffer).setBigUint64(0, BigInt(records.count), true);
  yield head;
  for (let from = 0; from < records.count; from += PIECE_RECORDS)
    yield records.piece(from, Math.min(from + PIECE_RECORDS, records.count));
  for (let from = 0; from < records.count; from += PIECE_RECORDS) {
    const to = Math.min(from + PIECE_RECORDS, records.count);
    const piece = new Uint8Array(8 * (to - from));
    const view = new DataView(piece.buffer);
    for (let id = from; id < to; id++) view.setUint32(8 * (id - from), id, true);
    yield piece;
  }
}

/** All records have one length, so the place of each is known before any is made. */
function shardFile(records: Records): PrecomputedFile {
  const stored = records.layout.bytes + STORED_OVERHEAD;
  const minishards: Minishard[] = [];
  const step = 2 ** BY_ID_SHARDING.minishardBits;
  for (let minishard = 0; minishard < Math.min(step, records.count); minishard++) {
    const length = Math.ceil((records.count - minishard) / step);
    const own = BigUint64Array.from({ length }, (_, i) => BigInt(minishard + i * step));
    minishards.push({ minishard, ids: own, sizes: new Uint32Array(length).fill(stored) });
  }
  const { head, tail } = frameShard(BY_ID_SHARDING, minishards);
  return {
    key: `by_id/${shardName(BY_ID_SHARDING, shardOf(BY_ID_SHARDING, 0n).shard)}`,
    size: head.length + records.count * stored + tail.length,
    *body() {
      const record = new Uint8Array(records.layout.bytes);
      const view = new DataView(record.buffer);
      yield head;
      for (const { minishard, sizes } of minishards) {
        const piece = new Uint8Array(sizes.length * stored);
        for (let i = 0; i < sizes.length; i++) {
          records.write(view, 0, minishard + i * step);
          gzipStored(record, piece, i * stored);
        }
        yield piece;
      }
      yield tail;
    },
  };
}

function ids(instanceIds: Float64Array | undefined, count: number, first: number): Float64Array {
  const own = (instanceIds ?? new Float64Array(0)).slice(0, count);
  if (own.length < count) throw fault(first + own.length, "no instance id");
  for (const [i, id] of own.entries()) {
    if (!Number.isSafeInteger(id) || id < 0) throw fault(first + i, `instance id ${id}; expected a whole number from 0`);
    own[i] = id + 0; // an id of −0 is 0
  }
  return own;
}

function checkFinite(geometry: Float32Array, each: number, first: number): void {
  const at = geometry.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw fault(first + Math.floor(at / each), `a coordinate is ${geometry[at]} as a 32-bit float`);
}

function fault(point: number, found: string): EmporiumError {
  return new EmporiumError("METADATA_VALUE", `point ${point} (from 0): ${found}`, {
    hint: "check this point in the source file",
  });
}

/** The body of a file in one piece. */
export function bodyOf(file: PrecomputedFile): Uint8Array {
  return concat([...file.body()]);
}
