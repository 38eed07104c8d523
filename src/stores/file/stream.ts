import type { FileHandle } from "node:fs/promises";
import { cancelled } from "../../core/cancel.js";
import { changed } from "../faults.js";
import type { ByteStream, StoreReadOptions } from "../store.js";
import { fileError } from "./errors.js";
import { fileEtag, fileStat } from "./stat.js";

const READ_BYTES = 1024 * 1024;

/** The bytes of an open file, 1 MiB at a time; `undefined` if it is no file. Always closes the handle at the end. */
export async function streamFile(
  handle: FileHandle,
  path: string,
  from: { offset: number; length?: number | undefined } | undefined,
  { ifMatch, signal }: StoreReadOptions,
): Promise<ByteStream | undefined> {
  let open = true;
  const close = async () => {
    if (open) {
      open = false;
      await handle.close();
    }
  };
  try {
    const before = await handle.stat({ bigint: true });
    if (!before.isFile()) {
      await close();
      return undefined;
    }
    const stat = fileStat(before);
    if (ifMatch !== undefined && stat.etag !== ifMatch) throw changed(path);
    const offset = from?.offset ?? 0;
    const length = Math.max(0, Math.min(stat.size - offset, from?.length ?? Number.POSITIVE_INFINITY));
    return { stat, offset, length, body: pieces(offset, length, stat.etag), cancel: close };
  } catch (error) {
    await close();
    throw error;
  }

  async function* pieces(offset: number, length: number, etag: string | undefined): AsyncGenerator<Uint8Array> {
    try {
      for (let done = 0; done < length; ) {
        if (signal?.aborted) throw cancelled(signal);
        const piece = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, length - done));
        const { bytesRead } = await handle.read(piece, 0, piece.length, offset + done);
        if (bytesRead === 0) throw changed(path);
        done += bytesRead;
        yield piece.subarray(0, bytesRead);
      }
      // A program that writes into the file, instead of renaming a new one over it, could have done so just now.
      if (length > 0 && fileEtag(await handle.stat({ bigint: true })) !== etag) throw changed(path);
    } catch (error) {
      throw fileError(error, path, "read");
    } finally {
      await close();
    }
  }
}
