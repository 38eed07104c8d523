import { keyWithin, nestingOf } from "../../stores/nesting.js";
import type { Place } from "../places.js";
import type { View } from "./access.js";
import { seenStore } from "./seen-store.js";
import type { TreeSight } from "./tree-sight.js";

/**
 * The places as a view has them. A standardised tree obeys the rules, and so does what lies in the catalogue's tree or around it, however it is given. Another
 * place has no dataset of its own: it is there for everybody where everything is public by default, and else for holders of tokens.
 *
 * @param tree the catalogue's
 */
export async function seenPlaces(
  places: readonly Place[],
  tree: Place | undefined,
  view: View,
  sight: TreeSight,
): Promise<Place[]> {
  const seen: Place[] = [];
  for (const place of places) {
    const inTree = treeKeys(place, tree);
    if (!inTree) {
      if (view.seesOthers) seen.push(place);
      continue;
    }
    // a place in a dataset is named by what is hidden
    const top = inTree(place.key ?? "");
    if (top !== undefined && top !== "" && !(await sight.sees(top))) continue;
    seen.push({ ...place, store: seenStore(place.store, sight, inTree, view.seesOthers) });
  }
  return seen;
}

/** The key in a tree of a key of a place; undefined where the place has nothing of a tree. */
function treeKeys(place: Place, tree: Place | undefined): ((key: string) => string | undefined) | undefined {
  const [own, whole] = [place.store.url, tree?.store.url];
  const nesting = whole === undefined ? "apart" : nestingOf(own, whole);
  if (nesting === "same" || (nesting === "apart" && place.kind === "tree")) return (key) => key;
  if (nesting === "apart") return undefined;
  const inside = nesting === "inside" ? keyWithin(own, whole!) : keyWithin(whole!, own);
  // which of them lies in the other is known, but not where: nothing of it is taken for public
  if (inside === undefined) return () => NOBODYS;
  if (nesting === "inside") return (key) => (key === "" ? inside : `${inside}/${key}`);
  return (key) => (key === inside ? "" : key.startsWith(`${inside}/`) ? key.slice(inside.length + 1) : undefined);
}

/** A key below a deposition that no catalogue has. */
const NOBODYS = "depositions_metadata/0";
