import { type FileHandle, open } from "node:fs/promises";
import { errnoOf, fileError } from "../../../stores/file/errors.js";
import type { Stat } from "../../../stores/store.js";
import { type Checksum, md5OfEtag, splitChecksum } from "./checksum.js";
import { digestFile } from "./digest.js";
import type { TransferOptions, TransferResult } from "./options.js";
import { removePart } from "./part-file.js";
import { algorithmsFor, type Expected, expectedOf } from "./verify.js";

/** HTTP dates have whole seconds, and some file systems every second one. */
const MTIME_MS = 2_000;

/**
 * The result without a transfer, if the target is the object already: equal size and checksum, or the server's date if there is
 * no checksum. (A finished transfer gives the file that date.)
 *
 * @param ask requests the object's facts from the store
 */
export async function findPresent(
  options: TransferOptions,
  ask: () => Promise<Stat | undefined>,
): Promise<TransferResult | undefined> {
  const { target, stat, fresh = false } = options;
  const handle = await open(target, "r").catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw fileError(error, target, "read");
  });
  if (!handle) return undefined;
  try {
    const file = await handle.stat();
    if (!file.isFile() || (stat !== undefined && stat.size !== file.size)) return undefined;
    const sameTime = (known: Stat | undefined) =>
      !fresh && known?.modifiedMs !== undefined && Math.abs(known.modifiedMs - file.mtimeMs) < MTIME_MS;
    let known = stat;
    let expected = expectedOf(options, tagged(known));
    if (!expected && !sameTime(known)) {
      known = await ask();
      if (!known || known.size !== file.size) return undefined;
      expected = expectedOf(options, tagged(known));
      if (!expected && !sameTime(known)) return undefined;
    }
    return await proven(handle, file.size, known, expected, options);
  } finally {
    await handle.close();
  }
}

function tagged(stat: Stat | undefined): Checksum[] {
  const md5 = md5OfEtag(stat?.etag);
  return md5 ? [md5] : [];
}

async function proven(
  handle: FileHandle,
  size: number,
  known: Stat | undefined,
  expected: Expected | undefined,
  { target }: TransferOptions,
): Promise<TransferResult | undefined> {
  const digests = await digestFile(handle, algorithmsFor(expected));
  if (expected) {
    const { algorithm, hex } = splitChecksum(expected.checksum);
    if (digests[algorithm] !== hex) return undefined;
  }
  // An earlier run was killed between the rename and the removal of its other files.
  await removePart(target);
  return {
    path: target,
    size,
    sha256: digests.sha256!,
    etag: known?.etag,
    modifiedMs: known?.modifiedMs,
    resumedBytes: 0,
    fetchedBytes: 0,
    requests: 0,
    checksum: expected?.from ?? "own",
    status: "present",
  };
}
