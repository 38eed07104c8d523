import { createHash } from "node:crypto";
import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { objectName, type Stat, type Store } from "../../../stores/store.js";

const READ_BYTES = 8 * 1024 * 1024;

/**
 * Proves that an object is as it was sent: by the store's own checksum (an etag of S3 that is an MD5), or else by reading it.
 *
 * @param stat of the store after the write
 * @throws {EmporiumError} STORE_PROTOCOL if the object differs. Can be tried again.
 */
export async function proveStored(store: Store, key: string, sent: Uint8Array, stat: Stat, signal?: AbortSignal): Promise<void> {
  const fault = (what: string) =>
    new EmporiumError("STORE_PROTOCOL", `${objectName(store, key)} ${what} after it was written`, { retry: "later" });
  if (stat.size !== sent.length) throw fault(`has ${counted(stat.size, "byte")}, not ${sent.length},`);
  if (!store.local && stat.etag !== undefined && bareTag(stat.etag) === createHash("md5").update(sent).digest("hex")) return;
  const kept = await store.read(key, undefined, { signal });
  if (!kept || Buffer.compare(kept, sent) !== 0) throw fault("is not what was sent,");
}

/**
 * SHA-256 of one version of an object, read in pieces. Undefined if there is none.
 *
 * @throws {EmporiumError} STORE_CONFLICT if it changes meanwhile
 */
export async function objectHash(
  store: Store,
  key: string,
  signal?: AbortSignal,
): Promise<{ sha256: string; stat: Stat } | undefined> {
  const stat = await store.stat(key, { signal });
  if (!stat) return undefined;
  const hash = createHash("sha256");
  for (let offset = 0; offset < stat.size; offset += READ_BYTES) {
    const length = Math.min(READ_BYTES, stat.size - offset);
    const bytes = await store.read(key, { offset, length }, { ifMatch: stat.etag, signal });
    if (bytes?.length !== length) {
      throw new EmporiumError("STORE_CONFLICT", `${objectName(store, key)} became shorter while it was read`, { retry: "later" });
    }
    hash.update(bytes);
  }
  return { sha256: hash.digest("hex"), stat };
}

function bareTag(etag: string): string {
  return etag.replace(/^(?:W\/)?"?|"$/g, "").toLowerCase();
}
