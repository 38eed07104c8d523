import { type ErrorRecord, isEmporiumError, toErrorRecord } from "../../../core/errors.js";
import { otherDocument } from "../../../formats/yaml/document-kinds.js";
import type { FileAccount } from "../account/account.js";
import { checkGrammar } from "../config/grammar/check.js";
import { CONFIG, CURRENT_VERSION, VERSIONS } from "../config/grammar/config.js";
import { type ConfigNode, type MapNode, placeOfValue, type ScalarNode } from "../config/nodes.js";
import { attempt, type Report } from "../config/parts.js";
import { readYaml } from "../config/read.js";
import { type Finder, type IngestConfig, parseConfig } from "../config/schema.js";
import { checkTemplates } from "../config/templates.js";
import { checkGlob } from "../finders/glob.js";
import { knownNames } from "../finders/scope.js";
import { type Exclusions, standardExclusions } from "./exclusions.js";
import { textOf } from "./look.js";
import { findPlaceholders, placeholderWarning } from "./placeholders.js";
import { checkRules } from "./rules.js";
import { readWrittenFor } from "./written-for.js";

/** Result of the checks of one configuration. */
export interface CheckedConfig {
  readonly file: string;
  readonly ok: boolean;
  /** False where the bytes are no configuration at all: then there is one error, of reading. */
  readonly readable: boolean;
  /** Errors in the order of lines. */
  readonly errors: readonly ErrorRecord[];
  /** Findings that may be intended, or that are faults only for some uses. */
  readonly warnings: readonly ErrorRecord[];
  /** Fate of each source file; undefined where the sources were not looked at. */
  readonly account?: FileAccount | undefined;
}

export interface CheckOptions {
  exclusions?: Exclusions | undefined;
}

/**
 * All checks of a configuration that need no sources: grammar, structure, templates, globs, and the rules between fields. All
 * errors are listed. They include those of `ingest run` and `ingest plan`, with the same code and place.
 */
export function checkConfig(bytes: Uint8Array, file: string, options: CheckOptions = {}): CheckedConfig {
  return checkNode(bytes, file, options).checked;
}

/** A configuration that has been judged. */
export interface JudgedConfig {
  readonly checked: CheckedConfig;
  /** The values, for requests to registries. */
  readonly root: MapNode | undefined;
  /** The configuration as `ingest run` takes it; undefined where structure that a run needs is missing. */
  readonly config: IngestConfig | undefined;
  /** Faults that make a run impossible: structure, templates, globs. `checked.errors` contains each of them once. */
  readonly structure: readonly ErrorRecord[];
}

const CONFIGURATION = {
  kind: "configuration",
  known: Object.keys(CONFIG.fields),
  hint: "emporium ingest new writes a configuration",
} as const;

/** `checkConfig`, with the configuration itself. */
export function checkNode(bytes: Uint8Array, file: string, { exclusions = standardExclusions }: CheckOptions = {}): JudgedConfig {
  let root: ConfigNode;
  try {
    root = readYaml(bytes, file);
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    const errors = [toErrorRecord(error)];
    const checked = { file, ok: false, readable: false, errors, warnings: [] };
    return { checked, root: undefined, config: undefined, structure: errors };
  }
  const other = root.kind === "map" && otherDocument([...root.entries.keys()], CONFIGURATION, placeOfValue(root));
  if (other) {
    const errors = [toErrorRecord(other)];
    const checked = { file, ok: false, readable: false, errors, warnings: [] };
    return { checked, root: undefined, config: undefined, structure: errors };
  }
  const errors: ErrorRecord[] = [];
  const warnings: ErrorRecord[] = [];
  checkGrammar(root, (fault) => errors.push(fault));
  let config: IngestConfig | undefined;
  let structure: ErrorRecord[] = errors;
  if (root.kind === "map") {
    ({ config, faults: structure } = checkStructure(root, file));
    const told = new Set(errors.map(keyOf));
    // most of it the grammar has told already, in the same place
    errors.push(...structure.filter((fault) => !told.has(keyOf(fault))));
    checkRules(
      root,
      { config, exclusions },
      { fault: (fault) => errors.push(fault), warning: (warning) => warnings.push(warning) },
    );
    checkVersion(root, errors, warnings);
  }
  const text = new TextDecoder().decode(bytes);
  const placeholders = findPlaceholders(root, text);
  warnings.push(...placeholders.map(placeholderWarning));
  const checked = { file, ok: errors.length === 0, readable: true, errors: sorted(errors), warnings: sorted(warnings) };
  return {
    checked,
    root: root.kind === "map" ? root : undefined,
    config: config && { ...config, placeholders, writtenFor: readWrittenFor(text) },
    structure,
  };
}

/** The configuration as a run takes it, and what the parts of a run refuse. */
function checkStructure(root: MapNode, file: string): { config: IngestConfig; faults: ErrorRecord[] } {
  const faults: ErrorRecord[] = [];
  const report: Report = (fault) => void faults.push(toErrorRecord(fault));
  const config = parseConfig(root, file, { report });
  const hasMap = config.maps.run_data_map_file !== undefined;
  const columns = hasMap ? undefined : new Set<string>();
  checkTemplates(config, { of: (type) => (hasMap ? anyName : knownNames(type, [])), columns }, report);
  for (const glob of globsOf(config)) attempt(report, () => checkGlob(String(glob.value), placeOfValue(glob)));
  return { config, faults };
}

const keyOf = ({ code, path, line }: ErrorRecord): string => `${code} ${line} ${path}`;

/** The columns of a map are not known here, so any name may be one. */
class AnyName extends Set<string> {
  override has(): boolean {
    return true;
  }
}
const anyName = new AnyName();

function globsOf(config: IngestConfig): ScalarNode[] {
  const of = (finder: Finder | undefined): readonly ScalarNode[] => {
    if (!finder) return [];
    if ("glob" in finder) return [finder.glob];
    return finder.kind === "source_multi_glob" ? finder.globs : [];
  };
  return [...config.sections.values()].flatMap(({ blocks }) =>
    blocks.flatMap(({ sources }) => sources.flatMap(({ finder }) => of(finder))),
  );
}

/** An older version is brought up by `ingest upgrade`; what an unknown one means nobody here can say. */
function checkVersion(root: MapNode, errors: ErrorRecord[], warnings: ErrorRecord[]): void {
  const node = root.entries.get("version");
  const version = node && textOf(node);
  if (!node || version === undefined || version === CURRENT_VERSION) return;
  const isOld = (VERSIONS as readonly string[]).includes(version);
  (isOld ? warnings : errors).push({
    code: "CONFIG_FIELD",
    message: isOld
      ? `version is ${JSON.stringify(version)}, ${CURRENT_VERSION} is current`
      : `version is ${JSON.stringify(version)}; expected one of ${VERSIONS.join(", ")}`,
    ...placeOfValue(node),
    hint: isOld
      ? "ingest upgrade brings the file to the current version"
      : `write "${CURRENT_VERSION}", or use an emporium that knows the version`,
  });
}

function sorted(faults: readonly ErrorRecord[]): ErrorRecord[] {
  return [...faults].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
