import { headBehind } from "../../../../arrays/stream/source/compressed.js";
import type { Triple } from "../../../../core/box.js";
import { EmporiumError } from "../../../../core/errors.js";
import { counted } from "../../../../core/units.js";
import { compressionOf } from "../../../../formats/compression.js";
import { byteOrderOf } from "../../../../formats/mrc/byte-order.js";
import { latin1, MRC_HEADER_BYTES } from "../../../../formats/mrc/header.js";
import { openObject, type Store } from "../../../../stores/store.js";

/**
 * The raw fields of an MRC header: a check reports each wrong one, whereas the converting reader stops at the first. Triples are
 * `[z, y, x]`.
 */
export interface MrcFields {
  readonly shape: Triple;
  readonly mode: number;
  readonly start: Triple;
  readonly grid: Triple;
  readonly cellAngstrom: Triple;
  readonly angles: readonly [alpha: number, beta: number, gamma: number];
  readonly axes: readonly [columns: number, rows: number, sections: number];
  readonly spaceGroup: number;
  readonly extendedBytes: number;
  readonly extendedType: string;
  readonly version: number;
  readonly origin: Triple;
  readonly mapId: string;
  readonly stamp: readonly [number, number];
  readonly labelCount: number;
  /** All ten labels of the header. */
  readonly labels: readonly MrcLabel[];
  /** Size of the file; undefined if it is compressed. */
  readonly fileBytes: number | undefined;
}

/** `blank`: not empty, and nothing but blanks. */
type MrcLabel = "text" | "empty" | "blank";

/** Å along an axis, 0 where the header has no grid. */
export function voxelSize({ cellAngstrom, grid }: Pick<MrcFields, "cellAngstrom" | "grid">): Triple {
  return cellAngstrom.map((cell, i) => (grid[i]! > 0 ? cell / grid[i]! : 0)) as Triple;
}

/** @throws {EmporiumError} STORE_…, FORMAT_TRUNCATED for less than a header, FORMAT_CORRUPT */
export async function readMrcFields(store: Store, key: string, signal?: AbortSignal): Promise<MrcFields> {
  const object = await openObject(store, key, { signal });
  const head = await object.read({ offset: 0, length: MRC_HEADER_BYTES });
  const compression = compressionOf(head);
  const bytes = compression ? await headBehind(object, compression, MRC_HEADER_BYTES) : head;
  if (bytes.length < MRC_HEADER_BYTES) throw tooShort(object.name, bytes.length);
  return parseMrcFields(bytes, compression ? undefined : object.stat.size);
}

export function tooShort(name: string, length: number): EmporiumError {
  const message = `${name}: ${counted(length, "byte")}, an MRC header alone has ${MRC_HEADER_BYTES}`;
  return new EmporiumError("FORMAT_TRUNCATED", message, { place: { file: name, byte: length } });
}

/** @param bytes at least 1024. */
export function parseMrcFields(bytes: Uint8Array, fileBytes: number | undefined): MrcFields {
  const { littleEndian } = byteOrderOf(bytes.subarray(0, MRC_HEADER_BYTES), fileBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, MRC_HEADER_BYTES);
  const int = (at: number) => view.getInt32(at, littleEndian);
  const float = (at: number) => view.getFloat32(at, littleEndian);
  return {
    shape: [int(8), int(4), int(0)],
    mode: int(12),
    start: [int(24), int(20), int(16)],
    grid: [int(36), int(32), int(28)],
    cellAngstrom: [float(48), float(44), float(40)],
    angles: [float(52), float(56), float(60)],
    axes: [int(64), int(68), int(72)],
    spaceGroup: int(88),
    extendedBytes: int(92),
    extendedType: latin1(bytes, 104, 4),
    version: int(108),
    origin: [float(204), float(200), float(196)],
    mapId: latin1(bytes, 208, 4),
    stamp: [bytes[212]!, bytes[213]!],
    labelCount: int(220),
    labels: Array.from({ length: 10 }, (_, i) => labelOf(latin1(bytes, 224 + 80 * i, 80))),
    fileBytes,
  };
}

function labelOf(field: string): MrcLabel {
  const text = field.replace(/\0+$/, "");
  if (text === "") return "empty";
  return /^[\s\0]*$/.test(text) ? "blank" : "text";
}
