import type { Store } from "../../../../stores/store.js";
import type { OpenAddress } from "../../ops/photo.js";
import type { Selection } from "../../selection.js";
import type { Lazy } from "../facts/fact.js";
import type { Document } from "../facts/fields.js";
import type { Tree } from "../facts/tree.js";
import type { DocumentSubject, Visit } from "../subjects.js";
import type { Expectations } from "./expectations.js";

/** What every part of a walk through a tree sees. */
export interface TreeWalk {
  readonly store: Store;
  readonly selection: Selection;
  readonly expectations: Expectations | undefined;
  /** Opens pictures that metadata name by an address of their own; undefined: they are not asked for. */
  readonly open: OpenAddress | undefined;
  readonly signal: AbortSignal | undefined;
  readonly visit: Visit;
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
