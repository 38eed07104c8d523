/**
 * The portal's closed vocabularies, spelled and ordered as its schema has them. The same words stand in configurations, in metadata files
 * and in the database.
 */
export const ENUMS = {
  alignment_format: ["IMOD", "ARETOMO3"],
  alignment_method_type: ["fiducial_based", "patch_tracking", "projection_matching", "simulated", "undefined"],
  alignment_type: ["LOCAL", "GLOBAL"],
  annotation_file_shape_type: [
    "SegmentationMask",
    "OrientedPoint",
    "Point",
    "InstanceSegmentation",
    "GlobalCaption",
    "AnnotationCaption",
  ],
  annotation_file_source: ["dataset_author", "community", "portal_standard"],
  annotation_method_link_type: ["documentation", "models_weights", "other", "source_code", "website"],
  annotation_method_type: ["manual", "automated", "hybrid", "simulated"],
  caption_annotation_file_format: ["saber"],
  ctf_format: ["CTFFIND", "Gctf", "IMOD"],
  deposition_types: ["annotation", "dataset", "tomogram"],
  fiducial_alignment_status: ["FIDUCIAL", "NON_FIDUCIAL"],
  instance_segmentation_annotation_file_format: ["tardis", "copick"],
  oriented_point_annotation_file_format: ["mod", "relion3_star", "relion4_star", "tomoman_relion_star", "copick", "stopgap_star"],
  point_annotation_file_format: [
    "csv",
    "csv_with_header",
    "tsv",
    "mod",
    "relion3_star",
    "relion4_star",
    "tomoman_relion_star",
    "copick",
  ],
  sample_type: [
    "cell_line",
    "in_silico",
    "in_vitro",
    "organelle",
    "organism",
    "organoid",
    "other",
    "primary_cell_culture",
    "tissue",
    "virus",
  ],
  tiltseries_camera_acquire_mode: ["counting", "superresolution", "linear", "cds"],
  tiltseries_camera_manufacturer: ["Gatan", "FEI", "TFS", "simulated"],
  tiltseries_camera_model_fei_tfs: ["FALCON IV", "FALCON 4i"],
  tiltseries_camera_model_gatan: ["K2", "K2 SUMMIT", "K3", "K3 BIOQUANTUM", "UltraCam", "UltraScan"],
  tiltseries_camera_model_simulated: ["simulated"],
  tiltseries_microscope_manufacturer: ["FEI", "TFS", "JEOL", "SIMULATED"],
  tomogram_processing: ["denoised", "filtered", "raw"],
  tomogram_reconstruction_method: ["SART", "Fourier Space", "SIRT", "WBP", "Unknown"],
  tomogram_type: ["CANONICAL", "UNKNOWN"],
  triangular_mesh_annotation_file_format: ["obj", "stl", "vtk", "glb"],
  triangular_mesh_annotation_group_file_format: ["hff"],
  volume_annotation_file_format: ["mrc", "zarr"],
} as const satisfies Record<string, readonly string[]>;

export type EnumName = keyof typeof ENUMS;
export type EnumValue<Name extends EnumName> = (typeof ENUMS)[Name][number];

export type CameraManufacturer = EnumValue<"tiltseries_camera_manufacturer">;

/** Camera models by manufacturer: FEI and TFS are the same company. */
export const CAMERA_MODELS: Readonly<Record<CameraManufacturer, readonly string[]>> = {
  Gatan: ENUMS.tiltseries_camera_model_gatan,
  FEI: ENUMS.tiltseries_camera_model_fei_tfs,
  TFS: ENUMS.tiltseries_camera_model_fei_tfs,
  simulated: ENUMS.tiltseries_camera_model_simulated,
};
