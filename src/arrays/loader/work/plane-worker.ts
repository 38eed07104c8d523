import { fstatSync } from "node:fs";
import { type RandomAccess, slice } from "../../../core/bytes.js";
import { systemClock } from "../../../core/clock.js";
import { EmporiumError } from "../../../core/errors.js";
import { Recent } from "../../../core/recent.js";
import type { Compression } from "../../../formats/compression.js";
import { readTiffRows } from "../../../formats/tiff/read.js";
import { changed } from "../../../stores/faults.js";
import { fileEtag } from "../../../stores/file/stat.js";
import { freeBuffersAbove } from "../../../system/garbage.js";
import { answerJobs } from "../../../system/thread-side.js";
import { inForm } from "../../plane/convert.js";
import { openPlanes } from "../../plane/open.js";
import { type Plane, type PlaneSource, readPlane } from "../../plane/plane.js";
import { decompressed, headBehind } from "../../stream/source/compressed.js";
import { fileSource } from "../../stream/source/flat-source.js";
import { type ChunkFile, chunkFiles, readChunk } from "./files.js";
import type { CompressedHead, LocalPlaneFile, PlaneJob, PlaneResult, TiffRows } from "./plane-job.js";

/** A thread that cuts planes of files: the calling one goes on meanwhile. */

/** Bytes that are copied in the time of one read of a file: smaller gaps are read as well. */
const GAP_BYTES = 8 * 1024;
/** Files whose page directories are kept. */
const FILES_KEPT = 4;

/** File that the job at hand has open, its milliseconds of reading, and its stop flag. */
let open: ChunkFile | undefined;
let readMs = 0;
let stop: Int32Array | undefined;

const sources = new Recent<string, Promise<PlaneSource>>(FILES_KEPT);
/** Decoded rows of all files, limited to the bytes that the first job allows. */
let rows: Recent<string, Uint8Array> | undefined;
/** Bytes of a slab: sections that are read together, and sums of a part of their pixels. */
const SECTIONS_BYTES = 8 * 2 ** 20;

answerJobs<PlaneJob, PlaneResult>(
  async (job) => {
    const began = systemClock.monotonic();
    readMs = 0;
    if (job.kind === "form") return timed({ ...job.plane, ...inForm(job.plane, job.form) }, began);
    if (job.kind === "head" || job.kind === "rows") {
      const bytes = job.kind === "head" ? await headOf(job) : await rowsOf(job);
      freeBuffersAbove(2 * GONE_BYTES);
      return timed({ rows: 0, columns: 0, dtype: "uint8", bytes }, began);
    }
    stop = job.stop;
    const files = chunkFiles();
    try {
      open = files.open({ path: job.file.path, etag: job.file.etag });
      if (!open) throw changed(job.file.path);
      const source = await sourceOf(job.file, job);
      if (job.kind === "box") {
        const bytes = await source.readBox(0, job.box, job.step);
        checkSame(job.file, open);
        return timed({ rows: 0, columns: 0, dtype: source.dtype, bytes }, began);
      }
      const plane = await readPlane(source, job.choice, { sectionsBytes: Math.min(SECTIONS_BYTES, job.keptBytes / 2) });
      checkSame(job.file, open);
      return timed({ ...plane, ...inForm(plane, job.form) }, began);
    } finally {
      files.close();
      freeBuffersAbove(job.keptBytes + GONE_BYTES);
    }
  },
  ({ bytes }) => [bytes.buffer],
);

/** A copy: what was decoded beside it is not handed on. */
async function headOf({ path, name, compression, wantedBytes }: CompressedHead): Promise<Uint8Array> {
  return (await headBehind(fileSource(path, name), compression, wantedBytes)).slice();
}

/** The stored bytes have come with the job: nothing else of the file is read. */
function rowsOf({ name, image, y0, y1, stored }: TiffRows): Promise<Uint8Array> {
  const source: RandomAccess = {
    name,
    size: async () => Number.MAX_SAFE_INTEGER,
    read: async ({ offset, length }) => {
      const found = stored.find((one) => one.offset === offset)?.bytes;
      return found?.subarray(0, length) ?? new Uint8Array(0);
    },
  };
  return readTiffRows(source, image, y0, y1);
}

/** Decoded rows that nobody keeps: the engine lets some hundred MiB of them come together, in each thread. */
const GONE_BYTES = 16 * 2 ** 20;

