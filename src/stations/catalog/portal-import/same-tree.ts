import { createHash } from "node:crypto";
import { EmporiumError } from "../../../core/errors.js";
import { printJsonLine } from "../../../core/json.js";
import { fileStore } from "../../../stores/file/store.js";
import { objectName, type Store } from "../../../stores/store.js";
import { parseLocation } from "../../../stores/url.js";
import { type Document, readDocument, rootOf } from "./documents.js";
import type { Root, SeenRoot } from "./state.js";

/** A dataset or deposition that is about to be imported. */
export interface Candidate {
  readonly store: Store;
  /** Folder of the dataset or deposition in the tree. */
  readonly folder: string;
  readonly document: Document;
}

/** Folders and identity that an import records. */
export type Origin = Pick<SeenRoot, "folders" | "identity">;

/** Number of folders that are remembered: a tree, its copies and its buckets. */
const FOLDERS_MAX = 16;

/**
 * Distinguishes a tree that was moved, copied or published from another tree that uses the same number. The same folder again is
 * the same tree. In another folder it is the same one if its document is the one that was imported, or the one that is in the
 * earlier folder now, or if nothing is in the earlier folders any more. Earlier folders are looked at on this machine only; no
 * request is made to the network.
 *
 * @param seen what the catalogue knows of this number; undefined, or without folders: nothing, and any tree is accepted
 * @returns the origin to record, with a warning where it is not certain
 * @throws {EmporiumError} DATABASE_CONFLICT where it is another tree
 */
export async function sameTree(
  root: Root,
  id: number,
  { store, folder, document }: Candidate,
  seen: Origin | undefined,
): Promise<Origin & { warning?: string }> {
  const here = objectName(store, folder);
  const identity = identityOf(root, document);
  const known = seen?.folders ?? [];
  const same = { identity, folders: [...known.filter((one) => one !== here), here].slice(-FOLDERS_MAX) };
  if (known.length === 0 || known.includes(here) || seen?.identity === identity) return same;
  const earlier = await Promise.all(known.map((place) => lookAt(root, place)));
  if (earlier.includes(identity)) return same;
  const at = earlier.findLastIndex((found) => found !== "absent");
  if (at < 0) {
    const warning = `${root} ${id} was imported from ${known.at(-1)}, where it is no more: ${here} is taken for the same one`;
    return { identity, folders: [here], warning };
  }
  throw new EmporiumError("DATABASE_CONFLICT", `${root} ${id} is in the catalogue from ${known[at]}: ${here} is another one`, {
    place: document.place(`${root}_identifier`),
    hint: `give one of them another number, import the tree into a catalogue of its own (--workspace DIR), or put it in the place of the other with emporium catalog import --replace`,
  });
}

/**
 * Digest of a document. A deposition may be described by several trees that each have datasets of it: their documents agree in
 * its title.
 */
function identityOf(root: Root, document: Document): string {
  const what = root === "dataset" ? document.json : (rootOf(document).value.deposition_title ?? null);
  const text = printJsonLine(what);
  return createHash("sha256").update(text).digest("hex");
}

/** The identity of the document in a folder now; `unknown` where it cannot be read from here. */
async function lookAt(root: Root, place: string): Promise<string> {
  const { path } = parseLocation(place);
  if (path === undefined) return "unknown";
  try {
    const document = await readDocument(fileStore(path), `${root}_metadata.json`);
    return document ? identityOf(root, document) : "absent";
  } catch {
    return "unknown"; // it is there, and damaged or not ours to read
  }
}
