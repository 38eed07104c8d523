import type { EntityName } from "../../../catalog/entities.js";
import type { Json } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { Float, floatRepr, roundHalfEven, toNumber } from "../../../core/number.js";
import type { TreeAddresses } from "./addresses.js";

/** The path of a column's value in its document, perhaps with a conversion. */
export type Source = string | Derived;
interface Derived {
  /** `""`: the whole object. */
  readonly path: string;
  readonly as: (value: Json | undefined, addresses: TreeAddresses) => Json | undefined;
}

const s3 = (path: string): Derived => ({ path, as: (value, addresses) => addresses.s3(addresses.keyOf(value)) });
const https = (path: string): Derived => ({ path, as: (value, addresses) => addresses.https(addresses.keyOf(value)) });
const size = (path: string): Derived => ({ path, as: (value, addresses) => addresses.size(addresses.keyOf(value)) });
const orElse = (path: string, fallback: Json): Derived => ({
  path,
  as: (value) => (value === undefined || value === null || value === "" ? fallback : value),
});
const firstOf = (path: string, ...names: string[]): Derived => ({
  path,
  as: (value) => names.map((name) => field(value, name)).find((found) => found !== undefined && found !== null),
});

const DATES = {
  deposition_date: "dates.deposition_date",
  release_date: "dates.release_date",
  last_modified_date: "dates.last_modified_date",
} as const;
const AUTHOR = { orcid: "ORCID" } as const;
const PHOTOS = (path: string) => ({
  key_photo_url: https(`${path}.snapshot`),
  key_photo_thumbnail_url: https(`${path}.thumbnail`),
});
const PUBLICATIONS = firstOf("cross_references", "publications", "database_publications");
const SIZES = { size_x: "size.x", size_y: "size.y", size_z: "size.z" } as const;

/**
 * Columns whose value is not under their own name. `run-rows.ts` adds foreign keys, and values from a document's path in the
 * tree.
 *
 * Source: import of cryoet-data-portal-backend `apiv2`, with its errors corrected.
 */
