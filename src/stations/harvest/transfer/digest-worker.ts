import { readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import type { Algorithm } from "./checksum.js";
import { endHashes, startHashes } from "./digest.js";

/** Hashes one open file as far as it is told that bytes are there, and answers when it is told that all are. */
const READ_BYTES = 1024 * 1024;
const { fd, algorithms } = workerData as { fd: number; algorithms: readonly Algorithm[] };
const port = parentPort!;
const hashes = startHashes(algorithms);
const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
let hashed = 0;
let failed = false;

port.on("message", ({ reach, last }: { reach: number; last?: boolean }) => {
  if (failed) return;
  try {
    while (hashed < reach) {
      const bytes = readSync(fd, buffer, 0, Math.min(READ_BYTES, reach - hashed), hashed);
      if (bytes === 0) throw new Error(`it ends at ${hashed} bytes`);
      const piece = buffer.subarray(0, bytes);
      for (const hash of hashes.values()) hash.update(piece);
      hashed += bytes;
    }
    if (last) port.postMessage({ digests: endHashes(hashes) });
  } catch (error) {
    failed = true;
    port.postMessage({ failure: error instanceof Error ? error.message : String(error) });
  }
});
