import type { ReadOptions } from "../../../core/bytes.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import type { Json, JsonObject } from "../../../core/json.js";
import { isJsonObject, jsonObject, member } from "../../../core/json-fields.js";
import { toNumber } from "../../../core/number.js";
import { counted } from "../../../core/units.js";
import { isOmeXml } from "../../../formats/tiff/is-ome-xml.js";
import { type OmeImage, omePlaneCount, parseOmeXml, planeChannels } from "../../../formats/tiff/ome-xml.js";
import type { MetaSchema } from "../inputs/meta-schema.js";
import { type FrameSet, frameFileName, type PlannedFrame, type SourceFile } from "./frame.js";
import { type FrameFile, frameShapeOf, signedNote } from "./frame-file.js";
import { type FrameSource, filesOf, openFrames, withStat } from "./frame-source.js";
import { parseLooseJson, storable } from "./loose-json.js";
import { type Axes, axisPlaces, noAxes, resolveOtherAxes } from "./ndtiff-axes.js";
import { ndTiffFiles } from "./ndtiff-folder.js";
import { missingPositions, selectPositions } from "./positions.js";
import type { SplitOptions } from "./split-options.js";
import { imageJMetadata, namedTag, tagAsJson } from "./tiff-tags.js";

/**
 * One OME-TIFF, or a folder of them (`*.ome.tif`), from MicroManager: the tags of each page that the schema names give its
 * indices. Pages of NDTiff files and folders use their `Axes`. Files without MicroManager's tags use their OME-XML.
 *
 * @throws {EmporiumError} CONFIG_EMPTY (no file, no such position), FORMAT_FIELD (tags without keys of the schema), FORMAT_…
 */
export async function planOmeTiff(source: FrameSource, options: SplitOptions): Promise<FrameSet> {
  const { store } = source;
  const named =
    source.kind === "file" ? [await withStat(store, source.key, options)] : await filesOf(source, /\.ome\.tiff?$/i, options);
  const ndTiff = named.length === 0 ? await ndTiffFiles(source, options) : [];
  const all = [...named, ...ndTiff];
  if (all.length === 0) {
    throw new EmporiumError("CONFIG_EMPTY", `${source.name} holds no .ome.tif file and no NDTiffStack.tif`, {
      place: options.place,
      hint: "check the folder's name",
    });
  }
  const first = await openFrames(store, all[0]!.key, options);
  const head = await readHead(first, source, options);
  const byFile = source.kind === "folder" && ndTiff.length === 0;
  const chosen = byFile ? selectPositions(all, options.positions, head.imageJ, options.place) : { files: all, warnings: [] };
  const { files } = chosen;
  const { fromFloat: _, signed, ...shape } = frameShapeOf(await first.image(0, options), first.name, { signed: true });
  const frames: PlannedFrame[] = [];
  const axes = noAxes();
  for (const [index, { key }] of files.entries()) {
    const file = key === all[0]!.key ? first : await openFrames(store, key, options);
    if (head.ome === undefined) frames.push(...(await framesByTags(file, index, options.schema, axes, options)));
    else frames.push(...framesByOme(file, index, head.ome, files.length > 1));
  }
  const resolved = resolveOtherAxes(frames, axes);
  const selected = ndTiff.length > 0 ? framesAt(resolved.frames, options) : { frames: resolved.frames, warnings: [] };
  return {
    shape,
    metadata: head.metadata,
    files,
    frames: selected.frames,
    fromFloat: false,
    onePageEach: false,
    warnings: [
      ...head.warnings,
      ...chosen.warnings,
      ...(signed ? [`${first.name}: ${signedNote(shape)}`] : []),
      ...(resolved.warning === undefined ? [] : [`${source.name}: ${resolved.warning}`]),
      ...selected.warnings,
    ],
    metadataOf: (asked, signal) => metadataOf(source, files, head.ome === undefined ? options.schema : undefined, asked, signal),
  };
}

