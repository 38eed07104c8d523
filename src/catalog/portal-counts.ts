import type { EntityName } from "./entities.js";

/**
 * Columns of the large tables by which pages count, as they list what can be chosen: how many rows have each value is kept in `emporium.portal_count`
 * by triggers of migrations 0005 and 0008, because counting a million rows takes longer than a page may. A change here needs a migration.
 */
export const COUNTED: Readonly<Partial<Record<EntityName, readonly string[]>>> = {
  Annotation: [
    "object_name",
    "object_id",
    "object_state",
    "method_type",
    "annotation_software",
    "ground_truth_status",
    "is_curator_recommended",
  ],
  AnnotationShape: ["shape_type"],
  AnnotationFile: ["format", "source", "is_visualization_default"],
  AnnotationAuthor: ["primary_author_status", "name", "orcid"],
  AnnotationMethodLink: ["link_type"],
  IdentifiedObject: ["object_name", "object_id"],
  Frame: ["is_gain_corrected"],
  Tiltseries: ["camera_manufacturer", "camera_model", "microscope_manufacturer", "microscope_model", "tilt_series_quality"],
  Tomogram: ["reconstruction_method", "reconstruction_software", "processing", "fiducial_alignment_status", "ctf_corrected"],
};

/**
 * Texts that have an index together with what their row belongs to. A text may be longer than an entry of an index, so those indexes hold the short ones,
 * and a condition has to say that it means one of these.
 */
export const SHORT_TEXTS: Readonly<Partial<Record<EntityName, readonly string[]>>> = {
  Annotation: ["object_name", "object_id"],
  IdentifiedObject: ["object_name", "object_id"],
};
export const SHORT_TEXT_BYTES = 1_000;
