import { EmporiumError, type ErrorRecord, type Place } from "../../../core/errors.js";
import { KINDS, type SectionKey, type TypeKey } from "../../../model/kinds.js";
import { UNKNOWN_TOLD } from "./grammar/check.js";
import { CONFIG, SETTINGS, SOURCELESS_SECTIONS } from "./grammar/config.js";
import type { MAPPED_NAMES } from "./mapped-names.js";
import { type ConfigNode, type MapNode, placeOfValue } from "./nodes.js";
import { asMap, asText, attempt, isNull, listOf, type Report, refuse, unknownKey } from "./parts.js";
import { readYaml } from "./read.js";
import { parseSource, type Source } from "./sources.js";

export type { Finder } from "./finder.js";
export type { Source } from "./sources.js";

/** A configuration whose structure has been checked: sections, blocks, finders, patterns. Metadata values are not interpreted. */
export interface IngestConfig {
  readonly file: string;
  /** Folder below the input, without slashes at its ends; `""` is the input itself. */
  readonly sourcePrefix: string;
  readonly maps: Readonly<Partial<Record<"run_data_map_file" | keyof typeof MAPPED_NAMES, { value: string; place: Place }>>>;
  readonly sections: ReadonlyMap<SectionKey, Section>;
  /** Warnings of `ingest check`; with `compat` also its errors that do not make a run impossible. */
  readonly remarks?: readonly ErrorRecord[] | undefined;
  /** Values that a program wrote into it and that no person has replaced. */
  readonly placeholders?: readonly Placeholder[] | undefined;
  /** The folder that `ingest new` has written it for. */
  readonly writtenFor?: string | undefined;
}

/** A value that stands for one that nobody has given yet, or that was guessed; or a question that nobody has answered. */
export interface Placeholder {
  readonly kind: "placeholder" | "guess" | "question";
  /** Place of the value, or of the question. */
  readonly place: { readonly file?: string | undefined; readonly line: number; readonly column?: number; readonly path?: string };
  readonly value: string;
  /** Description of the value that is wanted in its place, or the question; its `value` is its name. */
  readonly what: string;
}

export interface Section {
  readonly type: TypeKey;
  readonly place: Place;
  readonly blocks: readonly Block[];
}

/** One list entry of a section: metadata for all that its sources find. */
export interface Block {
  readonly metadata: MapNode | undefined;
  readonly sources: readonly Source[];
  readonly place: Place;
}

export interface ParseOptions {
  /** Takes every fault, and parsing goes on as far as it can. Default: the first one is thrown. */
  report?: Report | undefined;
}

/**
 * The structure of a configuration: what a run needs before it lists anything. `checkGrammar` checks the types of all fields.
 *
 * @throws {EmporiumError} CONFIG_FIELD (missing, unknown, wrong), CONFIG_REGEX, NAME_UNSAFE (a prefix that leaves the input)
 */
export function parseConfig(root: ConfigNode, file: string, options: ParseOptions = {}): IngestConfig {
  const { report = refuse } = options;
  const map = asMap(root, "a map of sections");
  const known = Object.keys(CONFIG.fields);
  // `overrides` is of old configurations; nothing reads it
  const unknown = [...map.entries.keys()].filter((key) => !known.includes(key) && key !== "overrides");
  for (const key of unknown.slice(0, UNKNOWN_TOLD)) report(unknownKey(map, key, known, "section"));
  const sections = new Map<SectionKey, Section>();
  for (const { section, type } of KINDS) {
    const node = map.entries.get(section);
    if (!node) continue;
    const blocks = attempt(report, () => listOf(node)) ?? [];
    const parseOne = (block: ConfigNode) => parseBlock(block, section, type, report);
    sections.set(section, {
      type,
      place: map.keyPlaces.get(section)!,
      blocks: blocks.flatMap((block) => attempt(report, () => parseOne(block)) ?? []),
    });
  }
  if (!sections.has("depositions")) report(missingSection(map, "depositions"));
  const settings = map.entries.get("standardization_config");
  if (!settings) {
    report(
      new EmporiumError("CONFIG_FIELD", "standardization_config is missing", {
        place: placeOfValue(map),
        hint: "add it with deposition_id and source_prefix",
      }),
    );
    return { file, sourcePrefix: "", maps: {}, sections };
  }
  const parsed = attempt(report, () => parseSettings(asMap(settings, "a map"), report));
  return { file, sourcePrefix: "", maps: {}, ...parsed, sections };
}

/**
 * The structure of a configuration and no more: no rule of `ingest check` is applied. A run takes what `readConfig` gives.
 *
 * @throws {EmporiumError} CONFIG_…
 */
export function readStructure(bytes: Uint8Array, file: string): IngestConfig {
  return parseConfig(readYaml(bytes, file), file);
}

function missingSection(map: MapNode, section: SectionKey): EmporiumError {
  return new EmporiumError("CONFIG_FIELD", `the section ${section} is missing`, {
    place: placeOfValue(map),
    hint: "add it: sources: [{literal: {value: [<deposition id>]}}]",
  });
}

function parseSettings(map: MapNode, report: Report): Pick<IngestConfig, "sourcePrefix" | "maps"> {
  const prefix = map.entries.get("source_prefix");
  if (!prefix)
    throw new EmporiumError("CONFIG_FIELD", "source_prefix is missing", {
      place: placeOfValue(map),
      hint: "name the folder below the input",
    });
  const text = asText(prefix);
  const segments = text.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.includes("..") || text.includes("\\")) {
    report(
      new EmporiumError("NAME_UNSAFE", `source_prefix ${JSON.stringify(text)} leaves the input`, {
        place: placeOfValue(prefix),
        hint: "name a folder below the input",
      }),
    );
  }
  const known = Object.keys(SETTINGS.fields);
  const maps: Record<string, { value: string; place: Place }> = {};
  for (const key of known.filter((name) => name !== "deposition_id" && name !== "source_prefix")) {
    const node = map.entries.get(key);
    if (!node || isNull(node)) continue;
    const value = attempt(report, () => asText(node));
    if (value === undefined) continue;
    if (value.split("/").includes("..")) {
      report(new EmporiumError("NAME_UNSAFE", `${key} ${JSON.stringify(value)} leaves the source folder`, { place: node.place }));
    }
    maps[key] = { value, place: node.place };
  }
  for (const key of map.entries.keys()) {
    const fault = known.includes(key) ? undefined : unknownKey(map, key, known, "setting");
    // settings of old configurations do no harm; a misspelled one would be missed
    if (fault?.facts.hint?.startsWith("did you mean")) report(fault);
  }
  return { sourcePrefix: segments.join("/"), maps };
}

function parseBlock(node: ConfigNode, section: SectionKey, type: TypeKey, report: Report): Block {
  const block = asMap(node, "a map with sources");
  for (const key of block.entries.keys()) {
    if (key !== "metadata" && key !== "sources") report(unknownKey(block, key, ["metadata", "sources"], "key"));
  }
  const metadata = block.entries.get("metadata");
  const sources = block.entries.get("sources");
  if (!sources && !SOURCELESS_SECTIONS.includes(section)) {
    report(
      new EmporiumError("CONFIG_FIELD", "sources is missing", {
        place: placeOfValue(block),
        hint: "give the entity's location",
      }),
    );
  }
  const list = sources ? (attempt(report, () => listOf(sources)) ?? []) : [];
  return {
    metadata: metadata && !isNull(metadata) ? attempt(report, () => asMap(metadata, "a map")) : undefined,
    sources: list.flatMap((source) => attempt(report, () => parseSource(source, type, report)) ?? []),
    place: block.place,
  };
}
