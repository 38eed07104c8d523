import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import type { PeekFolder } from "../../../formats/peek/peek.js";
import type { Store } from "../../../stores/store.js";
import { isImageName } from "./address.js";
import type { ObjectSource } from "./object-source.js";

/** One image of a folder: a file, or a folder that may be a volume. */
export type TreeImage =
  | { kind: "file"; path: string; location: string; file: ObjectSource }
  | { kind: "volume"; path: string; location: string; folder: PeekFolder };

/** The images below a folder, however they are listed. */
export interface Tree {
  /**
   * Folder by folder, in the order of their names. A folder with a document that a volume may have is given as one; whoever finds that it is
   * none calls `descend`, and what lies in it follows.
   */
  images(options?: { descend?: (image: TreeImage) => Promise<boolean> }): AsyncIterable<TreeImage>;
  isEmpty(): Promise<boolean>;
}

/** What lies directly in a folder (`""`, or ending with `/`): whole keys, folders' with a `/`. */
export type Levels = (folder: string) => Promise<string[]>;

/** How places of a tree are called and opened. */
export interface TreePlaces {
  nameOf(key: string): string;
  file(key: string): ObjectSource;
  folder(key: string): PeekFolder;
  signal?: AbortSignal | undefined;
}

/** Folders listed in all: data sets have some hundred; a tree without end is a fault of somebody's. */
const FOLDERS_MAX = 20_000;
const DOCUMENTS = new Set(["zarr.json", ".zarray", ".zattrs", "info", "attributes.json"]);

export function treeOf(levels: Levels, places: TreePlaces): Tree {
  const first = once(() => levels(""));
  async function* images({
    descend = isNoVolume,
  }: {
    descend?: (image: TreeImage) => Promise<boolean>;
  } = {}): AsyncGenerator<TreeImage> {
    const waiting = [""];
    for (let folder = waiting.pop(), folders = 0; folder !== undefined; folder = waiting.pop()) {
      if (++folders > FOLDERS_MAX) throw endless(places.nameOf(""));
      places.signal?.throwIfAborted();
      const keys = folder === "" ? await first() : await levels(folder);
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
      for (const key of keys) {
        if (!key.endsWith("/") && isImageName(key))
          yield { kind: "file", path: key, location: places.nameOf(key), file: places.file(key) };
      }
      waiting.push(...keys.filter((key) => key.endsWith("/") && key !== folder).reverse());
    }
  }
  return { images, isEmpty: async () => (await first()).length === 0 };
}

/** A folder whose documents describe a volume is one; the group around it is not. */
async function isNoVolume(image: TreeImage): Promise<boolean> {
  if (image.kind !== "volume") return false;
  const { peekFolder } = await import("../../../formats/peek/peek.js");
  try {
    await peekFolder(image.folder);
    return false;
  } catch (error) {
    if (isEmporiumError(error) && error.code === "FORMAT_UNKNOWN") return true;
    if (isEmporiumError(error)) return false; // whoever reads it says what is wrong
    throw error;
  }
}

export function storeLevels(store: Store): Levels {
  return async (folder) => {
    const keys: string[] = [];
    for await (const { key } of store.children(folder)) keys.push(key);
    return keys;
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
