import { type FileHandle, lstat, open } from "node:fs/promises";
import { EmporiumError } from "../../../core/errors.js";
import { errnoOf, fileError } from "../../../stores/file/errors.js";
import { objectName, type Stat } from "../../../stores/store.js";
import { type Checksum, md5OfEtag, splitChecksum } from "./checksum.js";
import { digestFile } from "./digest.js";
import type { TransferOptions, TransferResult } from "./options.js";
import { removePart } from "./part-file.js";
import { algorithmsFor, type Expected, expectedOf } from "./verify.js";

/** HTTP dates have whole seconds, and some file systems every second one. */
const MTIME_MS = 2_000;

/**
 * The result without a transfer, if the target is the object already: equal size and checksum, or the server's date if there is
 * no checksum. (A finished transfer gives the file that date.) Undefined also where nothing but the bytes shows whether it is.
 *
 * @param ask requests the object's facts from the store
 * @throws {EmporiumError} CONFIG_COLLISION for another file that may not be replaced
 */
export async function findPresent(
  options: TransferOptions,
  ask: () => Promise<Stat | undefined>,
): Promise<TransferResult | undefined> {
  const { target, stat, fresh = false } = options;
  const handle = await opened(target);
  if (!handle) return undefined;
  const other = () => {
    if (!options.mayReplace) throw taken(target, objectName(options.store, options.key));
    return undefined;
  };
  try {
    const file = await handle.stat();
    if (!file.isFile() || (stat !== undefined && stat.size !== file.size)) return other();
    const sameTime = (known: Stat | undefined) =>
      !fresh && known?.modifiedMs !== undefined && Math.abs(known.modifiedMs - file.mtimeMs) < MTIME_MS;
    let known = stat;
    let expected = expectedOf(options, tagged(known));
    if (!expected && !sameTime(known)) {
      known = await ask();
      if (!known) return undefined;
      if (known.size !== file.size) return other();
      expected = expectedOf(options, tagged(known));
      if (!expected && !sameTime(known)) return undefined;
    }
    return (await proven(handle, file.size, known, expected, options)) ?? other();
  } finally {
    await handle.close();
  }
}

/**
 * For bytes that have come and are to get the target's name.
 *
 * @throws {EmporiumError} CONFIG_COLLISION where other bytes have it that may not be replaced
 */
export async function refuseOther(options: TransferOptions, size: number, sha256: string | undefined): Promise<void> {
  const { store, key, target, mayReplace } = options;
  if (mayReplace || (await lstat(target).catch(() => undefined)) === undefined) return;
  const handle = await opened(target);
  try {
    const file = await handle?.stat();
    if (handle && file?.isFile() && file.size === size && (await digestFile(handle, ["sha256"])).sha256 === sha256) return;
  } finally {
    await handle?.close();
  }
  throw taken(target, objectName(store, key));
}

/** @param name of the object that has no place */
export function taken(target: string, name: string): EmporiumError {
  return new EmporiumError("CONFIG_COLLISION", `${target} exists already, and is neither ${name} nor a download of it`, {
    place: { file: target },
    hint: "choose another --dest, move it away, or replace it with --force-overwrite",
  });
}

async function opened(target: string): Promise<FileHandle | undefined> {
  return open(target, "r").catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw fileError(error, target, "read");
  });
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