/** Frames of the selected positions of a file. @throws {EmporiumError} CONFIG_EMPTY if there is none */
function framesAt(
  frames: readonly PlannedFrame[],
  { positions, place }: SplitOptions,
): { frames: readonly PlannedFrame[]; warnings: readonly string[] } {
  if (positions === undefined) return { frames, warnings: [] };
  const there = new Set(frames.map(({ pos_idx }) => pos_idx ?? 0));
  const found = [...there].sort((a, b) => a - b).map(String);
  const chosen = frames.filter(({ pos_idx }) => positions.includes(pos_idx ?? 0));
  if (chosen.length > 0) return { frames: chosen, warnings: missingPositions(positions, there, found) };
  throw new EmporiumError("CONFIG_EMPTY", `expected positions ${positions.join(", ") || "none"}, found ${found.join(", ")}`, {
    place,
    hint: "correct the column positions of the table",
  });
}

interface Head {
  metadata: JsonObject;
  /** `Info` of ImageJ's tag, decoded. */
  imageJ: JsonObject | undefined;
  /** If only OME-XML describes the pages. */
  ome: OmeImage[] | undefined;
  warnings: string[];
}

/** Pages of such files have positions of their own. */
const NDTIFF = /NDTiffStack(?:_\d+)?\.tiff?$/i;

async function readHead(file: FrameFile, source: FrameSource, options: SplitOptions): Promise<Head> {
  const directory = await file.directory(0, options);
  const text = (await imageJMetadata(directory))?.Info;
  const info = typeof text === "string" ? parseLooseJson(text) : undefined;
  const tagged = options.schema.tags.some(({ name }) => directory.count(namedTag(name) ?? -1) > 0);
  const metadata: Record<string, Json> = { file_origin: source.origin };
  const warnings: string[] = [];
  if (isJsonObject(info)) metadata.IJMetadata = info;
  const xml = isOmeXml(file.description) ? parseOmeXml(file.description, file.name) : undefined;
  if (tagged) {
    if (!isJsonObject(info) && !NDTIFF.test(file.name))
      warnings.push(`${file.name}: Can't read IJMetadata from page 0: nothing is known of the data set's positions`);
    return {
      metadata: storable(metadata) as JsonObject,
      imageJ: jsonObject(info),
      ome: undefined,
      warnings,
    };
  }
  if (!xml || xml.images.length === 0) {
    const names = options.schema.tags.map(({ name }) => name).join(", ");
    throw new EmporiumError(
      "FORMAT_FIELD",
      `${file.name}: Can't read IJMetadata from page 0, and there is no ${names || "tag of the schema"} and no OME-XML`,
      {
        place: { file: file.name, byte: directory.offset },
        hint: "frames_format tif_id takes stacks of ImageJ, tif_folder single images",
      },
    );
  }
  const facts = xml.images.map(({ id, name, channels, physicalSize }) => ({
    ID: id ?? null,
    Name: name ?? null,
    Channels: channels.map(({ name: channel }) => channel ?? null),
    PhysicalSize: Object.fromEntries(
      ["Z", "Y", "X"].map((axis, i) => [axis, physicalSize[i] ? `${physicalSize[i]!.value} ${physicalSize[i]!.unit}` : null]),
    ),
  }));
  warnings.push(`${file.name}: no ${options.schema.tags[0]?.name ?? "tags of the schema"}: frames are taken by the OME-XML`);
  return {
    metadata: storable({ ...metadata, OME: { Images: facts } }) as JsonObject,
    imageJ: jsonObject(info),
    ome: xml.images,
    warnings,
  };
}

async function framesByTags(
  file: FrameFile,
  index: number,
  schema: MetaSchema,
  axes: Axes,
  options: ReadOptions,
): Promise<PlannedFrame[]> {
  const frames: PlannedFrame[] = [];
  for (let page = 0; page < file.pages; page++) {
    const { metadata, row } = await pageMetadata(file, page, schema, options);
    const number = (key: string, ...others: string[]) =>
      [key, ...others].map((name) => toNumber(row[name])).find((value) => value !== undefined);
    const places = axisPlaces(metadata, axes);
    const found = {
      channel_idx: number("ChannelIndex"),
      slice_idx: number("Slice", "SliceIndex"),
      time_idx: number("FrameIndex", "Frame"),
      pos_idx: number("PositionIndex"),
      ...places.indices,
    };
    const lacking = Object.entries(found).find(([, value]) => value === undefined);
    if (lacking) {
      throw new EmporiumError("FORMAT_FIELD", `${file.name}: page ${page} does not give its ${lacking[0]}`, {
        place: { file: file.name },
        hint: `let the schema require ChannelIndex, Slice, FrameIndex and PositionIndex of ${schema.tags[0]?.name ?? "a tag"}`,
      });
    }
    const indices = found as { channel_idx: number; slice_idx: number; time_idx: number; pos_idx: number };
    const channel = places.channel ?? row.Channel;
    const frame: PlannedFrame = {
      ...indices,
      channel_name: typeof channel === "string" ? channel : null,
      file_name: frameFileName(indices),
      file: index,
      page,
    };
    frames.push(frame);
    if (Object.keys(places.others).length > 0) axes.others.set(frame, places.others);
  }
  return frames;
}

