import type { ErrorRecord } from "../../../core/errors.js";
import { CAMERA_MODELS, type CameraManufacturer } from "../../../model/enums.js";
import { hasForm } from "../../../model/identifier-forms.js";
import { judgeMatrix } from "../config/affine.js";
import { isTemplate } from "../config/expand.js";
import { isDay } from "../config/grammar/check.js";
import { ANNOTATION_SHAPES } from "../config/grammar/sources.js";
import { type ConfigNode, describe, type MapNode, numberOfNode, placeOfValue, scalarsOf } from "../config/nodes.js";
import type { IngestConfig } from "../config/schema.js";
import { checkBetweenSections } from "./between-sections.js";
import type { Exclusions } from "./exclusions.js";
import { blocksOf, entryAt, filled, itemsOf, mapAt, scalarAt, textOf } from "./look.js";
import type { Rules } from "./rule.js";

/*
 * Rules between the fields of a configuration, which no schema can express. Each looks only at values of the right type; the
 * grammar reports the others. Numbers in comments are those of the ingestion's specification.
 */

export interface RuleFindings {
  fault(fault: ErrorRecord): void;
  warning(warning: ErrorRecord): void;
}

/**
 * @param root the sections with their blocks: a configuration, or what a metadata document says put into the form of one.
 * @param config the same, parsed as far as it could be; without it sections are not compared with each other.
 */
export function checkRules(
  root: MapNode,
  { config, exclusions }: { config?: IngestConfig | undefined; exclusions: Exclusions },
  findings: RuleFindings,
): void {
  const rules: Rules = {
    fail: (place, message, hint) => findings.fault({ code: "CONFIG_RULE", message, ...place, hint }),
    warn: (place, message, hint) => findings.warning({ code: "CONFIG_RULE", message, ...place, hint }),
  };
  for (const block of blocksOf(root, "depositions")) deposition(block, rules);
  for (const block of blocksOf(root, "datasets")) dataset(block, rules);
  for (const block of blocksOf(root, "frames")) frames(block, rules);
  for (const block of blocksOf(root, "tiltseries")) tiltseries(block, rules);
  for (const block of blocksOf(root, "alignments")) matrix(mapAt(block, "metadata"), rules);
  for (const block of blocksOf(root, "tomograms")) tomogram(block, rules);
  annotations(blocksOf(root, "annotations"), rules);
  if (!config) return;
  typographicQuotes(root, rules);
  acquisition(root, exclusions, rules);
  checkBetweenSections(root, config, rules);
}

function deposition(block: MapNode, rules: Rules): void {
  const metadata = mapAt(block, "metadata");
  authors(metadata, "deposition", rules);
  dates(metadata, rules);
  literals(block, rules, {
    fits: (value) => typeof value === "number" || typeof value === "bigint",
    wanted: "a whole number as name of a deposition",
    hint: "write the number without quotes and without a point",
  });
}

function dataset(block: MapNode, rules: Rules): void {
  const metadata = mapAt(block, "metadata");
  authors(metadata, "dataset", rules);
  dates(metadata, rules);
  literals(block, rules, {
    fits: (value) => typeof value === "string",
    wanted: "a text as name of a dataset",
    hint: "put it in quotes",
  });
  if (!metadata) return;
  sample(metadata, rules);
  developmentStage(metadata, rules);
}

/** Quotes of word processors do not quote in YAML: they are part of the value. */
function typographicQuotes(root: MapNode, rules: Rules): void {
  for (const node of scalarsOf(root)) {
    if (typeof node.value !== "string" || !/^[“”„‟‘’‚«].*[”“‟’‘»]$/s.test(node.value)) continue;
    rules.warn(
      placeOfValue(node),
      `${describe(node)} has typographic quotes, which are part of it`,
      "write straight quotes, or none",
    );
  }
}

/** 4: deposition names are numbers, dataset names are texts. */
function literals(
  block: MapNode,
  rules: Rules,
  { fits, wanted, hint }: { fits: (value: unknown) => boolean; wanted: string; hint: string },
): void {
  for (const source of itemsOf(block, "sources")) {
    for (const value of itemsOf(mapAt(source, "literal"), "value")) {
      if (value.kind !== "scalar" || !fits(value.value))
        rules.fail(placeOfValue(value), `${describe(value)}; expected ${wanted}`, hint);
    }
  }
}

