import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import type { Json, JsonObject } from "../../core/json.js";
import { isJsonObject, member } from "../../core/json-fields.js";
import { toNumber } from "../../core/number.js";
import { counted } from "../../core/units.js";
import { isArray, parseMetadata } from "../zarr/json.js";
import { parseZattrs, zarrayFromJson } from "../zarr/metadata.js";
import { type OmeZarrImage, unreadImages } from "../zarr/ome.js";
import { parseOmeImage } from "../zarr/ome-v05.js";
import { type ZarrV3Array, type ZarrV3Group, zarrV3FromJson } from "../zarr/v3-metadata.js";
import { allKnown, emptyFacts, finite, type PeekFacts } from "./facts.js";

/** A file of a folder by its key, or undefined where there is none. */
export type ReadKey = (key: string) => Promise<Uint8Array | undefined>;

/** Finest level of a multiscale image, or an array. */
export interface ZarrPeekOptions {
  name: string;
  /** Versions that are looked for; default 3, then 2. */
  versions?: readonly (2 | 3)[] | undefined;
}

/**
 * Facts of a Zarr array, or of the finest level of an OME-Zarr image: two or three documents.
 *
 * @returns undefined where there is neither.
 * @throws {EmporiumError} as the parsers of `formats/zarr`; FORMAT_UNKNOWN for a group that is no image.
 */
export async function peekZarr(read: ReadKey, { name, versions = [3, 2] }: ZarrPeekOptions): Promise<PeekFacts | undefined> {
  for (const version of versions) {
    const facts = version === 3 ? await peekV3(read, name, 0) : await peekV2(read, name, 0);
    if (facts) return facts;
  }
  return undefined;
}

/** Groups of `bioformats2raw` hold their first image in `0`. */
const NESTED_MAX = 1;

async function peekV3(read: ReadKey, name: string, nested: number): Promise<PeekFacts | undefined> {
  const bytes = await read("zarr.json");
  if (!bytes) return undefined;
  const warnings: string[] = [];
  const node = v3Node(parseMetadata(bytes, `${name}/zarr.json`), `${name}/zarr.json`, warnings);
  if (node.kind === "array") return arrayFacts(name, "3", v3Facts(node), undefined, node.attributes, warnings);
  const ome = member(node.attributes, "ome");
  if (isJsonObject(ome) && member(ome, "bioformats2raw.layout") !== undefined && nested < NESTED_MAX) {
    return peekV3((key) => read(`0/${key}`), `${name}/0`, nested + 1);
  }
  const image = parseOmeImage(node.attributes, `${name}/zarr.json`);
  const { path } = image.datasets[0]!;
  const inside = node.members?.get(path);
  const document = inside ?? parseDocument(await read(`${path}/zarr.json`), `${name}/${path}/zarr.json`);
  const level = v3Node(document, `${name}/${path}/zarr.json`, warnings);
  if (level.kind !== "array") throw notAnArray(name, path);
  return arrayFacts(name, "3", v3Facts(level), image, node.attributes, warnings);
}

async function peekV2(read: ReadKey, name: string, nested: number): Promise<PeekFacts | undefined> {
  const attributesBytes = await read(".zattrs");
  const attributes = attributesBytes ? parseZattrs(attributesBytes, `${name}/.zattrs`) : {};
  if (member(attributes, "bioformats2raw.layout") !== undefined && nested < NESTED_MAX) {
    return peekV2((key) => read(`0/${key}`), `${name}/0`, nested + 1);
  }
  if (member(attributes, "multiscales") === undefined) {
    const own = await read(".zarray");
    if (own) return v2Array(own, `${name}/.zarray`, name, undefined, attributes);
    if (!attributesBytes) return undefined;
    parseOmeImage(attributes, `${name}/.zattrs`); // says what is wanted instead
  }
  const image = parseOmeImage(attributes, `${name}/.zattrs`);
  const { path } = image.datasets[0]!;
  const bytes = await read(`${path}/.zarray`);
  if (!bytes) throw absent(`${name}/${path}/.zarray`);
  return v2Array(bytes, `${name}/${path}/.zarray`, name, image, attributes);
}

function v2Array(
  bytes: Uint8Array,
  document: string,
  name: string,
  image: OmeZarrImage | undefined,
  attributes: JsonObject,
): PeekFacts {
  const raw = parseMetadata(bytes, document);
  const warnings: string[] = [];
  const meta = despiteCodecs(warnings, (plain) =>
    zarrayFromJson(plain ? { ...raw, filters: null, compressor: null } : raw, document),
  );
  return arrayFacts(name, "2", { shape: meta.shape, dtype: meta.type.dtype, names: undefined, raw }, image, attributes, warnings);
}

const PLAIN_CODECS = [{ name: "bytes", configuration: { endian: "little" } }];

function v3Node(document: JsonObject, name: string, warnings: string[]): ZarrV3Array | ZarrV3Group {
  return despiteCodecs(warnings, (plain) => zarrV3FromJson(plain ? { ...document, codecs: PLAIN_CODECS } : document, name));
}

/**
 * Metadata of an array whose pixels are compressed in a way that is not read: facts all the same, and a warning.
 *
 * @param parse `plain`: as if nothing were compressed.
 */
export function despiteCodecs<T>(warnings: string[], parse: (plain: boolean) => T): T {
  try {
    return parse(false);
  } catch (error) {
    if (!isEmporiumError(error) || error.code !== "FORMAT_UNSUPPORTED") throw error;
    const facts = parse(true);
    warnings.push(`pixels: ${error.message}`);
    return facts;
  }
}

