import { type Fields, float32, floats, int16, int32, ints, readFields, text, uint8, uint32, writeFields } from "./fields.js";
import type { ModContour, ModHeader, ModImage, ModMesh, ModObject, ModSlicerAngles } from "./model.js";

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

/** Bits of a model's flags. */
export const SEVERAL_CLIPS_BIT = 1 << 12;
export const MATERIAL_AS_BYTES_BIT = 1 << 13;
export const IMAGE_ORIGIN_BIT = 1 << 14;
export const TILT_VALID_BIT = 1 << 15;
export const FLIPPED_BIT = 1 << 16;

const HEADER: Fields<Omit<ModHeader, "pixelSizeAngstrom">> = {
  name: text(0, 128),
  max: ints(128),
  objectCount: int32(140),
  flags: uint32(144),
  drawMode: int32(148),
  mouseMode: int32(152),
  blackLevel: int32(156),
  whiteLevel: int32(160),
  offset: floats(164),
  scale: floats(176),
  current: {
    get: (view) => ({ object: view.getInt32(188), contour: view.getInt32(192), point: view.getInt32(196) }),
    set: (view, { object, contour, point }, name) => ints(188).set(view, [object, contour, point], name),
  },
  resolution: int32(200),
  threshold: int32(204),
  pixelSize: float32(208),
  units: int32(212),
  checksum: int32(216),
  angles: floats(220),
};

const OBJECT: Fields<Omit<ModObject, "contourKind">> = {
  name: text(0, 64),
  contourCount: int32(128),
  flags: uint32(132),
  axis: int32(136),
  drawMode: int32(140),
  color: floats(144),
  pointSize: int32(156),
  symbol: uint8(160),
  symbolSize: uint8(161),
  lineWidth2d: uint8(162),
  lineWidth: uint8(163),
  lineStyle: uint8(164),
  symbolFlags: uint8(165),
  transparency: uint8(167),
  meshCount: int32(168),
  surfaceCount: int32(172),
};

const CONTOUR: Fields<ModContour> = { pointCount: int32(0), flags: uint32(4), time: int32(8), surface: int32(12) };

type MeshHead = Omit<ModMesh, "vertices" | "indices">;

const MESH: Fields<MeshHead> = {
  vertexCount: int32(0),
  indexCount: int32(4),
  flags: uint32(8),
  time: int16(12),
  surface: int16(14),
};

const SLICER: Fields<ModSlicerAngles> = { time: int32(0), angles: floats(4), center: floats(16), label: text(28, 32) };

/** The old scale at 0 and the old rotation at 24 are never set: whatever was in memory was written. */
const IMAGE: Fields<ModImage> = {
  oldTranslation: floats(12),
  scale: floats(36),
  translation: floats(48),
  rotation: floats(60),
};

export function decodeHeader(view: DataView): ModHeader {
  const header = readFields(HEADER, view);
  return { ...header, pixelSizeAngstrom: inAngstrom(header.pixelSize, header.units) };
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
  const object = readFields(OBJECT, view);
  const { flags } = object;
  return { ...object, contourKind: flags & SCATTERED_BIT ? "scattered" : flags & OPEN_BIT ? "open" : "closed" };
}

export const decodeContour = (view: DataView): ModContour => readFields(CONTOUR, view);
export const decodeMesh = (view: DataView): MeshHead => readFields(MESH, view);
export const decodeSlicer = (view: DataView): ModSlicerAngles => readFields(SLICER, view);
export const decodeImage = (view: DataView): ModImage => readFields(IMAGE, view);

/** Each puts values into a block: what they do not change stays, what is not theirs too. */
export const encodeHeader = (view: DataView, header: ModHeader): void => writeFields(HEADER, view, header);
export const encodeObject = (view: DataView, object: ModObject): void => writeFields(OBJECT, view, object);
export const encodeContour = (view: DataView, contour: ModContour): void => writeFields(CONTOUR, view, contour);
export const encodeMesh = (view: DataView, mesh: MeshHead): void => writeFields(MESH, view, mesh);
export const encodeSlicer = (view: DataView, slicer: ModSlicerAngles): void => writeFields(SLICER, view, slicer);
export const encodeImage = (view: DataView, image: ModImage): void => writeFields(IMAGE, view, image);
