import { readMrcHeader } from "../../../../../formats/mrc/header.js";
import { decodePlaneValues, readMrcPlanes } from "../../../../../formats/mrc/read.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { orReason } from "../common/reading.js";
import type { Volume } from "../common/volumes.js";

/** Whole numbers of a mask, but for its background 0, as far as a few sections show them. */
export interface Labels {
  readonly values: readonly number[];
  /** They change from voxel to voxel, as those of a tomogram do within a drawn outline: no labels. */
  readonly areGrey: boolean;
}

/** More are instances that nobody told apart by hand, or no labels. */
const VALUES_MAX = 4096;
const SECTIONS_BYTES_MAX = 16 * 1024 * 1024;
/** Parts of the depth that are looked at: labels are rarely at the very top. */
const PARTS = [0.5, 0.35, 0.65, 0.2, 0.8];

/** Pairs of voxels beside each other that tell whether numbers are labels. */
const PAIRS_LEAST = 64;
/** Part of the pairs with one number: objects are many voxels wide, and of densities hardly any two are equal. */
const EQUAL_LEAST = 0.5;

/**
 * Undefined for what holds other numbers than whole ones, or no zero: a tomogram, probabilities. Reads at most 16 MiB.
 */
export async function labelsOf(laboratory: Laboratory, { path, volume, format }: Volume): Promise<Labels | undefined> {
  if (format !== "mrc") return undefined;
  const { least, most } = volume;
  if (least !== undefined && most !== undefined && (least !== 0 || !Number.isInteger(most))) return undefined;
  const read = await orReason(async () => {
    const source = await laboratory.open(path);
    const header = await readMrcHeader(source);
    // the greatest one may lie where nobody looks
    const values = new Set<number>(most === undefined ? [] : [most]);
    let bytes = 0;
    const pairs = { all: 0, equal: 0 };
    const columns = header.shape[2];
    for (const part of PARTS) {
      bytes += header.sectionBytes;
      if (bytes > SECTIONS_BYTES_MAX) break;
      const section = Math.min(header.shape[0] - 1, Math.floor(header.shape[0] * part));
      const plane = decodePlaneValues(await readMrcPlanes(source, header, section, section + 1), header);
      for (const [at, value] of plane.entries()) {
        if (!Number.isInteger(value)) return undefined;
        values.add(value);
        if (values.size > VALUES_MAX) return undefined;
        if (value === 0 || at % columns === 0 || plane[at - 1] === 0) continue;
        pairs.all++;
        if (plane[at - 1] === value) pairs.equal++;
      }
    }
    if (!values.has(0)) return undefined;
    const areGrey = pairs.all >= PAIRS_LEAST && pairs.equal < EQUAL_LEAST * pairs.all;
    return { values: [...values].filter((value) => value !== 0).sort((a, b) => a - b), areGrey };
  });
  return "value" in read ? read.value : undefined;
}
