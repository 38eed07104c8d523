import { isJsonObject } from "../../../../core/json-fields.js";
import { objectName } from "../../../../stores/store.js";
import { type Lazy, lazy, orNothing, unknown } from "../facts/fact.js";
import { type Document, textAt, valueAt } from "../facts/fields.js";
import { type PictureFacts, readPicture } from "../facts/picture.js";
import { type Tree, treeOf } from "../facts/tree.js";
import type { PhotoSubject } from "../subjects.js";
import type { Whose } from "./volumes.js";
import type { TreeWalk } from "./walk.js";

/**
 * The pictures that a document names under a key, each for the checks of pictures.
 *
 * @param settings `role`: what a picture is shown as, by its name (`snapshot`).
 */
export async function visitPhotos(
  tree: Tree,
  metadata: Lazy<Document>,
  path: string,
  { role, ...whose }: Omit<Whose, "dataset" | "run"> & Partial<Whose> & { role: (name: string) => PhotoSubject["role"] },
  { visit, open }: TreeWalk,
): Promise<void> {
  const document = await orNothing(metadata);
  const pictures = document && valueAt(document, path);
  if (!document || !isJsonObject(pictures)) return;
  for (const name of Object.keys(pictures)) {
    const location = textAt(document, `${path}.${name}`);
    if (location === undefined || location === "") continue;
    const facts = /^[a-z][a-z0-9+.-]*:\/\//i.test(location) ? atAddress(location, open, tree.signal) : inTree(tree, location);
    await visit("photo", { ...whose, mark: "photo", key: location, role: role(name), facts });
  }
}

function inTree(tree: Tree, key: string): Lazy<PictureFacts> {
  return lazy("picture", async () => {
    const isKey = key.split("/").every((part) => part !== "" && part !== "." && part !== "..") && !/[\0\\]/.test(key);
    const bytes = isKey && (await tree.exists(key)) ? await tree.bytes(key) : undefined;
    return bytes && readPicture(bytes, objectName(tree.store, key));
  });
}

/** Metadata come from anywhere: the addresses in them are asked only where a person says so. */
function atAddress(location: string, open: TreeWalk["open"], signal: AbortSignal | undefined): Lazy<PictureFacts> {
  if (!open) return unknown("addresses are not asked without --network");
  return lazy("picture", async () => {
    const { store, key } = await open(location);
    const bytes = await treeOf(store, signal).bytes(key);
    return bytes && readPicture(bytes, location);
  });
}
