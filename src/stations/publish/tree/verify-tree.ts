import { envOf } from "../../../engine/env.js";
import { openStore } from "../../../stores/url.js";
import { type Comparison, compareSources, type VerifyOptions } from "../verify/verify.js";
import { lookAtTree, refuseOverlap } from "./open-tree.js";
import type { TreeSelection } from "./select.js";

export interface VerifyTreeOptions extends VerifyOptions, TreeSelection {}

export interface TreeComparison extends Comparison {
  readonly tree: string;
}

/**
 * Compares the tree with what `publishTree` has sent, with the same selection: objects that are missing, have no source, or
 * differ in size or content. Nothing is written.
 *
 * @throws {EmporiumError} USAGE, STORE_ABSENT, TARGET_LOCKED, CANCELLED
 */
export async function verifyPublishedTree(
  tree: string,
  location: string,
  options: VerifyTreeOptions = {},
): Promise<TreeComparison> {
  const { clock, log, signal } = envOf(options);
  refuseOverlap(tree, location);
  const source = await openStore(tree, { clock, readOnly: true });
  const target = await openStore(location, { clock, readOnly: true });
  const { items, refused } = await lookAtTree(source, target, options, { clock, log, signal });
  const compared = await compareSources(
    {
      title: tree,
      command: "publish tree",
      items: items.map(({ id }) => ({ id, bytes: 0 })),
      groups: items.flatMap(({ sources }) => sources.map((one) => [one])),
      target,
      refused,
    },
    { ...options, clock },
  );
  return { tree: source.local ? source.local.path("") : source.url, ...compared };
}
