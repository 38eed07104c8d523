import type { Store, UnfollowedLink } from "../../../../stores/store.js";
import type { UnusedFilter } from "../../filter-uses.js";
import type { OpenAddress } from "../../ops/photo.js";
import type { Selection } from "../../selection.js";
import type { Lazy } from "../facts/fact.js";
import type { Document } from "../facts/fields.js";
import type { Tree } from "../facts/tree.js";
import type { DocumentSubject, ScaleSubject, Visit } from "../subjects.js";
import type { Expectations } from "./expectations.js";

/** Takes what is found in one part of a place. */
export interface Look {
  readonly visit: Visit;
  /** Is called with each deposition that documents name. */
  link(deposition: string): void;
  /** Is called with each link that is not followed, with some of them several times. */
  onLink(link: UnfollowedLink): void;
}

/** Depositions and links that the looks at all parts have met. */
interface Met {
  /** Depositions that documents name. */
  readonly linked: ReadonlySet<string>;
  readonly links: { readonly all: readonly UnfollowedLink[] };
}

/** A place that is validated, in parts that may be looked at in any order, by anybody. */
export interface Scene {
  /** Looks at the things that belong to no dataset. */
  begin(look: Look): Promise<void>;
  readonly datasets: readonly SceneDataset[];
  /** Looks at the depositions and links that all parts have met. */
  end(met: Met, look: Look): Promise<void>;
  /** Filters that no name of those that were met has passed. */
  unused(): UnusedFilter[];
}

export interface SceneDataset {
  readonly name: string;
  /** Names of those that the filters let through. */
  runs(): Promise<readonly string[]>;
  /** The dataset itself. @returns its `runs` */
  look(look: Look): Promise<readonly string[]>;
  /** @returns spacings that are compared once all runs of the dataset are known */
  lookAtRun(run: string, look: Look): Promise<ScaleSubject[]>;
}

/** Arguments that all parts of a walk through a tree share. */
export interface TreeWalk {
  readonly store: Store;
  readonly selection: Selection;
  readonly expectations: Expectations | undefined;
  /** Opens pictures that metadata name by an address of their own; undefined: they are not asked for. */
  readonly open: OpenAddress | undefined;
  readonly signal: AbortSignal | undefined;
  readonly visit: Visit;
  readonly onLink: Look["onLink"];
  /** Whether the document of a deposition is there. Remembers who was asked for. */
  hasDeposition(id: string): Promise<boolean>;
}

/** A run on its way through the checks. */
export interface RunWalk extends TreeWalk {
  readonly tree: Tree;
  readonly dataset: string;
  readonly run: string;
  /** Folder of the run. */
  readonly folder: string;
}

/** A document for the common rules. Depositions that it names are recorded; a check of its own reports missing ones. */
export function documentOf(
  metadata: Lazy<Document>,
  key: string,
  { hasDeposition, exists }: Pick<TreeWalk, "hasDeposition"> & Pick<Tree, "exists">,
  { basic, links = true, ...whose }: Pick<DocumentSubject, "mark" | "title" | "dataset" | "run" | "basic"> & { links?: boolean },
): DocumentSubject {
  return { ...whose, key, metadata, basic, exists, hasDeposition: links ? hasDeposition : undefined };
}
