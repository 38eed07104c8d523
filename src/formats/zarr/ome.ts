import { ceilDiv, type Triple } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import type { Json, JsonObject } from "../../core/json.js";
import { isJsonObject, member } from "../../core/json-fields.js";
import { Float, roundHalfEven, toNumber } from "../../core/number.js";
import { counted } from "../../core/units.js";
import { asObject, isArray, show, wrongField } from "./json.js";
import { type OmeVersion, omeVersion, otherVersion } from "./ome-version.js";

/** Levels of a pyramid that the portal publishes. */
export const PORTAL_LEVELS = 3;

export type PyramidKind = "tomogram" | "tiltseries";

/** Chunk shapes of the portal, `[z, y, x]`, never clipped to the array. */
export const PORTAL_CHUNKS: Record<PyramidKind, Triple> = { tomogram: [256, 256, 256], tiltseries: [1, 1024, 1024] };

/** Shapes `[z, y, x]` of the levels, each half of the one before, rounded up. A tilt series keeps its sections. */
export function pyramidShapes(shape: Triple, kind: PyramidKind = "tomogram", levels = PORTAL_LEVELS): Triple[] {
  const shapes: Triple[] = [shape];
  while (shapes.length < levels) {
    const [z, y, x] = shapes.at(-1)!;
    shapes.push([kind === "tiltseries" ? z : ceilDiv(z, 2), ceilDiv(y, 2), ceilDiv(x, 2)]);
  }
  return shapes;
}

/** `metadata.rounding` of images whose levels are means of integers, rounded as IEEE 754 and `numpy.rint` do. */
export const HALF_TO_EVEN = "half to even";

export interface OmeZarrFields {
  kind: PyramidKind;
  /** Voxel size of level 0. One number is rounded to 3 decimals as in the portal; `[z, y, x]` to the 6 digits of MRC. */
  voxelSizeAngstrom: number | Triple;
  levels?: number | undefined;
  /** Instance masks: the labels that occur. Only those above 0 are listed, ascending. */
  labels?: readonly number[] | undefined;
  /** Position of the first voxel of level 0, `[z, y, x]`. Default: none is written, as in the portal. */
  originAngstrom?: Triple | undefined;
  /** Levels are means of integers, rounded half to even, which `type` and `metadata` then say. */
  roundedMeans?: boolean | undefined;
}

/** `type` and `metadata` of an image whose levels are means, which describe these in words and for programs. */
export function meansOf({ kind, roundedMeans = false }: Pick<OmeZarrFields, "kind" | "roundedMeans">): {
  type: string;
  metadata: JsonObject;
} {
  const block = kind === "tiltseries" ? [1, 2, 2] : [2, 2, 2];
  if (!roundedMeans) return { type: "mean", metadata: { description: "mean of each block of voxels", block } };
  const description = "mean of each block of voxels of the level before, rounded to the nearest integer, halves to the even one";
  return { type: "mean", metadata: { description, block, rounding: HALF_TO_EVEN } };
}

/**
 * The `.zattrs` of the portal's OME-Zarr 0.4, ready for `printZattrs`. No `omero`, and no translation without an origin: the portal writes none.
 *
 * Source: `write_zarr` of the portal's converter (ome-zarr 0.9.0); golden: `test/golden/zarr`.
 */
export function omeZarrAttributes({
  kind,
  voxelSizeAngstrom,
  levels = PORTAL_LEVELS,
  labels,
  originAngstrom,
  roundedMeans = false,
}: OmeZarrFields): JsonObject {
  const means = roundedMeans ? meansOf({ kind, roundedMeans }) : undefined;
  const spacings = typeof voxelSizeAngstrom === "number" ? alike(voxelSizeAngstrom) : voxelSizeAngstrom.map(toSixDigits);
  const datasets = Array.from({ length: levels }, (_, level) => {
    const scale = spacings.map(
      (spacing, axis) => new Float(axis === 0 && kind === "tiltseries" ? spacing : spacing * 2 ** level),
    );
    const translation = originAngstrom && levelOrigin(originAngstrom, spacings, kind, level);
    const moved = translation ? [{ translation, type: "translation" }] : [];
    return { coordinateTransformations: [{ scale, type: "scale" }, ...moved], path: String(level) };
  });
  const colors = labels && [...new Set(labels)].filter((label) => label > 0).sort((a, b) => a - b);
  return {
    multiscales: [
      {
        axes: ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "angstrom" })),
        datasets,
        metadata: means
          ? means.metadata
          : colors
            ? { "image-label": { colors: colors.map((label) => ({ "label-value": label })), version: "0.4" } }
            : {},
        name: "/",
        ...(means && { type: means.type }),
        version: "0.4",
      },
    ],
  };
}

