import { createHash } from "node:crypto";
import { isEmporiumError } from "../../../core/errors.js";
import { parseJson, printJson } from "../../../core/json.js";
import { ENGINE_FOLDER } from "../../../engine/plan.js";
import { folderListing } from "../../../stores/folder-listing.js";
import type { Entry, Store } from "../../../stores/store.js";

/**
 * Note that a graph leaves beside its output, so that every graph that writes there finds it. A note alone proves nothing:
 * somebody may have put other files at its place since, so what is there is compared with it.
 */
export type OwnerNote = {
  readonly graph: string;
  readonly location: string;
  /**
   * Name of the document that is written last, like all names here below the output's folder; empty for an output that is one
   * object.
   */
  readonly document: string;
  /** Beginnings of the names that its tasks write. */
  readonly parts: readonly string[];
  /** Documents by their names, noted just before they are written. */
  readonly documents?: Readonly<Record<string, Checked>>;
  /** Summary of the whole folder, once the output was complete. */
  readonly contents?: Contents;
};

type Checked = { readonly size: number; readonly sha256: string };

/**
 * @property newestMs when the youngest object was written
 * @property own of the objects that the output consists of, without what others put beside them; absent in notes of earlier versions
 */
type Contents = {
  readonly etag: string;
  readonly size: number;
  readonly newestMs: number;
  readonly own?: { readonly etag: string; readonly objects: number; readonly newestMs: number };
};

/**
 * State of an output's place: `begun` and `finished` by the graph of the note; `changed` since by somebody else; `strange` where
 * no graph has made it.
 */
export type PlaceState = "empty" | "begun" | "finished" | "changed" | "strange";

function noteKey(place: string): string {
  const key = place.replace(/\/$/, "");
  const slash = key.lastIndexOf("/") + 1;
  return `${key.slice(0, slash)}${ENGINE_FOLDER}/graphs/${key.slice(slash)}.owner.json`;
}

export async function readNote(target: Store, key: string, signal?: AbortSignal): Promise<OwnerNote | undefined> {
  const bytes = await target.read(noteKey(key), undefined, { signal });
  if (!bytes) return undefined;
  try {
    const note = parseJson(new TextDecoder().decode(bytes)) as Partial<OwnerNote> | null;
    const isNote = typeof note === "object" && typeof note?.document === "string" && Array.isArray(note.parts);
    return isNote ? (note as OwnerNote) : undefined;
  } catch (error) {
    // what cannot be understood authorises nothing
    if (isEmporiumError(error)) return undefined;
    throw error;
  }
}

/** @param key of the output: of a folder with a slash at its end */
export async function writeNote(target: Store, key: string, note: OwnerNote, signal?: AbortSignal): Promise<void> {
  await target.write(noteKey(key), new TextEncoder().encode(printJson(note)), { signal });
}

export function checkedOf(bytes: Uint8Array): Checked {
  return { size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** Summary that tells the objects of a folder from others of the same names. Cost: one listing. */
export async function contentsOf(target: Store, folder: string, note: Parts, signal?: AbortSignal): Promise<Contents> {
  // a copy of files has other inodes, of which their etags are made, but may keep their times
  const version = target.local ? ({ modifiedMs }: Entry) => modifiedMs : undefined;
  const [listing, own] = [folderListing(folder, version), folderListing(folder, version)];
  let [newestMs, ownMs, objects] = [0, 0, 0];
  for await (const entry of target.list(folder, { signal })) {
    listing.add(entry);
    newestMs = Math.max(newestMs, entry.modifiedMs ?? 0);
    if (!isPartOf(note, entry.key.slice(folder.length))) continue;
    own.add(entry);
    ownMs = Math.max(ownMs, entry.modifiedMs ?? 0);
    objects++;
  }
  return { ...listing.end(), newestMs, own: { etag: own.end().etag, objects, newestMs: ownMs } };
}

type Parts = Pick<OwnerNote, "parts" | "documents">;

/** @param name below the folder of the output */
const isPartOf = ({ parts, documents = {} }: Parts, name: string): boolean =>
  Object.hasOwn(documents, name) || parts.some((part) => name.startsWith(part));

export interface LookOptions {
  /** Id of the graph that asks; it may do again what is missing of its own output. */
  readonly graph?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Compares what is at a place with the note there. Cost: one listing where something is there.
 *
 * @param key of the output: of a folder with a slash at its end
 * @param document what would be written last of it, below the folder
 */
export async function lookAtPlace(
  target: Store,
  key: string,
  document: string,
  { graph, signal }: LookOptions = {},
): Promise<{ state: PlaceState; note: OwnerNote | undefined }> {
  const isFolder = key.endsWith("/");
  // a file of the folder's name; in buckets that is another object
  const isFile = isFolder && target.local !== undefined && (await target.stat(key.replace(/\/$/, ""), { signal })) !== undefined;
  const isSomething =
    isFile ||
    (await target.stat(`${key}${document}`, { signal })) !== undefined ||
    (isFolder && (await hasAny(target, key, signal)));
  // read behind what is there: documents are noted before they are written
  const note = await readNote(target, key, signal);
  if (!isSomething) return { state: "empty", note };
  if (!note || isFile || note.document !== document) return { state: "strange", note };
  const isOwn = note.graph === graph;
  return { state: await compare(target, key, note, { isOwn, signal }), note };
}

async function compare(
  target: Store,
  key: string,
  note: OwnerNote,
  options: { isOwn: boolean; signal: AbortSignal | undefined },
): Promise<PlaceState> {
  const { document, documents = {}, contents } = note;
  const { isOwn, signal } = options;
  for (const one of isOwn ? [...new Set([document, ...Object.keys(documents)])] : [document])
    if (!(await isAsNoted(target, `${key}${one}`, documents[one], signal))) return "changed";
  const isThere = (await target.stat(`${key}${document}`, { signal })) !== undefined;
  if (!key.endsWith("/")) return "finished";
  const now = contents && (await contentsOf(target, key, note, signal));
  if (now && !isOwn) return now.etag === contents.etag && now.size === contents.size ? "finished" : "changed";
  if (now) {
    // what others put beside its own objects stays there when the same graph runs again, which may do missing ones again
    const isYounger = now.own!.newestMs > contents.newestMs;
    const isOther = now.own!.objects === contents.own?.objects && now.own!.etag !== contents.own.etag;
    if (isYounger || isOther) return "changed";
  } else if (!isOwn) {
    for await (const entry of target.list(key, { signal })) {
      if (!isPartOf(note, entry.key.slice(key.length))) return "changed";
    }
  }
  return isThere ? "finished" : "begun";
}

/** Whether an object that is there has the bytes that were noted. Large ones of another size are not read. */
async function isAsNoted(target: Store, key: string, noted: Checked | undefined, signal?: AbortSignal): Promise<boolean> {
  const stat = await target.stat(key, { signal });
  if (!stat) return true;
  if (stat.size !== noted?.size) return false;
  const bytes = await target.read(key, undefined, { signal });
  return bytes !== undefined && checkedOf(bytes).sha256 === noted.sha256;
}

async function hasAny(target: Store, folder: string, signal?: AbortSignal): Promise<boolean> {
  for await (const _ of target.list(folder, { signal })) return true;
  return false;
}
