import { PORTAL_ENUMS, type PortalEnum } from "./portal-enums.js";

/**
 * The portal's entities, described once. The tables and their types, the GraphQL schema with its filters, the import of a standardised
 * tree and the reference pages all come from here, and nothing else lists fields.
 *
 * A column is `type` or `type!` (never null), and a foreign key the entity that it leads to, `!` where there must be one. A list is the
 * other side of a key. Every table also has `id`, an integer that counts up by itself; those of datasets and depositions are the
 * portal's own numbers. Names are the tables'; the API's are made from them by `apiName`.
 *
 * Source: cryoet-data-portal-backend `apiv2`, client 4.8. A test compares each field with the client's own schema.
 */
const AUTHOR = {
  author_list_order: "int!",
  orcid: "text",
  kaggle_id: "text",
  name: "text!",
  email: "text",
  affiliation_name: "text",
  affiliation_address: "text",
  affiliation_identifier: "text",
  corresponding_author_status: "bool = false",
  primary_author_status: "bool = false",
} as const;

export const ENTITY_TABLE = {
  Deposition: {
    about: "What one group hands in at one time: datasets, tomograms or annotations.",
    table: "deposition",
    root: "depositions",
    keys: {},
    lists: {
      authors: "DepositionAuthor.deposition_id",
      alignments: "Alignment.deposition_id",
      annotations: "Annotation.deposition_id",
      datasets: "Dataset.deposition_id",
      frames: "Frame.deposition_id",
      tiltseries: "Tiltseries.deposition_id",
      tomograms: "Tomogram.deposition_id",
      deposition_types: "DepositionType.deposition_id",
    },
    columns: {
      title: "text!",
      description: "text!",
      tag: "text",
      deposition_publications: "text",
      related_database_entries: "text",
      deposition_date: "date!",
      release_date: "date!",
      last_modified_date: "date!",
      key_photo_url: "text",
      key_photo_thumbnail_url: "text",
    },
  },
  DepositionAuthor: {
    about: "Author of a deposition.",
    table: "deposition_author",
    root: "depositionAuthors",
    keys: { deposition_id: "Deposition!" },
    lists: {},
    columns: AUTHOR,
  },
  DepositionType: {
    about: "What a deposition holds.",
    table: "deposition_type",
    root: "depositionTypes",
    keys: { deposition_id: "Deposition!" },
    lists: {},
    columns: {
      type: "deposition_types_enum",
    },
  },
  Dataset: {
    about: "Runs of one sample, prepared and imaged alike.",
    table: "dataset",
    root: "datasets",
    keys: { deposition_id: "Deposition!" },
    lists: { funding_sources: "DatasetFunding.dataset_id", authors: "DatasetAuthor.dataset_id", runs: "Run.dataset_id" },
    columns: {
      title: "text!",
      description: "text!",
      assay_label: "text",
      assay_ontology_id: "text",
      development_stage_name: "text",
      development_stage_ontology_id: "text",
      disease_name: "text",
      disease_ontology_id: "text",
      organism_name: "text",
      organism_taxid: "int",
      tissue_name: "text",
      tissue_id: "text",
      cell_name: "text",
      cell_type_id: "text",
      cell_strain_name: "text",
      cell_strain_id: "text",
      sample_type: "sample_type_enum",
      sample_preparation: "text",
      grid_preparation: "text",
      other_setup: "text",
      key_photo_url: "text",
      key_photo_thumbnail_url: "text",
      cell_component_name: "text",
      cell_component_id: "text",
      deposition_date: "date!",
      release_date: "date!",
      last_modified_date: "date!",
      dataset_publications: "text",
      related_database_entries: "text",
      s3_prefix: "text!",
      https_prefix: "text!",
      file_size: "float",
    },
  },
  DatasetAuthor: {
    about: "Author of a dataset.",
    table: "dataset_author",
    root: "datasetAuthors",
    keys: { dataset_id: "Dataset" },
    lists: {},
    columns: AUTHOR,
  },
  DatasetFunding: {
    about: "Who paid for a dataset.",
    table: "dataset_funding",
    root: "datasetFunding",
    keys: { dataset_id: "Dataset" },
    lists: {},
    columns: {
      funding_agency_name: "text",
      grant_id: "text",
    },
  },
  Run: {
    about: "One place of the sample, imaged once.",
    table: "run",
    root: "runs",
    keys: { dataset_id: "Dataset!" },
    lists: {
      alignments: "Alignment.run_id",
      annotations: "Annotation.run_id",
      frames: "Frame.run_id",
      gain_files: "GainFile.run_id",
      identified_objects: "IdentifiedObject.run_id",
      frame_acquisition_files: "FrameAcquisitionFile.run_id",
      per_section_parameters: "PerSectionParameters.run_id",
      tiltseries: "Tiltseries.run_id",
      tomogram_voxel_spacings: "TomogramVoxelSpacing.run_id",
      tomograms: "Tomogram.run_id",
    },
    columns: {
      name: "text!",
      s3_prefix: "text!",
      https_prefix: "text!",
    },
  },
  Frame: {
    about: "One exposure of a run, as the camera wrote it.",
    table: "frame",
    root: "frames",
    keys: { deposition_id: "Deposition!", run_id: "Run!" },
    lists: { per_section_parameters: "PerSectionParameters.frame_id" },
    columns: {
      acquisition_order: "int",
      accumulated_dose: "float",
      exposure_dose: "float",
      is_gain_corrected: "bool",
      s3_frame_path: "text",
      https_frame_path: "text",
      file_size: "float",
    },
  },
  FrameAcquisitionFile: {
    about: "What the microscope noted of a run: an mdoc file.",
    table: "frame_acquisition_file",
    root: "frameAcquisitionFiles",
    keys: { run_id: "Run" },
    lists: {},
    columns: {
      s3_mdoc_path: "text!",
      https_mdoc_path: "text!",
    },
  },
  GainFile: {
    about: "Gain reference of a run.",
    table: "gain_file",
    root: "gainFiles",
    keys: { run_id: "Run!" },
    lists: {},
    columns: {
      s3_file_path: "text!",
      https_file_path: "text!",
    },
  },
  Tiltseries: {
    about: "Projections of a run at rising tilt.",
    table: "tiltseries",
    root: "tiltseries",
    pythonClass: "TiltSeries",
    keys: { run_id: "Run!", deposition_id: "Deposition" },
    lists: { alignments: "Alignment.tiltseries_id", per_section_parameters: "PerSectionParameters.tiltseries_id" },
    columns: {
      s3_omezarr_dir: "text",
      file_size_omezarr: "float",
      s3_mrc_file: "text",
      file_size_mrc: "float",
      https_omezarr_dir: "text",
      https_mrc_file: "text",
      s3_angle_list: "text",
      https_angle_list: "text",
      acceleration_voltage: "int!",
      spherical_aberration_constant: "float!",
      microscope_manufacturer: "tiltseries_microscope_manufacturer_enum!",
      microscope_model: "text!",
      microscope_energy_filter: "text!",
      microscope_phase_plate: "text",
      microscope_image_corrector: "text",
      microscope_additional_info: "text",
      camera_manufacturer: "text!",
      camera_model: "text!",
      tilt_min: "float!",
      tilt_max: "float!",
      tilt_range: "float!",
      tilt_step: "float!",
      tilting_scheme: "text!",
      tilt_axis: "float!",
      total_flux: "float!",
      data_acquisition_software: "text!",
      related_empiar_entry: "text",
      binning_from_frames: "float",
      tilt_series_quality: "int!",
      is_aligned: "bool!",
      pixel_spacing: "float!",
      aligned_tiltseries_binning: "int",
      size_x: "int",
      size_y: "int",
      size_z: "int",
    },
  },
  PerSectionParameters: {
    about: "What was measured of one section of a tilt series.",
    table: "per_section_parameters",
    root: "perSectionParameters",
    keys: { frame_id: "Frame!", run_id: "Run!", tiltseries_id: "Tiltseries!" },
    lists: {},
    columns: {
      astigmatic_angle: "float",
      major_defocus: "float",
      max_resolution: "float",
      minor_defocus: "float",
      phase_shift: "float = 0",
      raw_angle: "float!",
      z_index: "int!",
    },
  },
  Alignment: {
    about: "How the sections of a tilt series lie to each other.",
    table: "alignment",
    root: "alignments",
    keys: { deposition_id: "Deposition", tiltseries_id: "Tiltseries", run_id: "Run" },
    lists: {
      annotation_files: "AnnotationFile.alignment_id",
      per_section_alignments: "PerSectionAlignmentParameters.alignment_id",
      tomograms: "Tomogram.alignment_id",
    },
    columns: {
      alignment_type: "alignment_type_enum",
      alignment_method: "alignment_method_type_enum",
      volume_x_dimension: "float",
      volume_y_dimension: "float",
      volume_z_dimension: "float",
      volume_x_offset: "float",
      volume_y_offset: "float",
      volume_z_offset: "float",
      x_rotation_offset: "float",
      tilt_offset: "float",
      affine_transformation_matrix: "text",
      s3_alignment_metadata: "text",
      https_alignment_metadata: "text",
      is_portal_standard: "bool = false",
    },
  },
  PerSectionAlignmentParameters: {
    about: "Shift and rotation of one section.",
    table: "per_section_alignment_parameters",
    root: "perSectionAlignmentParameters",
    keys: { alignment_id: "Alignment!" },
    lists: {},
    columns: {
      z_index: "int!",
      x_offset: "float",
      y_offset: "float",
      volume_x_rotation: "float",
      in_plane_rotation: "json",
      tilt_angle: "float",
    },
  },
  TomogramVoxelSpacing: {
    about: "Tomograms and annotations of a run at one voxel size, in Å.",
    table: "tomogram_voxel_spacing",
    root: "tomogramVoxelSpacings",
    keys: { run_id: "Run" },
    lists: {
      annotation_files: "AnnotationFile.tomogram_voxel_spacing_id",
      annotations: "Annotation.tomogram_voxel_spacing_id",
      tomograms: "Tomogram.tomogram_voxel_spacing_id",
    },
    columns: {
      voxel_spacing: "float!",
      s3_prefix: "text!",
      https_prefix: "text!",
    },
  },
  Tomogram: {
    about: "A reconstructed volume.",
    table: "tomogram",
    root: "tomograms",
    keys: {
      alignment_id: "Alignment",
      deposition_id: "Deposition!",
      run_id: "Run",
      tomogram_voxel_spacing_id: "TomogramVoxelSpacing",
    },
    lists: { authors: "TomogramAuthor.tomogram_id" },
    columns: {
      name: "text",
      size_x: "int!",
      size_y: "int!",
      size_z: "int!",
      voxel_spacing: "float!",
      fiducial_alignment_status: "fiducial_alignment_status_enum!",
      reconstruction_method: "tomogram_reconstruction_method_enum!",
      processing: "tomogram_processing_enum!",
      tomogram_version: "float",
      processing_software: "text",
      reconstruction_software: "text!",
      is_portal_standard: "bool = false",
      is_author_submitted: "bool = false",
      is_visualization_default: "bool = false",
      s3_omezarr_dir: "text",
      https_omezarr_dir: "text",
      file_size_omezarr: "float",
      s3_mrc_file: "text",
      https_mrc_file: "text",
      file_size_mrc: "float",
      scale0_dimensions: "text",
      scale1_dimensions: "text",
      scale2_dimensions: "text",
      ctf_corrected: "bool",
      offset_x: "int!",
      offset_y: "int!",
      offset_z: "int!",
      key_photo_url: "text",
      key_photo_thumbnail_url: "text",
      neuroglancer_config: "text",
      publications: "text",
      related_database_entries: "text",
      deposition_date: "date",
      release_date: "date",
      last_modified_date: "date",
    },
  },
  TomogramAuthor: {
    about: "Author of a tomogram.",
    table: "tomogram_author",
    root: "tomogramAuthors",
    keys: { tomogram_id: "Tomogram" },
    lists: {},
    columns: AUTHOR,
  },
  Annotation: {
    about: "Objects of one kind found in a run by one method.",
    table: "annotation",
    root: "annotations",
    keys: { run_id: "Run", deposition_id: "Deposition", tomogram_voxel_spacing_id: "TomogramVoxelSpacing" },
    lists: {
      annotation_shapes: "AnnotationShape.annotation_id",
      method_links: "AnnotationMethodLink.annotation_id",
      authors: "AnnotationAuthor.annotation_id",
    },
    columns: {
      s3_metadata_path: "text!",
      https_metadata_path: "text!",
      annotation_publication: "text",
      annotation_method: "text!",
      annotation_ingest_id: "text!",
      ground_truth_status: "bool = false",
      object_id: "text!",
      object_name: "text!",
      object_description: "text",
      object_state: "text",
      object_count: "int",
      confidence_precision: "float",
      confidence_recall: "float",
      ground_truth_used: "text",
      annotation_software: "text",
      is_curator_recommended: "bool = false",
      method_type: "annotation_method_type_enum!",
      deposition_date: "date!",
      release_date: "date!",
      last_modified_date: "date!",
    },
  },
  AnnotationAuthor: {
    about: "Author of an annotation.",
    table: "annotation_author",
    root: "annotationAuthors",
    keys: { annotation_id: "Annotation" },
    lists: {},
    columns: AUTHOR,
  },
  AnnotationMethodLink: {
    about: "Where the method of an annotation can be read or fetched.",
    table: "annotation_method_link",
    root: "annotationMethodLinks",
    keys: { annotation_id: "Annotation" },
    lists: {},
    columns: {
      link_type: "annotation_method_link_type_enum!",
      name: "text",
      link: "text!",
    },
  },
  AnnotationShape: {
    about: "A form in which an annotation is given: points, masks, meshes.",
    table: "annotation_shape",
    root: "annotationShapes",
    keys: { annotation_id: "Annotation" },
    lists: { annotation_files: "AnnotationFile.annotation_shape_id" },
    columns: {
      shape_type: "annotation_file_shape_type_enum",
    },
  },
  AnnotationFile: {
    about: "A file that holds an annotation in one shape and format.",
    table: "annotation_file",
    root: "annotationFiles",
    keys: {
      alignment_id: "Alignment",
      annotation_shape_id: "AnnotationShape",
      tomogram_voxel_spacing_id: "TomogramVoxelSpacing",
    },
    lists: {},
    columns: {
      format: "text!",
      s3_path: "text!",
      file_size: "float",
      https_path: "text!",
      is_visualization_default: "bool = false",
      source: "annotation_file_source_enum",
    },
  },
  IdentifiedObject: {
    about: "An object known to be in a run, without its place.",
    table: "identified_object",
    root: "identifiedObjects",
    keys: { run_id: "Run" },
    lists: {},
    columns: {
      object_id: "text!",
      object_name: "text!",
      object_description: "text",
      object_state: "text",
    },
  },
} as const satisfies Record<string, EntityText>;

