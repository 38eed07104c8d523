import { type Block, eachRow } from "../../../../arrays/operators/block.js";
import { withoutBigints } from "../../../../arrays/operators/narrow.js";
import { labelSurfaces } from "../../../../arrays/surface/marching-cubes.js";
import type { VoxelSurface } from "../../../../arrays/surface/surface.js";
import { type Box, boxShape, type Triple, volumeOf } from "../../../../core/box.js";

/** The surface of a label in one block, in half voxels from the volume's corner. */
export interface LabelSurface {
  readonly label: bigint;
  readonly surface: VoxelSurface;
}

/**
 * The surfaces of the labels of a block: those of its own cells, which lie between its voxels and the next ones, and at the beginning of the volume
 * also those before its first ones. The surfaces of all blocks together are closed.
 *
 * @param value the block's voxels and one more on each side, as far as the volume goes
 */
export function blockSurfaces(value: Block, core: Box): LabelSurface[] {
  const { whole } = value;
  const cells: Box = { start: core.start.map((at) => (at === 0 ? -1 : at)) as Triple, stop: core.stop };
  // a layer of zeros around the volume closes surfaces at its border
  const samples: Box = { start: cells.start, stop: cells.stop.map((at) => at + 1) as Triple };
  const { labels, names } = numbered(value, samples, whole);
  return [...labelSurfaces(labels, samples, cells)]
    .map(([number, surface]) => ({ label: names[number]!, surface }))
    .sort((a, b) => (a.label < b.label ? -1 : 1));
}

/** Labels of 64 bits as small numbers, 0 as itself and beyond the volume. */
function numbered(value: Block, samples: Box, whole: Triple): { labels: Uint32Array; names: bigint[] } {
  const data = withoutBigints(value);
  const labels = new Uint32Array(volumeOf(boxShape(samples)));
  const names = [0n];
  const known = new Map<bigint | number, number>();
  const inside: Box = {
    start: samples.start.map((at) => Math.max(0, at)) as Triple,
    stop: samples.stop.map((at, axis) => Math.min(at, whole[axis]!)) as Triple,
  };
  const rows: number[] = [];
  eachRow(value.box, inside, (from) => rows.push(from));
  let row = 0;
  let [last, number]: [bigint | number, number] = [0, 0];
  eachRow(samples, inside, (to, _, length) => {
    const from = rows[row++]!;
    for (let i = 0; i < length; i++) {
      const label = data[from + i]!;
      if (label !== last) [last, number] = [label, numberOf(label, known, names)];
      labels[to + i] = number;
    }
  });
  return { labels, names };
}

function numberOf(label: bigint | number, known: Map<bigint | number, number>, names: bigint[]): number {
  if (Number(label) === 0) return 0;
  const found = known.get(label) ?? names.length;
  if (found === names.length) {
    known.set(label, found);
    names.push(BigInt(label));
  }
  return found;
}
