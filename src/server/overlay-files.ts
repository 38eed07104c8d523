import { createHash } from "node:crypto";
import type { RandomAccess } from "../core/bytes.js";
import { EmporiumError, isEmporiumError } from "../core/errors.js";
import type { MeshPart } from "../formats/mesh/mesh.js";
import { type MeshFormat, readMesh } from "../formats/mesh/read.js";
import type { ModHeader, ModImage, ModObject, Xyz } from "../formats/mod/model.js";
import { readModParts } from "../formats/mod/read.js";
import { readPointLines } from "../formats/points/ndjson.js";
import type { PointBatch } from "../formats/points/points.js";
import { POINT_READERS } from "../formats/points/readers.js";
import { bucketed, NO_SHAPES, type OverlayShapes } from "../model/overlay-bytes.js";
import { pointFileOf } from "../stations/ingest/new-config/point-files.js";
import { pointFit } from "../stations/ingest/point-fit.js";
import { openObject, type Store } from "../stores/store.js";

/** The volume that something is drawn over. Lists are x, y, z. */
export interface OverlayGround {
  readonly sizeVoxels: Xyz;
  readonly voxelAngstrom: Xyz;
  /** Of the centre of the first voxel. */
  readonly originAngstrom: Xyz;
}

/** Something beside a volume that can be drawn over it. */
export interface OverlayFile {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly kind: "points" | "orientedPoints" | "mesh" | "model";
  readonly color?: string | undefined;
  readonly count: number;
  readonly radiusAngstrom?: number | undefined;
  readonly error?: EmporiumError | undefined;
}

/** Points of one layer that are held at a time: 32 bytes each, and as many again while they are put in order. */
const POINTS_MAX = 2 ** 21;
/** The largest file that is read beside a volume. */
const FILE_BYTES_MAX = 64 * 2 ** 20;
/** Names of a folder that are looked at, and files that are looked into. */
const ENTRIES_MAX = 5_000;
const FILES_MAX = 100;
const MESH = /\.(stl|obj|glb|ply|vtk)$/i;
const POINTS = /\.(star|cbox|tloc|csv|tsv|tbl|box|coords|txt|json)$/i;
const MODEL = /\.(mod|fid)$/i;
const VOLUME = /\.(mrcs?|rec|st|ali|preali|map|tiff?|dm[34]|zarr|n5)$/i;

/** What lies beside a volume and belongs to it by its name, or by being alone with it: models, lists of points, meshes. */
export async function overlayFilesBeside(
  store: Store,
  key: string,
  ground: OverlayGround,
  signal: AbortSignal,
): Promise<OverlayFile[]> {
  const folder = key.includes("/") ? key.slice(0, key.lastIndexOf("/")) : "";
  const own = stemOf(key);
  const found: { key: string; size: number }[] = [];
  const others = new Set<string>();
  let entries = 0;
  for await (const { key: path, size } of store.children(folder, { signal })) {
    if (++entries > ENTRIES_MAX) break;
    const bare = path.replace(/\/$/, "");
    if (VOLUME.test(bare) && stemOf(bare) !== own) others.add(stemOf(bare));
    else if (!path.endsWith("/") && (MESH.test(bare) || POINTS.test(bare) || MODEL.test(bare))) found.push({ key: path, size });
  }
  // a name that goes on from another volume's further than from this one's belongs to that
  const belongs = (path: string) => {
    const stem = stemOf(path);
    const length = stem.startsWith(own) ? own.length : 0;
    const longest = Math.max(0, ...[...others].map((other) => (stem.startsWith(other) ? other.length : 0)));
    return length > 0 ? length >= longest : others.size === 0;
  };
  const files: OverlayFile[] = [];
  for (const one of found.filter((file) => belongs(file.key)).slice(0, FILES_MAX)) {
    const name = one.key.slice(one.key.lastIndexOf("/") + 1);
    const kind = MODEL.test(name) ? "model" : MESH.test(name) ? "mesh" : "points";
    const entry = { id: idOf(name), key: one.key, name, kind, count: 0 } as const;
    try {
      if (one.size > FILE_BYTES_MAX) throw tooLarge(name, one.size);
      if (kind === "model") files.push(...(await modelObjects(await openObject(store, one.key, { signal }), entry, signal)));
      else {
        const shapes = await readOverlayFile(store, entry, ground, signal);
        if (!shapes) continue; // a table, or a document of something else
        const turned = shapes.directions.length > 0;
        files.push({ ...entry, kind: kind === "points" && turned ? "orientedPoints" : kind, count: countOf(shapes) });
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isEmporiumError(error)) throw error;
      files.push({ ...entry, error });
    }
  }
  return files;
}

