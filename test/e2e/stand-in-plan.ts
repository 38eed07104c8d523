import type { IngestPlan } from "../../src/stations/ingest/plan.js";
import { objectName, type Store } from "../../src/stores/store.js";
import type { Entry } from "./stand-in-entries.js";
import { sideOf } from "./stand-in-finders.js";
import type { StandInTree } from "./stand-in-tree.js";

/** A plan, and the tree that it was made for. */
export interface Planned {
  readonly made: IngestPlan;
  readonly tree: StandInTree;
  readonly source: Store;
}

/** What is asked of a plan for each of its entries: configurations have thousands, plans ten thousands of tasks. */
interface Contents {
  /** Places of what is written, and names of what is read for it, by kind. */
  readonly kinds: Map<string, { places: Set<string | undefined>; reads: Set<string> }>;
  readonly taskPlaces: Set<string | undefined>;
  /** All metadata. */
  readonly named: string;
}
const known = new WeakMap<IngestPlan, Contents>();

function contentsOf(made: IngestPlan): Contents {
  const before = known.get(made);
  if (before) return before;
  const kinds: Contents["kinds"] = new Map();
  for (const { kind, action, place, reads } of made.entities) {
    if (action !== "write") continue;
    const one = kinds.get(kind) ?? { places: new Set(), reads: new Set() };
    kinds.set(kind, one);
    one.places.add(place?.path);
    for (const path of reads) one.reads.add(path.replace(/\/$/, ""));
  }
  const contents = {
    kinds,
    taskPlaces: new Set(made.tasks.map(({ place }) => place?.path)),
    named: made.tasks.map(({ params }) => String(params.metadata ?? "")).join("\n"),
  };
  known.set(made, contents);
  return contents;
}

/** Whether a plan holds an entry: all that it is to find is read, by an entity of its kind and by a task whose place is the entry. */
export function holds({ made, tree, source }: Planned, entry: Entry): boolean {
  const { kinds, taskPlaces, named } = contentsOf(made);
  const own = kinds.get(entry.type) ?? { places: new Set(), reads: new Set() };
  const within = (path: string | undefined, of: string) => path === of || path?.startsWith(`${of}.`) === true;
  const block = entry.path.split(".").slice(0, 2).join(".");
  if (entry.finder === "literal") {
    return [...own.places].some((path) => within(path, block));
  }
  const laid = tree.laid.filter((one) => one.entry === entry);
  if (sideOf(entry) === "target") {
    return laid.length > 0 && laid.every(({ keys }) => keys.every((key) => named.includes(`"${key}"`)));
  }
  const places = [...taskPlaces, ...own.places];
  const all = laid.flatMap(({ keys }) => keys).map((key) => objectName(source, key).replace(/^[a-z]+:\/\//, ""));
  const isOwn = (path: string | undefined) => within(path, entry.path) || path === block || path === `${block}.metadata`;
  return all.length > 0 && all.every((path) => own.reads.has(path)) && places.some(isOwn);
}
