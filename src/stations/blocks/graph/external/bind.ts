import { type Block, eachRow, growBox } from "../../../../arrays/operators/block.js";
import type { InputFacts } from "../../../../arrays/operators/operator.js";
import { pad } from "../../../../arrays/operators/padded.js";
import { isInteger64, newVoxels, type VoxelArray, voxelsOf } from "../../../../arrays/operators/voxels.js";
import { type Box, boxShape, type Triple, volumeOf } from "../../../../core/box.js";
import { type DType, ITEM_BYTES } from "../../../../core/dtype.js";
import { isEmporiumError } from "../../../../core/errors.js";
import type { JsonObject } from "../../../../core/json.js";
import { chunkBoxes } from "../../../../formats/precomputed/grid.js";
import { onSameVoxels, type ProgramOperator } from "../map.js";
import { type ExternalParams, type ExternalSettings, namesOf, WRITTEN } from "./fields.js";
import { atBlock, type ProgramBatch } from "./program.js";
import { programFor } from "./programs.js";

/** A person's program as an operator. It is started when the first block is computed. */
export function bindExternal(
  params: ExternalParams,
  inputs: readonly InputFacts[],
  settings?: ExternalSettings,
): ProgramOperator {
  const { shape } = inputs[0]!;
  const dtypes = inputs.map((input) => input.dtype);
  return {
    ...onSameVoxels(params, inputs[0]!),
    async apply(blocks, core, signal) {
      const data = newVoxels(params.dtype, volumeOf(boxShape(core)));
      const cell = params.cell ?? boxShape(core);
      for (const batch of batchesOf(params, blocks, core, cell)) {
        const program = await programFor({ params, settings: settings!, dtypes, cell, whole: shape });
        const bytes = await program.compute(frameOf(params, batch), signal).catch((error: unknown) => {
          if (signal?.aborted || !isEmporiumError(error)) throw error;
          throw atBlock(error, `${params.name}, voxels ${batch.cores.map(placeOf).join(", ")}`);
        });
        paste(batch, bytes, params.dtype, data, core);
      }
      return { data, dtype: params.dtype, box: core, whole: shape };
    },
  };
}

/** Blocks of one shape that are computed at once. */
interface Cells {
  /** Voxels that are wanted, a box for each block: at the far ends smaller than what is computed. */
  readonly cores: readonly Box[];
  /** Voxels of each array, and where its core is. */
  readonly shape: Triple;
  readonly inner: Box;
  readonly arrays: readonly { readonly name: string; readonly dtype: DType; readonly pieces: readonly Uint8Array[] }[];
}

function* batchesOf(params: ExternalParams, blocks: readonly Block[], core: Box, cell: Triple): Generator<Cells> {
  const cells = [...chunkBoxes(boxShape(core), cell)].map(
    ({ start, stop }): Box => ({
      start: start.map((at, axis) => at + core.start[axis]!) as Triple,
      stop: stop.map((at, axis) => at + core.start[axis]!) as Triple,
    }),
  );
  const whole = blocks[0]!.whole;
  while (cells.length > 0) {
    const kind = kindOf(params, cells[0]!, cell, whole);
    const same = cells.filter((one) => keyOf(kindOf(params, one, cell, whole)) === keyOf(kind)).slice(0, params.batch);
    for (const one of same) cells.splice(cells.indexOf(one), 1);
    const names = namesOf(params);
    const arrays = blocks.map((block, at) => {
      const pieces = same.map((one) => bytesOf(arrayOf(params, block, one, cell, names[at] === WRITTEN)));
      return { name: names[at]!, dtype: block.dtype, pieces };
    });
    yield { cores: same, ...kind, arrays };
  }
}

