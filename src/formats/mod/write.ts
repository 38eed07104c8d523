import { EmporiumError } from "../../core/errors.js";
import {
  CONTOUR_BYTES,
  HEADER_BYTES,
  IMAGE_BYTES,
  MATERIAL_BYTES,
  OBJECT_BYTES,
  OPEN_BIT,
  SCATTERED_BIT,
  SLICER_BYTES,
} from "./heads.js";
import type { ModImage, ModObject, ModSlicerAngles, Xyz } from "./model.js";

/** A model to be written. Coordinates are pixels of the volume, from 0. */
export interface NewMod {
  /** Columns, rows, sections of the volume. */
  readonly max: Xyz;
  readonly objects: readonly NewModObject[];
  readonly name?: string | undefined;
  readonly pixelSizeAngstrom?: number | undefined;
  readonly slicerAngles?: readonly ModSlicerAngles[] | undefined;
  readonly image?: ModImage | undefined;
}

export interface NewModObject {
  readonly contours: readonly NewModContour[];
  readonly name?: string | undefined;
  /** Default scattered: points without lines between them. */
  readonly contourKind?: ModObject["contourKind"] | undefined;
  /** Red, green, blue, 0 to 1. Default green. */
  readonly color?: Xyz | undefined;
  /** Radius of the sphere at each point, whole pixels. Default 3: points without a size are hard to see. */
  readonly pointSize?: number | undefined;
}

export interface NewModContour {
  /** x, y, z of each point; written as float32. */
  readonly xyz: ArrayLike<number>;
  /** Sphere radius of each point, pixels. */
  readonly sizes?: ArrayLike<number> | undefined;
  readonly surface?: number | undefined;
}

/**
 * A binary model that IMOD opens: the fields that are not given are those of IMOD's own `point2model`.
 *
 * @throws {EmporiumError} FORMAT_FIELD for coordinates that are not finite or no triples, sizes that do not fit their points, and text
 *   that is too long for its field.
 */
export function encodeMod(model: NewMod): Uint8Array {
  const out = new ModWriter(sizeOf(model));
  writeHeader(out, model);
  for (const [at, object] of model.objects.entries()) writeObject(out, object, at);
  for (const slicer of model.slicerAngles ?? []) {
    out.id("SLAN");
    out.int(SLICER_BYTES);
    out.int(slicer.time);
    out.floats(slicer.angles, "slicer angles");
    out.floats(slicer.center, "the centre of slicer angles");
    out.text(slicer.label, 32);
  }
  if (model.image) {
    const { oldTranslation, scale, translation, rotation } = model.image;
    out.id("MINX");
    out.int(IMAGE_BYTES);
    for (const three of [[1, 1, 1], oldTranslation, [0, 0, 0], scale, translation, rotation])
      out.floats(three, "the image's place");
  }
  out.id("IEOF");
  return out.bytes;
}

/** Mesh thickness possible, z from −0.5, not yet seen by 3dmod, several clip planes, materials as bytes: what point2model sets. */
const MODEL_FLAGS = 0x3e00;
const IMAGE_ORIGIN_BIT = 1 << 14;
/** Labels drawn, line widths scaled: set in every object of a current IMOD. */
const OBJECT_FLAGS = 0x1800_0000;
/** Ambient 102, diffuse 255, specular 127, shininess 4; white level 255. */
const MATERIAL = [0x66ff_7f04, 0, 0, 0x00ff_0000];

function sizeOf({ objects, slicerAngles = [], image }: NewMod): number {
  let bytes = 8 + HEADER_BYTES + slicerAngles.length * (8 + SLICER_BYTES) + (image ? 8 + IMAGE_BYTES : 0) + 4;
  for (const { contours } of objects) {
    bytes += 4 + OBJECT_BYTES + 8 + MATERIAL_BYTES;
    for (const { xyz, sizes } of contours) bytes += 4 + CONTOUR_BYTES + 4 * xyz.length + (sizes ? 8 + 4 * sizes.length : 0);
  }
  return bytes;
}