export const MAPPING: Readonly<Record<EntityName, Readonly<Record<string, Source>>>> = {
  Deposition: {
    title: "deposition_title",
    description: "deposition_description",
    deposition_publications: PUBLICATIONS,
    related_database_entries: "cross_references.related_database_entries",
    ...DATES,
    ...PHOTOS("key_photos"),
  },
  DepositionAuthor: AUTHOR,
  DepositionType: { type: "" },
  Dataset: {
    title: "dataset_title",
    description: "dataset_description",
    assay_label: "assay.name",
    assay_ontology_id: "assay.id",
    development_stage_name: "development_stage.name",
    development_stage_ontology_id: "development_stage.id",
    disease_name: "disease.name",
    disease_ontology_id: "disease.id",
    organism_name: "organism.name",
    organism_taxid: "organism.taxonomy_id",
    tissue_name: "tissue.name",
    tissue_id: "tissue.id",
    cell_name: "cell_type.name",
    cell_type_id: "cell_type.id",
    cell_strain_name: "cell_strain.name",
    cell_strain_id: "cell_strain.id",
    cell_component_name: "cell_component.name",
    cell_component_id: "cell_component.id",
    dataset_publications: PUBLICATIONS,
    related_database_entries: "cross_references.related_database_entries",
    ...DATES,
    ...PHOTOS("key_photos"),
  },
  DatasetAuthor: AUTHOR,
  DatasetFunding: {},
  Run: { name: "run_name" },
  Frame: { s3_frame_path: s3("path"), https_frame_path: https("path"), file_size: size("path") },
  FrameAcquisitionFile: {
    s3_mdoc_path: s3("frames_acquisition_file"),
    https_mdoc_path: https("frames_acquisition_file"),
  },
  GainFile: {},
  Tiltseries: {
    s3_omezarr_dir: s3("omezarr_dir"),
    https_omezarr_dir: https("omezarr_dir"),
    file_size_omezarr: size("omezarr_dir"),
    s3_mrc_file: s3("mrc_file"),
    https_mrc_file: https("mrc_file"),
    file_size_mrc: size("mrc_file"),
    microscope_manufacturer: "microscope.manufacturer",
    microscope_model: "microscope.model",
    microscope_additional_info: "microscope.additional_info",
    microscope_energy_filter: "microscope_optical_setup.energy_filter",
    microscope_phase_plate: "microscope_optical_setup.phase_plate",
    microscope_image_corrector: "microscope_optical_setup.image_corrector",
    camera_manufacturer: "camera.manufacturer",
    camera_model: "camera.model",
    tilt_min: { path: "tilt_range.min", as: hundredths },
    tilt_max: { path: "tilt_range.max", as: hundredths },
    tilt_range: { path: "tilt_range", as: tiltRange },
    is_aligned: orElse("is_aligned", false),
    ...SIZES,
  },
  PerSectionParameters: {},
  Alignment: {
    alignment_method: { path: "method_type", as: (value) => (value === "undefined" ? null : value) },
    volume_x_dimension: "volume_dimension.x",
    volume_y_dimension: "volume_dimension.y",
    volume_z_dimension: "volume_dimension.z",
    volume_x_offset: "volume_offset.x",
    volume_y_offset: "volume_offset.y",
    volume_z_offset: "volume_offset.z",
    affine_transformation_matrix: { path: "affine_transformation_matrix", as: arrayText },
  },
  PerSectionAlignmentParameters: {},
  TomogramVoxelSpacing: {},
  Tomogram: {
    name: "run_name",
    ...SIZES,
    offset_x: "offset.x",
    offset_y: "offset.y",
    offset_z: "offset.z",
    fiducial_alignment_status: { path: "fiducial_alignment_status", as: fiducialWord },
    reconstruction_method: {
      path: "reconstruction_method",
      as: (value) => (typeof value === "string" && value !== "" ? value.replaceAll(" ", "_") : "Unknown"),
    },
    reconstruction_software: orElse("reconstruction_software", "Unknown"),
    is_portal_standard: "is_standardized",
    ctf_corrected: {
      path: "ctf_corrected",
      as: (value) => (typeof value === "string" ? value.toLowerCase() === "true" : Boolean(value)),
    },
    s3_omezarr_dir: s3("omezarr_dir"),
    https_omezarr_dir: https("omezarr_dir"),
    file_size_omezarr: size("omezarr_dir"),
    s3_mrc_file: s3("mrc_file"),
    https_mrc_file: https("mrc_file"),
    file_size_mrc: size("mrc_file"),
    scale0_dimensions: { path: "scales.0", as: dimensions },
    scale1_dimensions: { path: "scales.1", as: dimensions },
    scale2_dimensions: { path: "scales.2", as: dimensions },
    publications: PUBLICATIONS,
    related_database_entries: "cross_references.related_database_entries",
    ...DATES,
    ...PHOTOS("key_photo"),
  },
  TomogramAuthor: AUTHOR,
  Annotation: {
    annotation_publication: "annotation_publications",
    object_id: "annotation_object.id",
    object_name: "annotation_object.name",
    object_description: "annotation_object.description",
    object_state: "annotation_object.state",
    confidence_precision: "confidence.precision",
    confidence_recall: "confidence.recall",
    ground_truth_used: "confidence.ground_truth_used",
    ...DATES,
  },
  AnnotationAuthor: AUTHOR,
  AnnotationMethodLink: { name: "custom_name" },
  AnnotationShape: {},
  AnnotationFile: { s3_path: s3("path"), https_path: https("path"), file_size: size("path") },
  IdentifiedObject: {},
};

/** To be increased with every change of the table above: then all is imported again. */
export const MAPPING_VERSION = 2;

/**
 * Columns that identify a row of an earlier import. If several rows have one identity, rows that also agree in `prefer` are
 * matched first, then the others in their order.
 */