/** Centre of a level's first voxel, which is the mean of 2^level voxels along an axis. */
function levelOrigin(origin: Triple, spacings: readonly number[], kind: PyramidKind, level: number): Float[] {
  return origin.map((at, axis) => {
    const factor = axis === 0 && kind === "tiltseries" ? 1 : 2 ** level;
    return new Float(Number((at + ((factor - 1) / 2) * spacings[axis]!).toPrecision(7)));
  });
}

function alike(voxelSizeAngstrom: number): number[] {
  const spacing = roundHalfEven(voxelSizeAngstrom, 3);
  return [spacing, spacing, spacing];
}

/** A float32 that was divided by a number of voxels: 0.39250001 is 0.3925. */
function toSixDigits(value: number): number {
  return Number(value.toPrecision(6));
}

export interface OmeAxis {
  name: string;
  /** `space`, `time`, `channel`, or what the writer said. */
  type: string | undefined;
  unit: string | undefined;
}

export interface OmeDataset {
  /** Key of the array below the group. */
  path: string;
  /** Scale of each axis: dataset and multiscale transformations combined. Undefined if the file has none (always before 0.4). */
  scale: readonly number[] | undefined;
  translation: readonly number[] | undefined;
  /**
   * Voxel size along the image's spatial axes, in Å; undefined for an axis that is absent, has no unit of length or no positive
   * scale.
   */
  voxelSizeAngstrom: readonly [z: number | undefined, y: number | undefined, x: number | undefined];
}

/** One image of a group: the first of `multiscales`. */
export interface OmeZarrImage {
  version: string;
  name: string | undefined;
  axes: readonly OmeAxis[];
  /** Which axes of the arrays are z, y, x: those of space, in the order they are stored. */
  spatialAxes: readonly [z: number | undefined, y: number | undefined, x: number | undefined];
  /** Images that the group lists, this one among them. */
  images: number;
  /** Oddities that did not keep the image from being read, as sentences for a person. */
  warnings: readonly string[];
  /** `metadata.rounding`: `HALF_TO_EVEN` where levels are such means of integers. Undefined where the file does not say. */
  rounding: string | undefined;
  /** Largest first, as the file lists them. */
  datasets: readonly OmeDataset[];
}

const ANGSTROM_PER_UNIT: Record<string, number> = {
  picometer: 1e-2,
  angstrom: 1,
  nanometer: 10,
  micrometer: 1e4,
  millimeter: 1e7,
  centimeter: 1e8,
  meter: 1e10,
};

/** Other spellings that writers use, in Unicode's NFKC form (one Å, one µ); 0.4 asks for the words above. */
const UNIT_ALIASES: Record<string, string> = {
  pm: "picometer",
  Å: "angstrom",
  A: "angstrom",
  angstroms: "angstrom",
  ångström: "angstrom",
  nm: "nanometer",
  nanometers: "nanometer",
  μm: "micrometer",
  um: "micrometer",
  micron: "micrometer",
  microns: "micrometer",
  micrometers: "micrometer",
  mm: "millimeter",
  cm: "centimeter",
  m: "meter",
};

/** Å in one unit of length, or undefined for a unit that is none. */
export function angstromPerUnit(unit: string | undefined): number | undefined {
  if (unit === undefined) return undefined;
  const plain = unit.normalize("NFKC");
  const word = Object.hasOwn(UNIT_ALIASES, plain) ? UNIT_ALIASES[plain]! : plain.toLowerCase();
  return Object.hasOwn(ANGSTROM_PER_UNIT, word) ? ANGSTROM_PER_UNIT[word] : undefined;
}

export interface OmeReadOptions {
  /** Unit of axes that name none. The portal takes their scale as Å. */
  unitWhenAbsent?: string | undefined;
}

/**
 * Position of a dataset's first voxel, `[z, y, x]` in Å; undefined along an axis without a unit of length, or without a
 * translation.
 */
