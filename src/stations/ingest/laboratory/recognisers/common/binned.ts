import type { RandomAccess } from "../../../../../core/bytes.js";
import { type MrcHeader, readMrcHeader } from "../../../../../formats/mrc/header.js";
import { decodePlaneValues } from "../../../../../formats/mrc/read.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { correlation } from "./prints.js";
import { orReason } from "./reading.js";

const [FACTOR_LEAST, FACTOR_MOST] = [2, 8];
/** Places of the sections that are compared, from 0 to 1. */
const COMPARED = [0.4, 0.5, 0.6];
/** Rows in the middle of a section of the coarser volume. */
const ROWS = 16;
/** Fewer values may be alike by chance. */
const VALUES_LEAST = 128;
/** Voxels to each side whose mean is taken away: ice and the ends of a lamella are dark in all tomograms alike. */
const AROUND = 2;
/** What two reconstructions of one series have in common, one of them binned more; two specimens have nothing in common. */
const ALIKE_LEAST = 0.5;

/** Whether one of two volumes is the other one binned by a whole number, or reconstructed so from the same images. Undefined where nothing shows it. */
export async function areBinnedOfEachOther(laboratory: Laboratory, a: string, b: string): Promise<true | undefined> {
  const [one, other] = [a, b].map((path) => laboratory.get(path));
  if (!one?.volume || !other?.volume || one.format !== "mrc" || other.format !== "mrc") return undefined;
  const isCoarser = one.volume.shape[2] < other.volume.shape[2];
  const [coarse, fine] = isCoarser ? [one, other] : [other, one];
  const factor = factorOf(fine.volume!.shape, coarse.volume!.shape);
  if (factor === undefined) return undefined;
  const read = await orReason(async () => {
    const [small, large] = [await opened(laboratory, coarse.path), await opened(laboratory, fine.path)];
    for (const part of COMPARED) {
      const z = Math.floor(part * small.header.shape[0]);
      const [first, second] = [await binnedRows(small, small, z, 1), await binnedRows(large, small, z, factor)];
      const columns = small.header.shape[2];
      const [own, others] = [details(first, columns), details(second, columns)];
      if (own.length < VALUES_LEAST || correlation(own, others) < ALIKE_LEAST) return undefined;
    }
    return true as const;
  });
  return "value" in read ? read.value : undefined;
}

/** By how much all sides are longer; a rest that fills no voxel is dropped. */
function factorOf(fine: readonly number[], coarse: readonly number[]): number | undefined {
  const factor = Math.round(fine[2]! / coarse[2]!);
  if (factor < FACTOR_LEAST || factor > FACTOR_MOST) return undefined;
  return fine.every((length, axis) => Math.abs(length / factor - coarse[axis]!) < 1) ? factor : undefined;
}

interface Opened {
  readonly source: RandomAccess;
  readonly header: MrcHeader;
}

async function opened(laboratory: Laboratory, path: string): Promise<Opened> {
  const source = await laboratory.open(path);
  return { source, header: await readMrcHeader(source) };
}

/** Rows in the middle of a section of the coarser volume, as means of the voxels of this one. What is left over lies at both ends. */
async function binnedRows({ source, header }: Opened, coarse: Opened, section: number, factor: number): Promise<Float64Array> {
  const [sections, rows, columns] = coarse.header.shape;
  const count = Math.min(ROWS, rows);
  const first = Math.floor((rows - count) / 2);
  const [depth, height, width] = header.shape;
  const placeOf = (at: number, length: number, coarseLength: number) =>
    Math.min(length - 1, Math.max(0, at + Math.floor((length - coarseLength * factor) / 2)));
  const sums = new Float64Array(count * columns);
  const rowBytes = Math.floor(header.sectionBytes / height);
  for (let step = 0; step < factor; step++) {
    const z = placeOf(section * factor + step, depth, sections);
    const [top, bottom] = [first * factor, (first + count) * factor - 1].map((row) => placeOf(row, height, rows)) as [
      number,
      number,
    ];
    const offset = header.dataOffset + z * header.sectionBytes + top * rowBytes;
    const bytes = await source.read({ offset, length: (bottom - top + 1) * rowBytes });
    const values = decodePlaneValues(bytes, { ...header, shape: [1, bottom - top + 1, width] });
    for (let row = 0; row < count * factor; row++) {
      const from = (placeOf(first * factor + row, height, rows) - top) * width;
      const to = Math.floor(row / factor) * columns;
      for (let column = 0; column < columns * factor; column++)
        sums[to + Math.floor(column / factor)]! += values[from + placeOf(column, width, columns)]!;
    }
  }
  return sums.map((sum) => sum / factor ** 3);
}

/** Each value without the mean of those around it; the ends of rows and columns are left out, since volumes grow dark there alike. */
function details(values: Float64Array, columns: number): Float64Array {
  const rows = values.length / columns;
  const margin = Math.max(AROUND, Math.floor(columns / 8));
  const own: number[] = [];
  for (let row = AROUND; row < rows - AROUND; row++)
    for (let column = margin; column < columns - margin; column++) {
      let sum = 0;
      for (let y = row - AROUND; y <= row + AROUND; y++)
        for (let x = column - AROUND; x <= column + AROUND; x++) sum += values[y * columns + x]!;
      own.push(values[row * columns + column]! - sum / (2 * AROUND + 1) ** 2);
    }
  return Float64Array.from(own);
}
