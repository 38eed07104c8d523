import { asEmporiumError, EmporiumError, type ErrorRecord } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { parseMdoc } from "../../../formats/mdoc/read.js";
import { kindOf, type TypeKey } from "../../../model/kinds.js";
import { runFolder } from "../../../model/layout.js";
import { objectName, type Store } from "../../../stores/store.js";
import type { Arriving } from "../arriving.js";
import { scalarText } from "../config/nodes.js";
import type { PlanFailure } from "../draft.js";
import type { Scope } from "../finders/scope.js";
import type { IngestPlan } from "../plan.js";
import type { Selection } from "../selection.js";
import type { Rest } from "./rest.js";

/** Kinds that a microscope writes. What is made from them (tomograms, annotations) may follow much later, or never. */
const ACQUIRED: readonly TypeKey[] = ["gain", "collection_metadata", "frame", "tiltseries", "rawtilt"];
/** Kinds whose finds only name entities: a run whose only file still grows is not known yet. */
const CONTAINERS: readonly TypeKey[] = ["deposition", "dataset", "run"];
const REASONS_SHOWN = 100;

/** A run that is not taken, and why. */
export interface Hold {
  readonly dataset: string;
  readonly run: string;
  readonly reasons: readonly string[];
  /** Keys of its files that are not complete. */
  readonly files: ReadonlySet<string>;
  /** Error that refuses its import, although its files are complete. */
  readonly refusal?: ErrorRecord | undefined;
}

/** Facts about each run that a first plan gives, beside the plan itself. */
export interface Survey {
  readonly arriving: Arriving;
  /** Runs with something that is not complete, and what their acquisition files name. */
  holds(failures: readonly PlanFailure[], options: { selection: Selection; isEnd: boolean }): Promise<Hold[]>;
  /** Number of images in a run's acquisition file, by the run's folder. */
  readonly tilts: ReadonlyMap<string, number>;
  /** Sections that find nothing for a run that is taken nevertheless, by the run's folder. */
  readonly without: ReadonlyMap<string, readonly string[]>;
  /** Globs of the sources that were looked for in each run. */
  readonly globs: ReadonlyMap<string, ReadonlySet<string>>;
}

interface Run {
  readonly dataset: string;
  readonly run: string;
  readonly reasons: Set<string>;
  readonly files: Set<string>;
  readonly nothing: Set<TypeKey>;
  readonly mdocs: Set<string>;
  hasFrames: boolean;
}

type Refused = Pick<IngestPlan, "refusals" | "refusedRuns">;

/** Runs that need no other plan, by their folders. */
export type Settled = Pick<ReadonlySet<string>, "has">;

/** Notes what each run lacks while a plan is made of what is complete. @param settled these are left out of the plan */
export function surveyOf(rest: Rest, store: Store, settled: Settled): Survey {
  const runs = new Map<string, Run>();
  const globs = new Map<string, Set<string>>();
  const tilts = new Map<string, number>();
  const without = new Map<string, string[]>();
  const runOf = (scope: Scope): Run | undefined => {
    const id = runIdOf(scope);
    if (id === undefined) return undefined;
    const known = runs.get(id);
    if (known) return known;
    const [dataset, run] = namesIn(scope) as [string, string];
    const sets = { reasons: new Set<string>(), files: new Set<string>(), nothing: new Set<TypeKey>(), mdocs: new Set<string>() };
    const fresh: Run = { dataset, run, ...sets, hasFrames: false };
    runs.set(id, fresh);
    return fresh;
  };
  return {
    tilts,
    without,
    globs,
    arriving: {
      looksFor(_type, scope, pattern) {
        const run = runIdOf(scope);
        if (run === undefined) return;
        const known = globs.get(run);
        if (known) known.add(pattern);
        else globs.set(run, new Set([pattern]));
      },
      leaves(type, scope, { key, stat }) {
        const why = rest.why(key, stat);
        const run = CONTAINERS.includes(type) ? undefined : runOf(scope);
        if (why === undefined) {
          if (type === "collection_metadata") run?.mdocs.add(key);
          if (type === "frame" && run) run.hasFrames = true;
          return false;
        }
        run?.files.add(key);
        if (run && run.reasons.size < REASONS_SHOWN) run.reasons.add(`${objectName(store, key)} ${why}`);
        return true;
      },
      foundNothing(type, scope) {
        if (ACQUIRED.includes(type)) runOf(scope)?.nothing.add(type);
      },
      holds: (dataset, run) => settled.has(runFolder(dataset, run)),
      finish() {},
    },
    async holds(failures, { selection, isEnd }) {
      for (const { error, dataset, run } of failures) {
        const of = dataset !== undefined && run !== undefined ? runs.get(runFolder(dataset, run)) : undefined;
        if (of && of.reasons.size === 0) of.reasons.add(error.message);
      }
      const held: Hold[] = [];
      for (const [id, { dataset, run, reasons, files, nothing, mdocs, hasFrames }] of runs) {
        if (!selection.accepts("run", run)) continue;
        const asked = [...nothing].filter((type) => selection.items(type) || selection.metadata(type));
        const lacking = asked.map((type) => kindOf(type).section);
        const awaitsFrames = hasFrames || nothing.has("frame");
        for (const key of mdocs) {
          const { images, frames } = await imagesNamedIn(store, key);
          tilts.set(id, images);
          const absent = awaitsFrames ? frames.filter((name) => !rest.hasName(name)) : [];
          if (absent.length > 0) reasons.add(missingText(objectName(store, key), absent, frames.length));
        }
        if (reasons.size === 0 && !isEnd) for (const section of lacking) reasons.add(`nothing found for ${section} yet`);
        if (reasons.size > 0) held.push({ dataset, run, reasons: [...reasons], files });
        else if (lacking.length > 0) without.set(id, lacking);
      }
      return held;
    },
  };
}

