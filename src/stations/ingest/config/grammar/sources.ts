import { ENUMS } from "../../../../model/enums.js";
import { ancestorsOf, type TypeKey } from "../../../../model/kinds.js";
import {
  any,
  boolean,
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
  type TextShape,
  text,
} from "./shape.js";

/** Entries of `sources`: finders, filters, and the shapes that wrap an annotation's files. */

const FINDER_NAMES = [
  "source_glob",
  "source_multi_glob",
  "destination_glob",
  "literal",
  "destination_filter",
  "tomogram_header",
] as const;
export type FinderName = (typeof FINDER_NAMES)[number];

const matchRegex = may(text, "regular expression, searched for in the whole path; default .*");
const nameRegex = may(
  text,
  "regular expression matched from the start of the file name; its first group is the name; default (.*)",
);

const SOURCE_GLOB = map("source glob", {
  list_glob: must(text, "glob below source_prefix"),
  match_regex: matchRegex,
  name_regex: nameRegex,
});

const DESTINATION_GLOB = map("destination glob", {
  list_glob: must(text, "glob in the output, beginning with {output_path} or {<parent>_output_path}"),
  match_regex: matchRegex,
  name_regex: nameRegex,
});

const SOURCE_MULTI_GLOB = map("source multi glob", { list_globs: must(filled(text), "globs below source_prefix, in order") });

const DESTINATION_FILTER = map("destination filter", {
  filters: must(
    filled(
      map("filter of metadata", {
        key: must(filled(text), "path into the metadata: [authors, name]"),
        value: must(any, "the value that it must have, or hold"),
      }),
    ),
    "all of them must match",
  ),
});

const TOMOGRAM_HEADER = map("tomogram header", {
  list_glob: must(text, "glob below source_prefix"),
  match_regex: matchRegex,
  header_key: may(text, "voxel_size"),
});

const LITERAL = map("literal", { value: must(filled(any), "the names themselves") });

const SPACING_LITERAL = map("literal of voxel spacings", {
  value: must(filled(numberOrTemplate()), "voxel spacings, Å"),
});

const PHOTO_LITERAL = map("literal of key photos", {
  value: must(
    map("key photos", {
      snapshot: may(identifier("photo"), "large picture"),
      thumbnail: may(identifier("photo"), "small picture"),
    }),
    "where the pictures are",
  ),
});

const FINDERS: Readonly<Record<FinderName, { shape: MapShape; says: string }>> = {
  source_glob: { shape: SOURCE_GLOB, says: "files or folders below source_prefix" },
  source_multi_glob: { shape: SOURCE_MULTI_GLOB, says: "files below source_prefix that belong together" },
  destination_glob: { shape: DESTINATION_GLOB, says: "what is in the output already; never written" },
  literal: { shape: LITERAL, says: "names as they stand" },
  destination_filter: { shape: DESTINATION_FILTER, says: "what is in the output already, by its metadata; never written" },
  tomogram_header: { shape: TOMOGRAM_HEADER, says: "voxel spacings from the headers of volumes" },
};

const STANDARD: readonly FinderName[] = ["source_glob", "source_multi_glob", "destination_glob", "literal"];
const PHOTOS: readonly TypeKey[] = ["dataset_keyphoto", "deposition_keyphoto"];
/** Types whose finders may look into the metadata of what is in the output. */
const FILTERABLE: readonly TypeKey[] = ["tiltseries", "tomogram"];

/** Finders of a section, in the order in which they are tried. */
export function findersOf(type: TypeKey): readonly FinderName[] {
  if (type === "voxel_spacing") return ["source_glob", "destination_glob", "literal", "tomogram_header"];
  return FILTERABLE.includes(type) ? [...STANDARD, "destination_filter"] : STANDARD;
}

/** Types by whose names a section's sources may be filtered. */
function parentsOf(type: TypeKey): readonly TypeKey[] {
  if (type === "identified_object") return [];
  // what lies beside a tilt series is found by run, and a dataset's photos by deposition
  const unheeded: TypeKey = type === "dataset_keyphoto" ? "dataset" : "tiltseries";
  return ancestorsOf(type).filter((parent) => parent !== unheeded);
}

const GLOBS: Readonly<Record<string, Field>> = {
  glob_string: may(text, "glob below source_prefix; or glob_strings"),
  glob_strings: may(list(text), "globs below source_prefix; or glob_string"),
  is_visualization_default: may(boolean, "whether the viewer shows it; default false"),
  is_portal_standard: may(boolean, "whether it is the portal's own; default false"),
};
const least0 = number({ least: 0 });
const binning = may(least0, "binning of the coordinates against the tomogram");
const filterValue = may(text, "value by which rows are taken; templates are filled in");
const axes: TextShape = { kind: "text", words: ["xyz", "zyx"] };
const order = may(axes, "order of the axes; zyx reverses coordinates and matrices");
const delimiter = may(text, "what stands between columns; default a comma");
const meshSource = may(text, "mesh that a viewer shows at each point");
const scaleFactor = may(least0, "factor for the coordinates; default 1");
const rescale = may(boolean, "whether the mask is to be fitted to the tomogram's size; default false");