export type EntityName = keyof typeof ENTITY_TABLE;
export type Scalar = "text" | "int" | "float" | "bool" | "date" | "json";
/** Columns that the portal's database fills itself where a row has no value. */
const DEFAULTED = { "bool = false": false, "float = 0": 0 } as const;

type ColumnText = `${Scalar | PortalEnum}${"" | "!"}` | keyof typeof DEFAULTED;

interface EntityText {
  readonly about: string;
  readonly table: string;
  /** Field of the API that lists them. */
  readonly root: string;
  /** Name of the client's class where it is not the type's. */
  readonly pythonClass?: string;
  readonly keys: Readonly<Record<string, string>>;
  readonly lists: Readonly<Record<string, string>>;
  readonly columns: Readonly<Record<string, ColumnText>>;
}

/**
 * Differences of the schema in the Python client (4.4 to 4.8) from the portal's own: it lacks these entities, and treats that
 * field as nullable. A server with the portal's complete schema serves both.
 */
export const NOT_IN_CLIENT = {
  keys: ["Annotation.tomogram_voxel_spacing_id"],
  lists: ["TomogramVoxelSpacing.annotations"],
  enumValues: ["alignment_method_type_enum.simulated"],
  nullable: ["Annotation.annotation_ingest_id"],
} as const;

