import { type FileHandle, mkdir, open, stat as statFile } from "node:fs/promises";
import { dirname } from "node:path";
import { newWindow, openDirectHandle, pagesBelow, writePages, writesDirect } from "../../../stores/file/direct.js";
import { fileError } from "../../../stores/file/errors.js";
import { writeFully } from "../../../stores/file/write-fully.js";
import type { IoMode } from "../../../stores/io-mode.js";
import { fewFiles } from "../../../system/open-files.js";
import { SHARD_WINDOW_BYTES, SHARD_WINDOWS } from "../plan/memory.js";
import type { Kept, ShardOutput, ShardSink } from "./shard-sink.js";

const NOTHING_TO_RELEASE: Kept = { release: async () => {} };

/**
 * Shards as files of a folder.
 *
 * @param sync makes kept bytes survive a power loss, not only a kill.
 * @param io whether bytes go past the page cache: at most three windows of 1 MiB for each shard that is open
 */
export function fileShards(folder: string, { sync, io = "auto" }: { sync: boolean; io?: IoMode | undefined }): ShardSink {
  // the system gives such memory back late: the shards of a volume use the same again
  const windows: Uint8Array[] = [];
  return {
    async open(key, have) {
      const path = `${folder}/${key}`;
      return told(path, async () => {
        if (have > 0 && ((await statFile(path).catch(() => undefined))?.size ?? 0) < have) return undefined;
        await mkdir(dirname(path), { recursive: true });
        const file = await open(path, have > 0 ? "r+" : "w+");
        const isDirect = !fewFiles && writesDirect(io, dirname(path), Number.POSITIVE_INFINITY);
        const past = isDirect ? await pastCache(path, file, have, windows) : undefined;
        return shardFile(path, file, past ?? throughCache(file, have), sync);
      });
    },
  };
}

/** Appends to an open file. */
interface Appender {
  append(bytes: Uint8Array): Promise<void>;
  /** Brings all of it into the file. Returns its length. */
  flush(): Promise<number>;
  close(): Promise<void>;
}

function shardFile(path: string, file: FileHandle, appender: Appender, sync: boolean): ShardOutput {
  const close = async () => {
    await appender.close();
    await file.close();
  };
  return {
    path,
    append: (bytes) => told(path, () => appender.append(bytes)),
    async keep() {
      await told(path, async () => {
        await appender.flush();
        if (sync) await file.datasync();
      });
      return NOTHING_TO_RELEASE;
    },
    async finish(index) {
      await told(path, async () => {
        // a shard that an earlier attempt has finished may be in its place already: it is left as it is
        if (!(await endsWith(file, await appender.flush(), index))) {
          await appender.append(index);
          await file.truncate(await appender.flush());
        }
      });
      await close();
    },
    close,
  };
}

function throughCache(file: FileHandle, have: number): Appender {
  let end = have;
  return {
    async append(bytes) {
      await writeFully(file, bytes, end);
      end += bytes.length;
    },
    flush: async () => end,
    close: async () => {},
  };
}

/**
 * Whole windows go past the page cache, the rest of the last one through it. A window fills while the ones before it are being written: a shard that
 * all chunks of a level go to would wait for the disk at each. Undefined where that is refused.
 */
async function pastCache(path: string, file: FileHandle, have: number, windows: Uint8Array[]): Promise<Appender | undefined> {
  const both = { handle: file, direct: await openDirectHandle(path) };
  if (both.direct === undefined) return undefined;
  let isOpen = true;
  const spare: Uint8Array[] = [];
  const own: Uint8Array[] = [];
  const writing = new Set<Promise<void>>();
  const freeWindow = async () => {
    while (own.length === SHARD_WINDOWS && spare.length === 0) await Promise.race(writing);
    const free = spare.pop();
    if (free) return free;
    const fresh = windows.pop() ?? newWindow(SHARD_WINDOW_BYTES).memory;
    own.push(fresh);
    return fresh;
  };
  /** Byte of the file, at a page, from which the window holds what the file has or shall have. */
  let base = pagesBelow(have);
  let held = have - base;
  let window = await freeWindow();
  await file.read(window, 0, held, base);

  async function send(full: Uint8Array, position: number): Promise<void> {
    await writePages(both, full, position);
    spare.push(full);
  }
  return {
    async append(bytes) {
      for (let done = 0; done < bytes.length; ) {
        const some = bytes.subarray(done, done + SHARD_WINDOW_BYTES - held);
        window.set(some, held);
        held += some.length;
        done += some.length;
        if (held < SHARD_WINDOW_BYTES) continue;
        const sent = send(window, base);
        writing.add(sent);
        // one that failed stays: whoever needs a window, or the end, is told
        sent.then(
          () => writing.delete(sent),
          () => {},
        );
        base += SHARD_WINDOW_BYTES;
        held = 0;
        window = await freeWindow();
      }
    },
    async flush() {
      await Promise.all(writing);
      await writeFully(file, window.subarray(0, held), base);
      return base + held;
    },
    async close() {
      await Promise.allSettled(writing);
      if (!isOpen) return;
      isOpen = false;
      windows.push(...own);
      await both.direct?.close();
    },
  };
}

async function endsWith(file: FileHandle, at: number, tail: Uint8Array): Promise<boolean> {
  if ((await file.stat()).size !== at + tail.length) return false;
  const found = new Uint8Array(tail.length);
  await file.read(found, 0, found.length, at);
  return Buffer.compare(found, tail) === 0;
}

/** A failure of the system in our words. */
async function told<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error, path, "written");
  }
}