export type ShapeName =
  | "Point"
  | "OrientedPoint"
  | "InstanceSegmentation"
  | "SegmentationMask"
  | "SemanticSegmentationMask"
  | "InstanceSegmentationMask"
  | "TriangularMesh"
  | "TriangularMeshGroup"
  | "GlobalCaption"
  | "AnnotationCaption";

/** Particle lists that the portal's schema does not know: a test keeps them those of `OWN_POINT_READERS`. */
const MORE_ORIENTED = ["relion5_star", "warp_star", "warp_matching_star", "dynamo_tbl", "peet_motl"];
const MORE_POINTS = [...MORE_ORIENTED, "eman2_box", "eman2_json", "cryolo_cbox", "csv_by_name", "napari", "tomotwin_tloc"];

/** Values of `file_format`: the portal's, and those that only emporium reads. */
export const ANNOTATION_FORMATS: Readonly<Record<ShapeName, readonly string[]>> = {
  Point: [...ENUMS.point_annotation_file_format, ...MORE_POINTS],
  OrientedPoint: [...ENUMS.oriented_point_annotation_file_format, ...MORE_ORIENTED],
  InstanceSegmentation: ENUMS.instance_segmentation_annotation_file_format,
  SegmentationMask: ENUMS.volume_annotation_file_format,
  SemanticSegmentationMask: ENUMS.volume_annotation_file_format,
  InstanceSegmentationMask: ENUMS.volume_annotation_file_format,
  TriangularMesh: ENUMS.triangular_mesh_annotation_file_format,
  TriangularMeshGroup: ENUMS.triangular_mesh_annotation_group_file_format,
  GlobalCaption: ENUMS.caption_annotation_file_format,
  AnnotationCaption: ENUMS.caption_annotation_file_format,
};

const masked: Readonly<Record<string, Field>> = {
  mask_label: may(integer, "label that means this object; default 1"),
  rescale,
  threshold: may(number(), "values at or above it are the object"),
};

export const ANNOTATION_SHAPES: Readonly<Record<ShapeName, MapShape>> = {
  Point: shape("points", "Point", { binning, columns: may(axes, "order of the columns"), delimiter, filter_value: filterValue }),
  OrientedPoint: shape("oriented points", "OrientedPoint", {
    binning,
    order,
    filter_value: filterValue,
    mesh_source_path: meshSource,
  }),
  InstanceSegmentation: shape("instance segmentation", "InstanceSegmentation", {
    binning,
    order,
    filter_value: filterValue,
    mesh_source_path: meshSource,
  }),
  SegmentationMask: shape("segmentation mask", "SegmentationMask", masked),
  SemanticSegmentationMask: shape("semantic segmentation mask", "SemanticSegmentationMask", masked),
  InstanceSegmentationMask: shape("instance segmentation mask", "InstanceSegmentationMask", { rescale }),
  TriangularMesh: shape("triangular mesh", "TriangularMesh", { scale_factor: scaleFactor }),
  TriangularMeshGroup: shape("group of triangular meshes", "TriangularMeshGroup", {
    scale_factor: scaleFactor,
    mesh_name: may(text, "which mesh of the group"),
    name: may(text, "which mesh of the group, as the portal's schema calls it"),
  }),
  GlobalCaption: shape("caption of a whole tomogram", "GlobalCaption", {}),
  AnnotationCaption: shape("caption of annotations", "AnnotationCaption", {
    companion_shape: may(text, "shape that it speaks of"),
  }),
};

function shape(says: string, name: ShapeName, options: Readonly<Record<string, Field>>): MapShape {
  const format: TextShape = { kind: "text", words: ANNOTATION_FORMATS[name] };
  return map(says, { file_format: maybe(format, "format"), ...GLOBS, ...options });
}

/** One entry of `sources` in the section of a type. */
export function sourceShape(type: TypeKey): MapShape {
  const fields: Record<string, Field> = {};
  if (type === "annotation") {
    for (const [name, shape] of Object.entries(ANNOTATION_SHAPES)) fields[name] = may(shape, shape.name);
  } else {
    for (const name of findersOf(type)) fields[name] = may(finderShape(name, type), FINDERS[name].says);
  }
  fields.exclude = may(list(text), "regular expressions, matched from the start of a found name: leave these out");
  const parents = parentsOf(type);
  if (parents.length > 0) {
    const rules = map(
      `parents of a ${type}`,
      Object.fromEntries(parents.map((parent) => [parent, may(list(text), `regular expressions on the ${parent}'s name`)])),
    );
    fields.parent_filters = may(
      map(`parent filters of a ${type}`, {
        include: may(rules, "only below parents whose name one of these is found in"),
        exclude: may(rules, "not below parents whose name one of these is found in"),
      }),
      "parents for which this source is meant",
    );
  }
  return map(`source of a ${type}`, fields);
}

function finderShape(name: FinderName, type: TypeKey): MapShape {
  if (name !== "literal") return FINDERS[name].shape;
  if (type === "voxel_spacing") return SPACING_LITERAL;
  return PHOTOS.includes(type) ? PHOTO_LITERAL : LITERAL;
}
