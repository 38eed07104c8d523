import type { Triple } from "../../core/box.js";
import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import type { DType } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { type DmGroup, findTag, isArray, isGroup, readDmTags, tagNumber, tagText } from "./tags.js";

/** Type of a pixel. Beside the element types of volumes there are pairs of float64, and bytes of blue, green, red, alpha. */
export type DmPixel = DType | "complex128" | "bgra";

/** Calibration of an axis, or of pixel values: physical = (index − origin) × scale, in `units`. */
export interface DmCalibration {
  scale: number;
  /** Index of the physical zero. */
  origin: number;
  /** `nm`, `µm`, `1/nm`, `eV`, … or empty. */
  units: string;
}

export interface DmImage {
  /** Index in the file's list of images, thumbnail counted. */
  index: number;
  title: string;
  /** DigitalMicrograph's number of the pixel type. */
  dataType: number;
  /** Undefined for packed half-complex Fourier transforms (5, 27, 28) and types that are not documented. */
  pixel: DmPixel | undefined;
  pixelBytes: number;
  /** Lengths of the axes as written, slowest axis first, 1 to 3 of them; `shape` is the same with 1 in front. */
  lengths: number[];
  shape: Triple;
  /** Calibration of each axis in `lengths`. */
  axes: DmCalibration[];
  /** Calibration of the pixel values. */
  intensity: DmCalibration;
  littleEndian: boolean;
  dataOffset: number;
  dataBytes: number;
}

export interface DmFile {
  name: string;
  version: 3 | 4;
  littleEndian: boolean;
  root: DmGroup;
  /** All but thumbnails, in the order of the file: at least one. */
  images: DmImage[];
}

/** Pixel types by number. Source: DigitalMicrograph's scripting help, "Image data types". */
const PIXELS: Readonly<Record<number, { pixel: DmPixel | undefined; bytes: number }>> = {
  1: { pixel: "int16", bytes: 2 },
  2: { pixel: "float32", bytes: 4 },
  3: { pixel: "complex64", bytes: 8 },
  5: { pixel: undefined, bytes: 8 },
  6: { pixel: "uint8", bytes: 1 },
  7: { pixel: "int32", bytes: 4 },
  8: { pixel: "bgra", bytes: 4 },
  9: { pixel: "int8", bytes: 1 },
  10: { pixel: "uint16", bytes: 2 },
  11: { pixel: "uint32", bytes: 4 },
  12: { pixel: "float64", bytes: 8 },
  13: { pixel: "complex128", bytes: 16 },
  14: { pixel: "bool", bytes: 1 },
  23: { pixel: "bgra", bytes: 4 },
  27: { pixel: undefined, bytes: 8 },
  28: { pixel: undefined, bytes: 16 },
  39: { pixel: "int64", bytes: 8 },
  40: { pixel: "uint64", bytes: 8 },
};

/** Element type of a pixel type number; undefined for packed types and undocumented numbers. */
export function dmPixelOf(dataType: number): DmPixel | undefined {
  return PIXELS[dataType]?.pixel;
}

/** Name of a pixel type, for messages about pixels that are not read. */
export function dmTypeName(dataType: number): string {
  const bytes = PIXELS[dataType]?.bytes;
  const packed = PIXELS[dataType] && PIXELS[dataType].pixel === undefined;
  return packed ? `packed complex pixels of ${bytes} bytes (type ${dataType})` : `pixels of DigitalMicrograph's type ${dataType}`;
}

/**
 * A DM3 or DM4 file: its tags, and its images without thumbnails. Pixels stay where they are (`readDmPlanes`).
 *
 * @throws {EmporiumError} as `readDmTags`; FORMAT_FIELD for a file without image, FORMAT_UNSUPPORTED for images of more than
 *   three axes, FORMAT_TRUNCATED for pixels that are not all there.
 */
export async function readDm(source: RandomAccess, options?: ReadOptions): Promise<DmFile> {
  const { version, littleEndian, root } = await readDmTags(source, options);
  const list = findTag(root, "ImageList");
  const groups = isGroup(list) ? list.entries.map(({ value }) => value) : [];
  const thumbnails = thumbnailIndices(root);
  const found = groups.flatMap((group, index) =>
    isGroup(group) && isGroup(findTag(group, "ImageData")) ? [{ group, index }] : [],
  );
  // a thumbnail is the whole of a file only where the list of thumbnails is wrong
  const real = found.filter(({ index }) => !thumbnails.has(index));
  const images = (real.length > 0 ? real : found).map(({ group, index }) => imageOf(group, index, source.name, littleEndian));
  if (images.length === 0) {
    throw new EmporiumError("FORMAT_FIELD", `${source.name}: no image; expected a group ImageList with one`, {
      place: { file: source.name },
      hint: "save the image itself: the file may contain a layout or a script",
    });
  }
  return { name: source.name, version, littleEndian, root, images };
}