function writeHeader(out: ModWriter, { name = "IMOD-NewModel", max, objects, pixelSizeAngstrom, image }: NewMod): void {
  out.id("IMOD");
  out.id("V1.2");
  out.text(name, 128);
  for (const length of max) out.int(length);
  out.int(objects.length);
  out.int(image ? MODEL_FLAGS | IMAGE_ORIGIN_BIT : MODEL_FLAGS);
  for (const value of [1, 2, 0, 255]) out.int(value); // draw mode, mouse mode, black, white
  out.floats([0, 0, 0], "offset");
  out.floats([1, 1, 1], "scale");
  for (const value of [0, -1, -1, 3, 128]) out.int(value); // selection, resolution, threshold
  out.floats([pixelSizeAngstrom === undefined ? 1 : pixelSizeAngstrom / 10], "pixel size");
  out.int(pixelSizeAngstrom === undefined ? 0 : -9);
  out.int(0); // checksum: 3dmod makes it when it saves
  out.floats([0, 0, 0], "angles");
}

function writeObject(out: ModWriter, object: NewModObject, at: number): void {
  const { name = "", contours, contourKind = "scattered", color = [0, 1, 0], pointSize = 3 } = object;
  out.id("OBJT");
  out.text(name, 64);
  for (let i = 0; i < 16; i++) out.int(0);
  out.int(contours.length);
  out.int(OBJECT_FLAGS | (contourKind === "scattered" ? SCATTERED_BIT : contourKind === "open" ? OPEN_BIT : 0));
  out.int(0); // axis
  out.int(1); // draw mode
  out.floats(color, "colour");
  out.int(pointSize);
  for (const value of [1, 3, 1, 1, 0, 0, 0, 0]) out.byte(value); // symbol and its size, line widths, styles, transparency
  out.int(0); // meshes
  out.int(contours.reduce((most, { surface = 0 }) => Math.max(most, surface), 0));
  for (const [i, { xyz, sizes, surface = 0 }] of contours.entries()) {
    const place = `contour ${i} of object ${at}`;
    if (xyz.length % 3 !== 0) throw fault(`${xyz.length} coordinates in ${place}, three for each point are wanted`);
    if (sizes && sizes.length * 3 !== xyz.length) throw fault(`${sizes.length} sizes for ${xyz.length / 3} points in ${place}`);
    out.id("CONT");
    for (const value of [xyz.length / 3, 0, 0, surface]) out.int(value); // flags, time
    out.floats(xyz, place);
    if (!sizes) continue;
    out.id("SIZE");
    out.int(4 * sizes.length);
    out.floats(sizes, `the sizes of ${place}`);
  }
  out.id("IMAT");
  out.int(MATERIAL_BYTES);
  for (const word of MATERIAL) out.int(word);
}

class ModWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  id(letters: string): void {
    for (let i = 0; i < 4; i++) this.byte(letters.charCodeAt(i));
  }

  byte(value: number): void {
    this.#view.setUint8(this.#at++, value);
  }

  int(value: number): void {
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  floats(values: ArrayLike<number>, what: string): void {
    for (let i = 0; i < values.length; i++, this.#at += 4) {
      const value = Math.fround(values[i]!);
      if (!Number.isFinite(value)) throw fault(`${values[i]} among ${what}, numbers that a float32 holds are wanted`);
      this.#view.setFloat32(this.#at, value);
    }
  }

  /** Padded with NUL, one of which must remain. */
  text(text: string, length: number): void {
    const bytes = new TextEncoder().encode(text);
    if (bytes.length >= length) throw fault(`${JSON.stringify(text)} has ${bytes.length} bytes, its field ${length - 1}`);
    this.bytes.set(bytes, this.#at);
    this.#at += length;
  }
}

function fault(message: string): EmporiumError {
  return new EmporiumError("FORMAT_FIELD", `a model to be written: ${message}`);
}
