import { createHash, type Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { EmporiumError } from "../../../core/errors.js";
import type { Algorithm } from "./checksum.js";

export type Digests = Readonly<Partial<Record<Algorithm, string>>>;

/** Checksums of a file that is still being written, in order behind the writes. */
export interface Digester {
  /** The bytes `[0, prefix)` are written. */
  reach(prefix: number): void;
  /** Lower-case hexadecimal digits, once `[0, size)` is read. */
  finish(size: number): Promise<Digests>;
  /** Lets go of the file. May be called at any time, also twice, and before the file is closed. */
  stop(): Promise<void>;
}

/** Below this a thread costs more than it saves. */
const THREAD_BYTES_MIN = 32 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;

/**
 * Bytes arrive out of order, so they are read back: from the page cache, as hashing follows closely. Large files have a thread of their own for
 * it, beside which the network goes on.
 *
 * @param size expected bytes, which only choose the way.
 */
export function startDigests(handle: FileHandle, algorithms: readonly Algorithm[], size: number | undefined): Digester {
  return (size ?? 0) >= THREAD_BYTES_MIN ? onThread(handle.fd, algorithms) : byReading(handle, algorithms);
}

/** Checksums of bytes in memory. */
export function digestsOf(bytes: Uint8Array, algorithms: readonly Algorithm[]): Digests {
  const hashes = startHashes(algorithms);
  for (const hash of hashes.values()) hash.update(bytes);
  return endHashes(hashes);
}

/** Checksums of a finished file. */
export async function digestFile(handle: FileHandle, algorithms: readonly Algorithm[]): Promise<Digests> {
  const { size } = await handle.stat();
  const digester = startDigests(handle, algorithms, size);
  try {
    digester.reach(size);
    return await digester.finish(size);
  } finally {
    await digester.stop();
  }
}

export function startHashes(algorithms: readonly Algorithm[]): Map<Algorithm, Hash> {
  return new Map(algorithms.map((algorithm) => [algorithm, createHash(algorithm)]));
}

export function endHashes(hashes: ReadonlyMap<Algorithm, Hash>): Digests {
  return Object.fromEntries([...hashes].map(([algorithm, hash]) => [algorithm, hash.digest("hex")]));
}

function byReading(handle: FileHandle, algorithms: readonly Algorithm[]): Digester {
  const hashes = startHashes(algorithms);
  let reached = 0;
  let hashed = 0;
  let stopped = false;
  let failure: unknown;
  let running: Promise<void> | undefined;
  let buffer: Buffer | undefined;

  async function follow(): Promise<void> {
    while (hashed < reached && !stopped) {
      buffer ??= Buffer.allocUnsafeSlow(READ_BYTES);
      const { bytesRead } = await handle.read(buffer, 0, Math.min(READ_BYTES, reached - hashed), hashed);
      if (bytesRead === 0) throw cut(hashed);
      for (const hash of hashes.values()) hash.update(buffer.subarray(0, bytesRead));
      hashed += bytesRead;
    }
  }
  function start(): void {
    running ??= follow()
      .catch((error: unknown) => {
        failure ??= error;
        stopped = true;
      })
      .finally(() => {
        running = undefined;
      });
  }
  return {
    reach(prefix) {
      reached = Math.max(reached, prefix);
      if (reached - hashed >= READ_BYTES) start();
    },
    async finish(size) {
      reached = size;
      while (hashed < size && failure === undefined) {
        start();
        await running;
      }
      if (failure !== undefined) throw failure;
      return endHashes(hashes);
    },
    async stop() {
      stopped = true;
      await running;
    },
  };
}

// A worker thread of Node 20 needs JavaScript, which is in dist/ also when the sources are run.
const ENTRY = import.meta.url.endsWith(".ts")
  ? new URL("../../../../dist/stations/harvest/transfer/digest-worker.js", import.meta.url)
  : new URL("./digest-worker.js", import.meta.url);

/** So much more must be there before the thread is told again. */
const TELL_BYTES = 4 * 1024 * 1024;

function onThread(fd: number, algorithms: readonly Algorithm[]): Digester {
  const worker = new Worker(fileURLToPath(ENTRY), { workerData: { fd, algorithms }, trackUnmanagedFds: false, execArgv: [] });
  worker.unref();
  let told = 0;
  let ended: Promise<unknown> | undefined;
  const answer = new Promise<Digests>((resolve, reject) => {
    worker.once("message", ({ digests, failure }: { digests?: Digests; failure?: string }) => {
      if (digests) resolve(digests);
      else reject(new EmporiumError("STORE_FAILED", `a file that is being fetched cannot be read back: ${failure}`));
    });
    worker.once("error", (cause) => reject(new EmporiumError("INTERNAL", `a worker thread died: ${cause.message}`, { cause })));
  });
  answer.catch(() => {}); // whoever finishes learns of it
  return {
    reach(prefix) {
      if (prefix - told < TELL_BYTES) return;
      told = prefix;
      worker.postMessage({ reach: prefix });
    },
    async finish(size) {
      worker.ref();
      worker.postMessage({ reach: size, last: true });
      return answer;
    },
    async stop() {
      ended ??= worker.terminate();
      await ended;
    },
  };
}

function cut(at: number): EmporiumError {
  return new EmporiumError("STORE_FAILED", `a file that is being fetched was cut to ${at} bytes by another program`, {
    hint: "look who else writes there, and run again",
  });
}