/** 5: there must be a primary and a corresponding author. */
function authors(metadata: MapNode | undefined, entity: string, rules: Rules): void {
  const list = entryAt(metadata, "authors");
  if (list?.kind !== "list" || list.items.length === 0) return;
  for (const status of ["primary_author_status", "corresponding_author_status"]) {
    if (list.items.some((author) => scalarAt(author, status) === true)) continue;
    const role = status.split("_")[0]!;
    rules.fail(
      placeOfValue(list),
      `no ${role} author among the ${list.items.length} of the ${entity}; expected one at least`,
      `add ${status}: true to an author`,
    );
  }
  for (const author of list.items) {
    const ror = entryAt(author, "affiliation_identifier");
    const text = ror && textOf(ror);
    if (!ror || text === undefined || hasForm(text.replace(/^https?:\/\/ror\.org\//, ""), "ror")) continue;
    rules.warn(
      placeOfValue(ror),
      `affiliation_identifier is ${describe(ror)}, a ROR identifier is usual`,
      "look it up at ror.org",
    );
  }
}

/** 8: what is deposited after its release was released by mistake. ISO dates compare as texts. */
function dates(metadata: MapNode | undefined, rules: Rules): void {
  const stamp = mapAt(metadata, "dates");
  const [deposited, released] = [scalarAt(stamp, "deposition_date"), scalarAt(stamp, "release_date")];
  if (typeof deposited !== "string" || typeof released !== "string" || !isDay(deposited) || !isDay(released)) return;
  if (deposited <= released) return;
  rules.fail(
    placeOfValue(entryAt(stamp, "deposition_date")!),
    `deposition_date ${deposited} is after release_date ${released}`,
    "exchange the two, or correct one",
  );
}

/** 13: what kinds of sample are described by. */
export const SAMPLE_FIELDS: Readonly<Record<string, string>> = {
  organism: "tissue",
  organoid: "tissue",
  tissue: "tissue",
  cell_line: "cell_strain",
  primary_cell_culture: "cell_type",
  organelle: "cell_component",
  virus: "cell_component",
};

function sample(metadata: MapNode, rules: Rules): void {
  const type = scalarAt(metadata, "sample_type");
  const field = typeof type === "string" && Object.hasOwn(SAMPLE_FIELDS, type) ? SAMPLE_FIELDS[type]! : undefined;
  if (field === undefined) return;
  const described = mapAt(metadata, field);
  const lacking = ["id", "name"].filter((key) => (scalarAt(described, key) ?? null) === null);
  if (lacking.length === 0) return;
  const at = described ?? entryAt(metadata, "sample_type")!;
  rules.fail(
    placeOfValue(at),
    `sample_type ${type} needs ${field} with id and name, ${described ? lacking.join(" and ") : field} is missing`,
    `add ${field}: {id: …, name: …}, or choose another sample_type`,
  );
}

/** 14: either both are known or none. */
function developmentStage(metadata: MapNode, rules: Rules): void {
  const stage = mapAt(metadata, "development_stage");
  const [id, name] = [scalarAt(stage, "id"), scalarAt(stage, "name")];
  if (!stage || (id === "unknown") === (name === "unknown")) return;
  const key = id === "unknown" ? "name" : "id";
  rules.fail(
    placeOfValue(entryAt(stage, key) ?? stage),
    `development_stage has ${id === "unknown" ? "the id" : "the name"} unknown and another ${key}`,
    "write unknown for both, or give both",
  );
}

/** 10: a dose rate of nothing makes doses of nothing. */
function frames(block: MapNode, rules: Rules): void {
  const metadata = mapAt(block, "metadata");
  if (!metadata) {
    rules.warn(
      placeOfValue(block),
      "frames without metadata: their metadata file cannot be written",
      "add metadata with dose_rate and is_gain_corrected",
    );
    return;
  }
  const node = entryAt(metadata, "dose_rate");
  const rate = node && numberOfNode(node);
  if (rate !== undefined && rate <= 0) {
    rules.fail(
      placeOfValue(node!),
      `dose_rate is ${describe(node!)}; expected a number above 0`,
      "give electrons per Å² and second",
    );
  }
}

function tiltseries(block: MapNode, rules: Rules): void {
  const metadata = mapAt(block, "metadata");
  const range = mapAt(metadata, "tilt_range");
  const least = entryAt(range, "min");
  const [min, max] = [least && numberOfNode(least), numberOfNode(entryAt(range, "max"))];
  // 9
  if (min !== undefined && max !== undefined && min > max) {
    rules.fail(placeOfValue(least!), `tilt_range has min ${min} above max ${max}`, "exchange the two");
  }
  camera(mapAt(metadata, "camera"), rules);
}

/** 15: makers bring out new cameras, so a model that is not known is no fault. */
function camera(node: MapNode | undefined, rules: Rules): void {
  const [manufacturer, model] = [scalarAt(node, "manufacturer"), scalarAt(node, "model")];
  if (typeof manufacturer !== "string" || typeof model !== "string" || isTemplate(model)) return;
  if (!Object.hasOwn(CAMERA_MODELS, manufacturer)) return;
  const models = CAMERA_MODELS[manufacturer as CameraManufacturer];
  if (models.includes(model)) return;
  rules.warn(
    placeOfValue(entryAt(node, "model")!),
    `camera model ${model} is none of ${manufacturer}'s: ${models.join(", ")}`,
    "check manufacturer and model",
  );
}

function tomogram(block: MapNode, rules: Rules): void {
  const metadata = mapAt(block, "metadata");
  authors(metadata, "tomogram", rules);
  matrix(metadata, rules);
}

/** 16 and 17: four rows of four numbers, the last 0 0 0 1, and no dimension lost. */
function matrix(metadata: MapNode | undefined, rules: Rules): void {
  const node = entryAt(metadata, "affine_transformation_matrix");
  if (node?.kind !== "list") return;
  const rows = node.items.map((row) => (row.kind === "list" ? row.items.map((cell) => numberOfNode(cell)) : []));
  const found = judgeMatrix(rows);
  if (!found) return;
  const place = placeOfValue(found.row === undefined ? node : node.items[found.row]!);
  rules[found.kind === "fault" ? "fail" : "warn"](place, found.message, found.hint);
}

function annotations(blocks: readonly MapNode[], rules: Rules): void {
  const seen = new Map<string, ConfigNode>();
  for (const block of blocks) {
    const metadata = mapAt(block, "metadata");
    authors(metadata, "annotation", rules);
    dates(metadata, rules);
    ingestId(metadata, seen, rules);
    confidence(metadata, rules);
    shapes(block, rules);
    if (!metadata) continue;
    // 12
    const truth = entryAt(metadata, "ground_truth_status");
    if (truth && scalarAt(metadata, "method_type") === "automated" && scalarAt(metadata, "ground_truth_status") === true) {
      rules.fail(
        placeOfValue(truth),
        "ground_truth_status is true of an automated annotation",
        "leave it out, or correct method_type",
      );
    }
    if (!metadata.entries.has("version")) {
      rules.fail(placeOfValue(metadata), "the annotation has no version: its files cannot be named", "add version: 1.0");
    }
  }
}

/** 3: it names the annotation in this file. Its form is a custom: some published configurations have another. */
function ingestId(metadata: MapNode | undefined, seen: Map<string, ConfigNode>, rules: Rules): void {
  const node = entryAt(metadata, "annotation_ingest_id");
  const id = node && textOf(node);
  if (!node || id === undefined) return;
  const first = seen.get(id);
  if (first) {
    rules.fail(
      placeOfValue(node),
      `annotation_ingest_id ${id} occurs twice, first at line ${placeOfValue(first).line}`,
      "count the number at its end upward",
    );
  } else seen.set(id, node);
  if (!hasForm(id, "annotationIngestId")) {
    rules.warn(
      placeOfValue(node),
      `annotation_ingest_id is ${describe(node)}; expected lower-case letters and digits with single dashes, and a number at the end`,
      "write it like cytosolic-ribosome-1",
    );
  }
}

/** 11: a percentage of what? */
function confidence(metadata: MapNode | undefined, rules: Rules): void {
  const node = mapAt(metadata, "confidence");
  const used = scalarAt(node, "ground_truth_used");
  if (!node || (typeof used === "string" && used !== "")) return;
  const given = ["precision", "recall"].filter((key) => (scalarAt(node, key) ?? null) !== null);
  if (given.length === 0) return;
  rules.fail(
    placeOfValue(node),
    `confidence has ${given.join(" and ")} without ground_truth_used`,
    "say what the annotation was compared with",
  );
}

/** 2, beside the rules of the structure: one way to name files, and one source for each shape unless their parents differ. */
function shapes(block: MapNode, rules: Rules): void {
  const used = new Map<string, ConfigNode>();
  for (const source of itemsOf(block, "sources")) {
    if (source.kind !== "map") continue;
    for (const name of Object.keys(ANNOTATION_SHAPES)) {
      const shape = mapAt(source, name);
      if (!shape) continue;
      const key = source.keyPlaces.get(name)!;
      const [one, many] = [filled(entryAt(shape, "glob_string")), filled(entryAt(shape, "glob_strings"))];
      if (!one && !many) rules.warn(key, `${name} names no files`, "add glob_string or glob_strings");
      const first = used.get(name);
      if (first && !filled(entryAt(source, "parent_filters"))) {
        rules.fail(
          key,
          `two sources of the shape ${name} in one annotation, the first at line ${placeOfValue(first).line}`,
          "use glob_strings, give the second parent_filters, or make two annotations",
        );
      }
      if (!first) used.set(name, source);
    }
  }
}

/** 6 and 7: acquisition files, frames and tilt series come together. */
function acquisition(root: MapNode, exclusions: Exclusions, rules: Rules): void {
  const has = (section: string): boolean => blocksOf(root, section).length > 0;
  if (has("collection_metadata") && !has("frames")) {
    rules.fail(
      root.keyPlaces.get("collection_metadata")!,
      "there is collection_metadata, but no frames",
      "add frames; without files: sources: [{literal: {value: [default]}}]",
    );
  }
  if (!has("tiltseries") || has("collection_metadata")) return;
  const ids = blocksOf(root, "datasets").flatMap((block) => {
    const id = scalarAt(mapAt(block, "metadata"), "dataset_identifier") ?? null;
    return id === null ? [] : [String(id)];
  });
  if (ids.some((id) => exclusions.has("Container", "collection_metadata", id))) return;
  rules.fail(
    root.keyPlaces.get("tiltseries")!,
    "there is tiltseries, but no collection_metadata",
    "add the mdoc files of the acquisition as collection_metadata",
  );
}
