import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import type { PeekFolder } from "../../../formats/peek/peek.js";
import type { Entry, Store } from "../../../stores/store.js";
import { UnfollowedLinks } from "../../../stores/unfollowed-links.js";
import { isImageName } from "./address.js";
import type { ObjectSource } from "./object-source.js";

/** One image of a folder: a file, or a folder that may be a volume. */
export type TreeImage =
  | { kind: "file"; path: string; location: string; file: ObjectSource }
  | { kind: "volume"; path: string; location: string; folder: PeekFolder };

/** The images below a folder, however they are listed. */
export interface Tree {
  /**
   * Images folder by folder, sorted by name. A folder with a document of a volume is returned as one image. If it is no volume,
   * the caller calls `descend`, and its contents follow.
   */
  images(options?: { descend?: (image: TreeImage) => Promise<boolean> }): AsyncIterable<TreeImage>;
  isEmpty(): Promise<boolean>;
  /** Files that `images` has passed over so far, since their names are not those of images. */
  others(): number;
  /** Names that `images` could not take so far, below the folder: they can be no keys. */
  unusable(): readonly string[];
  /** A sentence on links that were not followed so far, and on pipes and sockets; undefined where there are none. */
  unfollowed(): string | undefined;
}

/** Lists the direct children of a folder (`""`, or a key ending with `/`) by their whole keys; keys of folders end with `/`. */
export type Levels = (folder: string) => Promise<readonly Pick<Entry, "key" | "leaves">[]>;

/** Turns keys of a tree (`""` is its root) into locations for people, and into files and folders that can be read. */
export interface TreePlaces {
  nameOf(key: string): string;
  file(key: string): ObjectSource;
  folder(key: string): PeekFolder;
  signal?: AbortSignal | undefined;
}

/** The most folders that are listed. Data sets have some hundred. */
const FOLDERS_MAX = 20_000;
const DOCUMENTS = new Set(["zarr.json", ".zarray", ".zattrs", "info", "attributes.json"]);

/** What a listing leaves out. */
export class LeftOut {
  readonly links = new UnfollowedLinks();
  readonly names = new Set<string>();
}

/** @param left what `levels` finds and leaves out, for `unfollowed` and `unusable` */
export function treeOf(levels: Levels, places: TreePlaces, left = new LeftOut()): Tree {
  const first = once(() => levels(""));
  let others = 0;
  async function* images({
    descend = isNoVolume,
  }: {
    descend?: (image: TreeImage) => Promise<boolean>;
  } = {}): AsyncGenerator<TreeImage> {
    const waiting = [""];
    for (let folder = waiting.pop(), folders = 0; folder !== undefined; folder = waiting.pop()) {
      if (++folders > FOLDERS_MAX) throw endless(places.nameOf(""));
      places.signal?.throwIfAborted();
      const entries = folder === "" ? await first() : await levels(folder);
      const keys = entries.map(({ key }) => key);
      const names = keys.map((key) => key.slice(folder.length));
      if (folder !== "" && names.some((name) => DOCUMENTS.has(name))) {
        const path = folder.slice(0, -1);
        const image: TreeImage = {
          kind: "volume",
          path,
          location: places.nameOf(path),
          folder: { ...places.folder(path), names },
        };
        if (!(await descend(image))) {
          yield image;
          continue;
        }
      }
      for (const { key, leaves } of entries) {
        // a folder that a link would bring from elsewhere is told as an image that may not be read
        if (!key.endsWith("/") && (isImageName(key) || leaves?.endsWith("/")))
          yield { kind: "file", path: key, location: places.nameOf(key), file: places.file(key) };
        else if (!key.endsWith("/")) others++;
      }
      waiting.push(...keys.filter((key) => key.endsWith("/") && key !== folder).reverse());
    }
  }
  return {
    images,
    isEmpty: async () => (await first()).length === 0,
    others: () => others,
    unusable: () => [...left.names],
    unfollowed: () => left.links.told(places.nameOf("")),
  };
}

/** Whether an image is a folder whose documents describe no volume, such as those of a group around one. */
async function isNoVolume(image: TreeImage): Promise<boolean> {
  if (image.kind !== "volume") return false;
  const { peekFolder } = await import("../../../formats/peek/peek.js");
  try {
    await peekFolder(image.folder);
    return false;
  } catch (error) {
    if (isEmporiumError(error) && error.code === "FORMAT_UNKNOWN") return true;
    if (isEmporiumError(error)) return false; // the reader will report the error
    throw error;
  }
}

export function storeLevels(store: Store, { links, names }: LeftOut): Levels {
  return async (folder) => {
    const entries: Entry[] = [];
    const options = { onLink: links.add, onUnusable: (name: string) => void names.add(name) };
    for await (const entry of store.children(folder, options)) entries.push(entry);
    return entries;
  };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => (running ??= work());
}

function endless(name: string): EmporiumError {
  return new EmporiumError("STORE_PROTOCOL", `${name} has more than ${FOLDERS_MAX} folders`, {
    hint: "name a folder deeper in the tree",
  });
}
