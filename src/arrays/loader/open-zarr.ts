import type { Triple } from "../../core/box.js";
import { reversedBytes } from "../../core/dtype.js";
import { chunkKey } from "../../formats/zarr/chunks.js";
import { fillElement } from "../../formats/zarr/fill-element.js";
import { wrongField } from "../../formats/zarr/json.js";
import {
  parseZarray,
  parseZattrs,
  parseZmetadata,
  product,
  type ZarrArrayMeta,
  zarrayFromJson,
  zarrSteps,
} from "../../formats/zarr/metadata.js";
import { angstromPerUnit, type OmeDataset, type OmeZarrImage, unreadImages } from "../../formats/zarr/ome.js";
import { parseOmeImage } from "../../formats/zarr/ome-v05.js";
import { stridesOf } from "../../formats/zarr/read.js";
import { type ByteStep, stepName } from "../../formats/zarr/steps.js";
import { parseZarrV3, v3ChunkKey, type ZarrV3Array, zarrV3FromJson } from "../../formats/zarr/v3-metadata.js";
import { storedUnit } from "../../formats/zarr/v3-unit.js";
import { type AxisSelection, cutOffset, lastAxes, type SelectedAxes, selectAxes, spatial, wholeCell } from "./axes.js";
import type { ChunkedLevel, StepCoding } from "./chunked.js";
import { needDocument, type VolumeFolder } from "./documents.js";
import { type ShardIndexes, shardFinder } from "./shards.js";

/**
 * The levels of an OME-Zarr image, or an array by itself; Zarr 2 or 3.
 *
 * Requests: one for `zarr.json` and, without consolidated metadata, one for each level; Zarr 2 takes up to two more.
 * @param versions Zarr versions that the location allows.
 * @returns undefined where the folder holds neither.
 */
export async function openZarr(
  folder: VolumeFolder,
  versions: readonly (2 | 3)[],
  wanted: AxisSelection,
  indexes: ShardIndexes,
): Promise<ChunkedLevel[] | undefined> {
  const third = versions.includes(3) ? await openV3(folder, wanted, indexes) : undefined;
  return third ?? (versions.includes(2) ? openV2(folder, wanted) : undefined);
}

async function openV3(folder: VolumeFolder, wanted: AxisSelection, indexes: ShardIndexes): Promise<ChunkedLevel[] | undefined> {
  const document = await folder.find("zarr.json");
  if (!document) return undefined;
  const node = parseZarrV3(document, folder.nameOf("zarr.json"));
  if (node.kind === "array") return [levelOfV3(folder, "", node, undefined, undefined, wanted, indexes)];
  const image = parseOmeImage(node.attributes, folder.nameOf("zarr.json"));
  const arrays = await Promise.all(
    image.datasets.map(async ({ path }) => {
      const name = folder.nameOf(`${path}/zarr.json`);
      const member = node.members?.get(path);
      const array = member ? zarrV3FromJson(member, name) : parseZarrV3(await needDocument(folder, `${path}/zarr.json`), name);
      if (array.kind === "array") return array;
      throw wrongField(name, "node_type", "group", `"array"`);
    }),
  );
  return arrays.map((array, i) => levelOfV3(folder, image.datasets[i]!.path, array, image, i, wanted, indexes));
}

async function openV2(folder: VolumeFolder, wanted: AxisSelection): Promise<ChunkedLevel[] | undefined> {
  const bytes = await folder.find(".zattrs");
  const attributes = bytes && parseZattrs(bytes, folder.nameOf(".zattrs"));
  if (!attributes || !Object.hasOwn(attributes, "multiscales")) {
    const own = await folder.find(".zarray");
    if (own) return [levelOfV2(folder, "", parseZarray(own, folder.nameOf(".zarray")), undefined, undefined, wanted)];
    if (!attributes) return undefined;
  }
  const image = parseOmeImage(attributes, folder.nameOf(".zattrs"));
  const consolidated = image.datasets.length > 1 ? await folder.find(".zmetadata") : undefined;
  const members = consolidated ? parseZmetadata(consolidated, folder.nameOf(".zmetadata")) : undefined;
  const arrays = await Promise.all(
    image.datasets.map(async ({ path }) => {
      const name = folder.nameOf(`${path}/.zarray`);
      const member = members?.get(`${path}/.zarray`);
      return member ? zarrayFromJson(member, name) : parseZarray(await needDocument(folder, `${path}/.zarray`), name);
    }),
  );
  return arrays.map((array, i) => levelOfV2(folder, image.datasets[i]!.path, array, image, i, wanted));
}