function timed(plane: Plane, began: number): PlaneResult {
  const { rows, columns, dtype, bytes } = plane;
  return { rows, columns, dtype, bytes, readMs, decodeMs: systemClock.monotonic() - began - readMs };
}

/** A file that is written in place may have changed between two reads. @throws {EmporiumError} STORE_CONFLICT */
function checkSame({ path, etag }: LocalPlaneFile, { fd }: ChunkFile): void {
  if (etag !== undefined && fileEtag(fstatSync(fd, { bigint: true })) !== etag) throw changed(path);
}

function sourceOf(file: LocalPlaneFile, { keptBytes, needMax }: { keptBytes: number; needMax: number }): Promise<PlaneSource> {
  const id = `${file.path}\n${file.etag}`;
  rows ??= new Recent(keptBytes, (bytes) => bytes.length);
  const source =
    sources.get(id) ??
    openPlanes(
      file.compression ? fromFront(file, file.compression, keptBytes) : reading(file, file.known !== "pages"),
      file.known,
      {
        gapBytes: GAP_BYTES,
        atOnce: 1,
        kept: { cache: rows, id, bytesMax: keptBytes },
        needMax,
      },
    );
  sources.set(id, source);
  source.catch(() => sources.delete(id));
  return source;
}

/** One read of plain voxels: fresh memory, which begins as zeros, would cost as much as the read. */
let scratch = new Uint8Array(0);

/**
 * Reads what the job at hand has opened, at once: nobody else is waited for.
 *
 * @param lends its bytes are overwritten by the next read
 */
function reading({ name, sizeBytes }: LocalPlaneFile, lends: boolean): RandomAccess {
  return {
    name,
    size: async () => sizeBytes,
    async read({ offset, length }) {
      checkWanted(name);
      const began = systemClock.monotonic();
      const wanted = Math.max(0, Math.min(length, sizeBytes - offset));
      if (lends && scratch.length < wanted) scratch = new Uint8Array(wanted);
      const bytes = lends ? scratch.subarray(0, wanted) : new Uint8Array(wanted);
      readChunk(open!, offset, bytes.length, bytes, 0);
      readMs += systemClock.monotonic() - began;
      return bytes;
    },
  };
}

function checkWanted(name: string): void {
  if (Atomics.load(stop!, 0) === 1) throw new EmporiumError("CANCELLED", `${name}: nobody waits for the plane any more`);
}

/**
 * A file's decompressed bytes, read forwards. To reach bytes before the kept ones, it is decompressed again from the front.
 *
 * @param keptBytes decompressed bytes that are kept: all of a small file
 */
function fromFront(
  { path, name, sizeBytes, compressedFrom = 0 }: LocalPlaneFile,
  compression: Compression,
  keptBytes: number,
): RandomAccess {
  let stream: AsyncGenerator<Uint8Array> | undefined;
  let kept: { readonly from: number; readonly bytes: Uint8Array }[] = [];
  /** Bytes of discarded pieces since their memory was last freed. */
  let gone = 0;
  /** Position of the stream, in decompressed bytes. */
  let at = 0;
  return {
    name,
    size: async () => sizeBytes,
    async read({ offset, length }) {
      const began = systemClock.monotonic();
      if (!stream || offset < (kept[0]?.from ?? at)) {
        await stream?.return(undefined);
        stream = decompressed(slice(fileSource(path, name), compressedFrom, Number.POSITIVE_INFINITY), compression);
        [kept, at] = [[], 0];
      }
      const end = Math.min(offset + length, sizeBytes);
      while (at < end) {
        checkWanted(name);
        const { done, value } = await stream.next();
        if (done) break;
        kept.push({ from: at, bytes: value });
        at += value.length;
        while (at - kept[0]!.from > keptBytes && kept[0]!.from + kept[0]!.bytes.length <= offset)
          gone += kept.shift()!.bytes.length;
        if (gone < GONE_BYTES) continue;
        gone = 0;
        freeBuffersAbove(keptBytes + GONE_BYTES);
      }
      const found = new Uint8Array(Math.max(0, Math.min(end, at) - offset));
      for (const { from, bytes } of kept) {
        if (from + bytes.length <= offset || from >= end) continue;
        const skipped = Math.max(0, offset - from);
        found.set(bytes.subarray(skipped, skipped + found.length - Math.max(0, from - offset)), Math.max(0, from - offset));
      }
      readMs += systemClock.monotonic() - began;
      return found;
    },
  };
}
