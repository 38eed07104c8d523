import type { FileHandle } from "node:fs/promises";
import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { startThread } from "../../../system/threads.js";
import type { Blocks, Kept } from "./blocks.js";
import type { Algorithm } from "./checksum.js";
import {
  type Digests,
  type DigestThreadData,
  endHashes,
  type FromDigestThread,
  startHashes,
  type ToDigestThread,
} from "./hashes.js";

/** Checksums of a file that is still written, in order behind the writes. */
export interface Digester {
  /** Tells that the bytes `[0, prefix)` are written. */
  reach(prefix: number): void;
  /** Tells that a block of the memory is written: it is hashed from there once it is reached. Absent without blocks. */
  keep?: ((kept: Kept) => void) | undefined;
  /** Lower-case hexadecimal digits, once `[0, size)` is read. */
  finish(size: number): Promise<Digests>;
  /** Writes a small file in the digester's thread; absent if it has none. */
  replace?: ((path: string, text: string) => Promise<void>) | undefined;
  /** Releases the file. May be called at any time, also twice, before the file is closed. */
  stop(): Promise<void>;
}

/** For smaller files a thread costs more than it saves. */
const THREAD_BYTES_MIN = 32 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;

/**
 * Starts the checksums of a file that is being written. Bytes arrive out of order, so they are read back, from the page cache as
 * long as hashing is close behind, or kept in blocks of memory where they went past the cache. Large files get a thread for it.
 *
 * @param size expected bytes, which decide about the thread
 * @param blocks memory of writes past the page cache; with it there is always a thread
 */
export function startDigests(
  handle: FileHandle,
  algorithms: readonly Algorithm[],
  size: number | undefined,
  blocks?: Blocks | undefined,
): Digester {
  const isLarge = blocks !== undefined || (size ?? 0) >= THREAD_BYTES_MIN;
  return isLarge ? onThread(handle.fd, algorithms, blocks) : byReading(handle, algorithms);
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

/** Bytes that must be written before the thread is told again. */
const TELL_BYTES = 4 * 1024 * 1024;

function onThread(fd: number, algorithms: readonly Algorithm[], blocks: Blocks | undefined): Digester {
  const entry = new URL("./digest-worker.js", import.meta.url);
  const data: DigestThreadData = { fd, algorithms, memory: blocks?.memory };
  const thread = startThread<ToDigestThread, FromDigestThread>({ entry, data, sharesFiles: true });
  let told = 0;
  let dead: Error | undefined;
  let waiting: { resolve(digests: Digests): void; reject(error: Error): void } | undefined;
  const replacing: { resolve(): void; reject(error: Error): void }[] = [];

  function fail(error: Error): void {
    dead ??= error;
    blocks?.fail(error);
    waiting?.reject(error);
    for (const one of replacing.splice(0)) one.reject(error);
  }
  thread.listen({ heard, died: fail });
  function heard({ hashed, digests, unreadable, replaced, fault }: FromDigestThread): void {
    if (hashed !== undefined) blocks!.free(hashed);
    if (digests) waiting?.resolve(digests);
    if (unreadable !== undefined) {
      fail(new EmporiumError("STORE_FAILED", `a file that is being fetched cannot be read back: ${unreadable}`));
    }
    if (!replaced) return;
    const first = replacing.shift();
    if (fault) first?.reject(Object.assign(new Error(fault.message), { code: fault.code }));
    else first?.resolve();
  }

  function send<T>(
    message: ToDigestThread,
    settle: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (dead) return reject(dead);
      settle(resolve, reject);
      thread.send(message);
    });
  }
  /** Sends the thread all steps before `prefix`, without a delay: others wait for the blocks to be hashed. */
  function hash(prefix: number): void {
    for (const step of blocks!.steps(prefix)) {
      thread.send("readUntil" in step ? { reach: step.readUntil } : { block: step });
    }
  }
  return {
    reach(prefix) {
      if (blocks) return hash(prefix);
      if (prefix - told < TELL_BYTES) return;
      told = prefix;
      thread.send({ reach: prefix });
    },
    keep: blocks?.keep,
    finish(size) {
      if (blocks) hash(size);
      thread.keepProcess(true);
      return send<Digests>({ reach: size, last: true }, (resolve, reject) => {
        waiting = { resolve, reject };
      });
    },
    replace: (path, text) => send<void>({ path, text }, (resolve, reject) => replacing.push({ resolve, reject })),
    stop: () => thread.end(),
  };
}

function cut(at: number): EmporiumError {
  return new EmporiumError("STORE_FAILED", `a file that is being fetched was cut to ${counted(at, "byte")} by another program`, {
    hint: "find the other process that writes there, and run again",
  });
}
