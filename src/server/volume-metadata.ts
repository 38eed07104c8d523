import { isNamedTiltSeries, kindOf } from "../arrays/plane/facts.js";
import { isEmporiumError } from "../core/errors.js";
import type { Json, JsonObject } from "../core/json.js";
import { isJsonObject, jsonList, jsonObject, jsonText, member } from "../core/json-fields.js";
import { LIMITS } from "../core/limits.js";
import { counted } from "../core/units.js";
import { mdocAngles, parseMdoc } from "../formats/mdoc/read.js";
import { writtenIn } from "../formats/peek/facts.js";
import { parseTiltAngles } from "../formats/tilt-angles/read.js";
import type { SourcedFact, VolumeFacts } from "../model/page-api.js";
import { printRef } from "../model/ref.js";
import type { OpenVolume } from "./open-volume.js";
import { dosesBeside } from "./section-doses.js";

/** Metadata from the files beside a volume: documents of the tree, tilt angles, the state of its view. */
export interface VolumeMetadata extends Pick<VolumeFacts, "kind" | "isTiltSeries" | "angles" | "doses" | "warnings" | "sources"> {
  readonly limits?: { readonly low: number; readonly high: number } | undefined;
}

/** Reads the metadata beside a volume. A file that cannot be read becomes a warning: the volume is shown all the same. */
export async function volumeMetadata(volume: OpenVolume, signal: AbortSignal | undefined): Promise<VolumeMetadata> {
  const { key, source, place } = volume;
  const slash = key.lastIndexOf("/") + 1;
  const [folder, name] = [key.slice(0, slash), key.slice(slash)];
  const warnings = [...new Set([...(volume.peeked?.warnings ?? []), ...(volume.notes ?? [])])];
  const [sections] = source.levels[0]!.shape;
  const read = async (path: string): Promise<Uint8Array | undefined> => {
    try {
      return await place.store.read(path, { offset: 0, length: LIMITS.metadataBytes }, { signal });
    } catch (error) {
      if (!isEmporiumError(error)) throw error;
      warnings.push(`${path} cannot be read: ${error.code}`);
      return undefined;
    }
  };
  const document = async (path: string): Promise<JsonObject | undefined> => {
    const bytes = await read(path);
    try {
      return bytes && jsonObject(JSON.parse(new TextDecoder().decode(bytes)));
    } catch {
      warnings.push(`${path} is not JSON`);
      return undefined;
    }
  };
  const [tomogram, tiltseries] = await Promise.all([
    document(`${folder}tomogram_metadata.json`),
    document(`${folder}tiltseries_metadata.json`),
  ]);
  const found = await anglesBeside({ read, folder, name, sections, tiltseries, warnings });
  const isTiltSeries = found !== undefined || tiltseries !== undefined || isNamedTiltSeries(name);
  const sources: Record<string, SourcedFact[]> = {};
  const sizes = sizeSources(volume, folder, tomogram, tiltseries);
  if (sizes.length > 0) sources.voxelSizeAngstrom = sizes;
  if (contradict(sizes)) {
    warnings.push(`voxel sizes contradict each other: ${sizes.map(({ value, from }) => `${value} Å (${from})`).join(", ")}`);
  }
  if (found) sources.angles = [{ value: `${counted(found.angles.length, "angle")}`, from: found.from }];
  const dosed = isTiltSeries ? await dosesBeside({ read, folder, name, sections, angles: found?.angles }) : undefined;
  if (dosed) sources.doses = [{ value: `${dosed.doses.length} doses`, from: dosed.from }];
  const state = tomogram && jsonText(member(tomogram, "neuroglancer_config_path"));
  const limits = (state && stateLimits(await document(state), key)) || omeroLimits(volume.peeked?.raw);
  const kind = kindOf(key, { shape: source.levels[0]!.shape, isTiltSeries, isTomogram: tomogram !== undefined });
  return { kind, isTiltSeries, angles: found?.angles, doses: dosed?.doses, warnings, sources, limits };
}

interface Beside {
  readonly read: (path: string) => Promise<Uint8Array | undefined>;
  readonly folder: string;
  readonly name: string;
  readonly sections: number;
  readonly tiltseries: JsonObject | undefined;
  readonly warnings: string[];
}

