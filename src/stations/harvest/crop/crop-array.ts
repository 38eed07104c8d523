import { copyElements, dot, type NdBox, stridesOf } from "../../../formats/zarr/read.js";

/** Elements of one unit: C order, host byte order, all axes slowest first. */
export interface PlainUnit {
  bytes: Uint8Array;
  shape: readonly number[];
}

/**
 * One array to crop, of any format: a grid of units. A unit is the smallest piece that can be read and written alone: a chunk, a
 * block, or an inner chunk of a shard. Cells count units from the array's first element.
 */
export interface CropArray {
  /** Folder of the array below the volume, `""` for the volume itself. */
  path: string;
  /** The name in messages. */
  name: string;
  shape: readonly number[];
  unit: readonly number[];
  /** The part to take, in elements of the array. */
  box: NdBox;
  itemBytes: number;
  /** The fill value, as one element. */
  fill: Uint8Array;
  /** Whether units at the upper edge are stored in full size. */
  padded: boolean;
  /** Whether stored bytes of a whole unit may be copied. */
  sameCodec: boolean;
  /** Stored bytes of a unit; undefined where the source has none. */
  fetch(cell: readonly number[], signal: AbortSignal | undefined): Promise<Uint8Array | undefined>;
  decode(stored: Uint8Array, cell: readonly number[]): Promise<PlainUnit>;
  /** Stored form of a unit of the crop. */
  encode(plain: PlainUnit): Promise<Uint8Array>;
  /** Files of the crop with their units. Cells count from the crop's first element. */
  files: () => Iterable<CropFile>;
}

/** A file of the crop: one unit, or a shard of them. */
export interface CropFile {
  /** Key of the file below the crop. */
  key: string;
  units: Iterable<{ cell: number[] /** Place in the shard's index. */; entry: number }>;
  /**
   * The shard's index, if the file is a shard. `encodeIndex` makes it from offset and length of each entry; absent entries have
   * offset −1.
   */
  shard?: {
    indexBytes: number;
    location: "start" | "end";
    entries: number;
    encodeIndex(offsets: Float64Array, lengths: Float64Array): Uint8Array;
  };
}

/** Shape of the crop. */
export function cropShape({ start, stop }: NdBox): number[] {
  return stop.map((to, axis) => to - start[axis]!);
}

/** Units along each axis of the crop. */
export function cropGrid({ box, unit }: Pick<CropArray, "box" | "unit">): number[] {
  return cropShape(box).map((length, axis) => Math.ceil(length / unit[axis]!));
}

/** The box that a unit of the crop covers, in elements of the source. */
export function unitBox({ box, unit }: Pick<CropArray, "box" | "unit">, cell: readonly number[]): NdBox {
  const start = cell.map((at, axis) => box.start[axis]! + at * unit[axis]!);
  return { start, stop: start.map((from, axis) => Math.min(from + unit[axis]!, box.stop[axis]!)) };
}

/** The cells of the source that a box touches, as a half-open range along each axis. */
export function touchedCells({ unit }: Pick<CropArray, "unit">, { start, stop }: NdBox): { start: number[]; stop: number[] } {
  return {
    start: start.map((from, axis) => Math.floor(from / unit[axis]!)),
    stop: stop.map((to, axis) => Math.ceil(to / unit[axis]!)),
  };
}

/** The cell of the source whose stored unit can be copied; undefined if the unit must be composed. */
export function twinOf(array: CropArray, covered: NdBox): number[] | undefined {
  const { unit, shape, sameCodec } = array;
  if (!sameCodec) return undefined;
  const same = covered.start.every((from, axis) => {
    const whole = Math.min(from + unit[axis]!, shape[axis]!);
    return from % unit[axis]! === 0 && covered.stop[axis]! === whole;
  });
  return same ? covered.start.map((from, axis) => from / unit[axis]!) : undefined;
}

/** The number of units of the crop that contain a part of a cell. */
export function usesOf({ unit, box }: Pick<CropArray, "unit" | "box">, cell: readonly number[]): number {
  return cell.reduce((uses, at, axis) => {
    const from = Math.max(at * unit[axis]!, box.start[axis]!) - box.start[axis]!;
    const last = Math.min((at + 1) * unit[axis]!, box.stop[axis]!) - 1 - box.start[axis]!;
    return uses * (Math.floor(last / unit[axis]!) - Math.floor(from / unit[axis]!) + 1);
  }, 1);
}

/** A unit of fill values. */
export function filledUnit(shape: readonly number[], fill: Uint8Array): PlainUnit {
  const bytes = new Uint8Array(shape.reduce((total, length) => total * length, fill.length));
  if (fill.some((byte) => byte !== 0)) for (let at = 0; at < bytes.length; at += fill.length) bytes.set(fill, at);
  return { bytes, shape };
}

/**
 * Copies the elements that a unit of the source has in a box to the unit of the crop that covers the box.
 *
 * @param origin position of the first element of the source's unit, which may be stored smaller than its cell
 */
export function pour(source: PlainUnit, origin: readonly number[], target: PlainUnit, covered: NdBox, itemBytes: number): void {
  const from = covered.start.map((start, axis) => Math.max(start, origin[axis]!));
  const extent = from.map((start, axis) => Math.min(covered.stop[axis]!, origin[axis]! + source.shape[axis]!) - start);
  if (extent.some((length) => length <= 0)) return;
  const sourceStrides = stridesOf(source.shape, "C");
  const targetStrides = stridesOf(target.shape, "C");
  copyElements(
    {
      bytes: source.bytes,
      strides: sourceStrides,
      offset: dot(
        from.map((at, axis) => at - origin[axis]!),
        sourceStrides,
      ),
    },
    {
      bytes: target.bytes,
      strides: targetStrides,
      offset: dot(
        from.map((at, axis) => at - covered.start[axis]!),
        targetStrides,
      ),
    },
    extent,
    itemBytes,
  );
}