/**
 * Runs that a plan is refused for, so that the others can be taken without them. None where a refusal is about more than runs: then
 * nothing is taken.
 *
 * @param held for other reasons: their own are told
 */
export function refusedHolds({ refusals, refusedRuns }: Refused, held: readonly Hold[]): Hold[] {
  if (refusals.some((refusal) => !refusedRuns.has(refusal))) return [];
  const known = new Set(held.map(({ dataset, run }) => runFolder(dataset, run)));
  const holds = new Map<string, Hold & { reasons: string[] }>();
  for (const one of refusals) {
    const { files: _, ...refusal } = one;
    for (const folder of refusedRuns.get(one)!) {
      if (known.has(folder)) continue;
      const slash = folder.indexOf("/");
      const fresh = {
        dataset: folder.slice(0, slash),
        run: folder.slice(slash + 1),
        reasons: [],
        files: new Set<string>(),
        refusal,
      };
      const hold = holds.get(folder) ?? fresh;
      hold.reasons.push(refusal.message);
      holds.set(folder, hold);
    }
  }
  return [...holds.values()];
}

/** Gives up a plan of complete runs if one of them changes in the meantime. */
export function gateOf(rest: Rest, store: Store, held: readonly Hold[], settled: Settled): Arriving {
  const out = new Set(held.map(({ dataset, run }) => runFolder(dataset, run)));
  let changed: string | undefined;
  return {
    leaves(type, _scope, { key, stat }) {
      const why = rest.why(key, stat);
      if (why !== undefined && !CONTAINERS.includes(type)) changed ??= `${objectName(store, key)} ${why}`;
      return why !== undefined;
    },
    foundNothing() {},
    holds: (dataset, run) => out.has(runFolder(dataset, run)) || settled.has(runFolder(dataset, run)),
    finish() {
      if (changed !== undefined) throw new EmporiumError("SOURCE_CHANGED", changed, { retry: "later" });
    },
  };
}

function namesIn({ ancestors }: Scope): (string | undefined)[] {
  const [, dataset, run] = ancestors.map(({ name }) => scalarText(name));
  return [dataset, run];
}

function runIdOf(scope: Scope): string | undefined {
  const [dataset, run] = namesIn(scope);
  return dataset === undefined || run === undefined ? undefined : runFolder(dataset, run);
}

/** Number of images in an acquisition file, and base names of the frames that it names. */
export async function imagesNamedIn(store: Store, key: string): Promise<{ images: number; frames: string[] }> {
  try {
    const bytes = await store.read(key);
    const { sections } = parseMdoc(bytes ?? new Uint8Array(0), objectName(store, key));
    return { images: sections.length, frames: sections.flatMap(({ subFrameName }) => subFrameName ?? []) };
  } catch (error) {
    // the plan says what is wrong with it
    if (asEmporiumError(error).code === "FORMAT_FIELD") return { images: 0, frames: [] };
    throw error;
  }
}

export function missingText(mdoc: string, absent: readonly string[], of: number): string {
  const others = absent.length > 1 ? ` and ${absent.length - 1} more of ${counted(of, "frame")}` : "";
  return `${mdoc} names ${absent[0]!}${others}, missing or incomplete`;
}
