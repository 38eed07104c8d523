import { EmporiumError } from "../../core/errors.js";
import { few } from "../../core/finding.js";
import type { Pattern } from "../../engine/pattern.js";
import { KINDS, kindOf, type SectionKey, type TypeKey } from "../../model/kinds.js";
import type { IngestConfig } from "./config/schema.js";
import type { PlannedEntity } from "./draft.js";
import type { Selection } from "./selection.js";

/** A filter of the command that no name matches, though there are names of its type. */
export interface UnusedFilter {
  readonly type: TypeKey;
  readonly error: EmporiumError;
}

/** A selection that notes which of its filters match any name. */
export function notedFilters(selection: Selection): { selection: Selection; unused(): UnusedFilter[] } {
  const seen = new Map<TypeKey, Set<string>>();
  const used = new Set<Pattern>();
  const accepts: Selection["accepts"] = (type, name) => {
    const filters = selection.filters.get(type);
    if (filters) {
      const names = seen.get(type) ?? new Set();
      seen.set(type, names.add(name));
      for (const filter of filters) if (!used.has(filter) && filter.atStart(name)) used.add(filter);
    }
    return selection.accepts(type, name);
  };
  const unused = () =>
    [...seen].flatMap(([type, names]) =>
      selection.filters
        .get(type)!
        .filter((filter) => !used.has(filter))
        .map((filter) => ({ type, error: unusedFilter(type, filter, [...names]) })),
    );
  return { selection: { ...selection, accepts }, unused };
}

function unusedFilter(type: TypeKey, { source }: Pattern, names: readonly string[]): EmporiumError {
  const what = kindOf(type).type.replaceAll("_", " ");
  const message = `no ${what} matches --filter-${type.replaceAll("_", "-")}-name ${source}; found: ${few(names)}`;
  const hint = "check the regular expression: it must match a name from its start";
  return new EmporiumError("CONFIG_EMPTY", message, { hint });
}

/** Entities of a plan, by their kinds. */
type Planned = readonly Pick<PlannedEntity, "kind" | "action" | "title" | "why">[];

/** Whether something is made of a kind without a section: pictures of tomograms, of which a dataset's are copies, and the metadata of a run's default alignment. */
function isMadeWithout(type: TypeKey, selection: Selection, planned: Planned): boolean {
  if (type === "dataset_keyphoto") return planned.some(({ kind, action }) => kind === type && action !== "leave");
  return type === "key_image" || (type === "alignment" && selection.metadata(type));
}

/** Kinds that are made of another one, which they know by its metadata: those at the target, or of the same plan. */
const MADE_OF: Partial<Record<TypeKey, TypeKey>> = {
  key_image: "tomogram",
  viz_config: "tomogram",
  annotation_viz: "annotation",
};

/** Kinds whose files a section finds. A run without tomograms has no alignment, whatever there is. */
const SOURCED: readonly TypeKey[] = ["frame", "gain", "tiltseries", "rawtilt", "tomogram", "annotation", "collection_metadata"];

/** Kinds that are folders: for them nothing is written but metadata. */
const FOLDERS: readonly TypeKey[] = ["deposition", "dataset", "run", "voxel_spacing"];

/**
 * Options of the command that this configuration cannot serve.
 *
 * `absent` has a sentence for each section that is not there, and for each kind of which there is nothing to make it; `nothing` is
 * given where nothing else is asked for (CONFIG_EMPTY): nothing would be done, and would look like success.
 *
 * @param isExplained why something is not planned is told already, or it may still come: then only sections are looked at
 */
export function namedInVain(
  config: IngestConfig,
  selection: Selection,
  planned: Planned,
  isExplained: boolean,
): { absent: string[]; nothing: EmporiumError | undefined } {
  const lacking = (type: TypeKey): string | undefined => {
    const of = MADE_OF[type];
    const own = planned.filter(({ kind }) => kind === type);
    if (isExplained || own.some(({ action }) => action !== "leave")) return undefined;
    const [left, ...more] = own;
    // a section that finds nothing, without a failure: its filters let no run through
    if (!of)
      return left || !SOURCED.includes(type) ? undefined : `${config.file} finds no ${kindOf(type).section.replaceAll("_", " ")}`;
    if (!left) return `no ${of} that is asked for has its metadata at the target or in this plan`;
    return `${left.title}${more.length > 0 ? ` and ${more.length} more` : ""}: ${left.why}`;
  };
  const vain = new Map<string, string[]>();
  for (const [type, options] of selection.named) {
    const section = absentSection(config, type, selection, planned);
    const also = type === "dataset_keyphoto" ? " and no tomogram has a picture" : "";
    const why = section ? `${config.file} has no ${section}${also}` : lacking(type);
    if (why) vain.set(why, [...(vain.get(why) ?? []), ...options]);
  }
  const absent = [...vain].map(
    ([why, options]) => `${why}, so ${options.join(" and ")} ${options.length > 1 ? "have" : "has"} no effect`,
  );
  const gives = ({ type }: { type: TypeKey }) => {
    const isAsked = selection.metadata(type) || (selection.items(type) && !FOLDERS.includes(type));
    return isAsked && absentSection(config, type, selection, planned) === undefined && !lacking(type);
  };
  // a selection of nothing at all is refused before (`requireSelection`)
  const asks = KINDS.some(({ type }) => selection.walks(type));
  if (!asks || KINDS.some(gives)) return { absent, nothing: undefined };
  const folders = FOLDERS.filter((type) => selection.items(type)).flatMap((type) => selection.named.get(type) ?? []);
  const message = absent.length > 0 ? absent.join("; ") : `${folders.join(" and ")}: nothing is written for this alone`;
  const of = [...selection.named.keys()].find((type) => MADE_OF[type] && lacking(type));
  const hint = of
    ? `ingest plan says of each why it is left; --import-${kindOf(MADE_OF[of]!).section} --import-${MADE_OF[of]}-metadata imports what it is made of`
    : [...selection.named.keys()].some((type) => !absentSection(config, type, selection, planned) && lacking(type))
      ? `check the globs and filters of its section in ${config.file}`
      : `add another --import-… option; ${config.file} has ${[...config.sections.keys()].join(", ")}`;
  return { absent, nothing: new EmporiumError("CONFIG_EMPTY", message, { hint }) };
}

/** The section that a kind is found by, where the configuration does not have it. */
function absentSection(
  { sections }: IngestConfig,
  type: TypeKey,
  selection: Selection,
  planned: Planned,
): SectionKey | undefined {
  if (isMadeWithout(type, selection, planned)) return undefined;
  const { configured, parent, section } = kindOf(type);
  const wanted = configured || parent === undefined ? section : kindOf(parent as TypeKey).section;
  return sections.has(wanted) ? undefined : wanted;
}
