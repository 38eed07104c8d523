import { EmporiumError, type Place } from "../../../core/errors.js";
import { toNumber } from "../../../core/number.js";
import { compilePattern } from "../../../engine/pattern.js";
import type { Finder } from "./finder.js";
import { ANNOTATION_FORMATS, ANNOTATION_SHAPES, type ShapeName } from "./grammar/sources.js";
import { type ConfigNode, describe, type MapNode, placeOfValue, type ScalarNode, scalarText } from "./nodes.js";
import { asList, asText, attempt, isNull, type Report, unknownKey } from "./parts.js";

/** Shape, format and reading options of one source of an annotation. */
export interface ShapeSource {
  readonly shape: ShapeName;
  readonly format: string;
  readonly isVisualizationDefault: boolean;
  readonly isPortalStandard: boolean;
  readonly place: Place;
  /** Coordinates are divided by it. */
  readonly binning: number;
  readonly columns: "xyz" | "zyx";
  readonly order: "xyz" | "zyx";
  readonly delimiter: string;
  /** Template for the value that selects rows, in files with the points of many tomograms. */
  readonly filterValue: ScalarNode | undefined;
  /** Template for the path of a mesh that is shown at each point. */
  readonly meshSourcePath: ScalarNode | undefined;
  readonly maskLabel: number;
  readonly threshold: number | undefined;
  readonly rescale: boolean;
  readonly scaleFactor: number;
  /** Segment of a group of meshes. */
  readonly meshName: string | undefined;
  /** Shape that the captions of annotations speak of. */
  readonly companionShape: string | undefined;
}

/** Options that a shape requires; of an inner list, whose entries are alternatives, one is enough. */
const NEEDED: Readonly<Partial<Record<ShapeName, readonly (readonly string[])[]>>> = {
  TriangularMeshGroup: [["mesh_name", "name"]],
  AnnotationCaption: [["companion_shape"]],
};

/**
 * One shape of an annotation with its finder and all its options, defaults filled in.
 *
 * @throws {EmporiumError} CONFIG_FIELD
 */
export function parseShape(shape: ShapeName, map: MapNode, report: Report): { shape: ShapeSource; finder: Finder | undefined } {
  const known = Object.keys(ANNOTATION_SHAPES[shape].fields);
  for (const key of map.entries.keys()) if (!known.includes(key)) report(unknownKey(map, key, known, `option of ${shape}`));
  const find = (key: string): ConfigNode | undefined => {
    const node = map.entries.get(key);
    return node && !isNull(node) ? node : undefined;
  };
  const read = <T>(key: string, standard: T, parse: (node: ConfigNode) => T): T => {
    const node = find(key);
    return node ? (attempt(report, () => parse(node)) ?? standard) : standard;
  };
  for (const names of NEEDED[shape] ?? []) {
    if (!names.some(find)) report(missing(map, `${shape} needs ${names.join(" or ")}`, `add ${names[0]}`));
  }
  const format = read("file_format", "", (node) => formatOf(node, shape));
  if (!find("file_format"))
    report(missing(map, `${shape} needs file_format`, `use one of ${ANNOTATION_FORMATS[shape].join(", ")}`));
  const threshold = read<number | undefined>("threshold", undefined, (node) =>
    numberOf(node, "threshold", Number.isFinite, "a number"),
  );
  const maskLabel = read("mask_label", 1, (node) =>
    numberOf(
      node,
      "mask_label",
      (value) => Number.isInteger(value) && value !== 0,
      "a whole number other than 0, which is the background",
    ),
  );
  if (threshold !== undefined && maskLabel !== 1) {
    report(
      new EmporiumError("CONFIG_RULE", `threshold and mask_label ${maskLabel} in one source`, {
        place: placeOfValue(find("mask_label")!),
        hint: "keep one: values at or above a threshold, or voxels of one label",
      }),
    );
  }
  const above0 = (value: number) => value > 0 && Number.isFinite(value);
  return {
    finder: attempt(report, () => finderOf(find, report)),
    shape: {
      shape,
      format,
      place: map.place,
      isVisualizationDefault: read("is_visualization_default", false, booleanOf),
      isPortalStandard: read("is_portal_standard", false, booleanOf),
      binning: read("binning", 1, (node) => numberOf(node, "binning", above0, "a number above 0")),
      columns: read("columns", "xyz" as const, (node) => axesOf(node, "columns")),
      order: read("order", "xyz" as const, (node) => axesOf(node, "order")),
      delimiter: read("delimiter", format === "tsv" ? "\t" : ",", delimiterOf),
      filterValue: read<ScalarNode | undefined>("filter_value", undefined, templateOf),
      meshSourcePath: read<ScalarNode | undefined>("mesh_source_path", undefined, templateOf),
      maskLabel,
      threshold,
      rescale: read("rescale", false, booleanOf),
      scaleFactor: read("scale_factor", 1, (node) => numberOf(node, "scale_factor", above0, "a number above 0")),
      meshName: read<string | undefined>(find("mesh_name") ? "mesh_name" : "name", undefined, asText),
      companionShape: read<string | undefined>("companion_shape", undefined, shapeNameOf),
    },
  };
}

