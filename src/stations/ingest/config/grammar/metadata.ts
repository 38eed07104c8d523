import {
  andOurs,
  any,
  boolean,
  date,
  type Field,
  filled,
  identifier,
  integer,
  list,
  type MapShape,
  map,
  may,
  maybe,
  must,
  number,
  numberOrTemplate,
  oneOf,
  oneOfOrTemplate,
  text,
  whole,
  wholeOrTemplate,
} from "./shape.js";

/** Metadata blocks of configurations, with the types, ranges and vocabularies of the portal's schema (core 2.0.0). */

const AUTHOR = map("author", {
  name: must(text, "full name"),
  ORCID: may(identifier("orcid"), "ORCID, as 0000-0002-1825-0097"),
  email: may(text, "e-mail address"),
  affiliation_name: may(text, "institution"),
  affiliation_address: may(text, "address of the institution"),
  affiliation_identifier: may(text, "ROR identifier of the institution"),
  corresponding_author_status: may(boolean, "whether this is a corresponding author; one at least has to be"),
  primary_author_status: may(boolean, "whether this is a primary author; one at least has to be"),
  kaggle_id: may(text, "name of the profile at kaggle.com"),
});

const DATES = map("dates", {
  deposition_date: must(date, "day on which it was deposited; not after release_date"),
  release_date: must(date, "day on which it is published"),
  last_modified_date: must(date, "day of the last change"),
});

const CROSS_REFERENCES = map("cross references", {
  publications: may(identifier("doiList"), "DOIs with commas between them"),
  related_database_entries: may(identifier("entryList"), "EMPIAR, EMDB and PDB entries with commas between them"),
  related_database_links: may(text, "free text of older configurations"),
  dataset_citations: may(text, "free text of older configurations"),
});

const authors = must(filled(AUTHOR), "authors, in the order of citation");
const dates = must(DATES, "when it was deposited, published and changed");
const crossReferences = may(CROSS_REFERENCES, "publications and entries of other databases");

/** Three numbers by axis. */
function axes(name: string, shape: Field["shape"], unit: string): MapShape {
  return map(name, { x: must(shape, `x, ${unit}`), y: must(shape, `y, ${unit}`), z: must(shape, `z, ${unit}`) });
}

export const DEPOSITION = map("metadata of a deposition", {
  deposition_identifier: must(integer, "number of the deposition at the portal"),
  deposition_title: must(text, "title"),
  deposition_description: must(text, "a few sentences, like an abstract"),
  deposition_types: must(filled(oneOf("deposition_types")), "what it holds"),
  tag: may(text, "a word that groups depositions"),
  cross_references: crossReferences,
  authors,
  dates,
});

export const DATASET = map("metadata of a dataset", {
  dataset_identifier: must(integer, "number of the dataset at the portal, the name of its folder"),
  dataset_title: must(text, "title"),
  dataset_description: must(text, "a few sentences, like an abstract"),
  authors,
  dates,
  sample_type: must(
    oneOf("sample_type"),
    "kind of sample; organisms, tissues, cells and organelles ask for a field of their own",
  ),
  assay: must(
    map("assay", { name: must(text, "name, as EFO has it"), id: may(identifier("efo"), "EFO identifier") }),
    "how the data were measured",
  ),
  development_stage: must(
    map("development stage", {
      name: may(text, "name of the stage, or unknown"),
      id: may(
        identifier("unknown", "wbls", "uberon", "hsapdv", "mmusdv", "zfs", "fbdv"),
        "identifier of the stage; unknown if and only if its name is unknown",
      ),
    }),
    "stage of the organism",
  ),
  disease: must(
    map("disease", {
      name: may(text, "name of the disease or condition"),
      id: may(identifier("mondo", "pato"), "MONDO identifier, or PATO:0000461 for normal"),
    }),
    "disease of the organism",
  ),
  organism: may(
    map("organism", {
      name: must(text, "scientific name"),
      taxonomy_id: may(whole({ least: 1 }), "number in NCBI's taxonomy"),
    }),
    "species",
  ),
  tissue: may(
    map("tissue", {
      name: must(text, "name"),
      id: may(identifier("bto", "cl", "wbbt", "zfa", "fbbt", "uberon"), "identifier of the tissue"),
    }),
    "tissue; needed for organisms, organoids and tissues",
  ),
  cell_type: may(
    map("cell type", {
      name: must(text, "name"),
      id: may(identifier("cl", "wbbt", "zfa", "fbbt", "uberon"), "identifier of the cell type"),
    }),
    "cell type; needed for primary cell cultures",
  ),
  cell_strain: may(
    map("cell strain", {
      name: must(text, "name"),
      id: may(identifier("wbStrain", "ncbiTaxon", "cvcl", "cc"), "identifier of the strain or line"),
    }),
    "strain or line; needed for cell lines",
  ),
  cell_component: may(
    map("cell component", { name: must(text, "name, as GO has it"), id: may(identifier("go"), "GO identifier") }),
    "cellular component; needed for organelles and viruses",
  ),
  sample_preparation: may(text, "how the sample was prepared"),
  grid_preparation: may(text, "how the grid was prepared"),
  other_setup: may(text, "what else makes this dataset different from others of the same publication"),
  funding: may(
    list(
      map("funding", {
        funding_agency_name: may(text, "agency"),
        grant_id: may(text, "grant"),
      }),
    ),
    "who paid",
  ),
  cross_references: crossReferences,
});

