import { createHash } from "node:crypto";
import type { RandomAccess } from "../core/bytes.js";
import { EmporiumError, isEmporiumError } from "../core/errors.js";
import { counted } from "../core/units.js";
import type { MeshPart } from "../formats/mesh/mesh.js";
import { type MeshFormat, readMesh } from "../formats/mesh/read.js";
import { modelObjects, readModelObject } from "../formats/mod/shapes.js";
import { readPointLines } from "../formats/points/ndjson.js";
import type { PointBatch } from "../formats/points/points.js";
import { POINT_READERS } from "../formats/points/readers.js";
import { namesVolume } from "../formats/registry.js";
import {
  bucketed,
  NO_SHAPES,
  type OverlayGround,
  type OverlayShapes,
  POINTS_MAX,
  tooManyPoints,
} from "../model/overlay-bytes.js";
import { pointFileOf } from "../stations/ingest/laboratory/points/point-files.js";
import { pointFit } from "../stations/ingest/point-fit.js";
import { type Entry, openObject, type Stat, type Store } from "../stores/store.js";

/** A file beside a volume that can be drawn over it, by its name alone. */
export interface BesideFile {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly kind: "points" | "mesh" | "model";
  readonly stat: Stat;
  /** The name begins as the volume's does, and no other volume's name fits better; or the folder has no other volume. */
  readonly isOwn: boolean;
}

/** A set of shapes in a file that can be drawn over a volume. Each object of a model is one by itself. */
export interface OverlayFile {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly kind: "points" | "orientedPoints" | "instancePoints" | "mesh" | "model";
  readonly color?: string | undefined;
  /** Number of points, contours or triangles; 0 where the file is so long that it is counted only when it is shown. */
  readonly count: number;
  readonly error?: EmporiumError | undefined;
}

const TRIANGLES_MAX = 2 ** 22;
/** The largest file that is read whole. Lists of points are read in parts, however long they are. */
const FILE_BYTES_MAX = 256 * 2 ** 20;
/** Lists and surfaces above this size are not counted before they are shown. */
const COUNTED_BYTES_MAX = 2 * 2 ** 20;
/** Number of entries of a folder that are looked at; `FILES_MAX` limits the files that are listed. */
const ENTRIES_MAX = 5_000;
const FILES_MAX = 100;
const MESH = /\.(stl|obj|glb|ply|vtk)$/i;
const POINTS = /\.(ndjson|star|cbox|tloc|csv|tsv|tbl|box|coords|txt|json)$/i;
const MODEL = /\.(mod|fid)$/i;
/** Names that point files may have but that nearly always hold something else: listed only where they are the volume's own. */
const ELSE = /(metadata\.json|\.txt)$/i;

/** Models, lists of points and meshes in the folder of a volume, and notices that say what was left out. Nothing is opened. */
export async function overlayFilesBeside(
  store: Store,
  key: string,
  signal: AbortSignal,
): Promise<{ files: BesideFile[]; notices: string[] }> {
  const folder = key.includes("/") ? key.slice(0, key.lastIndexOf("/")) : "";
  const own = stemOf(key);
  const found: Entry[] = [];
  const others = new Set<string>();
  const notices: string[] = [];
  let entries = 0;
  for await (const entry of store.children(folder, { signal })) {
    if (++entries > ENTRIES_MAX) {
      notices.push(
        `This folder has more than ${ENTRIES_MAX} entries: only the first ${ENTRIES_MAX} were looked at for files to draw.`,
      );
      break;
    }
    const bare = entry.key.replace(/\/$/, "");
    if (namesVolume(bare) && stemOf(bare) !== own) others.add(stemOf(bare));
    else if (!entry.key.endsWith("/") && (MESH.test(bare) || POINTS.test(bare) || MODEL.test(bare))) found.push(entry);
  }
  // a name that has more in common with another volume's than with this one's belongs to that
  const isOwn = (stem: string) => {
    const length = commonName(stem, own);
    return length > 0 ? [...others].every((other) => commonName(stem, other) <= length) : others.size === 0;
  };
  const files = found.map(({ key: path, ...stat }): BesideFile => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const kind = MODEL.test(name) ? "model" : MESH.test(name) ? "mesh" : "points";
    return { id: idOf(name), key: path, name, kind, stat, isOwn: isOwn(stemOf(path)) };
  });
  const listed = files.filter(({ name, isOwn }) => isOwn || !ELSE.test(name));
  listed.sort((a, b) => Number(b.isOwn) - Number(a.isOwn));
  if (listed.length > FILES_MAX) {
    const behind = listed[FILES_MAX]!.name;
    notices.push(
      `${counted(listed.length, "file")} here can be drawn, ${FILES_MAX} are listed: not those from ${JSON.stringify(behind)} on.`,
    );
  }
  return { files: listed.slice(0, FILES_MAX), notices };
}

/**
 * Length of the common beginning of two names, where one continues the whole of the other: `TS_1_ribosomes` and `TS_1`,
 * `TS_1_rec` and `TS_1`.
 */
