import { isEmporiumError } from "../../../core/errors.js";
import type { PeekFolder } from "../../../formats/peek/peek.js";
import type { HostPace } from "../../../net/pace.js";
import type { Store } from "../../../stores/store.js";

/** Error codes which mean that the location is no file, or no volume. */
export const NO_FILE: ReadonlySet<string> = new Set(["STORE_ABSENT", "STORE_PROTOCOL", "STORE_DENIED", "PORTAL_NOT_DATA"]);

export interface FolderOptions {
  readonly signal?: AbortSignal | undefined;
  readonly pace?: HostPace | undefined;
}

/** Whether the folder has a document of a volume, or of a group around a volume. */
export async function isVolume(folder: PeekFolder): Promise<boolean> {
  const { peekFolder } = await import("../../../formats/peek/peek.js");
  try {
    await peekFolder(folder);
    return true;
  } catch (error) {
    if (isEmporiumError(error) && (error.code === "FORMAT_UNKNOWN" || NO_FILE.has(error.code))) return false;
    // a volume with invalid documents is still a volume: its reader will report the error
    if (isEmporiumError(error) && error.code.startsWith("FORMAT_")) return true;
    throw error;
  }
}

/**
 * A folder of a store for a peek. A document that a server forbids, or answers with a web page, counts as absent: this is how
 * servers say that there is nothing. On a disk such an error is thrown.
 */
export function folderOf(store: Store, prefix: string, name: string, { signal, pace }: FolderOptions): PeekFolder {
  const asked = new Map<string, Promise<Uint8Array | undefined>>();
  const ask = async (key: string): Promise<Uint8Array | undefined> => {
    const leave = await pace?.request(signal);
    try {
      return await store.read(prefix + key, undefined, { signal });
    } catch (error) {
      if (!store.local && isEmporiumError(error) && (error.code === "STORE_DENIED" || error.code === "STORE_PROTOCOL"))
        return undefined;
      throw error;
    } finally {
      leave?.();
    }
  };
  return {
    name,
    read(key) {
      const known = asked.get(key) ?? ask(key);
      asked.set(key, known);
      return known;
    },
  };
}
