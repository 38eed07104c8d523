import type { Place } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { KINDS, kindOf, type TypeKey } from "../../../model/kinds.js";
import { scalarText } from "../config/nodes.js";
import type { Source } from "../config/schema.js";
import type { PlanFailure, PlanWarning } from "../draft.js";
import { type Looked, lookedText } from "../finders/near-names.js";
import type { Scope } from "../finders/scope.js";
import type { FactsByKind } from "./file-facts.js";
import { globText, placeOfFinder } from "./source-names.js";

const NAMES_SHOWN = 5;

/** Sources and sections that found nothing for a run, though they apply to it. */
export interface EmptyFinds {
  /** @param looked the globs of a source as it was looked for. */
  note(type: TypeKey, source: Source, scope: Scope, isEmpty: boolean, looked: readonly Looked[]): void;
  /** One for each section and source, whatever the number of runs. */
  warnings(isWanted: (type: TypeKey) => boolean): Promise<PlanWarning[]>;
  /** The failures, those of an empty source with what was looked for and what is there instead. */
  explained(failures: readonly PlanFailure[]): Promise<PlanFailure[]>;
  /** Paths that the first source of a kind looked for in vain, with the nearest existing ones; "" where it found something. */
  lookedFor(type: TypeKey): Promise<string>;
}

interface Run {
  readonly name: string;
  found: boolean;
  readonly looked: readonly Looked[];
}

interface Noted {
  readonly type: TypeKey;
  readonly source: Source;
  readonly runs: Map<string, Run>;
}

/** @param facts facts of all kinds whose finds are files: each of their sources is expected to find something. */
export function emptyFinds(facts: FactsByKind): EmptyFinds {
  const noted = new Map<Source, Noted>();
  const ofType = (type: TypeKey) => [...noted.values()].filter((one) => one.type === type).sort(byLine);
  return {
    note(type, source, { ancestors }, isEmpty, looked) {
      const run = ancestors.find((ancestor) => ancestor.type === "run");
      const one = noted.get(source) ?? { type, source, runs: new Map<string, Run>() };
      noted.set(source, one);
      const id = run?.folder ?? "";
      const before = one.runs.get(id);
      if (before && !isEmpty) before.found = true;
      if (!before) one.runs.set(id, { name: run ? scalarText(run.name) : "", found: !isEmpty, looked: isEmpty ? looked : [] });
    },
    async warnings(isWanted) {
      const warnings: PlanWarning[] = [];
      for (const { type } of KINDS.filter((kind) => facts.get(kind.type)?.emptyTold && isWanted(kind.type))) {
        // a literal without names says itself that there is nothing
        const sources = ofType(type).filter(({ source }) => globText(source) !== "");
        const section = facts.get(type)?.emptyTold === "section" ? await sectionWarning(type, sources) : undefined;
        if (section) warnings.push(section);
        for (const one of sources) warnings.push(...((await sourceWarning(one, sources)) ?? []));
      }
      return warnings;
    },
    async explained(failures) {
      const places = new Set<string>();
      const explained: PlanFailure[] = [];
      for (const failure of failures) {
        const { code, line, column } = failure.error;
        const at = `${line}:${column}`;
        const one = [...noted.values()].find(({ source }) => placeText(placeOfFinder(source)) === at);
        const run = one && [...one.runs.values()].find(({ name, found }) => name === (failure.run ?? "") && !found);
        // runs with one error are reported together, at the first
        if (code !== "CONFIG_EMPTY" || !run || places.has(at)) explained.push(failure);
        else explained.push({ ...failure, lookedFor: await lookedText(run.looked) });
        if (run) places.add(at);
      }
      return explained;
    },
    async lookedFor(type) {
      const empty = [...(ofType(type)[0]?.runs.values() ?? [])].find(({ found }) => !found);
      return empty ? lookedText(empty.looked) : "";
    },
  };
}

/** Runs for which a whole section finds nothing. */
async function sectionWarning(type: TypeKey, sources: readonly Noted[]): Promise<PlanWarning | undefined> {
  const ids = new Set(sources.flatMap(({ runs }) => [...runs.keys()]));
  const empty = [...ids].filter((id) => !sources.some(({ runs }) => runs.get(id)?.found)).sort();
  const first = empty.length > 0 && sources.find(({ runs }) => runs.has(empty[0]!));
  return first ? warningOf(type, first, empty, ids.size, undefined) : undefined;
}

/** `^TS_01$`: a run and no other. Backslashes stand before what would mean something else. */
const ONE_RUN = /^\^((?:[^\\.*+?^${}()|[\]]|\\[^A-Za-z0-9])+)\$$/;

/** Runs that a source names one by one, as `ingest new` does: it is meant to find something in each. */
function namedRuns({ includeParents }: Source): Set<string> {
  const names = (includeParents.get("run") ?? []).flatMap(({ source }) => ONE_RUN.exec(source)?.[1] ?? []);
  return new Set(names.map((name) => name.replace(/\\(.)/g, "$1")));
}

/** A source that finds nothing in any run, beside others that do, or in one that it names. For annotations each is reported alone. */
async function sourceWarning({ type, source, runs }: Noted, all: readonly Noted[]): Promise<PlanWarning[] | undefined> {
  const named = type === "annotation" ? namedRuns(source) : new Set<string>();
  const absent = [...runs].filter(([, { name, found }]) => !found && named.has(name)).map(([id]) => id);
  const finds = ({ runs: own }: Noted) => [...own.values()].some(({ found }) => found);
  if (finds({ type, source, runs }) && absent.length > 0)
    return [await warningOf(type, { type, source, runs }, absent.sort(), runs.size, globText(source))];
  if (finds({ type, source, runs }) || (type !== "annotation" && !all.some(finds))) return undefined;
  if (globText(source) === "") return undefined;
  return [await warningOf(type, { type, source, runs }, [...runs.keys()].sort(), runs.size, globText(source))];
}

async function warningOf(
  type: TypeKey,
  { source, runs }: Noted,
  empty: readonly string[],
  total: number,
  by: string | undefined,
): Promise<PlanWarning> {
  const names = empty.map((id) => id.slice(id.lastIndexOf("/") + 1)).sort();
  const shown = names.slice(0, NAMES_SHOWN).join(", ") + (names.length > NAMES_SHOWN ? ", …" : "");
  const whom =
    total === empty.length ? `any of ${counted(total, "run")}` : `${empty.length} of ${counted(total, "run")}: ${shown}`;
  // pictures of datasets and depositions belong to no run
  const runsText = empty[0] === "" ? "" : ` for ${total === 1 ? `the run ${shown}` : whom}`;
  const message = `${kindOf(type).section}: nothing is found${by === undefined ? "" : ` by ${by}`}${runsText}`;
  return { message, place: placeOfFinder(source), lookedFor: await lookedText(runs.get(empty[0]!)?.looked ?? []) };
}

function placeText({ line, column }: Place): string {
  return `${line}:${column}`;
}

function byLine(a: Noted, b: Noted): number {
  return (a.source.place.line ?? 0) - (b.source.place.line ?? 0) || (a.source.place.column ?? 0) - (b.source.place.column ?? 0);
}
