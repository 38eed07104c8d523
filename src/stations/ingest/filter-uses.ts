import { EmporiumError } from "../../core/errors.js";
import { few } from "../../core/finding.js";
import type { Pattern } from "../../engine/pattern.js";
import { kindOf, type TypeKey } from "../../model/kinds.js";
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
