import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { asEmporiumError, EmporiumError } from "../../../core/errors.js";
import { fileError } from "../../../stores/file/errors.js";
import { writePart } from "../../../stores/file/part-names.js";

/**
 * Writes a file of any length piece by piece, whole or not at all: a hidden file beside it is renamed at the end.
 *
 * @throws {EmporiumError} DISK_FULL, STORE_DENIED, …
 */
export async function writeWhole(
  path: string,
  pieces: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
): Promise<void> {
  const target = resolve(path);
  const part = writePart(basename(target));
  const partPath = join(dirname(target), part.name);
  try {
    await mkdir(dirname(target), { recursive: true });
    const stream = createWriteStream(partPath, { flags: "wx", highWaterMark: 1024 * 1024 });
    let failure: Error | undefined;
    stream.on("error", (error) => {
      failure = error;
    });
    for await (const piece of pieces) {
      if (failure) throw failure;
      if (!stream.write(piece)) await Promise.race([once(stream, "drain"), once(stream, "close")]);
    }
    stream.end();
    if (!stream.closed) await once(stream, "close");
    if (failure) throw failure;
    const file = await open(partPath, "r+");
    await file.sync().finally(() => file.close());
    await rename(partPath, target);
  } catch (error) {
    await rm(partPath, { force: true }).catch(() => {});
    if (error instanceof EmporiumError || !(error instanceof Error && "code" in error)) throw asEmporiumError(error);
    throw fileError(error, target, "written");
  } finally {
    part.done();
  }
}
