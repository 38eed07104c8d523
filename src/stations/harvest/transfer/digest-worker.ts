import { readSync, renameSync, writeFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import type { Algorithm } from "./checksum.js";
import { endHashes, type FromDigestThread, startHashes, type ToDigestThread } from "./hashes.js";

/**
 * Hashes one open file as far as it is written, and replies when all is. Between two reads it writes the state: a synchronous
 * call here is cheaper than one through a thread of Node's pool.
 */
const READ_BYTES = 1024 * 1024;
const { fd, algorithms } = workerData as { fd: number; algorithms: readonly Algorithm[] };
const port = parentPort!;
const hashes = startHashes(algorithms);
const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
let reached = 0;
let hashed = 0;
let last = false;
let running = false;
let failed = false;

port.on("message", (message: ToDigestThread) => {
  if (message.path !== undefined) replace(message.path, message.text!);
  if (message.reach === undefined || failed) return;
  reached = message.reach;
  last ||= message.last === true;
  if (!running) follow();
});

/** One step at a time, so that messages are received in between. */
function follow(): void {
  running = hashed < reached;
  try {
    if (running) {
      const bytes = readSync(fd, buffer, 0, Math.min(READ_BYTES, reached - hashed), hashed);
      if (bytes === 0) throw new Error(`it ends at ${hashed} bytes`);
      for (const hash of hashes.values()) hash.update(buffer.subarray(0, bytes));
      hashed += bytes;
      setImmediate(follow);
    } else if (last) answer({ digests: endHashes(hashes) });
  } catch (error) {
    failed = true;
    answer({ unreadable: error instanceof Error ? error.message : String(error) });
  }
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