export interface Field {
  readonly column: string;
  /** Name in the API. */
  readonly name: string;
  readonly type: Scalar | "enum";
  /** With `enum`: which. */
  readonly enumName?: PortalEnum | undefined;
  readonly required: boolean;
  readonly default?: false | 0 | undefined;
}

/** A foreign key, and the object of the API that it leads to. */
export interface Key {
  readonly column: string;
  /** `runId`, the number. */
  readonly name: string;
  /** `run`, the object. */
  readonly object: string;
  readonly target: EntityName;
  readonly required: boolean;
}

/** Rows of another entity that lead to this one. They are deleted with it. */
export interface List {
  /** `tomogram_voxel_spacings`. */
  readonly column: string;
  /** `tomogramVoxelSpacings`. */
  readonly name: string;
  /** `tomogramVoxelSpacingsAggregate`. */
  readonly aggregate: string;
  readonly target: EntityName;
  /** The target's foreign key. */
  readonly key: string;
}

export interface Entity {
  /** The API's type. */
  readonly name: EntityName;
  readonly about: string;
  readonly table: string;
  /** `runs`, the list at the root of the API. */
  readonly root: string;
  /** `runsAggregate`. */
  readonly aggregate: string;
  readonly pythonClass: string;
  /** Every column but `id` and the foreign keys. */
  readonly fields: readonly Field[];
  readonly keys: readonly Key[];
  readonly lists: readonly List[];
}

