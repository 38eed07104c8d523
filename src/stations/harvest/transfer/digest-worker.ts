import { readSync, renameSync, writeFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { counted } from "../../../core/units.js";
import { type DigestThreadData, endHashes, type FromDigestThread, startHashes, type ToDigestThread } from "./hashes.js";

/**
 * Hashes one open file as far as it is written, and replies when all is. Between two reads it writes the state: a synchronous
 * call here is cheaper than one through a thread of Node's pool.
 */
const READ_BYTES = 1024 * 1024;
const { fd, algorithms, memory } = workerData as DigestThreadData;
const port = parentPort!;
const hashes = startHashes(algorithms);
/** Steps of the hashing in the order of the file: an offset up to which bytes are read from it, or a block of the memory. */
const steps: (number | { at: number; length: number })[] = [];
let buffer: Buffer | undefined;
let hashed = 0;
let last = false;
let running = false;
let failed = false;

port.on("message", (message: ToDigestThread) => {
  if (message.path !== undefined) replace(message.path, message.text!);
  if (message.reach === undefined && !message.block) return;
  if (failed) return;
  steps.push(message.block ?? message.reach!);
  last ||= message.last === true;
  if (!running) follow();
});

/** One step at a time, so that messages are received in between. */
function follow(): void {
  try {
    while (typeof steps[0] === "number" && steps[0] <= hashed) steps.shift();
    const [step] = steps;
    running = step !== undefined;
    if (step === undefined) {
      if (last) answer({ digests: endHashes(hashes) });
      return;
    }
    if (typeof step === "number") read(step);
    else {
      steps.shift();
      add(memory!.subarray(step.at, step.at + step.length));
      answer({ hashed: step.at });
    }
    setImmediate(follow);
  } catch (error) {
    failed = true;
    answer({ unreadable: error instanceof Error ? error.message : String(error) });
  }
}

function read(until: number): void {
  buffer ??= Buffer.allocUnsafeSlow(READ_BYTES);
  const bytes = readSync(fd, buffer, 0, Math.min(READ_BYTES, until - hashed), hashed);
  if (bytes === 0) throw new Error(`it ends at ${counted(hashed, "byte")}`);
  add(buffer.subarray(0, bytes));
}

function add(bytes: Uint8Array): void {
  for (const hash of hashes.values()) hash.update(bytes);
  hashed += bytes.length;
}

function replace(path: string, text: string): void {
  try {
    const fresh = `${path}.new`;
    writeFileSync(fresh, text);
    renameSync(fresh, path);
    answer({ replaced: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    answer({ replaced: true, fault: { code, message } });
  }
}

function answer(message: FromDigestThread): void {
  port.postMessage(message);
}
