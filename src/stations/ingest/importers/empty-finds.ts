import type { Place } from "../../../core/errors.js";
import { KINDS, kindOf, type TypeKey } from "../../../model/kinds.js";
import { scalarText } from "../config/nodes.js";
import type { PlanWarning } from "../draft.js";
import type { Scope } from "../finders/scope.js";

/** Kinds whose sources may find nothing without a failure: each of them is worth a word. */
const TOLD: ReadonlySet<TypeKey> = new Set<TypeKey>([
  "gain",
  "collection_metadata",
  "frame",
  "tiltseries",
  "ctf",
  "rawtilt",
  "alignment",
  "identified_object",
]);
const NAMES_SHOWN = 5;

/** Sections that found nothing for a run, though sources apply to it. */
export interface EmptyFinds {
  note(type: TypeKey, scope: Scope, isEmpty: boolean, place: Place): void;
  /** One for each kind, whatever the number of runs. */
  warnings(isWanted: (type: TypeKey) => boolean): PlanWarning[];
}

export function emptyFinds(): EmptyFinds {
  const noted = new Map<TypeKey, { place: Place | undefined; runs: Map<string, { name: string; found: boolean }> }>();
  return {
    note(type, { ancestors }, isEmpty, place) {
      if (!TOLD.has(type)) return;
      const run = ancestors.find((ancestor) => ancestor.type === "run");
      if (!run) return;
      let kind = noted.get(type);
      if (!kind) {
        kind = { place: undefined, runs: new Map() };
        noted.set(type, kind);
      }
      // runs come in any order, the plan says the same each time
      if (isEmpty && !((kind.place?.line ?? Number.POSITIVE_INFINITY) <= (place.line ?? 0))) kind.place = place;
      const before = kind.runs.get(run.folder)?.found ?? false;
      kind.runs.set(run.folder, { name: scalarText(run.name), found: before || !isEmpty });
    },
    warnings(isWanted) {
      const warnings: PlanWarning[] = [];
      for (const { type } of KINDS) {
        const kind = noted.get(type);
        if (!kind) continue;
        const { place, runs } = kind;
        const empty = [...runs.values()].filter(({ found }) => !found).map(({ name }) => name);
        if (empty.length === 0 || !isWanted(type)) continue;
        const names = [...empty].sort();
        const shown = names.slice(0, NAMES_SHOWN).join(", ") + (names.length > NAMES_SHOWN ? `, …` : "");
        const whom = runs.size === empty.length ? `any of ${runs.size} runs` : `${empty.length} of ${runs.size} runs: ${shown}`;
        const message = `${kindOf(type).section}: nothing is found for ${runs.size === 1 ? `the run ${shown}` : whom}`;
        warnings.push({ message, place });
      }
      return warnings;
    },
  };
}