/** Shape of a block's arrays and the place of its core in them. */
function kindOf({ halo, edge }: ExternalParams, core: Box, cell: Triple, whole: Triple): Pick<Cells, "shape" | "inner"> {
  if (edge !== "none") {
    const stop = cell.map((length, axis) => length + halo[axis]!) as Triple;
    return { shape: stop.map((length, axis) => length + halo[axis]!) as Triple, inner: { start: halo, stop } };
  }
  const box = growBox(core, halo, whole);
  const inside = (corner: Triple) => corner.map((at, axis) => at - box.start[axis]!) as Triple;
  return { shape: boxShape(box), inner: { start: inside(core.start), stop: inside(core.stop) } };
}

const keyOf = ({ shape, inner }: Pick<Cells, "shape" | "inner">) => [shape, inner.start, inner.stop].join();

/** The voxels of one array: those of the volume, then those of the edge rule, then 0 where the block itself ends before its full size. */
function arrayOf({ halo, edge, after }: ExternalParams, block: Block, core: Box, cell: Triple, isWritten: boolean): VoxelArray {
  if (edge === "none") return copyOf(block.data, block.box, growBox(core, halo, block.whole), block.dtype);
  const fill = isWritten ? after!.fill : 0;
  const value = (isInteger64(block.dtype) ? BigInt(fill) : fill) as number; // of the array's own kind
  const padded = pad(block, core, halo, { rule: isWritten ? "constant" : edge, value });
  const full = cell.map((length, axis) => length + 2 * halo[axis]!) as Triple;
  if (volumeOf(padded.shape) === volumeOf(full)) return padded.data;
  const target = newVoxels(block.dtype, volumeOf(full));
  if (fill !== 0) (target as { fill(value: unknown): void }).fill(value);
  eachRow({ start: [0, 0, 0], stop: full }, { start: [0, 0, 0], stop: padded.shape }, (at, from, length) =>
    setRow(target, at, padded.data, from, length),
  );
  return target;
}

function copyOf(source: VoxelArray, outer: Box, box: Box, dtype: DType): VoxelArray {
  const target = newVoxels(dtype, volumeOf(boxShape(box)));
  eachRow(outer, box, (from, to, length) => setRow(target, to, source, from, length));
  return target;
}

function setRow(target: VoxelArray, to: number, source: VoxelArray, from: number, length: number): void {
  // both have one type, which the compiler cannot know
  (target as { set(values: unknown, at: number): void }).set(source.subarray(from, from + length), to);
}

function frameOf(params: ExternalParams, { cores, shape, inner, arrays }: Cells): ProgramBatch {
  let offset = 0;
  const specs: Record<string, JsonObject> = {};
  for (const { name, dtype, pieces } of arrays) {
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    specs[name] = { dtype, shape: [cores.length, ...shape], offset, bytes };
    offset += bytes;
  }
  const origins = cores.map(({ start }) => start.map((at, axis) => at - inner.start[axis]!));
  const wanted = [cores.length, ...boxShape(inner)];
  const bytes = wanted.reduce((product, length) => product * length, ITEM_BYTES[params.dtype]);
  return {
    head: { arrays: specs, origins, core: [inner.start, inner.stop] },
    pieces: arrays.flatMap(({ pieces }) => pieces),
    result: { dtype: params.dtype, shape: wanted, bytes },
  };
}

/** Puts the results of a batch into their places; what lies behind the end of the volume is left out. */
function paste({ cores, inner }: Cells, bytes: Uint8Array, dtype: DType, target: VoxelArray, core: Box): void {
  const cell = boxShape(inner);
  const found = voxelsOf(dtype, bytes);
  cores.forEach((one, number) => {
    const first = number * volumeOf(cell);
    const rows: number[] = [];
    const shape = boxShape(one);
    eachRow({ start: [0, 0, 0], stop: cell }, { start: [0, 0, 0], stop: shape }, (from) => rows.push(first + from));
    let row = 0;
    eachRow(core, one, (at, _, length) => setRow(target, at, found, rows[row++]!, length));
  });
}

function bytesOf({ buffer, byteOffset, byteLength }: VoxelArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function placeOf({ start, stop }: Box): string {
  return `[${start.map((at, axis) => `${at}:${stop[axis]}`).join(", ")}]`;
}
