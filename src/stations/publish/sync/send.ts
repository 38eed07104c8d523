import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { throwIfCancelled } from "../../../core/cancel.js";
import { contentType } from "../../../core/content-type.js";
import { crcText } from "../../../core/crc32.js";
import { EmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { counted } from "../../../core/units.js";
import { partBytesFor } from "../../../engine/atomic.js";
import { objectName, type Upload } from "../../../stores/store.js";
import { makeBuffers } from "../../../system/buffers.js";
import { forEachLimited } from "../../../system/parallel.js";
import { abortUnheard } from "./abandoned.js";
import type { Budget } from "./budget.js";
import { readNow } from "./read-now.js";
import type { Senders } from "./sender-threads.js";
import { openSource, sourceChanged } from "./source-bytes.js";
import type { SyncContext, SyncOptions } from "./task.js";
import type { WantedFile } from "./wanted.js";

/** Parts of one file in progress at once. */
const PARTS_IN_FLIGHT = 8;

/** Reading a cached file takes some 20 µs, handing it to a thread several times as long. Slower drives are read by threads. */
const QUICK_READ_MS = 3;
const READS_OF_A_TRIAL = 64;

/** Threads take some 50 ms to start, so a few files are sent without them. Large files gain nothing by them. */
const SMALL_BEFORE_THREADS = 200;
const THREADS_FILE_BYTES_MAX = 1024 * 1024;

/** Sends files to the keys of one target, in bounded memory. */
export interface Sender {
  /**
   * @param onBytes is called with the number of bytes of each piece that has arrived
   * @returns the object's etag
   * @throws {EmporiumError} SOURCE_CHANGED and what stores throw
   */
  send(file: WantedFile, onBytes: (bytes: number) => void): Promise<string | undefined>;
}

/** @param spareBytes of buffers that are kept for the next file */
export function makeSender(
  context: SyncContext,
  { budget, spareBytes, io }: { budget: Budget; spareBytes: number } & Pick<SyncOptions, "io">,
): Sender {
  const { target, signal, record } = context;
  const buffers = makeBuffers(spareBytes);
  let senders: Senders | undefined;
  let small = 0;
  const readSmall = smallFiles(context);

  async function sendSmall(file: WantedFile): Promise<string | undefined> {
    const { key, path, size } = file;
    if (!file.object && size <= THREADS_FILE_BYTES_MAX && small++ > SMALL_BEFORE_THREADS) {
      senders ??= context.senders?.();
      const etag = await senders?.send(file);
      if (etag !== undefined) return etag;
      throwIfCancelled(signal);
    }
    const buffer = buffers.take(size + 1);
    const { got, modifiedMs } = await readSmall(file, buffer.subarray(0, size + 1));
    if (got !== size || modifiedMs !== file.modifiedMs) throw sourceChanged(path, size, got);
    const stat = await target.write(key, buffer.subarray(0, size), { contentType: contentType(key), signal });
    buffers.give(buffer); // not after a failed request: its socket may still hold the memory
    if (stat.size !== size) throw protocolFault(objectName(target, key), size, stat.size);
    return stat.etag;
  }

  async function sendParts(file: WantedFile, onBytes: (bytes: number) => void): Promise<string | undefined> {
    const { key, path, size, modifiedMs } = file;
    const source = await openSource(file, { signal, io });
    try {
      const before = await source.facts();
      if (before.modifiedMs !== modifiedMs) throw sourceChanged(path, size, before.size);
      const { upload, partBytes } = await openUpload(file, context);
      const there = new Map(upload.parts.map((part) => [part.number, part]));
      const sendPart = async (number: number) => {
        const length = Math.min(partBytes, size - (number - 1) * partBytes);
        await budget.take(length, signal);
        try {
          const buffer = buffers.take(length);
          const bytes = buffer.subarray(0, length);
          if ((await source.read(bytes, (number - 1) * partBytes)) !== length)
            throw sourceChanged(path, size, (await source.facts()).size);
          const sent = there.get(number);
          if (!sent || sent.size !== length || !proves(sent.etag, bytes)) await upload.part(number, bytes, { signal });
          buffers.give(buffer);
          onBytes(length);
        } finally {
          budget.give(length);
        }
      };
      await sendPart(1); // a folder's store places the others by its size
      const others = Array.from({ length: Math.ceil(size / partBytes) - 1 }, (_, at) => at + 2);
      await forEachLimited(others, PARTS_IN_FLIGHT, sendPart);
      const after = await source.facts();
      if (after.modifiedMs !== modifiedMs || after.size !== size) {
        await upload.abort();
        record.ended(key);
        throw sourceChanged(path, size, after.size);
      }
      const stat = await upload.finish({ signal });
      record.ended(key);
      if (stat.size !== size) throw protocolFault(objectName(target, key), size, stat.size);
      return stat.etag;
    } finally {
      await source.close();
    }
  }

  return {
    async send(file, onBytes) {
      throwIfCancelled(signal);
      if (file.size > LIMITS.partBytesMin) return sendParts(file, onBytes);
      await budget.take(file.size, signal);
      try {
        const etag = await sendSmall(file);
        onBytes(file.size);
        return etag;
      } finally {
        budget.give(file.size);
      }
    },
  };
}

/** Reads small files, in this thread as long as that is quick. */
function smallFiles({ signal, clock }: SyncContext) {
  const reading = { inline: true, ms: 0, count: 0 };
  /** @returns bytes, one more than expected where the file has grown; and when it was written last. */
  return async (file: WantedFile, into: Buffer): Promise<{ got: number; modifiedMs: number }> => {
    if (file.object || !reading.inline) {
      const source = await openSource(file, { signal });
      try {
        const got = await source.read(into, 0);
        // the object that was read is the one that was listed
        return { got, modifiedMs: file.object ? file.modifiedMs : (await source.facts()).modifiedMs };
      } finally {
        await source.close();
      }
    }
    const beganMs = clock.monotonic();
    const read = readNow(file.path, into);
    reading.ms += clock.monotonic() - beganMs;
    if (++reading.count % READS_OF_A_TRIAL === 0) {
      if (reading.ms > READS_OF_A_TRIAL * QUICK_READ_MS) reading.inline = false;
      reading.ms = 0;
    }
    return read;
  };
}

/** Resumes the upload that an earlier run began of this very file. */
async function openUpload(
  { key, size, modifiedMs }: WantedFile,
  { target, signal, record }: SyncContext,
): Promise<{ upload: Upload; partBytes: number }> {
  const earlier = record.earlier(key);
  const resume = earlier?.size === size && earlier.modifiedMs === modifiedMs ? earlier.token : undefined;
  const unheard = record.unheard(key);
  if (unheard) await abortUnheard(unheard, target, { signal, but: resume });
  if (earlier && resume === undefined) {
    await (await target.create(key, { resume: earlier.token, signal })).abort();
    record.ended(key);
  }
  record.beginning(key);
  const upload = await target.create(key, { size, resume, contentType: contentType(key), signal });
  const isResumed = earlier !== undefined && upload.token === resume;
  const partBytes = isResumed ? earlier.partBytes : partBytesFor(size, upload.partBytesMin);
  record.begun({ key, token: upload.token, size, modifiedMs, partBytes });
  return { upload, partBytes };
}

/** Whether a part's tag proves its bytes: S3 gives the MD5, a folder's store the CRC-32. Another tag proves nothing. */
function proves(etag: string, bytes: Uint8Array): boolean {
  const bare = etag.replace(/^"|"$/g, "");
  if (/^[0-9a-f]{32}$/.test(bare)) return createHash("md5").update(bytes).digest("hex") === bare;
  return bare === crcText(crc32(bytes));
}

function protocolFault(name: string, wanted: number, found: number): EmporiumError {
  return new EmporiumError("STORE_PROTOCOL", `${name} has ${counted(found, "byte")}, ${wanted} were sent`);
}
