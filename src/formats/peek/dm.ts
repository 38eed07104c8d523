import type { RandomAccess } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import type { Json, JsonObject } from "../../core/json.js";
import { counted } from "../../core/units.js";
import { calibrationOf, type DmImage, dmPixelOf, dmTypeName, readDm, thumbnailIndices } from "../dm/image.js";
import { type DmGroup, type DmValue, findTag, isArray, isGroup, readDmTags, tagNumber, tagText } from "../dm/tags.js";
import { dmAcquisition } from "./dm-acquisition.js";
import { allKnown, emptyFacts, finite, type PeekFacts } from "./facts.js";

/**
 * Facts of each image of a DM3 or DM4 file: its tags stand on both sides of the pixels, which are jumped over. Images whose
 * pixels are not read (more than three axes, types that nobody documented) have their facts and a warning.
 *
 * @param source a source that keeps the bytes it read: such files are looked at twice.
 * @throws {EmporiumError} as `readDm`.
 */
export async function peekDm(source: RandomAccess, signal?: AbortSignal): Promise<PeekFacts[]> {
  const options = { signal };
  try {
    const { version, root, images } = await readDm(source, options);
    return images.map((image) => dmFacts(source.name, version, root, image, images.length > 1));
  } catch (error) {
    if (!isEmporiumError(error) || error.code !== "FORMAT_UNSUPPORTED") throw error;
    const { version, root } = await readDmTags(source, options);
    const described = describedImages(root);
    if (described.length === 0) throw error;
    return described.map((image) => {
      const facts = dmFacts(source.name, version, root, image, described.length > 1);
      facts.warnings.push(`pixels: ${error.message}`);
      return facts;
    });
  }
}

/** Facts of an image that its tags give without the pixels. */
type Described = Pick<DmImage, "index" | "title" | "dataType" | "pixel" | "lengths" | "axes">;

/** Images by their tags alone, thumbnails left out. */
function describedImages(root: DmGroup): Described[] {
  const list = findTag(root, "ImageList");
  const thumbnails = thumbnailIndices(root);
  return (isGroup(list) ? list.entries : []).flatMap(({ value }, index): Described[] => {
    if (!isGroup(value) || thumbnails.has(index)) return [];
    const dataType = tagNumber(findTag(value, "ImageData", "DataType"));
    const dimensions = findTag(value, "ImageData", "Dimensions");
    const lengths = isGroup(dimensions) ? dimensions.entries.map((entry) => tagNumber(entry.value)) : [];
    const sound = lengths.every((length) => Number.isSafeInteger(length) && length! > 0);
    if (dataType === undefined || lengths.length === 0 || lengths.length > AXES_MAX || !sound) return [];
    const calibrations = findTag(value, "ImageData", "Calibrations", "Dimension");
    const axes = lengths.map((_, i) => calibrationOf(isGroup(calibrations) ? calibrations.entries[i]?.value : undefined));
    const title = tagText(findTag(value, "Name")) ?? "";
    return [
      { index, title, dataType, pixel: dmPixelOf(dataType), lengths: (lengths as number[]).reverse(), axes: axes.reverse() },
    ];
  });
}

const AXES_MAX = 16;

function dmFacts(file: string, version: 3 | 4, root: DmGroup, image: Described, several: boolean): PeekFacts {
  const group = imageGroup(root, image.index);
  const { axes: calibrations, lengths } = image;
  const unit = calibrations.map(({ units }) => (units.trim() === "" ? null : units.trim()));
  const voxelSize = calibrations.map(({ scale }) => (scale === 0 ? null : finite(scale)));
  const facts = emptyFacts({
    name: several ? `${file}#${image.index}` : file,
    format: version === 3 ? "dm3" : "dm4",
    version: String(version),
    shape: [...lengths],
    axes: lengths.map((_, i) => ["x", "y", "z"][lengths.length - 1 - i] ?? `dim_${i}`),
    dtype: image.pixel === undefined ? null : image.pixel === "bgra" ? "uint8" : image.pixel,
    voxelSize,
    unit,
    offset: calibrations.map(({ scale, origin }) => finite(-origin * scale)),
    channels: image.pixel === "bgra" ? 4 : null,
    contrast: contrastOf(root, image.index),
    warnings: [],
    raw: { ImageData: rawImageData(group), ImageTags: plainTags(group && findTag(group, "ImageTags")), Name: image.title },
  });
  if (image.pixel === undefined) facts.warnings.push(`pixels: ${dmTypeName(image.dataType)} are not supported`);
  if (group) {
    const { acquisition, warnings } = dmAcquisition(group);
    facts.acquisition = acquisition;
    facts.warnings.push(...warnings);
  }
  facts.sources = {
    shape: "file",
    dtype: "file",
    ...(allKnown(voxelSize) ? { voxelSize: "file", offset: "file" } : {}),
    ...(facts.contrast ? { contrast: "file" } : {}),
    ...(Object.keys(facts.acquisition).length > 0 ? { acquisition: "file" } : {}),
  };
  return facts;
}

function imageGroup(root: DmGroup, index: number): DmGroup | undefined {
  const list = findTag(root, "ImageList");
  const group = isGroup(list) ? list.entries[index]?.value : undefined;
  return isGroup(group) ? group : undefined;
}

/** Limits of the display that shows the image. */
function contrastOf(root: DmGroup, index: number): PeekFacts["contrast"] {
  const sources = findTag(root, "ImageSourceList");
  const displays = findTag(root, "DocumentObjectList");
  if (!isGroup(sources) || !isGroup(displays)) return null;
  for (const { value } of displays.entries) {
    if (!isGroup(value)) continue;
    const source = tagNumber(findTag(value, "ImageSource"));
    const shown = source === undefined ? undefined : sources.entries[source]?.value;
    if (!isGroup(shown) || tagNumber(findTag(shown, "ImageRef")) !== index) continue;
    const [min, max] = ["LowLimit", "HighLimit"].map((key) => tagNumber(findTag(value, "ImageDisplayInfo", key)));
    if (min !== undefined && max !== undefined && Number.isFinite(min) && Number.isFinite(max)) return { min, max };
  }
  return null;
}

function rawImageData(group: DmGroup | undefined): JsonObject {
  const data = group && findTag(group, "ImageData");
  if (!isGroup(data)) return {};
  return plainTags({ kind: "group", entries: data.entries.filter(({ name }) => name !== "Data") }) as JsonObject;
}

/** Tags as JSON: a group whose names are all empty is a list; arrays that are no text are counted. */
function plainTags(value: DmValue | undefined): Json {
  if (value === undefined) return null;
  if (isGroup(value)) {
    if (value.entries.length > 0 && value.entries.every(({ name }) => name === ""))
      return value.entries.map((entry) => plainTags(entry.value));
    const object: Record<string, Json> = {};
    for (const [i, entry] of value.entries.entries()) {
      const key = entry.name === "" ? String(i) : entry.name;
      Object.defineProperty(object, key, { value: plainTags(entry.value), enumerable: true, configurable: true, writable: true });
    }
    return object;
  }
  if (isArray(value)) return value.text ?? `${counted(value.count, "value")} of ${counted(value.itemBytes, "byte")}`;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "bigint" || typeof value === "string" || typeof value === "boolean") return value;
  return (value as readonly DmValue[]).map(plainTags);
}