/** Every entity, a parent always before its children. */
export const ENTITIES: readonly Entity[] = Object.entries<EntityText>(ENTITY_TABLE).map(([name, text]) => ({
  name: name as EntityName,
  about: text.about,
  table: text.table,
  root: text.root,
  aggregate: `${text.root}Aggregate`,
  pythonClass: text.pythonClass ?? name,
  fields: Object.entries(text.columns).map(([column, type]) => fieldOf(column, type)),
  keys: Object.entries(text.keys).map(([column, target]) => keyOf(column, target)),
  lists: Object.entries(text.lists).map(([column, target]) => listOf(column, target)),
}));

const BY_NAME = new Map(ENTITIES.map((entity) => [entity.name, entity]));

export function getEntity(name: EntityName): Entity {
  const entity = BY_NAME.get(name);
  if (!entity) throw new TypeError(`no entity is called ${name}`);
  return entity;
}

/** `s3_mrc_file` is `s3MrcFile` in the API, `scale0_dimensions` is `scale0Dimensions`: digits stay with the word before them. */
export function apiName(column: string): string {
  return column.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function fieldOf(column: string, text: ColumnText): Field {
  const [type = ""] = text.split(" = ");
  const bare = type.replace("!", "");
  const field = {
    column,
    name: apiName(column),
    required: type.endsWith("!"),
    default: type === text ? undefined : DEFAULTED[text as keyof typeof DEFAULTED],
  };
  return bare in PORTAL_ENUMS ? { ...field, type: "enum", enumName: bare as PortalEnum } : { ...field, type: bare as Scalar };
}

function keyOf(column: string, text: string): Key {
  const object = column.replace(/_id$/, "");
  return {
    column,
    name: apiName(column),
    object: apiName(object),
    target: text.replace("!", "") as EntityName,
    required: text.endsWith("!"),
  };
}

function listOf(column: string, text: string): List {
  const [target = "", key = ""] = text.split(".");
  const name = apiName(column);
  return { column, name, aggregate: `${name}Aggregate`, target: target as EntityName, key };
}