/** @throws {EmporiumError} what its format's reader throws; undefined for what is nothing to draw */
export async function readOverlayFile(
  store: Store,
  { id, key, kind }: Pick<OverlayFile, "id" | "key" | "kind">,
  ground: OverlayGround,
  signal: AbortSignal,
): Promise<OverlayShapes | undefined> {
  const source = await openObject(store, key, { signal });
  const size = await source.size();
  if (size > FILE_BYTES_MAX) throw tooLarge(source.name, size);
  if (kind === "model") return await readModelObject(source, Number(id.split("-")[1] ?? 0), ground, signal);
  if (kind === "mesh") {
    const format = MESH.exec(key)![1]!.toLowerCase() as MeshFormat;
    return meshShapes((await readMesh(source, { format }, { signal })) ?? [], ground, true);
  }
  const item = { path: key, size, kind: "points" } as const;
  const file = await pointFileOf(store, item, signal);
  const reader = file && POINT_READERS[file.format];
  if (!file || !reader) return undefined;
  const oriented = file.shape === "OrientedPoint";
  const [x, y, z] = ground.sizeVoxels;
  const options = {
    kind: oriented ? "orientedPoint" : file.shape === "InstanceSegmentation" ? "instancePoint" : "point",
    binning: 1,
    columns: "xyz",
    order: "xyz",
    delimiter: file.delimiter ?? ",",
    tomogram: { sizeVoxels: [x, y, z], voxelSpacingAngstrom: ground.voxelAngstrom[0] },
  } as const;
  const fit = pointFit({ size: [x, y, z], spacingAngstrom: ground.voxelAngstrom[0], binning: 1, reverse: undefined });
  const list = new PointList();
  for await (const batch of reader.read(source, options, { signal })) {
    fit.add(batch.positions, batch.count);
    list.add(batch, source.name);
  }
  const divisor = file.isAngstrom ? ground.voxelAngstrom[0] : (fit.fit()?.binning ?? 1);
  return bucketed(list.shapes(ground, divisor));
}

/** Points of an annotation of the catalogue. @param spacingAngstrom of the voxels that it counts in */
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

/** Triangles in voxels; those of a file that nobody knows may be in Å, which its size tells. */
export function meshShapes(parts: readonly MeshPart[], ground: OverlayGround, guess = false): OverlayShapes {
  const vertices = parts.reduce((sum, { positions }) => sum + positions.length, 0);
  const corners = parts.reduce((sum, { triangles }) => sum + triangles.length, 0);
  const xyz = new Float32Array(vertices);
  const triangles = new Uint32Array(corners);
  const [x, y, z] = ground.sizeVoxels;
  const fit = pointFit({ size: [x, y, z], spacingAngstrom: ground.voxelAngstrom[0], binning: 1, reverse: undefined });
  let [vertex, corner] = [0, 0];
  for (const part of parts) {
    const positions = Float64Array.from(part.positions);
    if (guess) fit.add(positions, positions.length / 3);
    xyz.set(positions, vertex);
    for (let i = 0; i < part.triangles.length; i++) triangles[corner + i] = part.triangles[i]! + vertex / 3;
    vertex += positions.length;
    corner += part.triangles.length;
  }
  const divisor = (guess && fit.fit()?.binning) || 1;
  for (let i = 0; i < xyz.length; i++)
    xyz[i] = ground.originAngstrom[i % 3]! + (xyz[i]! / divisor) * ground.voxelAngstrom[i % 3]!;
  return { ...NO_SHAPES, xyz, triangles };
}

