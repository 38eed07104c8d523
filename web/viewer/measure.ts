import type { Triple } from "../../src/core/box.js";
import { PANE_AXES, PANE_NAMES } from "./geometry.js";
import type { Axis } from "./overlay.js";

export type MeasureKind = "line" | "polyline" | "angle" | "circle";

/** Points in Å `[z, y, x]`. A circle has its centre and a point on it, an angle its vertex in the middle. */
export interface Measure {
  readonly kind: MeasureKind;
  readonly axis: Axis;
  readonly points: readonly Triple[];
}

export interface Measured {
  /** Length of a line or polyline; of a circle its diameter. */
  readonly angstrom?: number;
  readonly degrees?: number;
  readonly areaSquareNm?: number;
}

/** Points that a kind takes; a polyline goes on until it is ended. */
export const POINTS: Readonly<Record<MeasureKind, number>> = { line: 2, polyline: 64, angle: 3, circle: 2 };
export const MEASURE_KINDS = ["line", "polyline", "angle", "circle"] as const satisfies readonly MeasureKind[];
/** Letters of the kinds in an address. */
const LETTERS: Readonly<Record<MeasureKind, string>> = { line: "l", polyline: "p", angle: "a", circle: "c" };

const between = (a: Triple, b: Triple): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

export function measured({ kind, points }: Measure): Measured {
  if (kind === "angle") {
    const [a, vertex, b] = points;
    if (!a || !vertex || !b) return {};
    const dot = a.reduce((sum, value, i) => sum + (value - vertex[i]!) * (b[i]! - vertex[i]!), 0);
    const cosine = dot / (between(a, vertex) * between(b, vertex));
    return { degrees: (Math.acos(Math.min(Math.max(cosine, -1), 1)) * 180) / Math.PI };
  }
  const length = points.slice(1).reduce((sum, point, i) => sum + between(points[i]!, point), 0);
  return kind === "circle" ? { angstrom: 2 * length, areaSquareNm: (Math.PI * length * length) / 100 } : { angstrom: length };
}

/** `48.2 nm`, `⌀ 120 Å`, `73.1°`. @param hasScale false: lengths are voxels */
export function printMeasured(measure: Measure, hasScale = true): string {
  const { angstrom, degrees } = measured(measure);
  if (degrees !== undefined) return `${degrees.toFixed(1)}°`;
  if (angstrom === undefined) return "–";
  const length = hasScale
    ? angstrom < 100
      ? `${angstrom.toFixed(1)} Å`
      : `${(angstrom / 10).toFixed(1)} nm`
    : `${angstrom.toFixed(1)} voxels`;
  return measure.kind === "circle" ? `⌀ ${length}` : length;
}

/** Rows with a header, tabs between; lengths in Å and nm. */
export function measuresTsv(measures: readonly Measure[]): string {
  const rows = measures.map((one) => {
    const { angstrom, degrees, areaSquareNm } = measured(one);
    const points = one.points.map(([z, y, x]) => [x, y, z].map((value) => value.toFixed(2)).join(",")).join(" ");
    const cells = [angstrom?.toFixed(2), angstrom && (angstrom / 10).toFixed(3), degrees?.toFixed(2), areaSquareNm?.toFixed(3)];
    return [one.kind, PANE_NAMES[one.axis], ...cells.map((cell) => cell ?? ""), points].join("\t");
  });
  return [
    ["kind", "plane", "length_angstrom", "length_nm", "angle_degree", "area_nm2", "points_xyz_angstrom"].join("\t"),
    ...rows,
    "",
  ].join("\n");
}

/** Whether a measure lies on a section: within half of what is seen through. */
export const isOnSection = ({ axis, points }: Measure, pane: Axis, atAngstrom: number, thicknessAngstrom: number): boolean =>
  axis === pane && points.every((point) => Math.abs(point[PANE_AXES[pane].normal] - atAngstrom) <= thicknessAngstrom / 2 + 1e-6);

/** `lz1,2,3_4,5,6~cx…`: kind, plane, points as x,y,z with a decimal. */
export function printMeasures(measures: readonly Measure[]): string {
  return measures
    .map(({ kind, axis, points }) => {
      const text = points.map(([z, y, x]) => [x, y, z].map((value) => Number(value.toFixed(1))).join(",")).join("_");
      return `${LETTERS[kind]}${axis}${text}`;
    })
    .join("~");
}

/** Measures of a text; undefined where it is not what `printMeasures` gives. */
export function parseMeasures(text: string): readonly Measure[] | undefined {
  const found = text.split("~").map((part): Measure | undefined => {
    const kind = MEASURE_KINDS.find((one) => LETTERS[one] === part[0]);
    const axis = (["z", "y", "x"] as const).find((one) => one === part[1]);
    const points = part.slice(2).split("_").map(parsePoint);
    if (!kind || !axis || points.length < 2 || points.length > POINTS[kind] || points.some((point) => !point)) return undefined;
    return { kind, axis, points: points as Triple[] };
  });
  return found.every((one) => one !== undefined) ? found : undefined;
}

/** `x,y,z` → `[z, y, x]`. */
export function parsePoint(text: string): Triple | undefined {
  const [x, y, z, more] = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  return more === undefined && [x, y, z].every((value) => value !== undefined && Number.isFinite(value))
    ? [z!, y!, x!]
    : undefined;
}
