import type { Triple } from "../../../core/box.js";
import type { Place } from "../../../core/errors.js";
import { inNumbers } from "../../../core/natural-order.js";
import { kindOf, type TypeKey } from "../../../model/kinds.js";
import { baseName } from "../../../stores/keys.js";
import { scalarText } from "../config/nodes.js";
import type { Source } from "../config/schema.js";
import type { Found } from "../finders/finder.js";
import type { Scope } from "../finders/scope.js";
import type { FactsByKind } from "../importers/file-facts.js";
import type { Selection } from "../selection.js";

/** Place in the tree for which a source is looked for. Levels below it are undefined: of a dataset, the run and the spacing. */
interface Spot {
  readonly dataset: string | undefined;
  readonly run: string | undefined;
  /** Folder of the run on the target: what tells runs of two datasets apart. */
  readonly runFolder: string | undefined;
  readonly spacing: string | undefined;
}

/** Why a file that a glob matches is not taken. */
type LeftBy = "match_regex" | "exclude" | "the command's filters";

/** One source as it was looked for in one place, with what it found among the sources. */
export interface Look {
  readonly type: TypeKey;
  readonly source: Source;
  readonly spot: Spot;
  /** The voxel spacing is one of the target's, or is taken from what is there. */
  readonly isStoredSpacing: boolean;
  /** Globs below the input with all variables filled in. */
  readonly patterns: readonly string[];
  /** Keys that are taken, and whether each is a folder. */
  readonly used: ReadonlyMap<string, boolean>;
}

/** A file that a field names outright. */
export type Referred = Pick<Look, "type" | "spot"> & { readonly key: string };

/** The reason why a matching file is left out, and the source that says so: the first one, where several do. */
interface Left {
  readonly by: LeftBy;
  readonly source: Source;
}

/** A source that the parent filters keep from being looked for in a scope. */
interface Skipped {
  readonly type: TypeKey;
  readonly source: Source;
  readonly scope: Scope;
}

/** Result of one search: what it found, and the glob patterns that it looked for. */
interface Noted {
  readonly found: readonly Found[];
  readonly patterns: readonly string[];
}

/** Two numbers of a run that should be one, in words: `82 frame files`, `41 images in the mdoc`. */
export interface Count {
  readonly kind: TypeKey;
  readonly dataset: string;
  readonly run: string;
  readonly found: string;
  readonly expected: string;
  readonly place?: Place | undefined;
  /** There often is such a difference, rightly: it is told, and never refused. */
  readonly isUsual?: true | undefined;
}

/** Why a file is not what it is used as. */
export interface Doubt {
  readonly kind: TypeKey;
  readonly key: string;
  /** `an mdoc is beside it` */
  readonly reasons: readonly string[];
  readonly place: Place;
  readonly runFolder: string;
  readonly shape: Triple;
}

/** Number of images that a run's tilt series has according to one of its files. */
export interface ImageCount {
  readonly runFolder: string;
  readonly count: number;
  /** `raw tilt angles` */
  readonly words: string;
  /** Key of the tilt series, where this counts the images of one. */
  readonly key?: string | undefined;
  readonly shape?: Triple | undefined;
}

/**
 * Every use of a source file while a plan is made. The account and its findings come from here alone. Runs are planned side by side, so
 * uses are noted in any order: all lists are given in the order of the configuration, and of the runs below one source.
 */
export interface UseLedger {
  note(type: TypeKey, source: Source, scope: Scope, noted: Noted): void;
  /** A file that a field names outright, without a glob. */
  refer(type: TypeKey, scope: Scope, key: string): void;
  leave(key: string, by: LeftBy, source: Source): void;
  /** A run that is found in a dataset, planned or not. */
  nameRun(scope: Scope, name: string): void;
  skip(skipped: Skipped): void;
  count(count: Count): void;
  doubt(doubt: Doubt): void;
  countImages(images: ImageCount): void;
  readonly looks: ReadonlyMap<string, Look>;
  readonly referred: readonly Referred[];
  readonly left: ReadonlyMap<string, Left>;
  /** Names of all runs that are found, by dataset: those that are excluded or filtered out, too. */
  readonly runs: ReadonlyMap<string, ReadonlySet<string>>;
  /** Voxel spacings at which a run has a tomogram, asked for or not, by the run's folder. */
  readonly tomograms: ReadonlyMap<string, ReadonlySet<string>>;
  readonly skipped: readonly Skipped[];
  readonly counts: readonly Count[];
  readonly doubts: readonly Doubt[];
  readonly imageCounts: readonly ImageCount[];
}

