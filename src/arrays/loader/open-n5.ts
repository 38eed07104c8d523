import type { Triple } from "../../core/box.js";
import { ITEM_BYTES } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import { isN5Dataset, type N5Dataset, n5DatasetFromJson, parseN5Attributes } from "../../formats/n5/attributes.js";
import { type N5Calibration, n5Calibration, n5Factors, n5Levels } from "../../formats/n5/multiscale.js";
import { n5BlockKey } from "../../formats/n5/read.js";
import { angstromPerUnit } from "../../formats/zarr/ome.js";
import { type AxisSelection, lastAxes, type SelectedAxes, selectAxes, spatial, wholeCell } from "./axes.js";
import type { ChunkedLevel } from "./chunked.js";
import { needDocument, type VolumeFolder } from "./documents.js";

/** Most levels that are searched for where the group does not name them: more than any pyramid has. */
const LEVELS_MAX = 32;

interface FoundLevel {
  path: string;
  dataset: N5Dataset;
  /** Voxel size and offset of the level as the multiscale group gives them; undefined where it gives none. */
  calibration: N5Calibration | undefined;
  factors: readonly number[] | undefined;
}

/**
 * An N5 dataset, or the levels of a multiscale group.
 *
 * @returns undefined where the folder has no `attributes.json` and no `s0`.
 * @throws {EmporiumError} FORMAT_UNKNOWN for a group without levels
 */
export async function openN5(folder: VolumeFolder, wanted: AxisSelection): Promise<ChunkedLevel[] | undefined> {
  const own = await folder.find("attributes.json");
  const attributes = own ? parseN5Attributes(own, folder.nameOf("attributes.json")) : {};
  if (isN5Dataset(attributes)) {
    const dataset = n5DatasetFromJson(attributes, folder.nameOf("attributes.json"));
    return [levelOf(folder, { path: "", dataset, calibration: undefined, factors: undefined }, attributes, attributes, wanted)];
  }
  const levels = await levelsOf(folder, attributes);
  if (levels.length > 0) {
    const finest = levels[0]!.dataset.attributes;
    return levels.map((level) => levelOf(folder, level, attributes, finest, wanted));
  }
  if (!own) return undefined;
  throw new EmporiumError("FORMAT_UNKNOWN", `${folder.name}: an N5 group without levels; expected a dataset`, {
    place: { file: folder.name },
    hint: "name the dataset within the container, such as volumes/raw or em/fibsem-uint16/s0",
  });
}

async function levelsOf(folder: VolumeFolder, group: JsonObject): Promise<FoundLevel[]> {
  const named = n5Levels(group);
  const levels: FoundLevel[] = [];
  for (let i = 0; i < (named?.length ?? LEVELS_MAX); i++) {
    const path = named ? named[i]!.path : `s${i}`;
    const key = `${path}/attributes.json`;
    const bytes = named ? await needDocument(folder, key) : await folder.find(key);
    if (!bytes) break;
    const dataset = n5DatasetFromJson(parseN5Attributes(bytes, folder.nameOf(key)), folder.nameOf(key));
    const listed = named?.[i];
    const factors = listed?.factors ?? n5Factors(dataset.attributes);
    levels.push({ path, dataset, calibration: listed?.calibration, factors });
  }
  return levels;
}

function levelOf(
  folder: VolumeFolder,
  { path, dataset, calibration, factors }: FoundLevel,
  group: JsonObject,
  finest: JsonObject,
  wanted: AxisSelection,
): ChunkedLevel {
  const name = path === "" ? folder.name : folder.nameOf(path);
  const { shape, blocks, dtype, compression } = dataset;
  const known = calibration ?? n5Calibration(dataset.attributes) ?? n5Calibration(group) ?? n5Calibration(finest);
  const axes = selectAxes(shape, volumeAxes(shape.length, known), known?.axes, wanted, name);
  const itemBytes = ITEM_BYTES[dtype];
  const key = folder.at(path);
  const below = key === "" ? "" : `${key}/`;
  return {
    name,
    shape: spatial(shape, axes.axes, 1),
    chunk: spatial(blocks, axes.axes, 1),
    dtype,
    itemBytes,
    ...worldOf(axes, known, calibration ? undefined : factors),
    notes: [...axes.notes, ...offsetNotes(axes, known)],
    fill: new Uint8Array(itemBytes),
    codec: compression.type,
    folder: below,
    coding: { kind: "n5", dataset: { ...dataset, attributes: {} }, itemBytes, axes: axes.axes, at: withinBlock(axes, blocks) },
    find: (cell) => ({ key: `${below}${n5BlockKey(wholeCell(cell, axes, blocks))}` }),
  };
}

/**
 * Axes z, y, x by their names. Without names the slowest come first: N5's last axis in the document is mostly z, and channels and
 * times follow it.
 */
function volumeAxes(rank: number, known: N5Calibration | undefined): ReturnType<typeof lastAxes> {
  const at = (name: string) => known?.axes?.findIndex((axis) => axis.toLowerCase() === name) ?? -1;
  if (known?.axes?.length !== rank || at("y") < 0 || at("x") < 0) return lastAxes(rank);
  return [at("z") < 0 ? undefined : at("z"), at("y"), at("x")];
}

/**
 * Voxel sizes and the first voxel's centre. Where a level only says how much coarser it is, its blocks begin where the finest ones
 * do: its first centre lies half a voxel further in.
 */
function worldOf(
  { axes }: SelectedAxes,
  known: N5Calibration | undefined,
  factors: readonly number[] | undefined,
): Pick<ChunkedLevel, "voxelSizeNm" | "offsetNm"> {
  const nm = (axis: number | undefined): number | undefined => {
    const angstrom = axis === undefined ? undefined : angstromPerUnit(known?.unit?.[axis]);
    return angstrom === undefined ? undefined : angstrom / 10;
  };
  const finest = axes.map((axis) => {
    const size = axis === undefined ? undefined : known?.voxelSize[axis];
    const unit = nm(axis);
    return size === undefined || unit === undefined ? undefined : size * unit;
  });
  const factor = (axis: number | undefined) => (axis === undefined ? 1 : (factors?.[axis] ?? 1));
  return {
    voxelSizeNm: finest.map((size, i) => (size === undefined ? undefined : size * factor(axes[i]))) as unknown as Triple,
    offsetNm: axes.map((axis, i) => {
      const offset = axis === undefined ? 0 : (known?.offset?.[axis] ?? 0) * (nm(axis) ?? 0);
      return offset + ((factor(axis) - 1) * (finest[i] ?? 0)) / 2;
    }) as Triple,
  };
}

function offsetNotes({ axes }: SelectedAxes, known: N5Calibration | undefined): string[] {
  const lost = axes.flatMap((axis) =>
    axis !== undefined && known?.offset?.[axis] && angstromPerUnit(known.unit?.[axis]) === undefined ? [known.offset[axis]] : [],
  );
  return lost.length === 0
    ? []
    : [`the offset ${lost.join(", ")} has no unit of length: the volume is taken to begin at 0 there`];
}

function withinBlock({ at }: SelectedAxes, blocks: readonly number[]): number[] {
  return at.map((position, axis) => position % blocks[axis]!);
}
