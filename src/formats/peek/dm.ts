import type { RandomAccess } from "../../core/bytes.js";
import type { Json, JsonObject } from "../../core/json.js";
import { type DmFile, type DmImage, readDm } from "../dm/image.js";
import { type DmGroup, type DmValue, findTag, isArray, isGroup, tagNumber } from "../dm/tags.js";
import { dmAcquisition } from "./dm-acquisition.js";
import { allKnown, emptyFacts, finite, type PeekFacts } from "./facts.js";

/**
 * Facts of each image of a DM3 or DM4 file: its tags stand on both sides of the pixels, which are jumped over.
 *
 * @throws {EmporiumError} as `readDm`.
 */
export async function peekDm(source: RandomAccess, signal?: AbortSignal): Promise<PeekFacts[]> {
  const file = await readDm(source, { signal });
  return file.images.map((image) => dmFacts(file, image, file.images.length > 1));
}

function dmFacts(file: DmFile, image: DmImage, several: boolean): PeekFacts {
  const group = imageGroup(file.root, image.index);
  const { axes: calibrations, lengths } = image;
  const unit = calibrations.map(({ units }) => (units.trim() === "" ? null : units.trim()));
  const voxelSize = calibrations.map(({ scale }) => (scale === 0 ? null : finite(scale)));
  const facts = emptyFacts({
    name: several ? `${file.name}#${image.index}` : file.name,
    format: file.version === 3 ? "dm3" : "dm4",
    version: String(file.version),
    shape: [...lengths],
    axes: ["z", "y", "x"].slice(-lengths.length),
    dtype: image.pixel === undefined ? null : image.pixel === "bgra" ? "uint8" : image.pixel,
    voxelSize,
    unit,
    offset: calibrations.map(({ scale, origin }) => finite(-origin * scale)),
    channels: image.pixel === "bgra" ? 4 : null,
    contrast: contrastOf(file.root, image.index),
    warnings: [],
    raw: { ImageData: rawImageData(group), ImageTags: plainTags(group && findTag(group, "ImageTags")), Name: image.title },
  });
  if (image.pixel === undefined) facts.warnings.push(`pixels: DigitalMicrograph's type ${image.dataType} is not read`);
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
  if (isArray(value)) return value.text ?? `${value.count} values of ${value.itemBytes} bytes`;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "bigint" || typeof value === "string" || typeof value === "boolean") return value;
  return (value as readonly DmValue[]).map(plainTags);
}