function commonName(stem: string, volume: string): number {
  if (stem.startsWith(volume)) return volume.length;
  return volume.startsWith(stem) && /^[-_. ]/.test(volume.slice(stem.length)) ? stem.length : 0;
}

/** Opens a file and lists what it has to draw; nothing for a table or document of something else. */
export async function describeOverlayFile(
  store: Store,
  { id, key, name, kind, stat }: BesideFile,
  ground: OverlayGround,
  signal: AbortSignal,
): Promise<OverlayFile[]> {
  const entry = { id, key, name, kind, count: 0 } as const;
  try {
    if (kind === "model") return await modelLayers(await openObject(store, key, { signal }), entry, signal);
    if (kind === "points" && stat.size > COUNTED_BYTES_MAX) {
      const file = await pointsOf(store, key, stat.size, signal);
      return file ? [{ ...entry, kind: file.kind }] : [];
    }
    if (kind === "mesh" && stat.size > COUNTED_BYTES_MAX) return [{ ...entry, kind }];
    const shapes = await readOverlayFile(store, entry, ground, signal);
    return shapes ? [{ ...entry, kind: kind === "mesh" ? kind : kindOf(shapes), count: countOf(shapes) }] : [];
  } catch (error) {
    signal.throwIfAborted();
    if (!isEmporiumError(error)) throw error;
    return [{ ...entry, error }];
  }
}

const kindOf = ({ directions, instances }: OverlayShapes) =>
  directions.length > 0 ? "orientedPoints" : instances.length > 0 ? "instancePoints" : "points";

/** The kind and, but for NDJSON, the reader of a list of points; undefined where the file is no such list. */
async function pointsOf(store: Store, key: string, size: number, signal: AbortSignal) {
  if (key.endsWith(".ndjson")) return { kind: "points" } as const;
  const file = await pointFileOf(store, { path: key, size }, signal);
  const reader = file && POINT_READERS[file.format];
  if (!file || !reader) return undefined;
  const kind =
    file.shape === "OrientedPoint" ? "orientedPoints" : file.shape === "InstanceSegmentation" ? "instancePoints" : "points";
  return { kind, file, reader } as const;
}

/**
 * Reads the shapes of a file; undefined where it has nothing to draw.
 *
 * @throws {EmporiumError} what its format's reader throws, FORMAT_LIMIT
 */
export async function readOverlayFile(
  store: Store,
  { id, key, kind }: Pick<OverlayFile, "id" | "key" | "kind">,
  ground: OverlayGround,
  signal: AbortSignal,
): Promise<OverlayShapes | undefined> {
  const source = await openObject(store, key, { signal });
  const size = await source.size();
  if (kind === "model") return await readModelObject(source, Number(id.split("-")[1] ?? 0), ground, signal);
  if (kind === "mesh") {
    if (size > FILE_BYTES_MAX) throw tooLarge(source.name, size);
    const format = MESH.exec(key)![1]!.toLowerCase() as MeshFormat;
    return meshShapes(source.name, (await readMesh(source, { format }, { signal })) ?? [], ground, true);
  }
  const points = await pointsOf(store, key, size, signal);
  if (!points) return undefined;
  const list = new PointList();
  // the portal's own lists count voxels
  if (!points.file) {
    for await (const batch of readPointLines(source, { signal })) list.add(batch, source.name);
    return bucketed(list.shapes(ground, 1));
  }
  const { file, reader } = points;
  if (reader.isWhole && size > FILE_BYTES_MAX) throw tooLarge(source.name, size);
  const [x, y, z] = ground.sizeVoxels;
  const options = {
    kind: points.kind === "orientedPoints" ? "orientedPoint" : points.kind === "instancePoints" ? "instancePoint" : "point",
    binning: 1,
    columns: "xyz",
    order: "xyz",
    delimiter: file.delimiter ?? ",",
    tomogram: { sizeVoxels: [x, y, z], voxelSpacingAngstrom: ground.voxelAngstrom[0] },
  } as const;
  const fit = pointFit({ size: [x, y, z], spacingAngstrom: ground.voxelAngstrom[0], binning: 1, reverse: undefined });
  for await (const batch of reader.read(source, options, { signal })) {
    fit.add(batch.positions, batch.count);
    list.add(batch, source.name);
  }
  const divisor = file.unit === "Å" ? ground.voxelAngstrom[0] : (fit.fit()?.binning ?? 1);
  return bucketed(list.shapes(ground, divisor));
}

/** Points of an annotation of the catalogue. @param spacingAngstrom voxel spacing that its coordinates are counted in */
export async function readAnnotationPoints(
  source: RandomAccess,
  spacingAngstrom: number,
  ground: OverlayGround,
  signal: AbortSignal,
): Promise<OverlayShapes> {
  const list = new PointList();
  for await (const batch of readPointLines(source, { signal })) list.add(batch, source.name);
  const own: OverlayGround = { ...ground, voxelAngstrom: [spacingAngstrom, spacingAngstrom, spacingAngstrom] };
  return bucketed(list.shapes(own, 1));
}