/** Tilt angles of as many sections as the volume has: aligned ones before those of the microscope. */
async function anglesBeside(beside: Beside): Promise<{ angles: number[]; from: string } | undefined> {
  const { read, folder, name, sections, tiltseries, warnings } = beside;
  const stem = name.replace(/\.[^.]*$/, "");
  const take = (angles: readonly number[], from: string) => {
    if (angles.length === sections) return { angles: [...angles], from };
    warnings.push(
      `${from} has ${counted(angles.length, "angle")}, the volume ${counted(sections, "section")}: they are not used`,
    );
    return undefined;
  };
  const attempt = async (file: string, parse: (bytes: Uint8Array) => number[]) => {
    const bytes = await read(`${folder}${file}`);
    if (!bytes) return undefined;
    try {
      const angles = parse(bytes);
      return angles.length > 0 ? take(angles, file) : undefined;
    } catch (error) {
      if (!isEmporiumError(error)) throw error;
      warnings.push(`${file}: ${error.message}`);
      return undefined;
    }
  };
  // a file of one image has none; a reconstruction may lie beside the series that it was made of
  if (sections === 1 || /\.rec$/i.test(name)) return undefined;
  for (const ending of ["tlt", "rawtlt"]) {
    const found = await attempt(`${stem}.${ending}`, (bytes) =>
      parseTiltAngles(bytes, `${stem}.${ending}`).map(({ degrees }) => degrees),
    );
    if (found) return found;
  }
  const told = jsonList(tiltseries && member(tiltseries, "per_section_parameter")).filter(isJsonObject);
  const angles = told
    .map((section) => [member(section, "z_index"), member(section, "raw_angle")])
    .filter((pair): pair is [number, number] => pair.every((value) => typeof value === "number"))
    .sort(([a], [b]) => a - b)
    .map(([, angle]) => angle);
  if (angles.length > 0) return take(angles, "tiltseries_metadata.json");
  for (const file of [`${name}.mdoc`, `${stem}.mdoc`]) {
    const found = await attempt(file, (bytes) => mdocAngles(parseMdoc(bytes, file)));
    if (found) return found;
  }
  return undefined;
}

function sizeSources(
  volume: OpenVolume,
  folder: string,
  tomogram: JsonObject | undefined,
  tiltseries: JsonObject | undefined,
): SourcedFact[] {
  const { peeked, voxelSizeAngstrom, place } = volume;
  const found: SourcedFact[] = [];
  const valueAt = (key: string, query: string) => `${printRef({ kind: "place", place: place.id, key })}/value?${query}`;
  const x = voxelSizeAngstrom[2];
  if (x !== undefined) {
    const from = writtenIn(peeked?.format);
    const at = sizeAt(volume);
    found.push({ value: x.toFixed(3), from, ...(at && { at: valueAt(...at) }) });
  }
  const told = (document: JsonObject | undefined, field: string, from: string) => {
    const value = document && member(document, field);
    // of a place that is one file, nothing else of its folder is read
    const at = place.key === undefined ? valueAt(`${folder}${from}`, `pointer=/${field}`) : undefined;
    if (typeof value === "number") found.push({ value: value.toFixed(3), from, at });
  };
  told(tomogram, "voxel_spacing", "tomogram_metadata.json");
  told(tiltseries, "pixel_spacing", "tiltseries_metadata.json");
  const named = /(?:^|\/)VoxelSpacing(\d+(?:\.\d+)?)\//.exec(folder)?.[1];
  if (named !== undefined) found.push({ value: Number(named).toFixed(3), from: "name of the folder" });
  return found;
}

/** The place in a volume itself that gives its voxel size along x: the file, and the field or value in it. */
function sizeAt({ peeked, key, keys, isSequential }: OpenVolume): [key: string, query: string] | undefined {
  if (peeked?.format === "mrc") return isSequential ? undefined : [key, "field=cella.x"];
  const scale = "multiscales/0/datasets/0/coordinateTransformations/0/scale";
  const axis = Math.max(0, (peeked?.axes ?? []).length - 1);
  for (const [name, above] of [
    ["zarr.json", "attributes/ome/"],
    [".zattrs", ""],
  ] as const) {
    const document = key === "" ? name : `${key}/${name}`;
    if (keys.includes(document)) return [document, `pointer=/${above}${scale}/${axis}`];
  }
  return undefined;
}

/** Difference in Å up to which voxel sizes count as equal: headers are float32, and names of folders have three decimals. */
const ALIKE = 0.002;

function contradict(sizes: readonly { readonly value: string }[]): boolean {
  const values = sizes.map(({ value }) => Number(value));
  // both have three decimals, whose difference is no such number
  return Math.max(...values) - Math.min(...values) > ALIKE + 1e-6;
}

/**
 * Contrast limits of the layer of this volume in a Neuroglancer state, as ingest has found them: the values shown black and
 * white.
 */
function stateLimits(state: JsonObject | undefined, key: string): VolumeMetadata["limits"] {
  const layers = jsonList(state && member(state, "layers")).filter(isJsonObject);
  const stem = key.replace(/\.(?:mrc|zarr)$/, "");
  const own = layers.find(
    (layer) => member(layer, "type") === "image" && JSON.stringify(member(layer, "source") ?? "").includes(`/${stem}.`),
  );
  const controls = jsonObject(own && member(own, "shaderControls"));
  const contrast = jsonObject(controls && member(controls, "contrast"));
  return rangeOf(jsonList(contrast && member(contrast, "range")));
}

/** Contrast limits of an OME-Zarr: the window of its first channel. */
function omeroLimits(raw: JsonObject | undefined): VolumeMetadata["limits"] {
  const attributes = jsonObject(raw && member(raw, "attributes"));
  const ome = jsonObject(attributes && member(attributes, "ome")) ?? attributes;
  const omero = jsonObject(ome && member(ome, "omero"));
  const channel = jsonObject(jsonList(omero && member(omero, "channels"))[0]);
  const window = jsonObject(channel && member(channel, "window"));
  return window && rangeOf([member(window, "start") ?? null, member(window, "end") ?? null]);
}

function rangeOf([low, high]: readonly Json[]): VolumeMetadata["limits"] {
  return typeof low === "number" && typeof high === "number" && low < high ? { low, high } : undefined;
}
