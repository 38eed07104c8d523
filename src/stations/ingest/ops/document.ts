import type { ObjectReceipt, Operation } from "../../../engine/task.js";
import { writeMetadata } from "./metadata.js";
import { publishUnlessSame } from "./publish.js";

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

/** Writes a document, then its metadata. An object that has the same bytes already is left as it is. */
export const documentOperation: Operation = async ({ params }, context) => {
  const { document, text, metadataKey, metadata, force = false } = params as unknown as DocumentParams;
  const { target, createdMs, signal } = context;
  const body = new TextEncoder().encode(text);
  const outputs: ObjectReceipt[] = [await publishUnlessSame(context, document, body, { contentType: "application/json", force })];
  if (metadataKey !== null && metadata !== null)
    outputs.push(await writeMetadata(target, metadataKey, metadata, { createdMs, force, signal }));
  return { outputs };
};