export const IDENTITY: Readonly<Record<EntityName, { readonly by: readonly string[]; readonly prefer?: readonly string[] }>> = {
  Deposition: { by: ["id"] },
  DepositionAuthor: { by: ["deposition_id", "name"], prefer: ["orcid"] },
  DepositionType: { by: ["deposition_id", "type"] },
  Dataset: { by: ["id"] },
  DatasetAuthor: { by: ["dataset_id", "name"], prefer: ["orcid"] },
  DatasetFunding: { by: ["dataset_id", "funding_agency_name", "grant_id"] },
  Run: { by: ["dataset_id", "name"] },
  Frame: { by: ["run_id", "acquisition_order"], prefer: ["s3_frame_path"] },
  FrameAcquisitionFile: { by: ["run_id", "s3_mdoc_path"] },
  GainFile: { by: ["run_id", "s3_file_path"] },
  Tiltseries: { by: ["run_id"], prefer: ["s3_mrc_file", "s3_omezarr_dir"] },
  PerSectionParameters: { by: ["frame_id", "run_id", "tiltseries_id"], prefer: ["z_index"] },
  Alignment: { by: ["run_id", "deposition_id"], prefer: ["s3_alignment_metadata"] },
  PerSectionAlignmentParameters: { by: ["alignment_id", "z_index"] },
  TomogramVoxelSpacing: { by: ["run_id", "voxel_spacing"], prefer: ["s3_prefix"] },
  Tomogram: {
    by: ["deposition_id", "processing", "processing_software", "reconstruction_method", "run_id", "tomogram_voxel_spacing_id"],
    prefer: ["s3_mrc_file", "s3_omezarr_dir"],
  },
  TomogramAuthor: { by: ["tomogram_id", "name"], prefer: ["orcid"] },
  Annotation: {
    by: ["run_id", "deposition_id", "annotation_ingest_id", "tomogram_voxel_spacing_id"],
    prefer: ["s3_metadata_path"],
  },
  AnnotationAuthor: { by: ["annotation_id", "name"], prefer: ["orcid"] },
  AnnotationMethodLink: { by: ["annotation_id", "link"], prefer: ["link_type"] },
  AnnotationShape: { by: ["annotation_id", "shape_type"] },
  AnnotationFile: { by: ["format", "tomogram_voxel_spacing_id", "annotation_shape_id"], prefer: ["s3_path"] },
  IdentifiedObject: { by: ["run_id", "object_id"], prefer: ["object_name", "object_state"] },
};

/** Documents' names of shapes that differ from the database's. */
export const SHAPES: Readonly<Record<string, string>> = { TriangularMesh: "Mesh" };

function field(value: Json | undefined, name: string): Json | undefined {
  return isJsonObject(value) ? (value as Record<string, Json>)[name] : undefined;
}

function hundredths(value: Json | undefined): Json | undefined {
  const number = toNumber(value);
  return number === undefined ? value : roundHalfEven(number, 2);
}

function tiltRange(value: Json | undefined): Json | undefined {
  const [min, max] = [toNumber(hundredths(field(value, "min"))), toNumber(hundredths(field(value, "max")))];
  return min === undefined || max === undefined ? undefined : roundHalfEven(max - min, 2);
}

/** `[[1, 0], [0, 1.0]]` as a PostgreSQL array, with unchanged numbers: `{{1,0},{0,1.0}}`. */
function arrayText(value: Json | undefined): Json | undefined {
  if (value === undefined || value === null) return value;
  if (Array.isArray(value)) return `{${value.map((item: Json) => arrayText(item) ?? "NULL").join(",")}}`;
  return value instanceof Float ? floatRepr(value.value) : String(value);
}

function fiducialWord(value: Json | undefined): Json | undefined {
  if (typeof value === "boolean") return value ? "FIDUCIAL" : "NON_FIDUCIAL";
  return value;
}

function dimensions(value: Json | undefined): Json | undefined {
  const [x, y, z] = ["x", "y", "z"].map((axis) => toNumber(field(value, axis)));
  return x === undefined || y === undefined || z === undefined ? undefined : `${x},${y},${z}`;
}