interface ArrayFacts {
  shape: readonly number[];
  dtype: string;
  names: readonly (string | null)[] | undefined;
  raw: JsonObject;
}

function v3Facts(node: ZarrV3Array): ArrayFacts {
  const { shape, chunks, type, dimensionNames } = node;
  return {
    shape,
    dtype: type.dtype,
    names: dimensionNames,
    raw: {
      shape: [...shape],
      chunks: [...chunks],
      data_type: type.dtype,
      dimension_names: dimensionNames ? [...dimensionNames] : null,
    },
  };
}

/** Attribute in which xarray, and arrays outside of any image, name their dimensions. */
const DIMENSIONS = "_ARRAY_DIMENSIONS";

function arrayFacts(
  name: string,
  version: string,
  array: ArrayFacts,
  image: OmeZarrImage | undefined,
  attributes: JsonObject,
  warnings: readonly string[],
): PeekFacts {
  const { shape } = array;
  const level = image?.datasets[0];
  const axes = axesOf(array, image, attributes);
  if (image && image.axes.length !== shape.length) {
    throw new EmporiumError(
      "FORMAT_FIELD",
      `${name}: ${counted(image.axes.length, "axis", "axes")}, the array of the first level has ${shape.length}`,
      {
        place: { file: name },
      },
    );
  }
  const alone = image ? undefined : attributesOfArray(attributes, shape.length);
  const scale = level?.scale ?? alone?.scale;
  const voxelSize = shape.map((_, axis) => positive(scale?.[axis]));
  const channel = axes.indexOf("c");
  const facts = emptyFacts({
    name,
    format: "zarr",
    version,
    shape: [...shape],
    axes,
    dtype: array.dtype,
    voxelSize,
    unit: shape.map((_, axis) => image?.axes[axis]?.unit ?? alone?.units?.[axis] ?? null),
    offset: shape.map((_, axis) => (scale ? finite((level ? level.translation : alone?.translation)?.[axis] ?? 0) : null)),
    channels: channel < 0 ? null : shape[channel]!,
    contrast: contrastOf(attributes),
    warnings: [...warnings, ...(image ? [...image.warnings, ...unreadImages(image).map((note) => `ome-images: ${note}`)] : [])],
    raw: { attributes, array: array.raw },
  });
  facts.sources = {
    shape: "file",
    dtype: "file",
    ...(allKnown(voxelSize) ? { voxelSize: "file", offset: "file" } : {}),
    ...(facts.contrast ? { contrast: "file" } : {}),
  };
  return facts;
}

function axesOf({ shape, names }: ArrayFacts, image: OmeZarrImage | undefined, attributes: JsonObject): string[] {
  if (image) return image.axes.map((axis) => axis.name);
  const dimensions = names ?? member(attributes, DIMENSIONS);
  const listed =
    Array.isArray(dimensions) && dimensions.length === shape.length ? (dimensions as readonly (Json | null)[]) : undefined;
  const usual = ["t", "c", "z", "y", "x"].slice(-shape.length);
  return shape.map((_, axis) => {
    const text = listed?.[axis];
    return typeof text === "string" && text !== "" ? text : (usual[axis - Math.max(0, shape.length - 5)] ?? `dim_${axis}`);
  });
}

/** Janelia and others write a `transform` beside a single array. */
function attributesOfArray(attributes: JsonObject, rank: number) {
  const transform = member(attributes, "transform");
  if (!isJsonObject(transform)) return undefined;
  const list = <T>(key: string, read: (value: Json) => T | undefined): T[] | undefined => {
    const value = member(transform, key);
    const read_ = isArray(value) && value.length === rank ? value.map(read) : undefined;
    return read_?.every((one) => one !== undefined) ? (read_ as T[]) : undefined;
  };
  return {
    scale: list("scale", toNumber),
    translation: list("translate", toNumber),
    units: list("units", (value) => (typeof value === "string" ? value : undefined)),
  };
}

/** OMERO's window of the first channel. */
function contrastOf(attributes: JsonObject): PeekFacts["contrast"] {
  const ome = member(attributes, "ome");
  const omero = member(isJsonObject(ome) ? ome : attributes, "omero");
  const channels = isJsonObject(omero) ? member(omero, "channels") : undefined;
  const first = isArray(channels) ? channels[0] : undefined;
  const window = isJsonObject(first) ? member(first, "window") : undefined;
  if (!isJsonObject(window)) return null;
  const [min, max] = [toNumber(member(window, "start")), toNumber(member(window, "end"))];
  return min !== undefined && max !== undefined && min < max ? { min, max } : null;
}

function positive(value: number | undefined): number | null {
  return value !== undefined && value > 0 && Number.isFinite(value) ? value : null;
}

function parseDocument(bytes: Uint8Array | undefined, name: string): JsonObject {
  if (!bytes) throw absent(name);
  return parseMetadata(bytes, name);
}

function absent(name: string): EmporiumError {
  return new EmporiumError("STORE_ABSENT", `${name} is not there, though the group names it`, { place: { file: name } });
}

function notAnArray(name: string, path: string): EmporiumError {
  return new EmporiumError("FORMAT_FIELD", `${name}: ${path} is a group, the first level of an image is an array`, {
    place: { file: name },
  });
}
