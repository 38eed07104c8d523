import type { VolumeFacts } from "../../src/model/page-api.js";
import type { PaneId } from "./session.js";
import type { CompareWay } from "./state.js";

type Named = Pick<VolumeFacts, "title" | "key" | "place">;

/** Names of two volumes beside each other. Those of one title are told apart by what differs in their paths, or by their places. */
export function namesOf(first: Named, second: Named): readonly [string, string] {
  if (first.title !== second.title) return [first.title, second.title];
  const [a, b] = [first.key.split("/"), second.key.split("/")];
  let same = 0;
  while (same < Math.min(a.length, b.length) && a[same] === b[same]) same++;
  if (same < a.length || same < b.length) return [a.slice(same).join("/"), b.slice(same).join("/")];
  return first.place === second.place
    ? [first.title, second.title]
    : [`${first.place}: ${first.title}`, `${second.place}: ${second.title}`];
}

/** What is said of a pane while two volumes are compared. */
export function titleIn(pane: PaneId, [first, second]: readonly [string, string], way: CompareWay | undefined): string {
  if (way === "difference") return `difference of ${first} and ${second}`;
  return pane === "z2" ? second : first;
}
