import type { RandomAccess, ReadOptions } from "../../../core/bytes.js";
import { counted } from "../../../core/units.js";
import { UNITS } from "../../../formats/mod/ascii.js";
import { FLIPPED_BIT } from "../../../formats/mod/heads.js";
import type { ModHeader, ModImage, ModObject, ModPart, ModSlicerAngles, Xyz } from "../../../formats/mod/model.js";
import { readModParts } from "../../../formats/mod/read.js";
import { type ModelSummary, summaryOf } from "./summary.js";

/** Content of a model: points, directions of the slicer window, both, or nothing. */
type ModelKind = "points" | "slicer" | "both" | "empty";

/** Everything in a model except the points. In the form of JSON; triples are x, y, z, in pixels. */
export interface ModelInfo {
  readonly version: string;
  readonly size: number;
  readonly name: string;
  readonly kind: ModelKind;
  readonly max: Xyz;
  readonly flags: number;
  readonly yz_flipped: boolean;
  readonly scale: Xyz;
  readonly offset: Xyz;
  readonly angles: Xyz;
  readonly pixsize: number;
  readonly units: string;
  readonly pixsize_nm: number | null;
  readonly origin_A: Xyz | null;
  readonly empty: boolean;
  readonly counts: {
    readonly objects: number;
    readonly contours: number;
    readonly points: number;
    readonly meshes: number;
    readonly slicer_angles: number;
  };
  /** Box around all points with finite coordinates; null if there is none. */
  readonly bounding_box: Box | null;
  /** Points that are not within the volume: x and y 0 to N, z −0.5 to N − 0.5. */
  readonly points_outside: number;
  readonly objects: readonly ObjectInfo[];
  readonly slicer_angles: readonly ModSlicerAngles[];
  /** The transform to the image that it was last drawn on: scale and translation in Å, rotation in degrees. */
  readonly image: {
    readonly scale: Xyz;
    readonly translation: Xyz;
    readonly rotation: Xyz;
    readonly old_translation: Xyz;
  } | null;
  /** Number of chunks of each kind, by their identifiers in the file: `OBJT`, `CONT`. */
  readonly chunks: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
}

export interface Box {
  readonly min: Xyz;
  readonly max: Xyz;
}

interface ObjectInfo {
  readonly name: string;
  readonly contour_kind: ModObject["contourKind"];
  readonly contours: number;
  readonly points: number;
  /** Points that have a size of their own. */
  readonly sized_points: number;
  readonly meshes: number;
  readonly mesh_vertices: number;
  readonly mesh_indices: number;
  readonly surfaces: number;
  readonly color: Xyz;
  readonly transparency: number;
  readonly point_size: number;
  readonly line_width: number;
  readonly flags: number;
  readonly off: boolean;
  readonly labels: readonly string[];
  readonly bounding_box: Box | null;
}

/**
 * Reads a whole model. Points are read in pieces, so that a model of any size needs little memory.
 *
 * @throws {EmporiumError} as `readModParts`
 */
export async function modelInfo(
  source: RandomAccess,
  options?: ReadOptions,
): Promise<{ info: ModelInfo; summary: ModelSummary }> {
  const found = new Found();
  for await (const part of readModParts(source, { ...options })) found.take(part);
  return infoOf(found, await source.size());
}

const OFF_BIT = 1 << 1;
/** Identifiers of the chunks that hold the parts. */
const IDS: Partial<Record<ModPart["kind"], string>> = {
  object: "OBJT",
  contour: "CONT",
  sizes: "SIZE",
  mesh: "MESH",
  contourLabels: "LABL",
  objectLabels: "OLBL",
  slicerAngles: "SLAN",
  image: "MINX",
};

type Open<T> = { -readonly [Name in keyof T]: T[Name] };

/** Facts of a model from the parts that have been read so far. */
class Found {
  header: ModHeader | undefined;
  version = "";
  image: ModImage | undefined;
  /** Whether the file ends with the chunk IEOF. */
  marked = true;
  /** Offset of the byte behind IEOF. */
  end = 0;
  readonly objects: (Open<ObjectInfo> & { box: Extent; labels: string[] })[] = [];
  readonly slicers: ModSlicerAngles[] = [];
  readonly chunks: Record<string, number> = {};
  outside = 0;
  notFinite = 0;

