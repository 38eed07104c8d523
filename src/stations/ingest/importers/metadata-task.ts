import type { Place } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import type { PlainObject, Task } from "../../../engine/task.js";
import type { TypeKey } from "../../../model/kinds.js";
import { makeTask } from "../draft.js";
import { metadataText } from "../metadata.js";
import { METADATA_OPERATION } from "../ops/names.js";
import { addWritten, type ImportContext } from "./importer.js";

/** Buffers of a task that writes one small document. */
const DOCUMENT_BYTES = 1 << 20;

export interface MetadataRequest {
  readonly kind: TypeKey;
  readonly title: string;
  readonly key: string;
  readonly configured: JsonObject;
  readonly measured: JsonObject;
  readonly needs?: readonly string[] | undefined;
  readonly place?: Place | undefined;
}

/** Adds the task that writes one metadata file, and the entity it stands for. */
export function addMetadataTask(
  context: ImportContext,
  { kind, title, key, configured, measured, needs = [], place }: MetadataRequest,
): Task {
  const { draft, deposition, force } = context;
  const metadata = metadataText(configured, measured, deposition.name);
  const params: PlainObject = { kind, key, metadata, ...(force ? { force: true } : {}) };
  const task = makeTask({
    title,
    run: METADATA_OPERATION,
    params,
    inputs: [],
    outputs: [key],
    needs,
    bytes: 0,
    memoryBytes: DOCUMENT_BYTES,
    threads: 1,
    place,
  });
  draft.tasks.push(task);
  addWritten(context, { kind, title }, { reads: [], writes: [key], bytes: 0, place });
  return task;
}
