import { z } from "zod";
import type { Box, Triple } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { type Block, eachRow } from "../block.js";
import { withoutBigints } from "../narrow.js";
import { type InputFacts, parameterFault } from "../operator.js";
import { isFloat } from "../voxels.js";
import { withSizes, worldFields } from "./in-world.js";
import { reduction } from "./reduction.js";

/** Labels ascending, as decimal digits; of each its voxels, the sums of their z, y and x as decimal digits, and its box. */
type Part = {
  readonly labels: readonly string[];
  readonly voxels: readonly number[];
  readonly sums: readonly string[];
  /** First z, y, x and last z, y, x of each. */
  readonly boxes: readonly number[];
};

/** A label with its voxels. Axes are `[z, y, x]`. */
export type LabelPoint = {
  /** Decimal digits: it may have 64 bits. */
  readonly label: string;
  readonly voxels: number;
  /** Mean place of its voxels, in voxels of the volume from 0. */
  readonly centroid: Triple;
  /** Centroid in world coordinates, in nm; null where the volume has no voxel size. */
  readonly centroidNm: Triple | null;
  /** Bounding box in voxels, half-open. */
  readonly box: { readonly start: Triple; readonly stop: Triple };
};

/**
 * Position and size of each label but 0 in a volume of integers: its centroid (`scipy.ndimage.center_of_mass`), number of voxels
 * and bounding box, in ascending order of the labels. Sums are integers, so the result has the same bits however the volume is
 * cut. Labels with less than `minVoxels` voxels are left out; more than `labelsMax` (default ten million) are refused.
 */
export const points = reduction({
  name: "points",
  version: 1,
  parameters: z.strictObject({
    minVoxels: z.int().min(1).default(1),
    labelsMax: z.int().min(1).default(10_000_000),
    ...worldFields,
  }),
  prepare(params, input: InputFacts & { readonly offsetNm?: Triple }) {
    const { dtype } = input;
    if (isFloat(dtype) || dtype === "complex64" || dtype === "uint4")
      throw parameterFault("points", "in", `takes integers, not ${dtype}: put components before it`);
    return withSizes(params, input);
  },
  partial: (block, core, { labelsMax }): Part => ofBlock(block, core, labelsMax),
  merge: (parts, { labelsMax }) => joined(parts, labelsMax),
  finish({ labels, voxels, sums, boxes }, { minVoxels, voxelSizeNm, offsetNm }) {
    const found = labels.map((label, at): LabelPoint => {
      const count = voxels[at]!;
      const centroid = [0, 1, 2].map((axis) => quotient(BigInt(sums[3 * at + axis]!), BigInt(count))) as Triple;
      const [z0, y0, x0, z1, y1, x1] = boxes.slice(6 * at, 6 * at + 6) as [number, number, number, number, number, number];
      const centroidNm = voxelSizeNm && (centroid.map((place, axis) => offsetNm[axis]! + place * voxelSizeNm[axis]!) as Triple);
      return { label, voxels: count, centroid, centroidNm, box: { start: [z0, y0, x0], stop: [z1 + 1, y1 + 1, x1 + 1] } };
    });
    return { points: found.filter((point) => point.voxels >= minVoxels) };
  },
});

/** Sums of one block: below 2⁵³, since a block has less than 2³² voxels along axes of less than 2²¹. */
interface Sums {
  count: number;
  readonly sums: [number, number, number];
  readonly box: [number, number, number, number, number, number];
}

function ofBlock(block: Block, core: Box, labelsMax: number): Part {
  const data = withoutBigints(block);
  const found = new Map<number | bigint, Sums>();
  const rows = core.stop[1] - core.start[1];
  let row = 0;
  eachRow(block.box, core, (from, _, length) => {
    const [z, y] = [core.start[0] + Math.floor(row / rows), core.start[1] + (row % rows)];
    row++;
    for (let at = 0; at < length; ) {
      const label = data[from + at]!;
      const first = at;
      while (at < length && data[from + at] === label) at++;
      if (Number(label) !== 0) addRun(found, label, z, y, core.start[2] + first, at - first);
    }
  });
  const part = partOf([...found].map(([label, sums]) => [BigInt(label), sums] as const));
  needFew(part.labels.length, labelsMax);
  return part;
}

/** Voxels of one label side by side along x. */
function addRun(
  found: Map<number | bigint, Sums>,
  label: number | bigint,
  z: number,
  y: number,
  x: number,
  length: number,
): void {
  let own = found.get(label);
  if (!own) {
    own = { count: 0, sums: [0, 0, 0], box: [z, y, x, z, y, x] };
    found.set(label, own);
  }
  const { sums, box } = own;
  own.count += length;
  sums[0] += z * length;
  sums[1] += y * length;
  sums[2] += x * length + (length * (length - 1)) / 2;
  const last = x + length - 1;
  if (y < box[1]) box[1] = y;
  if (x < box[2]) box[2] = x;
  box[3] = z; // rows come in order of z
  if (y > box[4]) box[4] = y;
  if (last > box[5]) box[5] = last;
}

function partOf(found: (readonly [bigint, Sums])[]): Part {
  found.sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    labels: found.map(([label]) => String(label)),
    voxels: found.map(([, { count }]) => count),
    sums: found.flatMap(([, { sums }]) => sums.map(String)),
    boxes: found.flatMap(([, { box }]) => box),
  };
}

function joined(parts: readonly Part[], labelsMax: number): Part {
  const places = new Map<string, { voxels: number; sums: bigint[]; box: number[] }>();
  for (const { labels, voxels, sums, boxes } of parts)
    for (const [at, label] of labels.entries()) {
      const own = sums.slice(3 * at, 3 * at + 3).map(BigInt);
      const box = boxes.slice(6 * at, 6 * at + 6);
      const before = places.get(label);
      if (!before) places.set(label, { voxels: voxels[at]!, sums: own, box });
      else {
        before.voxels += voxels[at]!;
        before.sums = before.sums.map((sum, axis) => sum + own[axis]!);
        before.box = before.box.map((place, i) => (i < 3 ? Math.min : Math.max)(place, box[i]!));
      }
    }
  needFew(places.size, labelsMax);
  const ascending = [...places].sort(([a], [b]) => (BigInt(a) < BigInt(b) ? -1 : 1));
  return {
    labels: ascending.map(([label]) => label),
    voxels: ascending.map(([, { voxels }]) => voxels),
    sums: ascending.flatMap(([, { sums }]) => sums.map(String)),
    boxes: ascending.flatMap(([, { box }]) => box),
  };
}

function needFew(labels: number, most: number): void {
  if (labels <= most) return;
  throw new EmporiumError("MEMORY_LIMIT", `points: more than ${counted(most, "label")}`, {
    hint: "raise labelsMax, or check that these are labels",
  });
}

/** Quotient that is rounded once where the sum is below 2⁵³. */
function quotient(sum: bigint, count: bigint): number {
  if (sum <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(sum) / Number(count);
  return Number(sum / count) + Number(sum % count) / Number(count);
}
