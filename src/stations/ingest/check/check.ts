import { type ErrorRecord, isEmporiumError, toErrorRecord } from "../../../core/errors.js";
import { checkGrammar } from "../config/grammar/check.js";
import { CURRENT_VERSION, VERSIONS } from "../config/grammar/config.js";
import { type ConfigNode, type MapNode, placeOfValue, type ScalarNode } from "../config/nodes.js";
import { attempt, type Report } from "../config/parts.js";
import { readYaml } from "../config/read.js";
import { type Finder, type IngestConfig, parseConfig } from "../config/schema.js";
import { checkTemplates } from "../config/templates.js";
import { checkGlob } from "../finders/glob.js";
import { knownNames } from "../finders/scope.js";
import { type Exclusions, standardExclusions } from "./exclusions.js";
import { textOf } from "./look.js";
import { checkRules } from "./rules.js";

/** What is to be said of one configuration. */
export interface CheckedConfig {
  readonly file: string;
  readonly ok: boolean;
  /** False where the bytes are no configuration at all: then there is one error, of reading. */
  readonly readable: boolean;
  /** In the order of lines. */
  readonly errors: readonly ErrorRecord[];
  /** What may be meant, or is a fault only for some uses. */
  readonly warnings: readonly ErrorRecord[];
}

export interface CheckOptions {
  exclusions?: Exclusions | undefined;
}

/**
 * Everything that can be said of a configuration without its sources: the grammar, the structure that a run needs, templates, globs, and the
 * rules between fields. All faults are listed. What `ingest run` and `ingest plan` refuse of a configuration is among them, with the same
 * code and place.
 */
export function checkConfig(bytes: Uint8Array, file: string, options: CheckOptions = {}): CheckedConfig {
  return checkNode(bytes, file, options).checked;
}

/** `checkConfig`, with the values for whoever asks registries about them. */
export function checkNode(
  bytes: Uint8Array,
  file: string,
  { exclusions = standardExclusions }: CheckOptions = {},
): { checked: CheckedConfig; root: MapNode | undefined } {
  let root: ConfigNode;
  try {
    root = readYaml(bytes, file);
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    return { checked: { file, ok: false, readable: false, errors: [toErrorRecord(error)], warnings: [] }, root: undefined };
  }
  const errors: ErrorRecord[] = [];
  const warnings: ErrorRecord[] = [];
  checkGrammar(root, (fault) => errors.push(fault));
  if (root.kind === "map") {
    checkStructure(root, file, errors);
    checkRules(root, exclusions, { fault: (fault) => errors.push(fault), warning: (warning) => warnings.push(warning) });
    checkVersion(root, warnings);
  }
  const checked = { file, ok: errors.length === 0, readable: true, errors: sorted(errors), warnings: sorted(warnings) };
  return { checked, root: root.kind === "map" ? root : undefined };
}

/** What the parts of a run refuse. Most of it the grammar has told already, in the same place. */
function checkStructure(root: MapNode, file: string, errors: ErrorRecord[]): void {
  const told = new Set(errors.map(keyOf));
  const report: Report = (fault) => {
    const record = toErrorRecord(fault);
    if (!told.has(keyOf(record))) errors.push(record);
  };
  const config = parseConfig(root, file, { report, everySection: true });
  const hasMap = config.maps.run_data_map_file !== undefined;
  const columns = hasMap ? undefined : new Set<string>();
  checkTemplates(config, { of: (type) => (hasMap ? anyName : knownNames(type, [])), columns }, report);
  for (const glob of globsOf(config)) attempt(report, () => checkGlob(String(glob.value), placeOfValue(glob)));
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

function checkVersion(root: MapNode, warnings: ErrorRecord[]): void {
  const node = root.entries.get("version");
  const version = node && textOf(node);
  if (!node || version === undefined || version === CURRENT_VERSION) return;
  const old = (VERSIONS as readonly string[]).includes(version);
  warnings.push({
    code: "CONFIG_FIELD",
    message: `version is ${JSON.stringify(version)}, ${CURRENT_VERSION} is current`,
    ...placeOfValue(node),
    hint: old ? "ingest upgrade brings the file to the current version" : `known are ${VERSIONS.join(", ")}`,
  });
}

function sorted(faults: readonly ErrorRecord[]): ErrorRecord[] {
  return [...faults].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
