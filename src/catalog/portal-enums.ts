/**
 * The portal database's closed vocabularies, as its API spells and orders them. They are wider than what metadata files may hold
 * (`model/enums.ts`): older entries of the portal use words that a new deposition cannot.
 */
export const PORTAL_ENUMS = {
  alignment_method_type_enum: ["projection_matching", "patch_tracking", "fiducial_based", "simulated"],
  alignment_type_enum: ["LOCAL", "GLOBAL"],
  annotation_file_shape_type_enum: [
    "SegmentationMask",
    "OrientedPoint",
    "Point",
    "InstanceSegmentation",
    "InstanceSegmentationMask",
    "GlobalCaption",
    "AnnotationCaption",
    "Mesh",
  ],
  annotation_file_source_enum: ["dataset_author", "community", "portal_standard"],
  annotation_method_link_type_enum: ["documentation", "models_weights", "other", "source_code", "website"],
  annotation_method_type_enum: ["manual", "automated", "hybrid", "simulated"],
  deposition_types_enum: ["annotation", "dataset", "tomogram"],
  fiducial_alignment_status_enum: ["FIDUCIAL", "NON_FIDUCIAL"],
  sample_type_enum: [
    "cell",
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
  tiltseries_microscope_manufacturer_enum: ["FEI", "TFS", "JEOL", "SIMULATED"],
  tomogram_processing_enum: ["denoised", "filtered", "raw", "filtered_even", "filtered_odd"],
  tomogram_reconstruction_method_enum: ["SART", "Fourier_Space", "SIRT", "WBP", "Unknown"],
} as const satisfies Record<string, readonly string[]>;

export type PortalEnum = keyof typeof PORTAL_ENUMS;
export type PortalEnumValue<Name extends PortalEnum> = (typeof PORTAL_ENUMS)[Name][number];
