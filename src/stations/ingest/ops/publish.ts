import { crc32 } from "node:zlib";
import { crcText } from "../../../core/crc32.js";
import { publishObject } from "../../../engine/atomic.js";
import type { ObjectReceipt, TaskContext } from "../../../engine/task.js";

/** Writes a small object unless the same bytes are there already: then it is left as it is, with its time. */
export async function publishUnlessSame(
  context: Pick<TaskContext, "target" | "signal">,
  key: string,
  body: Uint8Array,
  { contentType, force = false }: { contentType?: string | undefined; force?: boolean | undefined } = {},
): Promise<ObjectReceipt> {
  const { target, signal } = context;
  const there = force ? undefined : await target.stat(key, { signal });
  if (there?.size === body.length) {
    const present = await target.read(key, undefined, { signal });
    if (present && Buffer.compare(present, body) === 0) {
      return { key, size: body.length, crc32: crcText(crc32(body)), etag: there.etag, modifiedMs: there.modifiedMs };
    }
  }
  return publishObject(context, key, body, { contentType });
}
