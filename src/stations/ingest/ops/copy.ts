import { crc32 } from "node:zlib";
import { crcText } from "../../../core/crc32.js";
import { LIMITS } from "../../../core/limits.js";
import { copyObject } from "../../../engine/atomic.js";
import type { ObjectReceipt, Operation, TaskContext } from "../../../engine/task.js";
import type { Store } from "../../../stores/store.js";

/** Parameters of a copy. */
export interface CopyParams {
  kind: string;
  /** Key in the source, or in the target where `from` says so. */
  source: string;
  /** Key in the target. */
  key: string;
  from?: "target";
  contentType?: string;
  /** Hash the object as well. */
  checksum?: "sha256" | null;
  force?: boolean;
}

/**
 * Copies one object, byte for byte. A small one that exists with the same bytes is not written again; contents are compared, not
 * sizes.
 */
export const copyOperation: Operation = async ({ params }, context) => {
  const { source, key, from, contentType, checksum, force } = params as unknown as CopyParams;
  const store = from === "target" ? context.target : context.source;
  const sha256 = checksum === "sha256";
  const present = force || sha256 ? undefined : await presentCopy(store, source, key, context);
  return { outputs: [present ?? (await copyObject(context, source, key, { from: store, contentType, sha256 }))] };
};

async function presentCopy(
  from: Store,
  source: string,
  key: string,
  { target, signal, progress }: TaskContext,
): Promise<ObjectReceipt | undefined> {
  const there = await target.stat(key, { signal });
  if (!there || there.size > LIMITS.partBytesMin) return undefined;
  const stat = await from.stat(source, { signal });
  if (stat?.size !== there.size) return undefined;
  const [wanted, found] = await Promise.all([
    from.read(source, undefined, { signal, ifMatch: stat.etag }),
    target.read(key, undefined, { signal, ifMatch: there.etag }),
  ]);
  if (!wanted || !found || Buffer.compare(wanted, found) !== 0) return undefined;
  progress(there.size);
  return { key, size: there.size, crc32: crcText(crc32(found)), etag: there.etag, modifiedMs: there.modifiedMs };
}