function levelOfV2(
  folder: VolumeFolder,
  path: string,
  meta: ZarrArrayMeta,
  image: OmeZarrImage | undefined,
  level: number | undefined,
  wanted: AxisSelection,
): ChunkedLevel {
  const name = path === "" ? folder.name : folder.nameOf(path);
  const axes = axesOf(meta.shape, image, undefined, wanted, name);
  const strides = stridesOf(meta.chunks, meta.order);
  const below = belowOf(folder, path);
  return {
    ...commonOf(name, meta.shape, meta.chunks, axes, image, level),
    notes: notesOf(axes, image, undefined),
    dtype: meta.type.dtype,
    itemBytes: meta.type.itemBytes,
    fill: fillElement(meta.fillValue, meta.type.dtype),
    codec: codecName(zarrSteps(meta)),
    folder: below,
    coding: codingOf(meta, meta.chunks, strides, zarrSteps(meta), axes),
    find: (cell) => ({ key: below + chunkKey(wholeCell(cell, axes, meta.chunks), meta.dimensionSeparator) }),
  };
}

function levelOfV3(
  folder: VolumeFolder,
  path: string,
  meta: ZarrV3Array,
  image: OmeZarrImage | undefined,
  level: number | undefined,
  wanted: AxisSelection,
  indexes: ShardIndexes,
): ChunkedLevel {
  const name = path === "" ? folder.name : folder.nameOf(path);
  const axes = axesOf(meta.shape, image, meta.dimensionNames, wanted, name);
  const { unit, shards } = storedUnit(meta);
  const order = unit.codecs.order ?? unit.chunks.map((_, axis) => axis);
  const encoded = stridesOf(
    order.map((axis) => unit.chunks[axis]!),
    "C",
  );
  const strides = unit.chunks.map((_, axis) => encoded[order.indexOf(axis)]!);
  const below = belowOf(folder, path);
  const find = shardFinder(folder, shards, indexes, name);
  return {
    ...commonOf(name, meta.shape, unit.chunks, axes, image, level),
    notes: notesOf(axes, image, meta.dimensionNames),
    ...(shards.length > 0 && { shard: spatial(meta.chunks, axes.axes, 1) }),
    dtype: meta.type.dtype,
    itemBytes: meta.type.itemBytes,
    fill: meta.fillElement,
    codec: codecName(unit.codecs.steps),
    folder: below,
    coding: codingOf(meta, unit.chunks, strides, unit.codecs.steps, axes),
    find(cell, signal) {
      const position = wholeCell(cell, axes, unit.chunks);
      const outer = position.map((at, axis) => Math.floor((at * unit.chunks[axis]!) / meta.chunks[axis]!));
      const key = below + v3ChunkKey(outer, meta.keys);
      return shards.length === 0 ? { key } : find(key, position, unit.chunks, meta.chunks, signal);
    },
  };
}

/** Key prefix of a level's chunks. */
function belowOf(folder: VolumeFolder, path: string): string {
  const key = folder.at(path);
  return key === "" ? "" : `${key}/`;
}

function axesOf(
  shape: readonly number[],
  image: OmeZarrImage | undefined,
  names: readonly (string | null)[] | undefined,
  wanted: AxisSelection,
  name: string,
): SelectedAxes {
  if (image)
    return selectAxes(
      shape,
      image.spatialAxes,
      image.axes.map((axis) => axis.name),
      wanted,
      name,
    );
  return selectAxes(shape, lastAxes(shape.length), names?.some((one) => one !== null) ? names : undefined, wanted, name);
}

