import type { JsonObject } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { toNumber } from "../../../core/number.js";
import { counted } from "../../../core/units.js";
import type { SectionAlignment } from "../../../formats/alignment/sections.js";
import type { AcquiredSections } from "./acquired-sections.js";
import type { AlignmentContent } from "./alignment-content.js";

/** Degrees between the tilt axis of an alignment and the microscope's: the portal's validation allows as many. */
const AXIS_TOLERANCE_DEGREES = 10;

/** A remark about a field of the configuration. */
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

/**
 * Contradictions between an alignment's files, the configuration and the acquisition. None of them keeps it from being written.
 */
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
  if (measured) add(checkDimensions(configured, measured.dimension, measured.voxelAngstrom), "volume_dimension");
  const { sections } = content;
  if (sections.length > 0) add(checkTiltAxis(sections, (await acquired()).tiltAxisDegrees), "format");
  return remarks;
}

/**
 * Compares configured dimensions with those of the tomogram's header, both in Å along x, y and z. A difference of more than one
 * voxel means another volume.
 *
 * @param voxelAngstrom voxel spacing of the tomogram.
 */
function checkDimensions(configured: JsonObject, measured: JsonObject, voxelAngstrom: number): string | undefined {
  const { volume_dimension: dimension } = configured;
  if (!isJsonObject(dimension)) return undefined;
  const axes = ["x", "y", "z"].map((axis) => [axis, toNumber(dimension[axis]), toNumber(measured[axis])] as const);
  const apart = axes.filter(([, a, b]) => a !== undefined && b !== undefined && Math.abs(a - b) > voxelAngstrom * 1.01);
  if (apart.length === 0) return undefined;
  const told = apart.map(([axis, a, b]) => `${axis} ${short(a!)} Å, the tomogram has ${short(b!)} Å`).join("; ");
  return `volume_dimension is configured as ${told}; the configured one is written`;
}

/**
 * Compares the tilt axis of the sections with the one that the microscope's software recorded, modulo 360°. A few sections may
 * differ: programs write the identity for sections that they could not align.
 */
function checkTiltAxis(sections: readonly SectionAlignment[], tiltAxisDegrees: number | undefined): string | undefined {
  if (tiltAxisDegrees === undefined) return undefined;
  const apart = sections
    .map(({ zIndex, inPlaneRotation: [[a], [c]] }) => ({ zIndex, angle: (Math.atan2(c, a) * 180) / Math.PI }))
    .filter(({ angle }) => circularDistance(angle, tiltAxisDegrees) > AXIS_TOLERANCE_DEGREES);
  const [first] = apart;
  if (!first || 2 * apart.length <= sections.length) return undefined;
  const turned = apart.every(({ angle }) => circularDistance(angle + 180, tiltAxisDegrees) <= AXIS_TOLERANCE_DEGREES);
  const told = `the tilt axis of section ${first.zIndex} is at ${short(first.angle)}°, the mdoc says ${short(tiltAxisDegrees)}°`;
  return `${told} (${apart.length} of ${counted(sections.length, "section differs", "sections differ")} by more than ${AXIS_TOLERANCE_DEGREES}°${
    turned ? ": the same axis, the other way round" : ""
  })`;
}

/** Degrees from 0 to 180. */
function circularDistance(a: number, b: number): number {
  const turn = Math.abs(a - b) % 360;
  return Math.min(turn, 360 - turn);
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