/** Places in `ImageList` that only hold thumbnails. */
export function thumbnailIndices(root: DmGroup): Set<number> {
  const list = findTag(root, "Thumbnails");
  const groups = isGroup(list) ? list.entries.map(({ value }) => value).filter(isGroup) : [];
  return new Set(groups.map((group) => tagNumber(findTag(group, "ImageIndex"))).filter((index) => index !== undefined));
}

function imageOf(group: DmGroup, index: number, name: string, littleEndian: boolean): DmImage {
  const fail = (code: "FORMAT_FIELD" | "FORMAT_UNSUPPORTED" | "FORMAT_TRUNCATED", message: string, byte?: number) =>
    new EmporiumError(code, `${name}: image ${index}: ${message}`, {
      place: { file: name, byte, path: `ImageList.${index}.ImageData` },
      hint: "open the file with DigitalMicrograph and save the image again",
    });
  const data = findTag(group, "ImageData", "Data");
  const dataType = tagNumber(findTag(group, "ImageData", "DataType"));
  const dimensions = findTag(group, "ImageData", "Dimensions");
  if (!isArray(data) || dataType === undefined || !isGroup(dimensions)) {
    throw fail("FORMAT_FIELD", "one of Data, DataType and Dimensions is missing or of another kind");
  }
  const lengths = dimensions.entries.map(({ value }) => tagNumber(value)).reverse();
  if (!lengths.every((length) => Number.isSafeInteger(length) && length! > 0 && length! <= LIMITS.axisLength)) {
    throw fail("FORMAT_FIELD", `lengths ${lengths} (slowest first), each must be 1 to 2^31 − 1`, data.offset);
  }
  if (lengths.length < 1 || lengths.length > 3) {
    throw fail("FORMAT_UNSUPPORTED", `${counted(lengths.length, "axis", "axes")}, 1 to 3 are read`, data.offset);
  }
  const known = PIXELS[dataType];
  if (!known) throw fail("FORMAT_UNSUPPORTED", `pixels of type ${dataType} are not known`, data.offset);
  const shape: Triple = [1, 1, 1, ...(lengths as number[])].slice(-3) as Triple;
  const dataBytes = shape[0] * shape[1] * shape[2] * known.bytes;
  // Packed transforms are symmetric and only half of them is stored: reading pixels is refused, naming the type.
  if (known.pixel !== undefined && dataBytes > data.count * data.itemBytes) {
    const stored = data.count * data.itemBytes;
    const message = `${lengths.join("×")} pixels of ${counted(known.bytes, "byte")}, ${counted(stored, "byte is", "bytes are")} stored`;
    throw fail("FORMAT_TRUNCATED", message, data.offset);
  }
  const calibrations = findTag(group, "ImageData", "Calibrations", "Dimension");
  const axes = isGroup(calibrations) ? calibrations.entries.map(({ value }) => calibrationOf(value)) : [];
  return {
    index,
    title: tagText(findTag(group, "Name")) ?? "",
    dataType,
    pixel: known.pixel,
    pixelBytes: known.bytes,
    lengths: lengths as number[],
    shape,
    // stacks made by scripts may lack the calibration of their last axes
    axes: Array.from(lengths, (_, i) => axes[i] ?? UNCALIBRATED).reverse(),
    intensity: calibrationOf(findTag(group, "ImageData", "Calibrations", "Brightness")),
    littleEndian,
    dataOffset: data.offset,
    dataBytes,
  };
}

const UNCALIBRATED: DmCalibration = { scale: 1, origin: 0, units: "" };

/** A group of `Calibrations`, with the defaults of what it lacks. */
export function calibrationOf(value: ReturnType<typeof findTag>): DmCalibration {
  if (!isGroup(value)) return UNCALIBRATED;
  return {
    scale: tagNumber(findTag(value, "Scale")) ?? 1,
    origin: tagNumber(findTag(value, "Origin")) ?? 0,
    units: tagText(findTag(value, "Units")) ?? "",
  };
}
