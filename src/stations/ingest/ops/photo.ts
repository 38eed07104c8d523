import { EmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { formatBytes } from "../../../core/units.js";
import { publishObject } from "../../../engine/atomic.js";
import type { Operation } from "../../../engine/task.js";
import { absent, objectName, type Store } from "../../../stores/store.js";
import { pictureType } from "../picture-type.js";

/** Opens an address outside of source and target, for reading. */
export type OpenAddress = (location: string) => Promise<{ store: Store; key: string }>;

/** Parameters of fetching a picture. */
export interface PhotoParams {
  kind: string;
  url: string;
  key: string;
  checksum?: "sha256" | null;
}

/** Fetches a picture from an address of its own. A reply that is no picture, or has an error status, is not written. */
export function photoOperation(open: OpenAddress): Operation {
  return async ({ params }, context) => {
    const { url, key, checksum } = params as unknown as PhotoParams;
    const { signal } = context;
    const { store, key: name } = await open(url);
    const stat = await store.stat(name, { signal });
    if (!stat) throw absent(store, name);
    const shown = objectName(store, name);
    if (stat.size > LIMITS.replyBytes) {
      throw new EmporiumError(
        "FORMAT_LIMIT",
        `${shown} has ${formatBytes(stat.size)}, a picture of ${formatBytes(LIMITS.replyBytes)} at most is fetched`,
        {
          place: { url: shown },
        },
      );
    }
    const bytes = await store.read(name, undefined, { signal, ifMatch: stat.etag });
    if (!bytes) throw absent(store, name);
    const { contentType } = pictureType(bytes, shown);
    return { outputs: [await publishObject(context, key, bytes, { contentType, sha256: checksum === "sha256" })] };
  };
}