/** `glob_string` is a `source_glob` without patterns, `glob_strings` a `source_multi_glob`; without either nothing is found. */
function finderOf(find: (key: string) => ConfigNode | undefined, report: Report): Finder | undefined {
  const [one, several] = [find("glob_string"), find("glob_strings")];
  if (one && several) {
    throw new EmporiumError("CONFIG_FIELD", "glob_string and glob_strings in one source", {
      place: placeOfValue(several),
      hint: "put all globs into glob_strings",
    });
  }
  if (several) {
    const globs = asList(several, "a list of globs").items.flatMap((item) => attempt(report, () => globOf(item)) ?? []);
    return { kind: "source_multi_glob", globs, place: several.place };
  }
  if (!one) return undefined;
  const anything = (pattern: string) => compilePattern(pattern, placeOfValue(one));
  return { kind: "source_glob", glob: globOf(one), match: anything(".*"), name: anything("(.*)"), place: one.place };
}

function globOf(node: ConfigNode): ScalarNode {
  if (asText(node) !== "") return node as ScalarNode;
  throw new EmporiumError("CONFIG_FIELD", "an empty glob", {
    place: placeOfValue(node),
    hint: "name files, for example picks/{run_name}_ribosome.star",
  });
}

function formatOf(node: ConfigNode, shape: ShapeName): string {
  const text = asText(node);
  const known = ANNOTATION_FORMATS[shape];
  if (known.includes(text)) return text;
  throw new EmporiumError(
    "CONFIG_FIELD",
    `file_format ${JSON.stringify(text)} of ${shape}; expected one of ${known.join(", ")}`,
    {
      place: placeOfValue(node),
    },
  );
}

function numberOf(node: ConfigNode, what: string, isValid: (value: number) => boolean, wanted: string): number {
  const value = node.kind === "scalar" ? numeric(node) : undefined;
  if (value !== undefined && isValid(value)) return value;
  throw new EmporiumError("CONFIG_FIELD", `${what} is ${describe(node)}; expected ${wanted}`, { place: placeOfValue(node) });
}

/** The value as a number, also from text in quotes: wherever a number is wanted, it is meant as one. Undefined for other text. */
function numeric({ value }: ScalarNode): number | undefined {
  if (typeof value !== "string") return toNumber(value);
  return /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/.test(value) ? Number(value) : undefined;
}

function booleanOf(node: ConfigNode): boolean {
  if (node.kind === "scalar" && typeof node.value === "boolean") return node.value;
  throw new EmporiumError("CONFIG_FIELD", `${describe(node)}; expected true or false`, { place: placeOfValue(node) });
}

function axesOf(node: ConfigNode, what: string): "xyz" | "zyx" {
  const text = asText(node);
  if (text === "xyz" || text === "zyx") return text;
  throw new EmporiumError("CONFIG_FIELD", `${what} is ${JSON.stringify(text)}; expected xyz or zyx`, {
    place: placeOfValue(node),
  });
}

function delimiterOf(node: ConfigNode): string {
  const text = asText(node);
  const character = text === "\\t" ? "\t" : text;
  if (character.length === 1 && !'"\r\n'.includes(character)) return character;
  throw new EmporiumError("CONFIG_FIELD", `the delimiter is ${JSON.stringify(text)}; expected one character`, {
    place: placeOfValue(node),
    hint: 'for example ",", "\\t", "|" or " "',
  });
}

/** A text with names in braces; a bare number is the name of a tomogram as well. */
function templateOf(node: ConfigNode): ScalarNode {
  if (node.kind === "scalar" && node.value !== null && typeof node.value !== "boolean") {
    return { ...node, value: scalarText(node.value) };
  }
  throw new EmporiumError("CONFIG_FIELD", `${describe(node)}; expected a text`, { place: placeOfValue(node) });
}

function shapeNameOf(node: ConfigNode): string {
  const text = asText(node);
  if (Object.hasOwn(ANNOTATION_SHAPES, text) && !text.endsWith("Caption")) return text;
  const known = Object.keys(ANNOTATION_SHAPES).filter((name) => !name.endsWith("Caption"));
  throw new EmporiumError("CONFIG_FIELD", `companion_shape ${JSON.stringify(text)}; expected one of ${known.join(", ")}`, {
    place: placeOfValue(node),
  });
}

function missing(map: MapNode, message: string, hint: string): EmporiumError {
  return new EmporiumError("CONFIG_FIELD", message, { place: placeOfValue(map), hint });
}