export function originAngstromOf(
  { axes, spatialAxes }: Pick<OmeZarrImage, "axes" | "spatialAxes">,
  { translation }: Pick<OmeDataset, "translation">,
  { unitWhenAbsent }: OmeReadOptions = {},
): (number | undefined)[] {
  return spatialAxes.map((axis) => {
    const factor = axis === undefined ? undefined : angstromPerUnit(axes[axis]!.unit ?? unitWhenAbsent);
    return factor === undefined || !translation ? undefined : translation[axis!]! * factor;
  });
}

/** Before 0.3 an image always had these five, and no `axes` key. */
const FIVE_AXES: OmeAxis[] = [
  { name: "t", type: "time", unit: undefined },
  { name: "c", type: "channel", unit: undefined },
  ...["z", "y", "x"].map((name) => ({ name, type: "space", unit: undefined })),
];

/**
 * The first image of a group's attributes, OME-Zarr 0.1 to 0.4.
 *
 * @param attributes `parseZattrs` of the group.
 * @throws {EmporiumError} FORMAT_UNKNOWN (no image; the hint tells where to look), FORMAT_UNSUPPORTED (0.5 and later),
 *   FORMAT_FIELD.
 */
export function parseOmeZarr(attributes: JsonObject, name = ".zattrs", options: OmeReadOptions = {}): OmeZarrImage {
  const multiscales = member(attributes, "multiscales");
  if (multiscales === undefined) throw noImage(attributes, name);
  if (!isArray(multiscales) || multiscales.length === 0) {
    throw wrongField(name, "multiscales", multiscales, "a list of one image or more");
  }
  const image = asObject(multiscales[0], name, "multiscales.0");
  const version = member(image, "version") ?? "0.1"; // 0.1 allowed it to be left out
  if (typeof version !== "string") throw wrongField(name, "multiscales.0.version", version, "0.1 to 0.4");
  const known = omeVersion(version, "loose");
  if (!known) throw otherVersion(version, name, "multiscales.0.version");
  return { ...parseMultiscale(image, { version, ...known }, name, "multiscales.0", options), images: multiscales.length };
}

/** A sentence where a group lists more images than the first. */
export function unreadImages({ images }: OmeZarrImage): string[] {
  return images > 1 ? [`multiscales lists ${counted(images, "image")}; only the first is read`] : [];
}

/** One element of `multiscales`, which stands at `path` of the document `name`. */
export function parseMultiscale(
  image: JsonObject,
  { version, minor, warning }: OmeVersion & { version: string },
  name: string,
  path: string,
  options: OmeReadOptions = {},
): Omit<OmeZarrImage, "images"> {
  const at = (key: string) => `${path}.${key}`;
  const hasSystems = minor >= 6;
  const axes = hasSystems ? systemAxes(image, name, path) : parseAxes(member(image, "axes"), name, at("axes"));
  const spatialAxes = spatialAxesOf(axes);
  // those of an image with coordinate systems lead from its own to another one
  const outer = hasSystems
    ? NO_TRANSFORMATION
    : parseTransformations(member(image, "coordinateTransformations"), axes.length, name, at("coordinateTransformations"));
  const listed = member(image, "datasets");
  if (!isArray(listed) || listed.length === 0) throw wrongField(name, at("datasets"), listed, "a list of one array or more");
  const datasets = listed.map((item, i): OmeDataset => {
    const path = at(`datasets.${i}`);
    const dataset = asObject(item, name, path);
    const inner = parseTransformations(
      member(dataset, "coordinateTransformations"),
      axes.length,
      name,
      `${path}.coordinateTransformations`,
    );
    const { scale, translation } = join(inner, outer);
    return {
      path: datasetPath(member(dataset, "path"), name, `${path}.path`),
      scale,
      translation,
      voxelSizeAngstrom: spatialAxes.map((axis) =>
        voxelSizeOf(axis, axes, scale, options),
      ) as unknown as OmeDataset["voxelSizeAngstrom"],
    };
  });
  const title = member(image, "name");
  const metadata = member(image, "metadata");
  const rounding = isJsonObject(metadata) ? member(metadata, "rounding") : undefined;
  return {
    version,
    name: typeof title === "string" ? title : undefined,
    axes,
    spatialAxes,
    rounding: typeof rounding === "string" ? rounding : undefined,
    warnings: [
      ...(warning === undefined ? [] : [warning]),
      ...warningsOf(axes, spatialAxes),
      ...sizeWarnings(axes, spatialAxes, datasets[0]!.scale),
    ],
    datasets,
  };
}