const CAMERA = map("camera", {
  manufacturer: must(oneOf("tiltseries_camera_manufacturer"), "manufacturer"),
  model: must(
    oneOfOrTemplate("tiltseries_camera_model_fei_tfs", "tiltseries_camera_model_gatan", "tiltseries_camera_model_simulated"),
    "model",
  ),
  acquire_mode: may(oneOfOrTemplate("tiltseries_camera_acquire_mode"), "mode of acquisition"),
});

const MICROSCOPE = map("microscope", {
  manufacturer: must(oneOfOrTemplate("tiltseries_microscope_manufacturer"), "manufacturer"),
  model: must(text, "model"),
  additional_info: may(text, "what else is to be said"),
});

const OPTICS = map("optical setup", {
  energy_filter: must(text, "energy filter"),
  phase_plate: may(text, "phase plate"),
  image_corrector: may(text, "image corrector"),
});

const ANGLE = numberOrTemplate({ least: -90, most: 90 });

export const TILTSERIES = map("metadata of a tilt series", {
  acceleration_voltage: must(number({ least: 20_000 }), "acceleration voltage, V"),
  spherical_aberration_constant: must(numberOrTemplate({ least: 0 }), "spherical aberration of the objective lens, mm"),
  microscope: must(MICROSCOPE, "microscope"),
  microscope_optical_setup: must(OPTICS, "optical setup"),
  camera: must(CAMERA, "camera"),
  data_acquisition_software: must(text, "software of the acquisition"),
  is_aligned: must(boolean, "whether this stack is aligned"),
  tilt_range: must(
    map("tilt range", { min: must(ANGLE, "least angle, degrees"), max: must(ANGLE, "greatest angle, degrees") }),
    "range of the stage's tilt",
  ),
  tilt_step: must(numberOrTemplate({ least: 0, most: 90 }), "step between tilts, degrees"),
  tilt_axis: must(numberOrTemplate({ least: -360, most: 360 }), "rotation of the tilt axis, degrees"),
  tilting_scheme: must(text, "order of the tilts"),
  total_flux: must(numberOrTemplate({ least: 0 }), "electrons per Å² over the whole series"),
  tilt_series_quality: must(wholeOrTemplate({ least: 1, most: 5 }), "the authors' mark, 1 to 5, 5 is best"),
  pixel_spacing: must(numberOrTemplate({ least: 0.001 }), "pixel spacing, Å"),
  aligned_tiltseries_binning: may(numberOrTemplate({ least: 0 }), "binning of the aligned stack"),
  binning_from_frames: may(numberOrTemplate({ least: 0 }), "binning from frames to this stack"),
  frames_count: may(integer, "frames"),
  related_empiar_entry: may(identifier("empiar"), "EMPIAR entry that holds the series"),
  tilt_alignment_software: may(text, "software of the alignment"),
});

/** Rows of numbers: what they have to be is a rule, so that a fault is one and names the matrix. */
const MATRIX = list(any);

export const ALIGNMENT = map("metadata of an alignment", {
  format: must(andOurs(oneOf("alignment_format"), "RELION", "WARP"), "format of its files"),
  alignment_type: maybe(oneOf("alignment_type"), "whether the sample may have moved in itself"),
  method_type: maybe(oneOf("alignment_method_type"), "method"),
  volume_offset: may(axes("volume offset", numberOrTemplate(), "Å"), "offset of the volume, Å"),
  volume_dimension: may(axes("volume dimension", numberOrTemplate(), "Å"), "size of the volume, Å"),
  x_rotation_offset: may(wholeOrTemplate(), "rotation about x, degrees"),
  tilt_offset: may(number(), "offset of the tilt angles, degrees"),
  affine_transformation_matrix: may(MATRIX, "4×4, bottom row 0 0 0 1"),
  is_portal_standard: may(boolean, "whether this is the portal's own alignment"),
});

