import { createHash, randomBytes } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { ByteRange } from "../core/bytes.js";
import { combineCrc32, crcText } from "../core/crc32.js";
import { EmporiumError, isEmporiumError } from "../core/errors.js";
import { LIMITS } from "../core/limits.js";
import { counted, formatBytes } from "../core/units.js";
import { closeHandles, openToRead, readPages } from "../stores/file/direct.js";
import { fileError } from "../stores/file/errors.js";
import { writeFully } from "../stores/file/write-fully.js";
import { oneBody } from "../stores/one-body.js";
import { absent, isVersioned, type LocalAccess, objectName, type Stat, type Store, type Upload } from "../stores/store.js";
import { makeBuffers } from "../system/buffers.js";
import { forEachLimited } from "../system/parallel.js";
import type { ObjectReceipt, PlainObject, TaskContext } from "./task.js";

const MiB = 1024 * 1024;
const PARTS_IN_FLIGHT = 4;

/** Parts of a task's context that these helpers need. */
export type SendContext = Pick<TaskContext, "target" | "memoryBytes" | "signal" | "notes" | "note">;

export interface SendOptions {
  contentType?: string | undefined;
  /** Add a SHA-256 to the receipt. Parts are then read in order, and those of an earlier attempt once more. */
  sha256?: boolean | undefined;
  /** Called with the number of finished bytes of this object. */
  onBytes?: ((bytesDone: number) => void) | undefined;
}

/** Writes a small object so that readers see it complete or not at all. */
export async function publishObject(
  context: Pick<TaskContext, "target" | "signal">,
  key: string,
  bytes: Uint8Array,
  { contentType, sha256 }: Pick<SendOptions, "contentType" | "sha256"> = {},
): Promise<ObjectReceipt> {
  const crc = crc32(bytes);
  const stat = await context.target.write(key, bytes, { contentType, crc32: crc, signal: context.signal });
  const sum = sha256 ? createHash("sha256").update(bytes).digest("hex") : undefined;
  return makeReceipt(context.target, key, stat, { size: bytes.length, crc, sha256: sum });
}

/** Bytes that `publishPieces` holds: a part that is being sent and one that fills. */
export const PIECES_BYTES = 2 * LIMITS.partBytesMin;

/**
 * Writes an object whose bytes come one after another and whose size nobody knows yet, so that readers see it complete or not at all. Nothing of a
 * failed attempt is kept: the next one makes the pieces anew.
 */
export async function publishPieces(
  context: Pick<TaskContext, "target" | "signal">,
  key: string,
  pieces: AsyncIterable<Uint8Array>,
): Promise<ObjectReceipt> {
  const { target, signal } = context;
  if (target.local) return publishFile(target, target.local, key, pieces, signal);
  const parts = [new Uint8Array(LIMITS.partBytesMin), new Uint8Array(LIMITS.partBytesMin)];
  let upload: Upload | undefined;
  let sending: Promise<unknown> = Promise.resolve();
  let [number, filled, size, crc] = [0, 0, 0, 0];
  async function send(): Promise<void> {
    const part = parts[number % 2]!.subarray(0, filled);
    upload ??= await target.create(key, { signal });
    await sending; // the other part's memory is used next
    number++;
    sending = upload.part(number, part, { signal });
    sending.catch(() => {}); // it is awaited before the next part, and at the end
    filled = 0;
  }
  try {
    for await (const piece of pieces) {
      crc = crc32(piece, crc);
      size += piece.length;
      for (let at = 0; at < piece.length; ) {
        if (filled === LIMITS.partBytesMin) await send();
        const taken = Math.min(piece.length - at, LIMITS.partBytesMin - filled);
        parts[number % 2]!.set(piece.subarray(at, at + taken), filled);
        [at, filled] = [at + taken, filled + taken];
      }
    }
    if (!upload) return await publishObject(context, key, parts[0]!.subarray(0, filled));
    await send();
    await sending;
    return makeReceipt(target, key, await upload.finish({ signal }), { size, crc, sha256: undefined });
  } catch (error) {
    await sending.catch(() => {});
    await upload?.abort();
    throw error;
  }
}

