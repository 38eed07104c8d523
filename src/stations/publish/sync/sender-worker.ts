import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../../core/clock.js";
import { contentType } from "../../../core/content-type.js";
import { crcHeader, isProven, shortSender } from "../../../stores/s3/direct-put.js";
import type { S3Credentials } from "../../../stores/s3/sign.js";
import { makeBuffers } from "../../../system/buffers.js";
import { readNow } from "./read-now.js";
import {
  type FromSender,
  type SenderJob,
  type SenderResult,
  type SenderSetup,
  THREAD_BYTES,
  type ToSender,
} from "./sender-messages.js";

/**
 * A thread that reads, signs and sends small files, so that all cores are used. The main thread sends the files that fail here.
 */
const { facts, base, headers } = workerData as SenderSetup;
const port = parentPort!;
const sender = shortSender(facts, systemClock);
const buffers = makeBuffers(THREAD_BYTES);
let credentials: S3Credentials;
let results: SenderResult[] = [];

port.on("message", (message: ToSender) => {
  credentials = message.credentials ?? credentials;
  for (const job of message.jobs) {
    work(job).then(answer, () => answer({ id: job.id }));
  }
});

async function work({ id, path, key, size, modifiedMs }: SenderJob): Promise<SenderResult> {
  const buffer = buffers.take(size + 1);
  const read = readNow(path, buffer.subarray(0, size + 1));
  if (read.got !== size || read.modifiedMs !== modifiedMs) return { id };
  const body = buffer.subarray(0, size);
  const crc = facts.sums ? crcHeader(body) : undefined;
  const all: Record<string, string> = { "content-type": contentType(key), ...headers };
  if (crc !== undefined) all["x-amz-checksum-crc32"] = crc;
  const { status, taken } = await sender.put(base + key, body, all, credentials);
  const { etag } = taken;
  const good = status >= 200 && status < 300 && etag !== undefined && isProven(taken, crc, body);
  buffers.give(buffer);
  if (good) return { id, etag };
  return status === 429 || status === 503 ? { id, throttled: true } : { id };
}

/** Results of one turn of the event loop go in one message. */
function answer(result: SenderResult): void {
  results.push(result);
  if (results.length > 1) return;
  setImmediate(() => {
    const told: FromSender = results;
    results = [];
    port.postMessage(told);
  });
}
