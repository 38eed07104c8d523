import { colourBytes, colourInstances } from "../../model/colours.js";
import type { PointKind } from "../points/points.js";
import type { AnnotationProperty, AnnotationPropertyType } from "./annotation-info.js";
import { type RecordLayout, recordLayout } from "./annotation-records.js";

/** Settings of a collection beside its points. */
export interface AnnotationStyle {
  /** Voxel spacing of the volume in whose voxels the points are given. */
  voxelSpacingAngstrom: number;
  /** Name of what is annotated. */
  objectName: string;
  /** Diameter of a point. Default 100. */
  diameterAngstrom?: number | undefined;
  /** Seed of the instances' colours (`colourSeed` of the model), for instances only. Default 0. */
  colourSeed?: number | undefined;
  /** One file of all records by id instead of one file each. Default true. */
  sharded?: boolean | undefined;
  /** Bounds of lines are the least start and the greatest end, as in the portal's writer. Default: both ends count for both. */
  compat?: boolean | undefined;
}

/** Å to nanometres, which the portal's viewer takes for voxels. */
export function diameterOf({ diameterAngstrom = 100 }: AnnotationStyle): number {
  return diameterAngstrom / 10;
}

const WHITE: readonly number[] = [255, 255, 255];
/** Lines along the images of x, y and z. */
const AXIS_COLOURS: readonly (readonly number[])[] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
];

/** Points that were added together. */
export interface Batch {
  first: number;
  count: number;
  /** Voxels: 3 numbers a point; 12 an oriented point, its position and the ends of its lines. */
  geometry: Float32Array;
  instanceIds?: Float64Array | undefined;
}

const DIMENSIONS = ["x", "y", "z"].map((name) => ({ name, scale: 1, unit: "m" }));

/** The annotations of a collection as bytes. */
export class Records {
  readonly type: "point" | "line";
  readonly properties: readonly AnnotationProperty[];
  readonly layout: RecordLayout;
  /** Annotations: one a point, three an oriented point. */
  readonly count: number;
  readonly #each: number;
  readonly #names: ReadonlyMap<number, { value: number; colour: readonly number[] }>;
  readonly #offsets: Readonly<Record<string, number>>;
  readonly #setName: (view: DataView, at: number, value: number) => void;

  constructor(
    kind: PointKind,
    readonly style: AnnotationStyle,
    readonly batches: readonly Batch[],
  ) {
    this.type = kind === "orientedPoint" ? "line" : "point";
    this.#each = kind === "orientedPoint" ? 3 : 1;
    const { property, names } = kind === "instancePoint" ? instanceNames(style, batches) : oneName(style);
    this.#names = names;
    const colours = kind === "orientedPoint" ? ["point_color", "line_color"] : ["color"];
    this.properties = [
      property,
      { id: "diameter", type: "float32" },
      { id: "point_index", type: "float32" },
      ...colours.map((id) => ({ id, type: "rgb" as const })),
    ];
    this.layout = recordLayout({ type: this.type, dimensions: DIMENSIONS, properties: this.properties });
    this.#offsets = Object.fromEntries(this.layout.fields.map(({ id, offset }) => [id, offset]));
    this.#setName = SET_NAME[property.type as keyof typeof SET_NAME];
    const last = batches.at(-1);
    this.count = last ? (last.first + last.count) * this.#each : 0;
  }

  /** Records `[from, to)`. */
  piece(from: number, to: number): Uint8Array {
    const { bytes } = this.layout;
    const target = new Uint8Array((to - from) * bytes);
    const view = new DataView(target.buffer);
    for (let i = from; i < to; i++) this.write(view, (i - from) * bytes, i);
    return target;
  }

  /** Writes one record. Padding is left as it is. */
  write(view: DataView, at: number, annotation: number): void {
    const point = Math.floor(annotation / this.#each);
    const batch = this.#batchOf(point);
    const own = point - batch.first;
    if (this.type === "point") {
      for (let axis = 0; axis < 3; axis++) view.setFloat32(at + 4 * axis, batch.geometry[3 * own + axis]!, true);
    } else {
      const line = annotation % 3;
      for (let axis = 0; axis < 3; axis++) {
        view.setFloat32(at + 4 * axis, batch.geometry[12 * own + axis]!, true);
        view.setFloat32(at + 12 + 4 * axis, batch.geometry[12 * own + 3 + 3 * line + axis]!, true);
      }
    }
    const offsets = this.#offsets as Record<"name" | "diameter" | "point_index" | "color" | "point_color" | "line_color", number>;
    view.setFloat32(at + offsets.diameter, diameterOf(this.style), true);
    view.setFloat32(at + offsets.point_index, point, true);
    const { value, colour } = this.#names.get(batch.instanceIds?.[own] ?? 0)!;
    this.#setName(view, at + offsets.name, value);
    if (this.type === "point") setColour(view, at + offsets.color, colour);
    else {
      setColour(view, at + offsets.point_color, colour);
      setColour(view, at + offsets.line_color, AXIS_COLOURS[annotation % 3]!);
    }
  }

  #batchOf(point: number): Batch {
    let [low, high] = [0, this.batches.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.batches[middle]!.first <= point) low = middle;
      else high = middle - 1;
    }
    return this.batches[low]!;
  }
}

const SET_NAME = {
  uint8: (view: DataView, at: number, value: number) => view.setUint8(at, value),
  uint16: (view: DataView, at: number, value: number) => view.setUint16(at, value, true),
  uint32: (view: DataView, at: number, value: number) => view.setUint32(at, value, true),
};

function setColour(view: DataView, at: number, colour: readonly number[]): void {
  for (let part = 0; part < 3; part++) view.setUint8(at + part, colour[part]!);
}

type Names = ReadonlyMap<number, { value: number; colour: readonly number[] }>;

function oneName({ objectName }: AnnotationStyle): { property: AnnotationProperty; names: Names } {
  return {
    property: { id: "name", type: "uint8", enumValues: [0], enumLabels: [objectName] },
    names: new Map([[0, { value: 0, colour: WHITE }]]),
  };
}

/** A label and colour for each instance, in id order. The value is the id, or the position in that order if ids do not fit. */
function instanceNames(style: AnnotationStyle, batches: readonly Batch[]): { property: AnnotationProperty; names: Names } {
  const distinct = new Set<number>();
  for (const { instanceIds } of batches) for (const id of instanceIds!) distinct.add(id);
  const instances = [...distinct].sort((a, b) => a - b);
  const type: AnnotationPropertyType = instances.length < 2 ** 8 ? "uint8" : instances.length <= 2 ** 16 ? "uint16" : "uint32";
  const most = { uint8: 2 ** 8, uint16: 2 ** 16, uint32: 2 ** 32 }[type] - 1;
  const fits = instances.at(-1)! <= most;
  const colours = colourInstances(instances.length, style.colourSeed ?? 0).map(colourBytes);
  const names = new Map(instances.map((id, i) => [id, { value: fits ? id : i, colour: colours[i]! }]));
  return {
    property: {
      id: "name",
      type,
      enumValues: instances.map((id) => names.get(id)!.value),
      enumLabels: instances.map((id) => `${style.objectName} ${id}`),
    },
    names,
  };
}