/** A hidden file beside its key, to which pieces are appended; then it gets its name. */
async function publishFile(
  target: Store,
  local: LocalAccess,
  key: string,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<ObjectReceipt> {
  const part = await local.partPath(key, `p${randomBytes(8).toString("hex")}`);
  let [size, crc] = [0, 0];
  let writing: Promise<unknown> = Promise.resolve();
  try {
    const file = await open(part, "wx");
    try {
      for await (const piece of pieces) {
        signal.throwIfAborted();
        await writing; // one piece is written while the next one is made
        writing = writeFully(file, piece, size);
        writing.catch(() => {}); // it is awaited before the next piece, and at the end
        crc = crc32(piece, crc);
        size += piece.length;
      }
      await writing;
    } finally {
      await writing.catch(() => {});
      await file.close();
    }
    await local.adopt(part, key);
  } catch (error) {
    await rm(part, { force: true });
    throw isEmporiumError(error) || signal.aborted ? error : fileError(error, local.path(key), "written");
  }
  const stat = await target.stat(key, { signal });
  if (!stat) throw absent(target, key);
  return makeReceipt(target, key, stat, { size, crc, sha256: undefined });
}

/**
 * Copies an object from the source store (or another one) to the target, in bounded memory, whole or not at all. All its bytes
 * are of one version of the source. A large object goes in parts that are noted one by one, so a later attempt sends only those
 * that are missing. Unless `onBytes` is given, its bytes are the task's progress.
 *
 * @throws {EmporiumError} STORE_ABSENT without a source; STORE_CONFLICT or SOURCE_CHANGED when it is replaced meanwhile.
 */
export async function copyObject(
  context: SendContext & Pick<TaskContext, "source" | "progress">,
  sourceKey: string,
  targetKey: string,
  options: SendOptions & { from?: Store | undefined } = {},
): Promise<ObjectReceipt> {
  const { signal } = context;
  const from = options.from ?? context.source;
  const stat = await from.stat(sourceKey, { signal });
  if (!stat) throw absent(from, sourceKey);
  const name = objectName(from, sourceKey);
  const { reader, close } = isVersioned(stat)
    ? { reader: undefined, close: undefined }
    : await oneBody(from, sourceKey, { name, size: stat.size, signal });
  const read = reader ?? ((range: ByteRange) => from.read(sourceKey, range, { ifMatch: stat.etag, signal }));
  const body: Body = {
    size: stat.size,
    // If a source has no version, a later attempt cannot know whether its parts still match.
    identity: reader
      ? `attempt ${context.notes.length}`
      : JSON.stringify([from.url, sourceKey, stat.size, stat.etag ?? stat.modifiedMs ?? null]),
    ordered: reader !== undefined,
    async read(offset, length) {
      const bytes = await read({ offset, length });
      if (bytes?.length === length) return bytes;
      throw new EmporiumError(
        "SOURCE_CHANGED",
        `${name}: ${counted(length, "byte")} expected at ${offset}, found ${bytes?.length ?? 0}`,
        {
          place: from.local ? { file: name, byte: offset } : { url: name, byte: offset },
          hint: "run again when no process writes it any more",
        },
      );
    },
  };
  try {
    return await send(context, targetKey, { ...options, onBytes: options.onBytes ?? context.progress }, body);
  } finally {
    await close?.();
  }
}

/** Sends a finished file of this machine (spooled on scratch space) to a key, as `copyObject` does. The file stays. */
export async function uploadFile(
  context: SendContext,
  path: string,
  key: string,
  options: SendOptions = {},
): Promise<ObjectReceipt> {
  const file = await openToRead(path, "auto").catch((error: unknown) => {
    throw fileError(error, path, "read");
  });
  try {
    const { size, mtimeNs } = await file.handle.stat({ bigint: true });
    return await send(context, key, options, {
      size: Number(size),
      identity: JSON.stringify(["file", Number(size), String(mtimeNs)]),
      async read(offset, length) {
        const bytes = buffers.take(length);
        const wanted = bytes.subarray(0, length);
        if ((await readPages(file, wanted, offset)) === length) return wanted;
        throw new EmporiumError("SOURCE_CHANGED", `${path} was cut while it was being sent`, { place: { file: path } });
      },
      sent: ({ buffer }) => buffers.give(Buffer.from(buffer)),
    });
  } finally {
    await closeHandles(file);
  }
}

interface Body {
  size: number;
  /** Parts of another version of the source cannot be used. */
  identity: string;
  /** Parts are read from the first to the last, each once. */
  ordered?: boolean | undefined;
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Bytes that were read and have arrived: their memory may be used again. */
  sent?: ((bytes: Uint8Array) => void) | undefined;
}

/** Bytes of parts whose memory is kept for the next ones. */
const SPARE_BYTES = 32 * MiB;
const buffers = makeBuffers(SPARE_BYTES);

async function send(context: SendContext, key: string, options: SendOptions, body: Body): Promise<ObjectReceipt> {
  const onBytes = options.onBytes ?? (() => {});
  if (body.size <= LIMITS.partBytesMin) {
    const bytes = await body.read(0, body.size);
    const receipt = await publishObject(context, key, bytes, options);
    body.sent?.(bytes);
    onBytes(body.size);
    return receipt;
  }
  const { upload, partBytes, crcs } = await openUpload(context, key, options, body);
  const numbers = Array.from({ length: Math.ceil(body.size / partBytes) }, (_, i) => i + 1);
  const sizeOf = (number: number) => Math.min(partBytes, body.size - (number - 1) * partBytes);
  const hash = options.sha256 ? createHash("sha256") : undefined;
  let bytesDone = 0;
  for (const number of crcs.keys()) bytesDone += sizeOf(number);
  onBytes(bytesDone);

  async function sendPart(number: number, read?: Uint8Array): Promise<void> {
    if (crcs.has(number)) return;
    const bytes = read ?? (await body.read((number - 1) * partBytes, sizeOf(number)));
    const crc = crc32(bytes);
    const { etag } = await upload.part(number, bytes, { crc32: crc, signal: context.signal });
    body.sent?.(bytes);
    await context.note({ upload: key, token: upload.token, part: number, etag, crc32: crc });
    crcs.set(number, crc);
    bytesDone += sizeOf(number);
    onBytes(bytesDone);
  }
  async function* inOrder(): AsyncGenerator<[number, Uint8Array]> {
    for (const number of numbers) {
      const bytes = await body.read((number - 1) * partBytes, sizeOf(number));
      hash?.update(bytes);
      yield [number, bytes];
    }
  }
  const limit = Math.max(1, Math.min(PARTS_IN_FLIGHT, Math.floor(context.memoryBytes / partBytes)));
  if (hash || body.ordered) await forEachLimited(inOrder(), limit, ([number, bytes]) => sendPart(number, bytes));
  else {
    await sendPart(1); // its size determines the positions of the other parts in a file store
    await forEachLimited(numbers, limit, (number) => sendPart(number));
  }
  const stat = await upload.finish({ signal: context.signal });
  const crc = numbers.reduce((sum, number) => combineCrc32(sum, crcs.get(number)!, sizeOf(number)), 0);
  return makeReceipt(context.target, key, stat, { size: body.size, crc, sha256: hash?.digest("hex") });
}

/** Continues the upload in the notes if it has the same body, otherwise starts a new one. */
async function openUpload(
  { target, notes, note, memoryBytes, signal }: SendContext,
  key: string,
  { contentType }: SendOptions,
  { size, identity }: Body,
): Promise<{ upload: Upload; partBytes: number; crcs: Map<number, number> }> {
  const begun = notes.findLast((record) => record.upload === key && record.identity !== undefined);
  const usable = begun?.identity === identity ? begun : undefined;
  const resume = usable && String(usable.token);
  const upload = await target.create(key, { size, contentType, signal, resume });
  const crcs = new Map<number, number>();
  if (usable && upload.token === resume) {
    const sent = new Map(
      notes.filter((record) => record.upload === key && record.token === resume).map((record) => [record.part, record]),
    );
    for (const part of upload.parts) {
      const record: PlainObject | undefined = sent.get(part.number);
      if (record?.etag === part.etag) crcs.set(part.number, Number(record.crc32));
    }
    return { upload, partBytes: Number(usable.partBytes), crcs };
  }
  const partBytes = partBytesFor(size, upload.partBytesMin);
  if (partBytes > Math.max(memoryBytes, LIMITS.partBytesMin)) {
    await upload.abort();
    throw new EmporiumError(
      "MEMORY_LIMIT",
      `${key} needs parts of ${formatBytes(partBytes)}, ${formatBytes(memoryBytes)} are allowed`,
      {
        hint: `allow more with --memory ${partBytes / MiB}MiB`,
      },
    );
  }
  await note({ upload: key, token: upload.token, identity, partBytes });
  return { upload, partBytes, crcs };
}

/** Whole mebibytes: the least that is allowed, or what keeps the count of parts below the stores' limit. */
export function partBytesFor(size: number, partBytesMin: number): number {
  return Math.ceil(Math.max(LIMITS.partBytesMin, partBytesMin, size / LIMITS.partCount) / MiB) * MiB;
}

function makeReceipt(
  target: Store,
  key: string,
  stat: Stat,
  { size, crc, sha256 }: { size: number; crc: number; sha256: string | undefined },
): ObjectReceipt {
  if (stat.size !== size) {
    throw new EmporiumError("STORE_PROTOCOL", `${objectName(target, key)} has ${counted(stat.size, "byte")}, ${size} were sent`, {
      retry: "later",
    });
  }
  return { key, size, crc32: crcText(crc), ...(sha256 ? { sha256 } : {}), etag: stat.etag, modifiedMs: stat.modifiedMs };
}
