import { fstatSync } from "node:fs";
import type { RandomAccess } from "../../../core/bytes.js";
import { systemClock } from "../../../core/clock.js";
import { EmporiumError } from "../../../core/errors.js";
import { Recent } from "../../../core/recent.js";
import { changed } from "../../../stores/faults.js";
import { fileEtag } from "../../../stores/file/stat.js";
import { answerJobs } from "../../../system/thread-side.js";
import { inForm } from "../../plane/convert.js";
import { openPlanes } from "../../plane/open.js";
import { type Plane, type PlaneSource, readPlane } from "../../plane/plane.js";
import { type Compression, decompressed } from "../../stream/source/compressed.js";
import { fileSource } from "../../stream/source/mrc-source.js";
import { type ChunkFile, chunkFiles, readChunk } from "./files.js";
import type { LocalPlaneFile, PlaneJob, PlaneResult } from "./plane-job.js";

/** A thread that cuts planes of files: the calling one goes on meanwhile. */

/** A read of a file costs as much as to copy so many bytes more. */
const GAP_BYTES = 8 * 1024;
/** Directories of their pages are kept. */
const FILES_KEPT = 4;

/** What the job at hand has opened and spent. */
let open: ChunkFile | undefined;
let readMs = 0;
let stop: Int32Array | undefined;

const sources = new Recent<string, Promise<PlaneSource>>(FILES_KEPT);
/** Of all files, so many bytes as the first job allows. */
let rows: Recent<string, Uint8Array> | undefined;
/** Of a slab: sections that are read together, and sums of a part of their pixels. */
const SECTIONS_BYTES = 8 * 2 ** 20;

answerJobs<PlaneJob, PlaneResult>(
  async (job) => {
    const began = systemClock.monotonic();
    readMs = 0;
    if (job.kind === "form") return timed({ ...job.plane, ...inForm(job.plane, job.form) }, began);
    stop = job.stop;
    const files = chunkFiles();
    try {
      open = files.open({ path: job.file.path, etag: job.file.etag });
      if (!open) throw changed(job.file.path);
      const source = await sourceOf(job.file, job.keptBytes);
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
    }
  },
  ({ bytes }) => [bytes.buffer],
);

function timed(plane: Plane, began: number): PlaneResult {
  const { rows, columns, dtype, bytes } = plane;
  return { rows, columns, dtype, bytes, readMs, decodeMs: systemClock.monotonic() - began - readMs };
}

/** A file that is written in place may have changed between two reads. @throws {EmporiumError} STORE_CONFLICT */
function checkSame({ path, etag }: LocalPlaneFile, { fd }: ChunkFile): void {
  if (etag !== undefined && fileEtag(fstatSync(fd, { bigint: true })) !== etag) throw changed(path);
}

function sourceOf(file: LocalPlaneFile, keptBytes: number): Promise<PlaneSource> {
  const id = `${file.path}\n${file.etag}`;
  rows ??= new Recent(keptBytes, (bytes) => bytes.length);
  const source =
    sources.get(id) ??
    openPlanes(
      file.compression ? fromFront(file, file.compression, keptBytes) : reading(file, file.known !== "tiff"),
      file.known,
      {
        gapBytes: GAP_BYTES,
        atOnce: 1,
        kept: { cache: rows, id },
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
 * What is behind a compression, forwards. What lies before the kept bytes is decompressed again from the front.
 *
 * @param keptBytes decompressed ones: all of a small file
 */
function fromFront({ path, name, sizeBytes }: LocalPlaneFile, compression: Compression, keptBytes: number): RandomAccess {
  let stream: AsyncGenerator<Uint8Array> | undefined;
  let kept: { readonly from: number; readonly bytes: Uint8Array }[] = [];
  /** Where the stream is. */
  let at = 0;
  return {
    name,
    size: async () => sizeBytes,
    async read({ offset, length }) {
      const began = systemClock.monotonic();
      if (!stream || offset < (kept[0]?.from ?? at)) {
        await stream?.return(undefined);
        stream = decompressed(fileSource(path, name), compression);
        [kept, at] = [[], 0];
      }
      const end = Math.min(offset + length, sizeBytes);
      while (at < end) {
        checkWanted(name);
        const { done, value } = await stream.next();
        if (done) break;
        kept.push({ from: at, bytes: value });
        at += value.length;
        while (at - kept[0]!.from > keptBytes && kept[0]!.from + kept[0]!.bytes.length <= offset) kept.shift();
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
