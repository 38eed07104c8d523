import type { RandomAccess } from "../../core/bytes.js";
import type { JsonObject } from "../../core/json.js";
import { MRC_HEADER_BYTES, type MrcHeader, parseMrcHeader } from "../mrc/header.js";
import { axisOrder, byteReading, firstVoxelAngstrom } from "../mrc/meaning.js";
import { allKnown, emptyFacts, finite, type PeekFacts } from "./facts.js";

/**
 * Facts of an MRC file by its first 1024 bytes.
 *
 * @param head the first 1024 bytes, decompressed where the file is compressed.
 * @param sizeBytes size of the file; undefined where it is compressed.
 * @throws {EmporiumError} as `parseMrcHeader`.
 */
export function mrcFacts(head: Uint8Array, name: string, sizeBytes: number | undefined): PeekFacts {
  const header = parseMrcHeader(head, { name, sizeBytes, allowShort: true });
  const { order, shape } = axisOrder(header);
  const warnings = [...header.warnings];
  const voxelSize = [0, 1, 2].map((axis) => voxelOf(header, axis));
  const negative = [0, 1, 2].filter((axis) => voxelSize[axis] !== null && header.voxelSizeAngstrom[axis] === undefined);
  if (negative.length > 0) {
    // the header's reader takes them for unset, and says so
    const unset = negative.map((axis) => `cell ${header.cellAngstrom[axis]} Å over`);
    for (const text of unset) {
      const at = warnings.findIndex((warning) => warning.startsWith(text));
      if (at >= 0) warnings.splice(at, 1);
    }
    const cells = negative.map((axis) => `${header.cellAngstrom[axis]} Å along ${"zyx"[axis]}`).join(", ");
    warnings.push(`negative-cell: ${cells}: taken without its sign`);
  }
  const facts = emptyFacts({
    name,
    format: "mrc",
    version: header.nversion > 0 ? String(header.nversion) : undefined,
    shape: [...shape],
    axes: ["z", "y", "x"],
    dtype: byteReading(header)?.startsWith("uint8") ? "uint8" : header.dtype,
    voxelSize,
    unit: voxelSize.map((size) => (size === null ? null : "Å")),
    offset: firstVoxelAngstrom(header).map(finite),
    channels: 1,
    contrast: header.dmin < header.dmax ? { min: header.dmin, max: header.dmax } : null,
    warnings,
    raw: rawHeader(header, order),
  });
  facts.sources = {
    shape: "file",
    dtype: "file",
    channels: "file",
    offset: "file",
    ...(allKnown(voxelSize) ? { voxelSize: "file" } : {}),
    ...(facts.contrast ? { contrast: "file" } : {}),
  };
  return facts;
}

/** @param source a source that has its first block in memory. */
export async function peekMrc(source: RandomAccess): Promise<PeekFacts> {
  const head = await source.read({ offset: 0, length: MRC_HEADER_BYTES });
  return mrcFacts(head, source.name, await source.size());
}

/** Cell / grid; cells of some cameras' files are negative. */
function voxelOf(header: MrcHeader, axis: number): number | null {
  const known = header.voxelSizeAngstrom[axis];
  if (known !== undefined) return known;
  const [cell, grid] = [header.cellAngstrom[axis]!, header.grid[axis]!];
  const size = Math.fround(-cell / grid);
  return cell < 0 && grid > 0 && Number.isFinite(size) ? size : null;
}

function rawHeader(header: MrcHeader, order: readonly number[]): JsonObject {
  const { mode, nstart, grid, cellAngstrom, cellAnglesDegrees, mapc, mapr, maps, ispg, nsymbt, exttyp, nversion, labels } =
    header;
  return {
    mode,
    nstart,
    mxyz: [...grid].reverse(),
    cella: [...cellAngstrom].reverse().map(finite),
    cellb: cellAnglesDegrees.map(finite),
    mapcrs: [mapc, mapr, maps],
    dmin: finite(header.dmin),
    dmax: finite(header.dmax),
    dmean: finite(header.dmean),
    rms: finite(header.rms),
    ispg,
    nsymbt,
    exttyp,
    nversion,
    littleEndian: header.littleEndian,
    ...(header.imodStamp ? { imodFlags: header.imodFlags } : {}),
    storedAxes: order.map((axis) => "zyx"[axis]!),
    labels,
  };
}