const offsetVoxels = integer;
const sizeVoxels = whole({ least: 0 });

export const TOMOGRAM = map("metadata of a tomogram", {
  voxel_spacing: must(numberOrTemplate({ least: 0.001 }), "voxel spacing, Å"),
  fiducial_alignment_status: must(oneOfOrTemplate("fiducial_alignment_status"), "whether fiducial markers were used"),
  reconstruction_method: must(oneOfOrTemplate("tomogram_reconstruction_method"), "method of the reconstruction"),
  reconstruction_software: must(text, "software of the reconstruction"),
  processing: must(oneOf("tomogram_processing"), "what was done with it since"),
  processing_software: may(text, "software of the processing"),
  tomogram_version: must(number({ least: 0 }), "version"),
  ctf_corrected: may(boolean, "whether it is CTF corrected"),
  align_software: may(text, "software of the alignment"),
  affine_transformation_matrix: may(MATRIX, "4×4, bottom row 0 0 0 1"),
  size: may(axes("size of a tomogram", sizeVoxels, "voxels"), "size, voxels"),
  offset: must(axes("offset of a tomogram", offsetVoxels, "voxels"), "offset from the canonical tomogram, voxels"),
  is_visualization_default: must(boolean, "whether the viewer shows it first"),
  cross_references: crossReferences,
  dates,
  authors,
});

export const FRAME = map("metadata of frames", {
  dose_rate: must(numberOrTemplate(), "dose rate, electrons per Å² and second, above 0"),
  is_gain_corrected: must(boolean, "whether the frames are gain corrected"),
});

export const CTF = map("metadata of CTF files", {
  format: must(andOurs(oneOf("ctf_format"), "RELION", "WARP"), "program that wrote them"),
});

export const IDENTIFIED_OBJECTS = map("metadata of identified objects", {
  filter_value: may(text, "value to filter rows by"),
});

/** An annotation's own list of files as the schema has it; configurations give files as sources instead. */
const ANNOTATION_FILE = map("file of an annotation", {
  glob_string: may(text, "glob"),
  glob_strings: may(list(text), "globs"),
  is_visualization_default: may(boolean, "whether the viewer shows it"),
  is_portal_standard: may(boolean, "whether it is the portal's own"),
});

const percent = number({ least: 0, most: 100 });

export const ANNOTATION = map("metadata of an annotation", {
  annotation_ingest_id: must(text, "name of the annotation in this file: a slug and a number, as cytosolic-ribosome-1"),
  annotation_object: must(
    map("annotated object", {
      id: must(identifier("go", "uniprot", "uberon", "chebi", "cdpo", "cl", "pdb"), "identifier of the object"),
      name: must(text, "name, as the ontology has it"),
      description: may(text, "what it looks like here"),
      state: may(text, "state, as open or closed"),
    }),
    "what is annotated",
  ),
  annotation_method: must(text, "how it was made"),
  method_type: must(oneOf("annotation_method_type"), "by hand or by program"),
  method_links: may(
    list(
      map("link of a method", {
        link: must(text, "address"),
        link_type: must(oneOf("annotation_method_link_type"), "what is there"),
        custom_name: may(text, "text of the link"),
      }),
    ),
    "models, code and documents of the method",
  ),
  annotation_software: may(text, "software"),
  annotation_publications: may(identifier("publicationList"), "DOIs and entries of EMPIAR, EMDB, PDB, with commas between them"),
  confidence: may(
    map("confidence", {
      precision: may(percent, "precision, %"),
      recall: may(percent, "recall, %"),
      ground_truth_used: may(text, "what it was compared with"),
    }),
    "how good it is",
  ),
  ground_truth_status: may(boolean, "whether it is ground truth; an automated annotation is none"),
  is_curator_recommended: may(boolean, "whether the curators recommend it"),
  object_count: may(integer, "number of objects"),
  files: may(list(ANNOTATION_FILE), "files"),
  version: may(number({ least: 0 }), "version; needed to write the files"),
  dates,
  authors,
});