function codingOf(
  { type }: Pick<ZarrArrayMeta, "type">,
  chunks: readonly number[],
  strides: readonly number[],
  steps: readonly ByteStep[],
  axes: SelectedAxes,
): StepCoding {
  return {
    kind: "steps",
    steps,
    plainBytes: product(chunks) * type.itemBytes,
    itemBytes: type.itemBytes,
    swapBytes: reversedBytes(type.littleEndian, type.swapBytes),
    offset: cutOffset(axes, chunks, strides),
    strides: spatial(strides, axes.axes, 0),
  };
}

function commonOf(
  name: string,
  shape: readonly number[],
  chunks: readonly number[],
  { axes }: SelectedAxes,
  image: OmeZarrImage | undefined,
  level: number | undefined,
): Pick<ChunkedLevel, "name" | "shape" | "chunk" | "voxelSizeNm" | "offsetNm"> {
  return {
    name,
    shape: spatial(shape, axes, 1),
    chunk: spatial(chunks, axes, 1),
    voxelSizeNm: image ? voxelSizeNm(image.datasets[level!]!) : [undefined, undefined, undefined],
    offsetNm: image ? omeOffsetNm(image, level!) : [0, 0, 0],
  };
}

/** Notes on what is not read of an image, or is read otherwise than the metadata say. */
function notesOf(
  { axes, notes }: SelectedAxes,
  image: OmeZarrImage | undefined,
  names: readonly (string | null)[] | undefined,
): string[] {
  if (image) return [...image.warnings, ...unreadImages(image), ...notes, ...translationNotes(image)];
  const own = axes.map((axis) => (axis === undefined ? undefined : names?.[axis]?.toLowerCase()));
  const isOther = own.some((name, at) => name !== undefined && name !== "zyx"[at] && /^[zyx]$/.test(name));
  if (!isOther) return [...notes];
  return [...notes, `axes named ${own.filter(Boolean).join(", ")} are read in the order they are stored, as z, y, x`];
}

function translationNotes({ axes, spatialAxes, datasets }: OmeZarrImage): string[] {
  const lost = spatialAxes.filter((axis) => {
    if (axis === undefined || angstromPerUnit(axes[axis]!.unit) !== undefined) return false;
    return datasets.some(({ translation }) => (translation?.[axis] ?? 0) !== 0);
  });
  if (lost.length === 0) return [];
  const named = lost.map((axis) => axes[axis!]!.name).join(", ");
  return [`the translation along ${named} has no unit of length: the volume is taken to begin at 0 there`];
}

function voxelSizeNm({ voxelSizeAngstrom }: OmeDataset): ChunkedLevel["voxelSizeNm"] {
  return voxelSizeAngstrom.map((size) => (size === undefined ? undefined : size / 10)) as unknown as ChunkedLevel["voxelSizeNm"];
}

/**
 * Centre of the first voxel in the world, in nm. Where an image has no translation at all, its levels are means of whole blocks,
 * so that the first voxel of a coarser one lies half a voxel of it further in, less half a voxel of the finest.
 */
function omeOffsetNm({ axes, spatialAxes, datasets }: OmeZarrImage, level: number): Triple {
  const { translation, voxelSizeAngstrom } = datasets[level]!;
  const silent = datasets.every((dataset) => dataset.translation === undefined);
  return spatialAxes.map((axis, i) => {
    if (axis === undefined) return 0;
    if (silent) return ((voxelSizeAngstrom[i] ?? 0) - (datasets[0]!.voxelSizeAngstrom[i] ?? 0)) / 20;
    const angstrom = angstromPerUnit(axes[axis]!.unit);
    return angstrom === undefined ? 0 : ((translation?.[axis] ?? 0) * angstrom) / 10;
  }) as Triple;
}

/** `blosc-lz4`, `zstd`, `raw`; several are joined by `+`, in the order of encoding. */
function codecName(steps: readonly ByteStep[]): string {
  return steps.map(stepName).join("+") || "raw";
}
