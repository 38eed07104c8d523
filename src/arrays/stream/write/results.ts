import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { combineCrc32 } from "../../../core/crc32.js";
import type { Geometry } from "../plan/geometry.js";
import type { Statistics, UnitReceipt, WriteVolumeOptions, WriteVolumeResult } from "../plan/job.js";
import type { Unit } from "../plan/shard-walk.js";

/** Sums and checksums of a unit, as its workers report them. */
export interface UnitReport {
  sums: number[];
  checksums: number[];
}

/**
 * The parts of a receipt on a unit's voxels. It has one checksum where the unit has all rows of its planes, else one per plane.
 */
export function voxelFacts(unit: Unit, g: Geometry, { sums, checksums }: UnitReport): Pick<UnitReceipt, "sums" | "checksums"> {
  const [, ny, nx] = g.shapes[0]!;
  const rows = unit.y1 - unit.y0;
  const planes = planeChecksums(unit, g, checksums, nx);
  return {
    sums: sums.map((value) => (Number.isFinite(value) ? value : String(value))),
    checksums: rows === ny ? [planes.reduce((crc, next) => combineCrc32(crc, next, rows * nx * g.mrcItemBytes), 0)] : planes,
  };
}

/** Workers sum step by step, and several steps may have a part of a plane: those that lie higher come first in the file. */
function planeChecksums(unit: Unit, g: Geometry, checksums: readonly number[], nx: number): number[] {
  const parts = new Map<number, { y0: number; rows: number; crc: number }[]>();
  let at = 0;
  for (const { z0, planes, y0, rows } of g.steps.slice(unit.firstStep, unit.firstStep + unit.steps)) {
    for (let z = z0; z < z0 + planes; z++) {
      const part = { y0, rows, crc: checksums[at++]! };
      if (!parts.get(z)?.push(part)) parts.set(z, [part]);
    }
  }
  return Array.from({ length: unit.z1 - unit.z0 }, (_, plane) =>
    parts
      .get(unit.z0 + plane)!
      .sort((a, b) => a.y0 - b.y0)
      .reduce((crc, part) => combineCrc32(crc, part.crc, part.rows * nx * g.mrcItemBytes), 0),
  );
}

export function statisticsOf(receipts: readonly UnitReceipt[], count: number): Statistics {
  let [min, max, sum, squares, nonFinite] = [Infinity, -Infinity, 0, 0, 0];
  for (const receipt of receipts) {
    const own = receipt.sums.map(Number) as [number, number, number, number, number];
    min = Math.min(min, own[0]);
    max = Math.max(max, own[1]);
    sum += own[2];
    squares += own[3];
    nonFinite += own[4];
  }
  const finite = count - nonFinite;
  if (finite <= 0) return { min: 0, max: 0, mean: 0, rms: 0, nonFinite, count };
  const mean = sum / finite;
  return { min, max, mean, rms: Math.sqrt(Math.max(0, squares / finite - mean * mean)), nonFinite, count };
}

/** Writes the header of an MRC. `receipts`, where units have whole rows: the file need not be read for its checksum. */
export async function finishMrc(
  mrc: NonNullable<WriteVolumeOptions["mrc"]>,
  g: Geometry,
  statistics: Statistics,
  receipts: readonly UnitReceipt[] | undefined,
): Promise<WriteVolumeResult["mrc"]> {
  const head = await mrc.head(statistics);
  const file = await open(mrc.path, "r+");
  try {
    await file.write(head, 0, head.length, 0);
    const crc = receipts ? dataChecksum(g, receipts, crc32(head)) : await fileChecksum(file);
    return { size: head.length + statistics.count * g.mrcItemBytes, crc32: crc };
  } finally {
    await file.close();
  }
}

/** Puts the units' checksums together in the order of the file: planes, and in each plane the units from top to bottom. */
function dataChecksum(
  { units, shapes, mrcItemBytes: itemBytes }: Geometry,
  receipts: readonly UnitReceipt[],
  start: number,
): number {
  const [, ny, nx] = shapes[0]!;
  let crc = start;
  for (let first = 0; first < units.length; ) {
    let end = first;
    while (end < units.length && units[end]!.z0 === units[first]!.z0) end++;
    const slab = units.slice(first, end);
    const planes = slab[0]!.z1 - slab[0]!.z0;
    if (slab.length === 1) crc = combineCrc32(crc, receipts[first]!.checksums[0]!, planes * ny * nx * itemBytes);
    else {
      for (let plane = 0; plane < planes; plane++) {
        for (const unit of slab) {
          crc = combineCrc32(crc, receipts[unit.index]!.checksums[plane]!, (unit.y1 - unit.y0) * nx * itemBytes);
        }
      }
    }
    first = end;
  }
  return crc;
}

async function fileChecksum(file: FileHandle): Promise<number> {
  const buffer = new Uint8Array(8 * 2 ** 20);
  let crc = 0;
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return crc;
    crc = crc32(buffer.subarray(0, bytesRead), crc);
    at += bytesRead;
  }
}