export function countOf({ xyz, contours, triangles }: OverlayShapes): number {
  return triangles.length > 0 ? triangles.length / 3 : contours.length > 0 ? contours.length - 1 : xyz.length / 3;
}

/** Objects of a model that have anything to draw. */
async function modelObjects(
  source: RandomAccess,
  entry: Omit<OverlayFile, "color">,
  signal: AbortSignal,
): Promise<OverlayFile[]> {
  const heads: { head: ModObject; points: number }[] = [];
  for await (const part of readModParts(source, { signal, points: false })) {
    if (part.kind === "object") heads.push({ head: part.head, points: 0 });
    if (part.kind === "contour") heads.at(-1)!.points += part.head.pointCount;
  }
  return heads.flatMap(({ head, points }, i) => {
    if (points === 0) return [];
    const count = head.contourKind === "scattered" ? points : head.contourCount;
    return [
      {
        ...entry,
        id: `${entry.id}-${i}`,
        name: `${entry.name} · ${head.name || `object ${i + 1}`}`,
        color: `#${head.color
          .map((part) =>
            Math.round(255 * Math.min(Math.max(part, 0), 1))
              .toString(16)
              .padStart(2, "0"),
          )
          .join("")}`,
        count,
      },
    ];
  });
}

/**
 * One object of an IMOD model, in Å. IMOD counts x and y from the edge of the first pixel and z from the middle of the first section; a model that was
 * made on the image in another binning has the pixel size of that.
 */
export async function readModelObject(
  source: RandomAccess,
  object: number,
  ground: OverlayGround,
  signal?: AbortSignal,
): Promise<OverlayShapes> {
  let header: ModHeader | undefined;
  let image: ModImage | undefined;
  let head: ModObject | undefined;
  const starts: number[] = [];
  const values: number[] = [];
  const sizes = new Map<number, Float32Array>();
  for await (const part of readModParts(source, { signal })) {
    if (part.kind === "header") header = part.header;
    if (part.kind === "image") image = part.image;
    if (!("object" in part) || part.object !== object) continue;
    if (part.kind === "object") head = part.head;
    if (part.kind === "contour") starts.push(values.length / 3);
    if (part.kind === "points") {
      if (values.length / 3 + part.xyz.length / 3 > POINTS_MAX) throw tooMany(source.name);
      for (const value of part.xyz) values.push(value);
    }
    if (part.kind === "sizes") sizes.set(part.contour, part.sizes);
  }
  if (!head || !header) throw new EmporiumError("NOT_FOUND", `${source.name} has no object ${object + 1}`);
  const toAngstrom = modelPlacement(header, image, ground);
  const xyz = new Float32Array(values.length);
  for (let i = 0; i < values.length; i += 3) xyz.set(toAngstrom([values[i]!, values[i + 1]!, values[i + 2]!]), i);
  const count = xyz.length / 3;
  const contours = Uint32Array.from([...starts, count]);
  const pixel = pixelOf(header, image, ground)[0];
  const radii = new Float32Array(count).fill(head.pointSize * pixel);
  for (const [contour, own] of sizes) {
    for (const [i, size] of own.entries()) if (size >= 0) radii[starts[contour]! + i] = size * pixel;
  }
  const hasRadii = radii.some((radius) => radius > 0);
  if (head.contourKind === "scattered") return bucketed({ ...NO_SHAPES, xyz, radii });
  const closed = new Uint32Array(starts.length).fill(head.contourKind === "closed" ? 1 : 0);
  return { ...NO_SHAPES, xyz, contours, closed, radii: hasRadii ? radii : NO_SHAPES.radii };
}

