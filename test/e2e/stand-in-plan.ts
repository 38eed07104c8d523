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

/** Whether a plan holds an entry: all that it is to find is read, by an entity of its kind and by a task whose place is the entry. */
export function holds({ made, tree, source }: Planned, entry: Entry): boolean {
  const own = made.entities.filter(({ kind, action }) => kind === entry.type && action === "write");
  const within = (path: string | undefined, of: string) => path === of || path?.startsWith(`${of}.`) === true;
  const block = entry.path.split(".").slice(0, 2).join(".");
  if (entry.finder === "literal") {
    return own.some(({ place }) => within(place?.path, block));
  }
  const laid = tree.laid.filter((one) => one.entry === entry);
  if (sideOf(entry) === "target") {
    const named = made.tasks.map(({ params }) => String(params.metadata ?? "")).join("\n");
    return laid.length > 0 && laid.every(({ keys }) => keys.every((key) => named.includes(`"${key}"`)));
  }
  const reads = new Set(own.flatMap((entity) => entity.reads.map((path) => path.replace(/\/$/, ""))));
  const places = [...made.tasks, ...own].map(({ place }) => place?.path);
  const all = laid.flatMap(({ keys }) => keys).map((key) => objectName(source, key).replace(/^[a-z]+:\/\//, ""));
  const isOwn = (path: string | undefined) => within(path, entry.path) || path === block || path === `${block}.metadata`;
  return all.length > 0 && all.every((path) => reads.has(path)) && places.some(isOwn);
}
