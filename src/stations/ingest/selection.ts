import { EmporiumError } from "../../core/errors.js";
import { compilePattern, type Pattern } from "../../engine/pattern.js";
import { KINDS, kindOf, kindOfSection, type SectionKey, type TypeKey } from "../../model/kinds.js";

/** Selection of a command as its flags give it. Sections and types are written with underscores. */
export interface SelectionFlags {
  everything?: boolean | undefined;
  allMetadata?: boolean | undefined;
  /** Sections whose items are imported (`tomograms`). */
  items?: readonly string[] | undefined;
  /** Types whose metadata is written (`tomogram`). */
  metadata?: readonly string[] | undefined;
  /** Regular expressions by type; they match a name from its start. */
  filter?: Readonly<Record<string, readonly string[] | undefined>> | undefined;
  exclude?: Readonly<Record<string, readonly string[] | undefined>> | undefined;
  /** Runs are left out until the first whose name this matches from its start. */
  skipUntilRunName?: string | undefined;
}

export interface Selection {
  items(type: TypeKey): boolean;
  metadata(type: TypeKey): boolean;
  /** Whether the type, or anything below it, was asked for: only then is it looked for. */
  walks(type: TypeKey): boolean;
  /** Whether the filters let an item of this name through. An exclusion wins. */
  accepts(type: TypeKey, name: string): boolean;
  /** Regular expressions for names, by type, as the command gives them. */
  readonly filters: ReadonlyMap<TypeKey, readonly Pattern[]>;
  /** Options that name a kind by itself, by type, as the command gives them. */
  readonly named: ReadonlyMap<TypeKey, readonly string[]>;
  /** Matches the first run that is taken; undefined: all are. */
  readonly skipUntilRun: Pattern | undefined;
}

/** @throws {EmporiumError} USAGE for an unknown kind, CONFIG_REGEX for a filter that cannot be compiled */
export function makeSelection(flags: SelectionFlags): Selection {
  const items = new Set<TypeKey>((flags.items ?? []).map(typeOfSection));
  const metadata = new Set<TypeKey>((flags.metadata ?? []).map((type) => checkType(type, true)));
  for (const { type, hasMetadata } of KINDS) {
    if (flags.everything) items.add(type);
    if (hasMetadata && (flags.everything || flags.allMetadata)) metadata.add(type);
  }
  const filter = compile(flags.filter, "filter");
  const exclude = compile(flags.exclude, "exclude");
  const walks = (type: TypeKey): boolean =>
    items.has(type) ||
    metadata.has(type) ||
    KINDS.some((kind) => (kind.parent as TypeKey | undefined) === type && walks(kind.type));
  const until = flags.skipUntilRunName;
  return {
    filters: filter,
    named: namedKinds(flags, filter, exclude),
    skipUntilRun: until === undefined ? undefined : compilePattern(until, { path: "--skip-until-run-name" }),
    items: (type) => items.has(type),
    metadata: (type) => metadata.has(type),
    walks,
    accepts(type, name) {
      const wanted = filter.get(type);
      if (exclude.get(type)?.some((pattern) => pattern.atStart(name))) return false;
      return wanted === undefined || wanted.some((pattern) => pattern.atStart(name) !== undefined);
    },
  };
}

/** Whether the flags ask for all that a configuration describes: nothing that an earlier import wrote stays as it was. */
export function isEverything({ everything, filter, exclude, skipUntilRunName }: SelectionFlags): boolean {
  const isSet = (rules: SelectionFlags["filter"]) => Object.values(rules ?? {}).some((sources) => sources && sources.length > 0);
  return everything === true && !isSet(filter) && !isSet(exclude) && skipUntilRunName === undefined;
}

/** Nothing asked for is nothing done, and would look like success. @throws {EmporiumError} USAGE */
export function requireSelection(selection: Selection): void {
  if (KINDS.some(({ type }) => selection.walks(type))) return;
  throw new EmporiumError("USAGE", "nothing is selected: give --import-everything or another --import-… option", {
    hint: "add --import-everything, or choose kinds: --import-tomograms, --import-tomogram-metadata, --import-all-metadata",
  });
}

/** `--import-everything` and `--import-all-metadata` name none: they ask for what there is. */
function namedKinds(
  { items = [], metadata = [] }: SelectionFlags,
  ...[filter, exclude]: [ReadonlyMap<TypeKey, unknown>, ReadonlyMap<TypeKey, unknown>]
): Map<TypeKey, string[]> {
  const option = (...words: string[]) => `--${words.join("-").replaceAll("_", "-")}`;
  const named = [
    ...items.map((section) => [typeOfSection(section), option("import", section)] as const),
    ...metadata.map((type) => [type as TypeKey, option("import", type, "metadata")] as const),
    ...[...filter.keys()].map((type) => [type, option("filter", type, "name")] as const),
    ...[...exclude.keys()].map((type) => [type, option("exclude", type, "name")] as const),
  ];
  const byType = new Map<TypeKey, string[]>();
  for (const [type, text] of named) byType.set(type, [...(byType.get(type) ?? []), text]);
  return byType;
}

function compile(rules: SelectionFlags["filter"], what: "filter" | "exclude"): Map<TypeKey, Pattern[]> {
  const compiled = new Map<TypeKey, Pattern[]>();
  for (const [name, sources] of Object.entries(rules ?? {})) {
    const type = checkType(name, false);
    if (sources === undefined || sources.length === 0) continue;
    const flag = `--${what}-${type.replaceAll("_", "-")}-name`;
    compiled.set(
      type,
      sources.map((source) => compilePattern(source, { path: flag })),
    );
  }
  return compiled;
}

function typeOfSection(section: string): TypeKey {
  const kind = kindOfSection(section as SectionKey);
  if (kind) return kind.type;
  throw new EmporiumError(
    "USAGE",
    `${section} cannot be imported; expected one of ${KINDS.map((entry) => entry.section).join(", ")}`,
  );
}

function checkType(name: string, needsMetadata: boolean): TypeKey {
  const known = KINDS.filter((kind) => !needsMetadata || kind.hasMetadata);
  if (known.some(({ type }) => type === name)) return kindOf(name as TypeKey).type;
  throw new EmporiumError(
    "USAGE",
    `${name} is not a kind${needsMetadata ? " with metadata" : ""}; expected one of ${known.map(({ type }) => type).join(", ")}`,
  );
}