/** Å of a pixel of the model: of the volume itself where the model was made on an image of its size. */
function pixelOf(
  { max, pixelSizeAngstrom }: ModHeader,
  image: ModImage | undefined,
  { sizeVoxels, voxelAngstrom }: OverlayGround,
): Xyz {
  if (max.every((size, axis) => size === sizeVoxels[axis])) return voxelAngstrom;
  const told = image?.scale.every((size) => size > 0) ? image.scale : undefined;
  if (pixelSizeAngstrom === undefined) return voxelAngstrom; // in pixels, whatever those are
  return told ?? [pixelSizeAngstrom, pixelSizeAngstrom, pixelSizeAngstrom];
}

/** Bit 14: the old translation is the image's origin. */
const HAS_ORIGIN = 1 << 14;

function modelPlacement(header: ModHeader, image: ModImage | undefined, ground: OverlayGround): (point: Xyz) => Xyz {
  const pixel = pixelOf(header, image, ground);
  // of a part of the image: the pixel in all of it
  const shift = (axis: 0 | 1 | 2) =>
    image && (header.flags & HAS_ORIGIN) !== 0 && image.scale[axis] > 0
      ? (image.oldTranslation[axis] - image.translation[axis]) / image.scale[axis]
      : 0;
  const shifts = [shift(0), shift(1), shift(2)] as const;
  const half = [0, 0, 0.5] as const;
  const place = (value: number, axis: 0 | 1 | 2) =>
    ground.originAngstrom[axis] + (value + shifts[axis] + half[axis]) * pixel[axis] - 0.5 * ground.voxelAngstrom[axis];
  return ([x, y, z]) => [place(x, 0), place(y, 1), place(z, 2)];
}

/** Gathers batches without holding them. */
class PointList {
  readonly #batches: PointBatch[] = [];
  #count = 0;

  /** @throws {EmporiumError} FORMAT_LIMIT */
  add(batch: PointBatch, name: string): void {
    this.#count += batch.count;
    if (this.#count > POINTS_MAX) throw tooMany(name);
    this.#batches.push(batch);
  }

  /** In Å. The z-axis of a particle is the third column of its matrix. */
  shapes({ voxelAngstrom, originAngstrom }: OverlayGround, divisor: number): OverlayShapes {
    const xyz = new Float32Array(3 * this.#count);
    const directions = new Float32Array(this.#batches.some(({ rotations }) => rotations) ? 3 * this.#count : 0);
    const instances = new Uint32Array(this.#batches.some(({ instanceIds }) => instanceIds) ? this.#count : 0);
    let first = 0;
    for (const { count, positions, rotations, instanceIds } of this.#batches) {
      for (let i = 0; i < 3 * count; i++)
        xyz[3 * first + i] = originAngstrom[i % 3]! + (positions[i]! / divisor) * voxelAngstrom[i % 3]!;
      if (rotations) for (let i = 0; i < 3 * count; i++) directions[3 * first + i] = rotations[3 * i + 2]!;
      if (instanceIds) instances.set(instanceIds.subarray(0, count), first);
      first += count;
    }
    return { ...NO_SHAPES, xyz, directions, instances };
  }
}

function stemOf(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1).replace(/\.[^.]*$/, "");
}

/** The same for the same name, whatever else comes into the folder. */
function idOf(name: string): string {
  return createHash("sha256").update(name).digest("hex").slice(0, 10);
}

function tooLarge(name: string, size: number): EmporiumError {
  return new EmporiumError("FORMAT_LIMIT", `${name} has ${size} bytes, ${FILE_BYTES_MAX} at most are drawn over a volume`, {
    hint: "split the file",
  });
}

function tooMany(name: string): EmporiumError {
  return new EmporiumError("FORMAT_LIMIT", `${name} has more than ${POINTS_MAX} points, so many are drawn at most`, {
    hint: "split the file",
  });
}
