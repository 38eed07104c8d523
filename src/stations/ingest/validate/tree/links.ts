import type { Store, UnfollowedLink } from "../../../../stores/store.js";
import type { Mark } from "../finding.js";
import type { Look } from "./walk.js";

/** Entity that a link belongs to, by its key. */
export interface LinkOwner {
  readonly mark: Mark;
  readonly title: string;
  /** Its folder. */
  readonly key: string;
  readonly dataset?: string | undefined;
  readonly run?: string | undefined;
}

/** Tells of the links in a folder and below it, in folders that no check looks into as well. Only folders of this machine have links. */
export async function tellLinksBelow(store: Store, folder: string, { onLink }: Pick<Look, "onLink">, signal?: AbortSignal) {
  if (!store.local) return;
  for await (const _ of store.list(`${folder}/`, { signal, onLink }));
}

/** Shows the links to the checks, those of one owner together. */
export async function visitLinks(
  links: readonly UnfollowedLink[],
  ownerOf: (link: UnfollowedLink) => LinkOwner,
  { visit }: Pick<Look, "visit">,
): Promise<void> {
  const sorted = links.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const groups = new Map<string, UnfollowedLink[]>();
  for (const link of sorted) {
    const { key } = ownerOf(link);
    const own = groups.get(key);
    if (own) own.push(link);
    else groups.set(key, [link]);
  }
  for (const own of groups.values()) await visit("links", { ...ownerOf(own[0]!), links: own });
}
