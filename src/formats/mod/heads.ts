import type { ModContour, ModHeader, ModImage, ModMesh, ModObject, ModSlicerAngles, Xyz } from "./model.js";

/** Bytes behind the id, and the length where there is one. */
export const HEADER_BYTES = 232;
export const OBJECT_BYTES = 176;
export const CONTOUR_BYTES = 16;
export const MESH_BYTES = 16;
export const SLICER_BYTES = 60;
export const IMAGE_BYTES = 72;
export const MATERIAL_BYTES = 16;

/** Bits of an object's flags. */
export const OPEN_BIT = 1 << 3;
export const SCATTERED_BIT = 1 << 9;

export function decodeHeader(view: DataView): ModHeader {
  const int = (at: number) => view.getInt32(at);
  const pixelSize = view.getFloat32(208);
  const units = int(212);
  return {
    name: fixedText(view, 0, 128),
    max: [int(128), int(132), int(136)],
    objectCount: int(140),
    flags: view.getUint32(144),
    drawMode: int(148),
    mouseMode: int(152),
    blackLevel: int(156),
    whiteLevel: int(160),
    offset: floats(view, 164),
    scale: floats(view, 176),
    current: { object: int(188), contour: int(192), point: int(196) },
    resolution: int(200),
    threshold: int(204),
    pixelSize,
    units,
    pixelSizeAngstrom: inAngstrom(pixelSize, units),
    checksum: int(216),
    angles: floats(view, 220),
  };
}

/** Powers of ten of a metre that `units` stands for. Other numbers are not in use. */
const METRE_POWERS: ReadonlyMap<number, number> = new Map([
  [3, 3],
  [1, 0],
  [-2, -2],
  [-3, -3],
  [-6, -6],
  [-9, -9],
  [-10, -10],
  [-12, -12],
]);

function inAngstrom(pixelSize: number, units: number): number | undefined {
  const power = METRE_POWERS.get(units);
  if (power === undefined || !(pixelSize > 0 && pixelSize < Number.POSITIVE_INFINITY)) return undefined;
  // divided where that is exact: 5 pm are 0.05 Å, not 0.05000000000000001
  return power < -10 ? pixelSize / 10 ** (-10 - power) : pixelSize * 10 ** (power + 10);
}

export function decodeObject(view: DataView): ModObject {
  const byte = (at: number) => view.getUint8(at);
  const flags = view.getUint32(132);
  return {
    name: fixedText(view, 0, 64),
    contourCount: view.getInt32(128),
    meshCount: view.getInt32(168),
    flags,
    contourKind: flags & SCATTERED_BIT ? "scattered" : flags & OPEN_BIT ? "open" : "closed",
    axis: view.getInt32(136),
    drawMode: view.getInt32(140),
    color: floats(view, 144),
    pointSize: view.getInt32(156),
    symbol: byte(160),
    symbolSize: byte(161),
    lineWidth2d: byte(162),
    lineWidth: byte(163),
    lineStyle: byte(164),
    symbolFlags: byte(165),
    transparency: byte(167),
    surfaceCount: view.getInt32(172),
  };
}

export function decodeContour(view: DataView): ModContour {
  return { pointCount: view.getInt32(0), flags: view.getUint32(4), time: view.getInt32(8), surface: view.getInt32(12) };
}

export function decodeMesh(view: DataView): ModMesh {
  return {
    vertexCount: view.getInt32(0),
    indexCount: view.getInt32(4),
    flags: view.getUint32(8),
    time: view.getInt16(12),
    surface: view.getInt16(14),
  };
}

export function decodeSlicer(view: DataView): ModSlicerAngles {
  return { time: view.getInt32(0), angles: floats(view, 4), center: floats(view, 16), label: fixedText(view, 28, 32) };
}

/** The old scale at 0 and the old rotation at 24 are never set: whatever was in memory was written. */
export function decodeImage(view: DataView): ModImage {
  return { oldTranslation: floats(view, 12), scale: floats(view, 36), translation: floats(view, 48), rotation: floats(view, 60) };
}

/** Text up to the first NUL: what follows it is whatever was in memory. UTF-8 in newer programs, latin-1 in older ones. */
export function fixedText(view: DataView, at: number, length: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, length);
  const nul = bytes.indexOf(0);
  const text = nul < 0 ? bytes : bytes.subarray(0, nul);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    return new TextDecoder("windows-1252").decode(text);
  }
}

function floats(view: DataView, at: number): Xyz {
  return [view.getFloat32(at), view.getFloat32(at + 4), view.getFloat32(at + 8)];
}
