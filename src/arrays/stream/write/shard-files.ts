import { write } from "node:fs";
import { type FileHandle, mkdir, open, stat as statFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileError } from "../../../stores/file/errors.js";
import type { Kept, ShardOutput, ShardSink } from "./shard-sink.js";

/**
 * Bytes of one write. Linux makes a file's pages as large as the write that fills them; from 1 MiB on, fragmented memory makes
 * that ten times slower (3.5 s of 4 s for 2 GiB on ext4, kernel 6.18).
 */
const WRITE_BYTES = 512 * 1024;

const NOTHING_TO_RELEASE: Kept = { release: async () => {} };

/**
 * Shards as files of a folder.
 *
 * @param sync what is kept survives a power loss, not only a kill.
 */
export function fileShards(folder: string, { sync }: { sync: boolean }): ShardSink {
  return {
    async open(key, have) {
      const path = `${folder}/${key}`;
      return told(path, async () => {
        if (have > 0 && ((await statFile(path).catch(() => undefined))?.size ?? 0) < have) return undefined;
        await mkdir(dirname(path), { recursive: true });
        return shardFile(path, await open(path, have > 0 ? "r+" : "w+"), have, sync);
      });
    },
  };
}

function shardFile(path: string, file: FileHandle, have: number, sync: boolean): ShardOutput {
  let end = have;
  const append = (bytes: Uint8Array) =>
    told(path, async () => {
      await writeAll(file.fd, bytes, end);
      end += bytes.length;
    });
  return {
    path,
    append,
    async keep() {
      if (sync) await told(path, () => file.datasync());
      return NOTHING_TO_RELEASE;
    },
    async finish(index) {
      // a shard that an earlier attempt has finished may be in its place already: it is left as it is
      if (!(await endsWith(file, end, index))) {
        await append(index);
        await told(path, () => file.truncate(end));
      }
      await file.close();
    },
    close: () => file.close(),
  };
}

function writeAll(fd: number, bytes: Uint8Array, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = (done: number) => {
      if (done === bytes.length) resolve();
      else {
        write(fd, bytes, done, Math.min(bytes.length - done, WRITE_BYTES), position + done, (error, written) =>
          error ? reject(error) : go(done + written),
        );
      }
    };
    go(0);
  });
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
