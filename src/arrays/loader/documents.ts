import { createHash } from "node:crypto";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { resolveKey } from "../../formats/precomputed/fields.js";
import { objectName, type Store } from "../../stores/store.js";
import type { BlockVolume } from "../blocks/volume.js";

/** A folder whose documents are read, each by one request. */
export interface VolumeFolder {
  readonly store: Store;
  /** Key of the folder in the store, without a slash at its end; empty: the store's root. */
  readonly key: string;
  /** Name of the folder in messages. */
  readonly name: string;
  /** Documents read so far, for `BlockVolume.identity`: their etag is their checksum, the same in every copy of the volume. */
  readonly identity: BlockVolume["identity"][number][];
  readonly signal: AbortSignal | undefined;
  /** A document by its path below the folder; undefined where there is none. */
  find(path: string): Promise<Uint8Array | undefined>;
  /** Key of a path, which may begin with `../`. */
  at(path: string): string;
  nameOf(path: string): string;
}

export function volumeFolder(store: Store, key: string, signal: AbortSignal | undefined): VolumeFolder {
  const identity: BlockVolume["identity"][number][] = [];
  const name = key === "" ? (store.local?.path("") ?? store.url) : objectName(store, key);
  const at = (path: string) => resolveKey(key, path);
  const nameOf = (path: string) => objectName(store, at(path));
  return {
    store,
    key,
    name,
    identity,
    signal,
    at,
    nameOf,
    async find(path) {
      const bytes = await store.read(at(path), { offset: 0, length: LIMITS.metadataBytes + 1 }, { signal });
      if (!bytes) return undefined;
      if (bytes.length > LIMITS.metadataBytes) {
        throw new EmporiumError("FORMAT_LIMIT", `${nameOf(path)}: more than ${LIMITS.metadataBytes} bytes of metadata`, {
          place: { file: nameOf(path) },
        });
      }
      identity.push({ key: at(path), size: bytes.length, etag: `sha256:${createHash("sha256").update(bytes).digest("hex")}` });
      return bytes;
    },
  };
}

/** A document that another one names. @throws {EmporiumError} STORE_ABSENT */
export async function needDocument(folder: VolumeFolder, path: string): Promise<Uint8Array> {
  const bytes = await folder.find(path);
  if (bytes) return bytes;
  throw new EmporiumError("STORE_ABSENT", `${folder.nameOf(path)} does not exist, though the volume names it`, {
    place: { file: folder.nameOf(path) },
    hint: "copy the volume again: it is incomplete",
  });
}
