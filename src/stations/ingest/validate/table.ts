import type { Check, Suite } from "./check.js";
import { ACQUISITION_CHECKS, TILT_CHECKS } from "./checks/acquisition.js";
import { ALIGNMENT_CHECKS } from "./checks/alignment.js";
import { ANNOTATION_CHECKS } from "./checks/annotation.js";
import { FILE_CHECKS } from "./checks/files.js";
import { IMAGE_CHECKS } from "./checks/images.js";
import { METADATA_CHECKS } from "./checks/metadata.js";
import { MRC_CHECKS } from "./checks/mrc.js";
import { NEUROGLANCER_CHECKS } from "./checks/neuroglancer.js";
import { PHOTO_CHECKS } from "./checks/photo.js";
import { SCALE_CHECKS } from "./checks/scale.js";
import { SOURCE_CHECKS } from "./checks/source.js";
import { TILTSERIES_CHECKS } from "./checks/tiltseries.js";
import { TOMOGRAM_CHECKS } from "./checks/tomogram.js";
import { VOLUME_CHECKS, ZARR_CHECKS } from "./checks/zarr.js";
import type { SubjectKind } from "./subjects.js";

/** Every check, in the order in which reports list them. Their ids never change meaning. */
export const CHECKS: readonly Check[] = [
  ...SCALE_CHECKS,
  ...FILE_CHECKS,
  ...METADATA_CHECKS,
  ...SOURCE_CHECKS,
  ...MRC_CHECKS,
  ...ZARR_CHECKS,
  ...VOLUME_CHECKS,
  ...IMAGE_CHECKS,
  ...ACQUISITION_CHECKS,
  ...TILT_CHECKS,
  ...TILTSERIES_CHECKS,
  ...ALIGNMENT_CHECKS,
  ...TOMOGRAM_CHECKS,
  ...ANNOTATION_CHECKS,
  ...PHOTO_CHECKS,
  ...NEUROGLANCER_CHECKS,
];

/** Checks of a suite, by the kind of subject that they look at. */
export function checksFor(suite: Suite): ReadonlyMap<SubjectKind, readonly Check[]> {
  const table = new Map<SubjectKind, Check[]>();
  for (const check of CHECKS) {
    if (!check.suites.includes(suite)) continue;
    table.set(check.of, [...(table.get(check.of) ?? []), check]);
  }
  return table;
}
