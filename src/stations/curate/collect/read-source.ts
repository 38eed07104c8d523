import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { EmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { formatBytes } from "../../../core/units.js";
import { fileError } from "../../../stores/file/errors.js";
import { diskPath, shownPath } from "../inventory/path-bytes.js";

export interface SourceBytes {
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

/**
 * Reads a complete file of an archive: opened read-only, links not followed.
 *
 * @param path absolute
 * @throws {EmporiumError} SOURCE_CHANGED when it is written meanwhile, FORMAT_LIMIT, STORE_DENIED, STORE_ABSENT, …
 */
export async function readSource(path: string): Promise<SourceBytes> {
  const shown = shownPath(path);
  const file = await open(diskPath(path), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)).catch(
    (error: unknown) => {
      throw fileError(error, shown, "read");
    },
  );
  try {
    const before = await file.stat({ bigint: true });
    if (before.size > BigInt(LIMITS.tableBytes)) {
      throw new EmporiumError(
        "FORMAT_LIMIT",
        `${shown} has ${formatBytes(Number(before.size))}, models of at most ${formatBytes(LIMITS.tableBytes)} are collected`,
        { place: { file: shown } },
      );
    }
    const bytes = await file.readFile();
    const after = await file.stat({ bigint: true });
    if (BigInt(bytes.length) !== before.size || after.mtimeNs !== before.mtimeNs || after.size !== before.size)
      throw changed(path);
    return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
  } catch (error) {
    throw error instanceof EmporiumError ? error : fileError(error, shown, "read");
  } finally {
    await file.close();
  }
}

export function changed(path: string): EmporiumError {
  const file = shownPath(path);
  return new EmporiumError("SOURCE_CHANGED", `${file} was written while it was being collected`, {
    place: { file },
    hint: "run the same command again when no process writes it any more",
  });
}