/** The checked tags of a page that the schema names, and all their keys together. @throws {EmporiumError} FORMAT_FIELD */
async function pageMetadata(
  file: FrameFile,
  page: number,
  schema: MetaSchema,
  options: ReadOptions,
): Promise<{ metadata: JsonObject; row: JsonObject }> {
  const directory = await file.directory(page, options);
  const metadata: Record<string, Json> = {};
  let row: Record<string, Json> = {};
  for (const { name } of schema.tags) {
    const number = namedTag(name);
    const value = number === undefined ? undefined : await tagAsJson(directory, number).catch(passOnBut("FORMAT_TRUNCATED"));
    if (value === undefined) continue;
    metadata[name] = value;
    if (isJsonObject(value)) row = { ...value, ...row } as Record<string, Json>;
  }
  const fault = schema.fault(metadata);
  if (fault === undefined) return { metadata, row };
  throw new EmporiumError("FORMAT_FIELD", `${file.name}: page ${page} is not as ${schema.name} wants it: ${fault}`, {
    place: { file: file.name, byte: directory.offset },
    hint: "name a meta_schema that fits these files",
  });
}

/** The keys that a schema requires of its tags. */
export function requiredOf(metadata: JsonObject, schema: MetaSchema): JsonObject {
  const required: Record<string, Json> = {};
  for (const { name, required: keys } of schema.tags) {
    const value = member(metadata, name);
    if (!isJsonObject(value)) continue;
    for (const key of keys) {
      const item = member(value, key);
      if (item !== undefined) required[key] = item;
    }
  }
  return required;
}

/** Planes of a file in the order of its OME-XML; each image is a position. Files of a set have one image each. */
function framesByOme(file: FrameFile, index: number, images: readonly OmeImage[], several: boolean): PlannedFrame[] {
  const taken = several ? images.slice(index, index + 1) : images;
  const frames: PlannedFrame[] = [];
  let page = 0;
  for (const [i, image] of taken.entries()) {
    const sizes = { Z: image.sizeZ, C: planeChannels(image), T: image.sizeT };
    const order = [...image.dimensionOrder.slice(2)] as ("Z" | "C" | "T")[];
    for (let plane = 0; plane < omePlaneCount(image); plane++) {
      const at = { Z: 0, C: 0, T: 0 };
      let rest = plane;
      for (const axis of order) {
        at[axis] = rest % sizes[axis];
        rest = Math.floor(rest / sizes[axis]);
      }
      const indices = { channel_idx: at.C, slice_idx: at.Z, time_idx: at.T, pos_idx: several ? index : i };
      frames.push({
        ...indices,
        channel_name: image.channels[at.C]?.name ?? null,
        file_name: frameFileName(indices),
        file: index,
        page: page++,
      });
    }
  }
  if (page === file.pages && frames.length > 0) return frames;
  throw new EmporiumError("FORMAT_FIELD", `${file.name}: ${counted(file.pages, "page")}, its OME-XML describes ${page}`, {
    place: { file: file.name },
    hint: "upload all files of the set as a folder, one position each",
  });
}

async function* metadataOf(
  source: FrameSource,
  files: readonly SourceFile[],
  schema: MetaSchema | undefined,
  asked: readonly PlannedFrame[],
  signal: AbortSignal | undefined,
): AsyncGenerator<JsonObject> {
  let opened: { index: number; file: FrameFile } | undefined;
  for (const { file: index, page } of asked) {
    if (schema === undefined) {
      yield {};
      continue;
    }
    if (opened?.index !== index) opened = { index, file: await openFrames(source.store, files[index]!.key, { signal }) };
    yield (await pageMetadata(opened.file, page, schema, { signal })).metadata;
  }
}

function passOnBut(code: string): (error: unknown) => undefined {
  return (error) => {
    if (isEmporiumError(error) && error.code === code) return undefined;
    throw error;
  };
}