function noImage(attributes: JsonObject, name: string): EmporiumError {
  if (isJsonObject(member(attributes, "ome"))) return otherVersion("0.5 or later", name, "multiscales.0.version");
  const hint = Object.hasOwn(attributes, "bioformats2raw.layout")
    ? "open one of the images in the sub-groups 0, 1, 2 of this group"
    : Object.hasOwn(attributes, "plate") || Object.hasOwn(attributes, "well")
      ? "open one of the fields of this plate or well"
      : "open the group whose attributes have multiscales, or an array directly";
  return new EmporiumError("FORMAT_UNKNOWN", `${name}: no multiscales; expected an OME-Zarr image`, {
    place: { file: name, path: "multiscales" },
    hint,
  });
}

function parseAxes(value: Json | undefined, name: string, path: string): OmeAxis[] {
  if (value === undefined) return FIVE_AXES;
  if (!isArray(value) || value.length === 0 || value.length > 32) throw wrongField(name, path, value, "a list of axes");
  const axes = value.map((item, i): OmeAxis => {
    if (typeof item === "string") {
      const known = FIVE_AXES.find((axis) => axis.name === item);
      return { name: item, type: known?.type, unit: undefined };
    }
    const axis = asObject(item, name, `${path}.${i}`);
    const [title, type, unit] = [member(axis, "name"), member(axis, "type"), member(axis, "unit")];
    if (typeof title !== "string") throw wrongField(name, `${path}.${i}.name`, title, "a name");
    return { name: title, type: typeof type === "string" ? type : undefined, unit: typeof unit === "string" ? unit : undefined };
  });
  const names = axes.map((axis) => axis.name);
  if (new Set(names).size < names.length) throw wrongField(name, path, names, "each name once");
  return axes;
}

/**
 * Axes of the coordinate system of the first dataset: since 0.6 an image may have several, and a transformation of each dataset
 * names one. Default: the first system.
 */
function systemAxes(image: JsonObject, name: string, path: string): OmeAxis[] {
  const systems = member(image, "coordinateSystems");
  const at = `${path}.coordinateSystems`;
  if (!isArray(systems) || systems.length === 0) throw wrongField(name, at, systems, "a list of one coordinate system or more");
  const wanted = outputOf(image);
  const found = systems.findIndex((system) => isJsonObject(system) && member(system, "name") === wanted);
  const index = Math.max(0, found);
  return parseAxes(member(asObject(systems[index], name, `${at}.${index}`), "axes") ?? null, name, `${at}.${index}.axes`);
}

/** Name of the system that the first dataset's transformation leads to; text alone in early drafts. */
function outputOf(image: JsonObject): Json | undefined {
  const at = (list: Json | undefined) => (isArray(list) && isJsonObject(list[0]) ? list[0] : {});
  const dataset = at(member(image, "datasets"));
  const output = member(at(member(dataset, "coordinateTransformations")), "output");
  return isJsonObject(output) ? member(output, "name") : output;
}

const NO_TRANSFORMATION: Transformation = { scale: undefined, translation: undefined };

interface Transformation {
  scale: number[] | undefined;
  translation: number[] | undefined;
}

/** A list of scale, translation and identity; several of them follow one another. */
function parseTransformations(value: Json | undefined, rank: number, name: string, path: string): Transformation {
  let joined: Transformation = { scale: undefined, translation: undefined };
  if (value === undefined || value === null) return joined;
  if (!isArray(value)) throw wrongField(name, path, value, "a list");
  value.forEach((item, i) => {
    const step = asObject(item, name, `${path}.${i}`);
    const type = member(step, "type");
    if (type === "identity") return;
    if (type === "sequence") {
      const steps = `${path}.${i}.transformations`;
      joined = join(joined, parseTransformations(member(step, "transformations") ?? null, rank, name, steps));
      return;
    }
    if (type !== "scale" && type !== "translation") {
      throw wrongField(name, `${path}.${i}.type`, type, "scale, translation or identity");
    }
    const numbers = member(step, type);
    if (!isArray(numbers) || numbers.length !== rank) {
      throw wrongField(name, `${path}.${i}.${type}`, numbers, `${counted(rank, "number")}, one for each axis`);
    }
    const values = numbers.map((number, axis) => {
      const plain = toNumber(number);
      if (plain === undefined || !Number.isFinite(plain))
        throw wrongField(name, `${path}.${i}.${type}.${axis}`, number, "a number");
      return plain;
    });
    joined = join(joined, { scale: undefined, translation: undefined, [type]: values });
  });
  return joined;
}