  take(part: ModPart): void {
    const id = part.kind === "other" ? part.id : part.kind === "end" && part.marked ? "IEOF" : IDS[part.kind];
    if (id !== undefined) this.chunks[id] = (this.chunks[id] ?? 0) + 1;
    const object = "object" in part ? this.objects[part.object] : undefined;
    switch (part.kind) {
      case "header":
        this.header = part.header;
        this.version = part.version;
        break;
      case "object":
        this.objects.push(objectOf(part.head));
        break;
      case "contour":
        object!.contours++;
        object!.points += part.head.pointCount;
        break;
      case "points":
        this.#measure(part.xyz, object!.box);
        break;
      case "sizes":
        object!.sized_points += part.sizes.reduce((sum, size) => sum + (size >= 0 ? 1 : 0), 0);
        break;
      case "mesh":
        object!.meshes++;
        object!.mesh_vertices += part.mesh.vertexCount;
        object!.mesh_indices += part.mesh.indexCount;
        break;
      case "contourLabels":
      case "objectLabels":
        for (const { text } of part.labels.items) if (text !== "") object!.labels.push(text);
        break;
      case "slicerAngles":
        this.slicers.push(part.slicer);
        break;
      case "image":
        this.image = part.image;
        break;
      case "end":
        this.marked = part.marked;
        this.end = part.offset + 4;
        break;
    }
  }

  #measure(xyz: Float32Array, box: Extent): void {
    const [nx, ny, nz] = this.header!.max;
    for (let i = 0; i < xyz.length; i += 3) {
      const [x, y, z] = [xyz[i]!, xyz[i + 1]!, xyz[i + 2]!];
      if (!Number.isFinite(x + y + z)) {
        this.notFinite++;
        continue;
      }
      box.add(x, y, z);
      if (!(x >= 0 && x <= nx && y >= 0 && y <= ny && z >= -0.5 && z <= nz - 0.5)) this.outside++;
    }
  }
}

function infoOf(found: Found, size: number): { info: ModelInfo; summary: ModelSummary } {
  const { image, objects, slicers } = found;
  const header = found.header!;
  const sum = (count: (object: ObjectInfo) => number) => objects.reduce((total, object) => total + count(object), 0);
  const counts = {
    objects: objects.length,
    contours: sum(({ contours }) => contours),
    points: sum(({ points }) => points),
    meshes: sum(({ meshes }) => meshes),
    slicer_angles: slicers.length,
  };
  const summary = summaryOf(header, image, counts);
  const all = new Extent();
  for (const { box } of objects) all.join(box);
  const info: ModelInfo = {
    version: found.version,
    size,
    name: header.name,
    kind: counts.points > 0 ? (counts.slicer_angles > 0 ? "both" : "points") : counts.slicer_angles > 0 ? "slicer" : "empty",
    max: header.max,
    flags: header.flags,
    yz_flipped: (header.flags & FLIPPED_BIT) !== 0,
    scale: header.scale,
    offset: header.offset,
    angles: header.angles,
    pixsize: header.pixelSize,
    units: UNITS.get(header.units) ?? `unknown (${header.units})`,
    pixsize_nm: summary.pixsize_nm,
    origin_A: summary.origin_A,
    empty: summary.empty,
    counts,
    bounding_box: all.box,
    points_outside: found.outside,
    objects: objects.map(({ box, ...object }) => ({ ...object, bounding_box: box.box })),
    slicer_angles: slicers,
    image: image
      ? {
          scale: image.scale,
          translation: image.translation,
          rotation: image.rotation,
          old_translation: image.oldTranslation,
        }
      : null,
    chunks: found.chunks,
    warnings: warningsOf(found, size),
  };
  return { info, summary };
}

function warningsOf({ marked, end, notFinite }: Found, size: number): string[] {
  const warnings: string[] = [];
  if (!marked) warnings.push("the model ends without IEOF: slicer angles and views may be missing");
  else if (end < size) warnings.push(`${counted(size - end, "byte")} behind its end`);
  if (notFinite > 0) warnings.push(`${counted(notFinite, "point")} with a coordinate that is not a number`);
  return warnings;
}

function objectOf(head: ModObject): Open<ObjectInfo> & { box: Extent; labels: string[] } {
  return {
    name: head.name,
    contour_kind: head.contourKind,
    contours: 0,
    points: 0,
    sized_points: 0,
    meshes: 0,
    mesh_vertices: 0,
    mesh_indices: 0,
    surfaces: head.surfaceCount,
    color: head.color,
    transparency: head.transparency,
    point_size: head.pointSize,
    line_width: head.lineWidth,
    flags: head.flags,
    off: (head.flags & OFF_BIT) !== 0,
    labels: [],
    bounding_box: null,
    box: new Extent(),
  };
}

class Extent {
  readonly #min: [number, number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  readonly #max: [number, number, number] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];

  add(...point: Xyz): void {
    for (const axis of [0, 1, 2] as const) {
      if (point[axis] < this.#min[axis]) this.#min[axis] = point[axis];
      if (point[axis] > this.#max[axis]) this.#max[axis] = point[axis];
    }
  }

  join({ box }: Extent): void {
    if (!box) return;
    this.add(...box.min);
    this.add(...box.max);
  }

  get box(): Box | null {
    return this.#min[0] <= this.#max[0] ? { min: [...this.#min], max: [...this.#max] } : null;
  }
}