export function useLedger(facts: FactsByKind, selection: Selection): UseLedger {
  const looks = new Map<string, Look>();
  const numbers = new Map<Source, number>();
  const left = new Map<string, Left>();
  const runs = new Map<string, Set<string>>();
  const tomograms = new Map<string, Set<string>>();
  const skipped: Skipped[] = [];
  const referred: Referred[] = [];
  const counts: Count[] = [];
  const doubts: Doubt[] = [];
  const imageCounts: ImageCount[] = [];
  const isAccepted = ({ ancestors }: Scope): boolean =>
    ancestors.every(({ type, name }) => type === "tomogram" || selection.accepts(type, scalarText(name)));
  const leave: UseLedger["leave"] = (key, by, source) => {
    const known = left.get(key);
    const one = { by, source };
    if (!known || inOrder([placeOrder(source.place), by], [placeOrder(known.source.place), known.by]) < 0) left.set(key, one);
  };
  const nameRun: UseLedger["nameRun"] = (scope, name) => {
    const { dataset = "" } = spotOf(scope);
    runs.set(dataset, (runs.get(dataset) ?? new Set()).add(name));
  };
  return {
    get looks() {
      const orderOf = ({ source, type, spot }: Look) => [placeOrder(source.place), type, spot.runFolder, spot.spacing];
      return new Map([...looks].sort(([, a], [, b]) => inOrder(orderOf(a), orderOf(b))));
    },
    referred,
    refer: (type, scope, key) => void referred.push({ type, spot: spotOf(scope), key }),
    nameRun,
    left,
    leave,
    get runs() {
      return new Map([...runs].map(([dataset, own]) => [dataset, new Set([...own].sort(inNumbers))]));
    },
    tomograms,
    get skipped() {
      const orderOf = ({ source, type, scope }: Skipped) => [placeOrder(source.place), type, scope.ancestors.at(-1)?.folder];
      return sorted(skipped, orderOf);
    },
    get counts() {
      return sorted(counts, ({ place, kind, dataset, run, found }) => [placeOrder(place), kind, dataset, run, found]);
    },
    get doubts() {
      return sorted(doubts, ({ place, kind, runFolder, key }) => [placeOrder(place), kind, runFolder, key]);
    },
    get imageCounts() {
      return sorted(imageCounts, ({ runFolder, words, key, count }) => [runFolder, words, key, String(count)]);
    },
    note(type, source, scope, { found, patterns }) {
      const own = found.filter(({ key, atTarget }) => key !== null && !atTarget);
      const together = facts.get(type)?.namedTogether && own.map(({ name }) => baseName(scalarText(name))).join(",");
      const isAsked = isAccepted(scope);
      const spot = spotOf(scope);
      if (type === "run") for (const { name } of found) nameRun(scope, scalarText(name));
      if (type === "tomogram" && found.length > 0) {
        const spacings = tomograms.get(spot.runFolder!) ?? new Set();
        tomograms.set(spot.runFolder!, spacings.add(spot.spacing!));
      }
      const used = new Map<string, boolean>();
      for (const { key, name, folder } of own) {
        if (isAsked && selection.accepts(type, together || scalarText(name))) used.set(key!, folder);
        else leave(key!, "the command's filters", source);
      }
      for (const { header } of isAsked ? found : []) if (header !== undefined) used.set(header, false);
      if (used.size === 0) return;
      const spacing = scope.ancestors.find((ancestor) => ancestor.type === "voxel_spacing");
      const number = numbers.get(source) ?? numbers.size;
      numbers.set(source, number);
      const folder = scope.ancestors.at(-1)?.folder ?? "";
      looks.set(`${number} ${type} ${folder}`, {
        type,
        source,
        spot,
        isStoredSpacing: spacing?.path?.startsWith(`${spot.runFolder}/`) ?? false,
        patterns,
        used,
      });
    },
    skip: (one) => void skipped.push(one),
    count: (one) => void counts.push(one),
    doubt: (one) => void doubts.push(one),
    countImages: (one) => void imageCounts.push(one),
  };
}

type Order = readonly (string | undefined)[];

function sorted<T>(all: readonly T[], orderOf: (one: T) => Order): T[] {
  return all.toSorted((a, b) => inOrder(orderOf(a), orderOf(b)));
}

/** Part by part, numbers in words as numbers. */
function inOrder(a: Order, b: Order): number {
  for (const [at, part = ""] of a.entries()) {
    const order = inNumbers(part, b[at] ?? "");
    if (order !== 0) return order;
  }
  return 0;
}

function placeOrder({ file = "", line = 0, column = 0 }: Partial<Place> = {}): string {
  return `${file}:${line}:${column}`;
}

function spotOf({ ancestors }: Scope): Spot {
  const of = (type: TypeKey) => ancestors.find((ancestor) => ancestor.type === type);
  const nameOf = (type: TypeKey) => {
    const ancestor = of(type);
    return ancestor && scalarText(ancestor.name);
  };
  return { dataset: nameOf("dataset"), run: nameOf("run"), runFolder: of("run")?.folder, spacing: nameOf("voxel_spacing") };
}

/** `tilt series`, as messages count what a file is used as. */
export function useName(type: TypeKey): string {
  return kindOf(type).section.replaceAll("_", " ");
}
