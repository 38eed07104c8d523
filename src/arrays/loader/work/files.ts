import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { changed } from "../../../stores/faults.js";
import { errnoOf, fileError } from "../../../stores/file/errors.js";
import { fileEtag } from "../../../stores/file/stat.js";
import type { FileSource } from "./decode-job.js";

/** An open chunk. */
export interface ChunkFile {
  readonly fd: number;
  readonly path: string;
  /** Byte of the file at which the chunk begins; `length` is the chunk's. */
  readonly offset: number;
  readonly length: number;
}

/** Opens the files of one job: chunks of a shard share one. */
export function chunkFiles() {
  let open: { path: string; fd: number; checked: string | undefined } | undefined;
  const close = () => {
    if (open) closeSync(open.fd);
    open = undefined;
  };
  return {
    close,
    /** @returns undefined where there is no such file. */
    open({ path, offset = 0, length, etag }: FileSource): ChunkFile | undefined {
      try {
        if (open?.path !== path) {
          close();
          const fd = openSync(path, "r");
          open = { path, fd, checked: undefined };
        }
        if (etag !== undefined && open.checked !== etag) {
          if (fileEtag(fstatSync(open.fd, { bigint: true })) !== etag) throw changed(path);
          open.checked = etag;
        }
        return { fd: open.fd, path, offset, length: length ?? fstatSync(open.fd).size - offset };
      } catch (error) {
        const errno = errnoOf(error);
        if (errno === "ENOENT" || errno === "ENOTDIR") return undefined;
        throw fileError(error, path, "read");
      }
    },
  };
}

/**
 * Reads bytes of a chunk.
 *
 * @throws {EmporiumError} FORMAT_TRUNCATED where the file ends before.
 */
export function readChunk({ fd, path, offset }: ChunkFile, from: number, length: number, to: Uint8Array, at: number): void {
  let done = 0;
  while (done < length) {
    const count = readSync(fd, to, at + done, length - done, offset + from + done);
    if (count === 0) throw cutShort(path, offset + from, length, done);
    done += count;
  }
}

function cutShort(path: string, offset: number, length: number, done: number): EmporiumError {
  return new EmporiumError(
    "FORMAT_TRUNCATED",
    `${path} ends too early: ${counted(length, "byte")} are needed from byte ${offset}, ${done} found`,
    {
      place: { file: path, byte: offset + done },
      hint: "copy the file again: it was cut short",
    },
  );
}
