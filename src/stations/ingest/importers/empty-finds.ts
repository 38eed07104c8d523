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
  "annotation",
]);
const NAMES_SHOWN = 5;

/** Sections that found nothing for a run, though sources apply to it. */
export interface EmptyFinds {
  /** @param by what was looked for, where a section has sources for different things. */
  note(type: TypeKey, scope: Scope, isEmpty: boolean, place: Place, by?: string): void;
  /** One for each kind, whatever the number of runs. */
  warnings(isWanted: (type: TypeKey) => boolean): PlanWarning[];
}

export function emptyFinds(): EmptyFinds {
  const noted = new Map<string, Noted>();
  return {
    note(type, { ancestors }, isEmpty, place, by) {
      if (!TOLD.has(type)) return;
      const run = ancestors.find((ancestor) => ancestor.type === "run");
      if (!run) return;
      // each source of an annotation is for an object of its own
      const id = type === "annotation" ? `${type} ${place.path ?? place.line}` : type;
      let kind = noted.get(id);
      if (!kind) {
        kind = { type, by, place: undefined, runs: new Map() };
        noted.set(id, kind);
      }
      // runs come in any order, the plan says the same each time
      if (isEmpty && !((kind.place?.line ?? Number.POSITIVE_INFINITY) <= (place.line ?? 0))) kind.place = place;
      const before = kind.runs.get(run.folder)?.found ?? false;
      kind.runs.set(run.folder, { name: scalarText(run.name), found: before || !isEmpty });
    },
    warnings(isWanted) {
      const inOrder = KINDS.flatMap(({ type }) => [...noted.values()].filter((kind) => kind.type === type).sort(byLine));
      return inOrder.flatMap((kind) => (isWanted(kind.type) ? (warningOf(kind) ?? []) : []));
    },
  };
}

interface Noted {
  readonly type: TypeKey;
  readonly by: string | undefined;
  place: Place | undefined;
  readonly runs: Map<string, { name: string; found: boolean }>;
}

function byLine(a: Noted, b: Noted): number {
  return (a.place?.line ?? 0) - (b.place?.line ?? 0);
}

function warningOf({ type, by, place, runs }: Noted): PlanWarning | undefined {
  const empty = [...runs.values()].filter(({ found }) => !found).map(({ name }) => name);
  // what is marked in some runs need not be in all: only a source that no run has is worth a word
  if (empty.length === 0 || (type === "annotation" && empty.length < runs.size)) return undefined;
  const names = [...empty].sort();
  const shown = names.slice(0, NAMES_SHOWN).join(", ") + (names.length > NAMES_SHOWN ? `, …` : "");
  const whom = runs.size === empty.length ? `any of ${runs.size} runs` : `${empty.length} of ${runs.size} runs: ${shown}`;
  const message = `${kindOf(type).section}: nothing is found ${by === undefined ? "" : `by ${by} `}for ${runs.size === 1 ? `the run ${shown}` : whom}`;
  return { message, place };
}
