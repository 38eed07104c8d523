import { crc32 } from "node:zlib";
import { crcText } from "../../../core/crc32.js";
import { publishObject } from "../../../engine/atomic.js";
import type { ObjectReceipt, Operation } from "../../../engine/task.js";
import { writeMetadata } from "./metadata.js";

export const DOCUMENT_OPERATION = "ingest/document";

/** A small document made by the plan, and the metadata that vouch for it. */
export interface DocumentParams {
  kind: string;
  document: string;
  text: string;
  metadataKey: string | null;
  /** Without the time. */
  metadata: string | null;
  force?: boolean;
}

/** Writes a document, then its metadata. What is there already with the same bytes is left as it is. */
export const documentOperation: Operation = async ({ params }, context) => {
  const { document, text, metadataKey, metadata, force = false } = params as unknown as DocumentParams;
  const { target, createdMs, signal } = context;
  const body = new TextEncoder().encode(text);
  const there = force ? undefined : await target.stat(document, { signal });
  const same =
    there?.size === body.length && Buffer.compare((await target.read(document, undefined, { signal })) ?? body, body) === 0;
  const outputs: ObjectReceipt[] = [
    same
      ? { key: document, size: body.length, crc32: crcText(crc32(body)), etag: there.etag, modifiedMs: there.modifiedMs }
      : await publishObject(context, document, body, { contentType: "application/json" }),
  ];
  if (metadataKey !== null && metadata !== null)
    outputs.push(await writeMetadata(target, metadataKey, metadata, { createdMs, force, signal }));
  return { outputs };
};
