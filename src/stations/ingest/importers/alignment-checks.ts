import type { Json, JsonObject } from "../../../core/json.js";
import { toNumber } from "../../../core/number.js";
import type { SectionAlignment } from "../../../formats/alignment/sections.js";
import { isJsonMap } from "../metadata.js";
import type { AcquiredSections } from "./acquired-sections.js";
import type { AlignmentContent } from "./alignment-content.js";

type Row = [number, number, number];

/** How far a rotation may be from one in a row's length, a product of two rows or the determinant: configurations have few decimals. */
const RIGID_TOLERANCE = 1e-3;
/** Degrees between the tilt axis of an alignment and the microscope's: the portal's validation allows as many. */
const AXIS_TOLERANCE_DEGREES = 10;

/** Something to say of a field of the configuration. */
export interface AlignmentRemark {
  readonly message: string;
  readonly field: string;
}

export interface CheckedAlignment {
  readonly configured: JsonObject;
  readonly content: AlignmentContent;
  readonly acquired: () => Promise<AcquiredSections>;
  /** Å along x, y, z by the tomogram's header. */
  readonly measured: { readonly dimension: JsonObject; readonly voxelAngstrom: number } | undefined;
}

/** What does not fit together, though all of it can be written. */
export async function alignmentRemarks({
  configured,
  content,
  acquired,
  measured,
}: CheckedAlignment): Promise<AlignmentRemark[]> {
  const remarks: AlignmentRemark[] = [];
  const add = (message: string | undefined, field: string) => {
    if (message) remarks.push({ message, field });
  };
  add(checkAffine(configured.affine_transformation_matrix), "affine_transformation_matrix");
  if (measured) add(checkDimensions(configured, measured.dimension, measured.voxelAngstrom), "volume_dimension");
  const { sections, sectionCount } = content;
  const last = sections.at(-1);
  if (!last) return remarks;
  const { tiltAxisDegrees, angles } = await acquired();
  add(checkTiltAxis(sections, tiltAxisDegrees), "format");
  if (angles && (sectionCount === undefined ? last.zIndex >= angles.length : sectionCount !== angles.length)) {
    add(`it is of ${sectionCount ?? last.zIndex + 1} sections, there are ${angles.length} raw tilt angles`, "format");
  }
  return remarks;
}

/** What is to be said of a configured matrix: one that is no rotation with a shift would scale, shear or mirror the volume. */
export function checkAffine(matrix: Json | undefined): string | undefined {
  if (matrix === undefined || matrix === null) return undefined;
  const rows = Array.isArray(matrix) ? matrix.map((row) => (Array.isArray(row) ? row.map(toNumber) : [])) : [];
  const finite = rows.every((row) => row.length === 4 && row.every((value) => Number.isFinite(value)));
  if (rows.length !== 4 || !finite) return "affine_transformation_matrix is no 4×4 matrix of finite numbers";
  const [first, second, third, last] = rows as [number[], number[], number[], number[]];
  if (last.some((value, i) => value !== (i === 3 ? 1 : 0))) {
    return `the last row of affine_transformation_matrix is ${last.join(", ")}; 0, 0, 0, 1 is wanted`;
  }
  const linear = [first, second, third].map((row) => row.slice(0, 3));
  const determinant = determinantOf(linear);
  if (determinant === 0) return "affine_transformation_matrix has the determinant 0, it has no inverse";
  const dot = (i: number, j: number) => linear[i]!.reduce((sum, value, at) => sum + value * linear[j]![at]!, 0);
  const lengths = [0, 1, 2].map((i) => Math.sqrt(dot(i, i)));
  const skew = Math.max(...[dot(0, 1), dot(0, 2), dot(1, 2)].map(Math.abs));
  const stretched = lengths.some((length) => Math.abs(length - 1) > RIGID_TOLERANCE);
  if (!stretched && skew <= RIGID_TOLERANCE && Math.abs(determinant - 1) <= RIGID_TOLERANCE) return undefined;
  const faults = [
    stretched ? `its rows have the lengths ${lengths.map(short).join(", ")}` : undefined,
    skew > RIGID_TOLERANCE ? "its rows are not perpendicular" : undefined,
    determinant < 0 ? "it mirrors the volume" : undefined,
  ].filter((fault) => fault !== undefined);
  return `affine_transformation_matrix is no rotation with a shift: ${faults.join(", ")} (determinant ${short(determinant)})`;
}

/**
 * Configured dimensions beside those of the tomogram's header, both in Å along x, y and z: more than one voxel apart they are not of one volume.
 *
 * @param voxelAngstrom of the tomogram.
 */
export function checkDimensions(configured: JsonObject, measured: JsonObject, voxelAngstrom: number): string | undefined {
  const { volume_dimension: dimension } = configured;
  if (!isJsonMap(dimension)) return undefined;
  const axes = ["x", "y", "z"].map((axis) => [axis, toNumber(dimension[axis]), toNumber(measured[axis])] as const);
  const apart = axes.filter(([, a, b]) => a !== undefined && b !== undefined && Math.abs(a - b) > voxelAngstrom * 1.01);
  if (apart.length === 0) return undefined;
  const told = apart.map(([axis, a, b]) => `${axis} ${short(a!)} Å, the tomogram has ${short(b!)} Å`).join("; ");
  return `volume_dimension is configured as ${told}; the configured one is written`;
}

/**
 * The tilt axis of the sections beside the one that the microscope's software noted, around the circle. A few sections may differ: programs write
 * the identity for those that they could not align.
 */
export function checkTiltAxis(sections: readonly SectionAlignment[], tiltAxisDegrees: number | undefined): string | undefined {
  if (tiltAxisDegrees === undefined) return undefined;
  const apart = sections
    .map(({ zIndex, inPlaneRotation: [[a], [c]] }) => ({ zIndex, angle: (Math.atan2(c, a) * 180) / Math.PI }))
    .filter(({ angle }) => circularDistance(angle, tiltAxisDegrees) > AXIS_TOLERANCE_DEGREES);
  const [first] = apart;
  if (!first || 2 * apart.length <= sections.length) return undefined;
  const turned = apart.every(({ angle }) => circularDistance(angle + 180, tiltAxisDegrees) <= AXIS_TOLERANCE_DEGREES);
  const told = `the tilt axis of section ${first.zIndex} is at ${short(first.angle)}°, the mdoc says ${short(tiltAxisDegrees)}°`;
  return `${told} (${apart.length} of ${sections.length} sections differ by more than ${AXIS_TOLERANCE_DEGREES}°${
    turned ? ": the same axis, the other way round" : ""
  })`;
}

/** Degrees from 0 to 180. */
export function circularDistance(a: number, b: number): number {
  const turn = Math.abs(a - b) % 360;
  return Math.min(turn, 360 - turn);
}

function determinantOf(rows: readonly number[][]): number {
  const [[a, b, c], [d, e, f], [g, h, i]] = rows as [Row, Row, Row];
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
