import { isEmporiumError } from "../../../core/errors.js";
import type { FilesBeside } from "../../../formats/points/points.js";
import { openObject, type Store } from "../../../stores/store.js";

/** The files in the folder of a key. A path may lead to other folders of the store, not out of it. */
export function filesBeside(store: Store, key: string, signal: AbortSignal): FilesBeside {
  const folder = key.slice(0, key.lastIndexOf("/") + 1);
  return {
    async names() {
      const names: string[] = [];
      for await (const { key: own } of store.children(folder, { signal }))
        if (!own.endsWith("/")) names.push(own.slice(folder.length));
      return names.sort();
    },
    async open(path) {
      const target = joined(folder, path);
      if (target === undefined) return undefined;
      try {
        return await openObject(store, target, { signal });
      } catch (error) {
        if (isEmporiumError(error) && error.code === "STORE_ABSENT") return undefined;
        throw error;
      }
    },
  };
}

function joined(folder: string, path: string): string | undefined {
  const parts: string[] = [];
  for (const part of `${folder}${path}`.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}
