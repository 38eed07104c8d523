import type { ListedKind } from "../../../src/model/facet-choice.js";
import type { Facets } from "../../../src/model/page-api.js";
import type { Input } from "../../queries/generated.js";
import { ask } from "../api.js";

/** Query for the numbers of rows that each choice leaves. @param more of one facet: its id, and a part of the values */
export const facetsQuery = (of: ListedKind, where: Input, more: Readonly<Record<string, string>> = {}) => ({
  queryKey: ["facets", of, where, more],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    ask<Facets>(`facets?${new URLSearchParams({ of, where: JSON.stringify(where), ...more })}`, signal),
});
