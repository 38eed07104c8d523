import { crc32, crcText } from "../../../core/crc32.js";
import type { ObjectReceipt, Operation } from "../../../engine/task.js";
import type { Stat, Store } from "../../../stores/store.js";
import { sameButForTime, stampMetadata } from "../metadata.js";

/** Writes one metadata file. Params: `{kind, key, metadata: <text without its time>, force?: true}`. */
export const writeMetadataOperation: Operation = async ({ params }, { target, createdMs, signal }) => {
  const receipt = await writeMetadata(target, String(params.key), String(params.metadata), {
    createdMs,
    force: params.force === true,
    signal,
  });
  return { outputs: [receipt] };
};

/**
 * Writes a metadata text with the plan's time, unless the same text with another time exists: a run over a finished tree changes
 * nothing.
 */
export async function writeMetadata(
  target: Store,
  key: string,
  text: string,
  { createdMs, force = false, signal }: { createdMs: number; force?: boolean; signal?: AbortSignal },
): Promise<ObjectReceipt> {
  const body = new TextEncoder().encode(stampMetadata(text, createdMs));
  const stat = await target.stat(key, { signal });
  if (stat && !force) {
    const present = await target.read(key, undefined, { signal });
    if (present && sameButForTime(new TextDecoder().decode(present), text)) return receiptOf(key, present, stat);
  }
  return receiptOf(key, body, await target.write(key, body, { contentType: "application/json", signal }));
}

function receiptOf(key: string, body: Uint8Array, { etag, modifiedMs }: Stat): ObjectReceipt {
  return { key, size: body.length, crc32: crcText(crc32(body)), etag, modifiedMs };
}