/** `first`, then `then`: x → then.scale · (first.scale · x + first.translation) + then.translation. */
function join(first: Transformation, then: Transformation): Transformation {
  const scale = then.scale && first.scale ? first.scale.map((value, i) => value * then.scale![i]!) : (then.scale ?? first.scale);
  const moved =
    first.translation && then.scale ? first.translation.map((value, i) => value * then.scale![i]!) : first.translation;
  const translation =
    moved && then.translation ? moved.map((value, i) => value + then.translation![i]!) : (moved ?? then.translation);
  return { scale, translation };
}

/** A dataset's path must stay below its group: it becomes part of a key. */
function datasetPath(value: Json | undefined, name: string, path: string): string {
  if (typeof value !== "string") throw wrongField(name, path, value, "the path of an array");
  const segments = value.split("/");
  if (segments.some((segment) => segment === "" || segment === "." || segment === "..") || /[\\\u0000-\u001f]/.test(value)) {
    throw wrongField(name, path, show(value), "a path below the group, without empty parts, . or ..");
  }
  return value;
}

/**
 * The last three space axes as z, y, x, the order that the specification wants. Some files (the portal's sample) name them x, y,
 * z but store z, y, x: storage order counts, as in the portal, with a warning.
 */
function spatialAxesOf(axes: readonly OmeAxis[]): OmeZarrImage["spatialAxes"] {
  const spatial = axes.flatMap((axis, i) => (isSpatial(axis) ? [i] : [])).slice(-3);
  return [spatial.at(-3), spatial.at(-2), spatial.at(-1)];
}

function isSpatial({ name, type }: OmeAxis): boolean {
  return type === "space" || (type === undefined && /^[xyz]$/i.test(name));
}

function warningsOf(axes: readonly OmeAxis[], spatial: OmeZarrImage["spatialAxes"]): string[] {
  const named = spatial.flatMap((axis) => (axis === undefined ? [] : [axes[axis]!.name.toLowerCase()])).join("");
  return named !== "zyx".slice(-named.length) && /^[xyz]+$/.test(named)
    ? [
        `axes named ${[...named].join(", ")} are read in the order they are stored, as ${[..."zyx".slice(-named.length)].join(", ")}`,
      ]
    : [];
}

/** Reasons why the voxel size is not known, or not known in Å. */
function sizeWarnings(
  axes: readonly OmeAxis[],
  spatial: OmeZarrImage["spatialAxes"],
  scale: readonly number[] | undefined,
): string[] {
  const named = spatial.flatMap((axis) => (axis === undefined ? [] : [{ ...axes[axis]!, size: scale?.[axis] }]));
  if (named.length === 0) return [];
  if (!scale) return ["coordinateTransformations of the first dataset have no scale: the voxel size is not known"];
  const still = named.filter(({ size }) => !(size! > 0)).map(({ name }) => name);
  const odd = [...new Set(named.flatMap(({ unit }) => (unit === undefined || angstromPerUnit(unit) ? [] : [unit])))];
  return [
    ...(still.length > 0 ? [`the scale along ${still.join(", ")} is not above 0: the voxel size is not known`] : []),
    ...(odd.length > 0
      ? [`${odd.map((unit) => `"${unit}"`).join(", ")} is not a unit of length: the voxel size in Å is not known`]
      : []),
  ];
}

function voxelSizeOf(
  axis: number | undefined,
  axes: readonly OmeAxis[],
  scale: readonly number[] | undefined,
  { unitWhenAbsent }: OmeReadOptions,
): number | undefined {
  if (axis === undefined) return undefined;
  const factor = angstromPerUnit(axes[axis]!.unit ?? unitWhenAbsent);
  const size = scale?.[axis];
  return factor !== undefined && size !== undefined && size > 0 ? size * factor : undefined;
}
