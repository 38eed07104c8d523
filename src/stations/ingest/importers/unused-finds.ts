import { counted } from "../../../core/units.js";
import { ancestorsOf, kindOf, type TypeKey } from "../../../model/kinds.js";
import { baseName } from "../../../stores/keys.js";
import { scalarText } from "../config/nodes.js";
import type { Source } from "../config/schema.js";
import { type Draft, inRuns, type PlanFailure, type PlanWarning } from "../draft.js";
import type { Found } from "../finders/finder.js";
import type { Scope } from "../finders/scope.js";
import type { Selection } from "../selection.js";
import type { FactsByKind } from "./file-facts.js";
import { globText, placeOfFinder } from "./source-names.js";

const FILES_SHOWN = 3;

/** Records what each source finds, to report the finds that the plan does not use. */
export interface FindLedger {
  /** @param found finds of one source in one scope, with those that another find of the same name replaces. */
  note(type: TypeKey, source: Source, scope: Scope, found: readonly Found[]): void;
  /** Notes why a find is not used, if the one who leaves it out knows: `a folder, …`. */
  because(key: string, reason: string): void;
  /** Notes that a documented rule takes another find of the same source instead: worth a warning. */
  passedOver(key: string, reason: string): void;
  /** @param draft the whole plan. */
  unused(draft: Draft, used: UsedFiles): UnusedFinds;
}

interface UnusedFinds {
  readonly failures: readonly PlanFailure[];
  readonly passedOver: readonly PlanFailure[];
}

interface UsedFiles {
  /** Read while the plan was made. */
  wasRead(key: string): boolean;
  fullPath(key: string): string;
}

interface Noted {
  readonly type: TypeKey;
  readonly source: Source;
  /** Finds by key, with the runs that found them. */
  readonly finds: Map<string, { folder: boolean; run: string | undefined }>;
}

/**
 * @param facts facts of all kinds whose finds are files. Runs, datasets and spacings are names: several files may give one.
 * @param volumes false where neither MRC nor Zarr is written: nothing is made of volumes then.
 */
export function findLedger(facts: FactsByKind, selection: Selection, { volumes }: { volumes: boolean }): FindLedger {
  const bySource = new Map<Source, Noted>();
  const reasons = new Map<string, string>();
  const harmless = new Set<string>();
  const isAsked = (type: TypeKey, { ancestors }: Scope) =>
    facts.has(type) &&
    selection.items(type) &&
    (volumes || !facts.get(type)?.asVolumes) &&
    ancestors.every((ancestor) => ancestor.type === "tomogram" || selection.accepts(ancestor.type, scalarText(ancestor.name)));
  return {
    note(type, source, scope, found) {
      if (!isAsked(type, scope)) return;
      const together = facts.get(type)?.namedTogether && found.map(({ name }) => baseName(scalarText(name))).join(",");
      const run = scope.ancestors.find((ancestor) => ancestor.type === "run");
      for (const { name, key, folder, atTarget } of found) {
        if (key === null || atTarget || !selection.accepts(type, together || scalarText(name))) continue;
        const noted = bySource.get(source) ?? { type, source, finds: new Map() };
        bySource.set(source, noted);
        noted.finds.set(key, { folder, run: run && scalarText(run.name) });
      }
    },
    because: (key, reason) => void reasons.set(key, reason),
    passedOver(key, reason) {
      reasons.set(key, reason);
      harmless.add(reason);
    },
    unused(draft, used) {
      const isUsed = usage(facts, [...bySource.values()], draft, used);
      const left = [...bySource.values()].sort(inOrder).flatMap((noted) => {
        const finds = [...noted.finds]
          .filter(([key, { run }]) => !isUsed(noted.type, key, run))
          .sort(([a], [b]) => (a < b ? -1 : 1));
        const reasonOf = (key: string) => reasons.get(key) ?? "";
        return [...new Set(finds.map(([key]) => reasonOf(key)))].map((reason) => {
          const own = finds.filter(([key]) => reasonOf(key) === reason);
          return { reason, failure: failureOf(noted, own, reason, used) };
        });
      });
      const of = (isHarmless: boolean) =>
        left.filter(({ reason }) => harmless.has(reason) === isHarmless).map(({ failure }) => failure);
      return { failures: of(false), passedOver: of(true) };
    },
  };
}

/** Whether an item is used, or it was already reported why not. */
function usage(
  facts: FactsByKind,
  noted: readonly Noted[],
  { tasks, entities, failures, warnings }: Draft,
  { wasRead, fullPath }: UsedFiles,
) {
  const keys = new Set<string>();
  const folders = new Set(noted.flatMap(({ finds }) => [...finds].flatMap(([key, { folder }]) => (folder ? [key] : []))));
  for (const { inputs } of tasks) {
    for (const { key } of inputs) {
      keys.add(key);
      // of a Zarr folder its documents are the input
      for (let slash = key.lastIndexOf("/"); folders.size > 0 && slash > 0; slash = key.lastIndexOf("/", slash - 1)) {
        const folder = key.slice(0, slash);
        if (folders.has(folder)) keys.add(folder);
      }
    }
  }
  const told = new Set(entities.flatMap(({ reads }) => reads));
  // what fails as a whole in a run, with all that lies below it
  const failed = new Set(entities.filter(({ action }) => action === "fail").map(({ kind, run }) => `${kind} ${run}`));
  const messages = [...failures.map(({ error }) => error.message), ...warnings.map(({ message }) => message)];
  return (type: TypeKey, key: string, run: string | undefined) => {
    if (keys.has(key) || wasRead(key)) return true;
    if (!facts.get(type)?.failsAlone && [type, ...ancestorsOf(type)].some((kind) => failed.has(`${kind} ${run}`))) return true;
    const path = fullPath(key);
    return told.has(path) || messages.some((message) => message.includes(path));
  };
}

function failureOf(
  { type, source, finds: all }: Noted,
  finds: readonly (readonly [string, { run: string | undefined }])[],
  reason: string,
  { fullPath }: UsedFiles,
): PlanFailure {
  const files = finds.map(([key]) => fullPath(key));
  const shown =
    files.slice(0, FILES_SHOWN).join(", ") + (files.length > FILES_SHOWN ? ` and ${files.length - FILES_SHOWN} more` : "");
  const count = `${files.length} of ${counted(all.size, "find")} of ${globText(source)}`;
  const why = reason === "" ? "" : ` (${reason})`;
  const { section } = kindOf(type);
  return {
    error: {
      code: "CONFIG_UNUSED",
      message: `${section}: ${count} are not used: ${shown}${why}${inRuns(finds.flatMap(([, { run }]) => run ?? []))}`,
      ...placeOfFinder(source),
      hint: "narrow the glob, or leave them out by match_regex, exclude or parent_filters",
    },
    entity: `${section} that ${globText(source)} finds`,
    files,
  };
}

function inOrder(a: Noted, b: Noted): number {
  return (a.source.place.line ?? 0) - (b.source.place.line ?? 0) || (a.source.place.column ?? 0) - (b.source.place.column ?? 0);
}

/** The same as warnings. */
export function asWarnings(failures: readonly PlanFailure[]): PlanWarning[] {
  return failures.map(({ error: { code, message, hint, ...place } }) => ({ message, place }));
}