/**
 * The triangles of a surface, in Å. They are read as voxels; with `guess`, for files of unknown origin, their extent tells
 * whether they are in Å.
 *
 * @throws {EmporiumError} FORMAT_LIMIT
 */
export function meshShapes(name: string, parts: readonly MeshPart[], ground: OverlayGround, guess = false): OverlayShapes {
  const vertices = parts.reduce((sum, { positions }) => sum + positions.length, 0);
  const corners = parts.reduce((sum, { triangles }) => sum + triangles.length, 0);
  if (corners > 3 * TRIANGLES_MAX) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `${name} has ${counted(corners / 3, "triangle")}; at most ${TRIANGLES_MAX} are drawn`,
      {
        hint: "simplify the mesh",
      },
    );
  }
  const xyz = new Float32Array(vertices);
  const triangles = new Uint32Array(corners);
  const [x, y, z] = ground.sizeVoxels;
  const fit = pointFit({ size: [x, y, z], spacingAngstrom: ground.voxelAngstrom[0], binning: 1, reverse: undefined });
  let [vertex, corner] = [0, 0];
  for (const part of parts) {
    if (guess) fit.add(Float64Array.from(part.positions), part.positions.length / 3);
    xyz.set(part.positions, vertex);
    for (let i = 0; i < part.triangles.length; i++) triangles[corner + i] = part.triangles[i]! + vertex / 3;
    vertex += part.positions.length;
    corner += part.triangles.length;
  }
  return { ...NO_SHAPES, xyz: toAngstrom(xyz, ground, (guess && fit.fit()?.binning) || 1), triangles };
}

/** Converts coordinates to Å in place. They are voxels, or `divisor` times as many. */
function toAngstrom(xyz: Float32Array, { voxelAngstrom, originAngstrom }: OverlayGround, divisor: number): Float32Array {
  for (let axis = 0; axis < 3; axis++) {
    const [first, step] = [originAngstrom[axis]!, voxelAngstrom[axis]! / divisor];
    for (let i = axis; i < xyz.length; i += 3) xyz[i] = first + xyz[i]! * step;
  }
  return xyz;
}

export function countOf({ xyz, contours, triangles }: OverlayShapes): number {
  return triangles.length > 0 ? triangles.length / 3 : contours.length > 0 ? contours.length - 1 : xyz.length / 3;
}

async function modelLayers(source: RandomAccess, entry: Omit<OverlayFile, "color">, signal: AbortSignal): Promise<OverlayFile[]> {
  return (await modelObjects(source, signal)).map(({ object, name, color, count }) => ({
    ...entry,
    id: `${entry.id}-${object}`,
    name: `${entry.name} · ${name}`,
    color,
    count,
  }));
}

/** Gathers batches of points at the precision that is drawn. */
class PointList {
  readonly #batches: { xyz: Float32Array; directions?: Float32Array | undefined; instances?: Uint32Array | undefined }[] = [];
  #count = 0;

  /** @throws {EmporiumError} FORMAT_LIMIT */
  add({ count, positions, rotations, instanceIds }: PointBatch, name: string): void {
    this.#count += count;
    if (this.#count > POINTS_MAX) throw tooManyPoints(name);
    this.#batches.push({
      xyz: Float32Array.from(positions.subarray(0, 3 * count)),
      // the z-axis of a particle is the third column of its matrix
      directions: rotations && Float32Array.from({ length: 3 * count }, (_, i) => rotations[3 * i + 2]!),
      instances: instanceIds && Uint32Array.from(instanceIds.subarray(0, count)),
    });
  }

  /** The gathered points, in Å. */
  shapes(ground: OverlayGround, divisor: number): OverlayShapes {
    const xyz = new Float32Array(3 * this.#count);
    const directions = new Float32Array(this.#batches.some((batch) => batch.directions) ? 3 * this.#count : 0);
    const instances = new Uint32Array(this.#batches.some((batch) => batch.instances) ? this.#count : 0);
    let first = 0;
    for (const batch of this.#batches) {
      xyz.set(batch.xyz, 3 * first);
      if (batch.directions) directions.set(batch.directions, 3 * first);
      if (batch.instances) instances.set(batch.instances, first);
      first += batch.xyz.length / 3;
    }
    return { ...NO_SHAPES, xyz: toAngstrom(xyz, ground, divisor), directions, instances };
  }
}

function stemOf(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1).replace(/\.[^.]*$/, "");
}

/** Id of a file by its name alone: it stays the same, whatever else comes into the folder. */
function idOf(name: string): string {
  return createHash("sha256").update(name).digest("hex").slice(0, 10);
}

function tooLarge(name: string, size: number): EmporiumError {
  return new EmporiumError(
    "FORMAT_LIMIT",
    `${name} has ${counted(size, "byte")}; at most ${FILE_BYTES_MAX} are read of its format`,
    {
      hint: "split the file",
    },
  );
}
