import { createHash } from "node:crypto";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { absent, objectName, type Store } from "../../../stores/store.js";
import { forEachLimited } from "../../../system/parallel.js";
import type { FrameRow, FrameShape } from "../frames/frame.js";
import { fileNameOf } from "../frames/name-parsers.js";
import type { FileGlobal, StoredDataset } from "../rows/repository.js";
import { objectHash } from "../storage/prove.js";
import { frameKey, proven, readStoredFrame } from "../storage/stored-frame.js";
import type { DownloadedFile } from "./report.js";
import { sendStream } from "./send-stream.js";

/** The data set, stores and options that the parts of a download share. */
export interface DownloadJob {
  readonly dataset: StoredDataset;
  readonly rows: readonly FrameRow[];
  readonly storage: Store;
  readonly target: Store;
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly warnings: string[];
  /** Called for each file, with the error if it failed. */
  onFile(file: DownloadedFile, error?: unknown): void;
  readonly progress: { frames(count: number): void };
}

const READ_BYTES = 8 * 1024 * 1024;

/** Downloads frames as they are stored, and verifies each. Correct files of an earlier attempt stay. */
export async function fetchFrames(job: DownloadJob, shape: FrameShape, storageDir: string): Promise<void> {
  const { storage, target, rows, workers, signal, onFile, progress } = job;
  await forEachLimited(rows, workers, async (row) => {
    signal.throwIfAborted();
    try {
      const present = await presentFrame(target, row, shape, signal);
      if (present) onFile({ name: row.file_name, status: "present", ...present });
      else {
        const { bytes, proof } = await readStoredFrame(storage, storageDir, row, shape, signal);
        await target.write(row.file_name, bytes, { signal });
        note(job, proof);
        onFile({ name: row.file_name, status: "fetched", bytes: bytes.length, proof });
      }
    } catch (error) {
      if (signal.aborted || endsAll(error)) throw error;
      onFile({ name: row.file_name, status: "failed", bytes: 0, proof: "none" }, asFetched(error));
    }
    progress.frames(1);
  });
}

/** Downloads the file of a data set that has no frames. */
export async function fetchFile(job: DownloadJob, { storage_dir, file_name, sha256 }: FileGlobal): Promise<void> {
  const { storage, target, signal, warnings, onFile } = job;
  const key = file_name === null ? await onlyObject(storage, storage_dir, signal) : frameKey(storage_dir, file_name);
  const name = fileNameOf(key);
  const proof = sha256 === null ? "none" : "sha256";
  if (sha256 === null) warnings.push("the database knows no checksum of the file: it is not proven");
  const present = await objectHash(target, name, signal);
  if (present && present.sha256 === sha256) return onFile({ name, status: "present", bytes: present.stat.size, proof });
  const stat = await storage.stat(key, { signal });
  if (!stat) throw absent(storage, key);
  const hash = createHash("sha256");
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let offset = 0; offset < stat!.size; offset += READ_BYTES) {
      const length = Math.min(READ_BYTES, stat!.size - offset);
      const bytes = await storage.read(key, { offset, length }, { ifMatch: stat!.etag, signal });
      if (bytes?.length !== length) {
        throw new EmporiumError("STORE_CONFLICT", `${objectName(storage, key)} became shorter while it was read`, {
          retry: "later",
        });
      }
      hash.update(bytes);
      yield bytes;
    }
    const found = hash.digest("hex");
    if (sha256 === null || found === sha256) return;
    throw new EmporiumError(
      "CHECKSUM_MISMATCH",
      `${objectName(storage, key)}: its SHA-256 is ${found.slice(0, 12)}…, the database knows ${sha256.slice(0, 12)}…`,
      {
        place: { file: objectName(storage, key) },
        hint: "upload the data set again with --overwrite: the object was changed since its upload",
      },
    );
  }
  // a wrong file never gets its name
  await sendStream(target, name, stat.size, pieces(), signal);
  onFile({ name, status: "fetched", bytes: stat.size, proof });
}

/** Adds a warning about frames that were verified in another way, or not at all. */
export function note({ warnings }: Pick<DownloadJob, "warnings">, proof: DownloadedFile["proof"]): void {
  if (proof === "none") warnings.push("the database knows no checksums of some frames: they are not proven");
  if (proof === "swapped")
    warnings.push(
      "colours are stored with red and blue exchanged, by an older catalogue: PNG files are handed on so, stacks are put right",
    );
}

/** Turns the error of a wrong object, which is a finding for `verify`, into a failed transfer. */
export function asFetched(error: unknown): unknown {
  return isEmporiumError(error) && error.code === "OBJECT_WRONG"
    ? new EmporiumError("CHECKSUM_MISMATCH", error.message, error.facts)
    : error;
}

/** Whether an error ends the download: after a full disk or a lost lock nothing else can succeed. */
export function endsAll(error: unknown): boolean {
  return isEmporiumError(error) && ["DISK_FULL", "STORE_READONLY", "TARGET_LOCKED"].includes(error.code);
}

async function presentFrame(
  target: Store,
  row: FrameRow,
  shape: FrameShape,
  signal: AbortSignal,
): Promise<Pick<DownloadedFile, "bytes" | "proof"> | undefined> {
  if (row.sha256 === null) return undefined;
  const bytes = await target.read(row.file_name, undefined, { signal });
  if (!bytes) return undefined;
  try {
    return { bytes: bytes.length, proof: (await proven(bytes, row.file_name, row.sha256, shape)).proof };
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    return undefined;
  }
}

/** Key of the file of a row without a name, from an older catalogue. The folder contains only this file. */
async function onlyObject(storage: Store, folder: string, signal: AbortSignal): Promise<string> {
  const keys: string[] = [];
  for await (const { key } of storage.list(`${folder.replace(/\/+$/, "")}/`, { signal })) {
    keys.push(key);
    if (keys.length > 1) break;
  }
  const [key] = keys;
  if (key !== undefined && keys.length === 1) return key;
  throw new EmporiumError(
    "NOT_FOUND",
    `${storage.url}/${folder} holds ${keys.length === 0 ? "no file" : "several files"}; expected one`,
    {
      hint: "upload the data set again: the database does not know the file's name",
    },
  );
}
