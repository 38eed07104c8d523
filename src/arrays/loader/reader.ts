import { type Box, boxShape, volumeOf } from "../../core/box.js";
import { spaciousBytes } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { mapLimit } from "../../system/parallel.js";
import { codecs } from "../stream/source/zarr-volume.js";
import type { ChunkedLevel } from "./chunked.js";
import { type ChunkPart, copyElementBox, fillElementBox, packed, partsOf } from "./copy.js";
import type { OpenedLevels } from "./open.js";
import { plainChunk } from "./plain-chunk.js";
import { STORED_ALIGNMENT, type StoredBlock, type StoredChunk } from "./stored.js";
import { type BlockTraffic, noTraffic } from "./traffic.js";

export interface ReaderOptions extends Pick<OpenedLevels, "store" | "indexes"> {
  readonly memoryBytes: number;
  readonly threads?: number | undefined;
}

/** Reads boxes of the levels of one volume. */
export interface ChunkReader {
  read(level: ChunkedLevel, box: Box, signal?: AbortSignal): Promise<Uint8Array>;
  readStored(level: ChunkedLevel, box: Box, signal?: AbortSignal): Promise<StoredBlock>;
  traffic(): BlockTraffic;
  close(): Promise<void>;
}

/** Requests for one box that run at once. */
const REQUESTS = 8;

export function chunkReader({ store }: ReaderOptions): ChunkReader {
  const counts = noTraffic();

  async function stored(level: ChunkedLevel, part: ChunkPart, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    if (level.fetch) return level.fetch(part.cell, signal);
    const place = await level.find(part.cell, signal);
    return place && store.read(place.key, place.range, { signal, ifMatch: place.etag });
  }

  async function readPart(level: ChunkedLevel, part: ChunkPart, result: Uint8Array, box: Box, signal: AbortSignal | undefined) {
    const strides = packed(boxShape(box));
    const offset = part.at[0] * strides[0] + part.at[1] * strides[1] + part.at[2];
    const target = { bytes: result, offset, strides };
    const { start } = part.inChunk;
    if (level.load) {
      const { plain } = await level.load(part.cell, signal);
      const own = packed(level.chunk);
      const from = { bytes: plain, offset: start[0] * own[0] + start[1] * own[1] + start[2], strides: own };
      copyElementBox(from, target, part.shape, level.itemBytes);
      return;
    }
    const bytes = await stored(level, part, signal);
    if (!bytes) return fillElementBox(level.fill, target, part.shape);
    const chunk = await plainChunk(bytes, level.coding!, part.cell, `${level.name}[${part.cell.join(",")}]`, codecs);
    const { extent = level.chunk } = chunk;
    const shape = part.shape.map((length, axis) => Math.min(length, Math.max(0, extent[axis]! - start[axis]!)));
    if (shape.some((length, axis) => length < part.shape[axis]!)) fillElementBox(level.fill, target, part.shape);
    const at = chunk.strides.reduce((sum, stride, axis) => sum + stride * start[axis]!, chunk.offset);
    copyElementBox({ ...chunk, offset: at }, target, shape as [number, number, number], level.itemBytes);
  }

  return {
    async read(level, box, signal) {
      const result = spaciousBytes(volumeOf(boxShape(box)) * level.itemBytes);
      await mapLimit(partsOf(box, level.chunk), REQUESTS, (part) => readPart(level, part, result, box, signal));
      return result;
    },
    async readStored(level, box, signal) {
      if (!level.coding) throw noStored(level);
      const parts = partsOf(box, level.chunk);
      const found = await mapLimit(parts, REQUESTS, (part) => stored(level, part, signal));
      return storedBlock(level, box, parts, found);
    },
    traffic: () => ({ ...counts }),
    close: async () => {},
  };
}

function noStored({ name, codec }: ChunkedLevel): EmporiumError {
  return new EmporiumError("FORMAT_UNSUPPORTED", `${name}: chunks of ${codec} cannot be handed on as they are stored`, {
    place: { file: name },
    hint: "read it decoded, or convert it to Zarr first",
  });
}

function storedBlock(
  level: ChunkedLevel,
  box: Box,
  parts: readonly ChunkPart[],
  found: readonly (Uint8Array | undefined)[],
): StoredBlock {
  let end = 0;
  const chunks = parts.map((part, i): StoredChunk => {
    const offset = end;
    const storedBytes = found[i]?.length ?? 0;
    end += Math.ceil(storedBytes / STORED_ALIGNMENT) * STORED_ALIGNMENT;
    const stop = part.at.map((from, axis) => from + part.shape[axis]!) as [number, number, number];
    const target = { start: part.at, stop };
    const plainBytes = plainBytesOf(level);
    return { cell: part.cell, plainBytes, storedBytes, offset, source: part.inChunk, target, absent: found[i] === undefined };
  });
  const buffer = new Uint8Array(end);
  chunks.forEach(({ offset }, i) => {
    if (found[i]) buffer.set(found[i], offset);
  });
  return { shape: boxShape(box), itemBytes: level.itemBytes, fill: level.fill, coding: level.coding!, chunks, buffer };
}

function plainBytesOf({ coding, chunk, itemBytes }: ChunkedLevel): number {
  return coding?.kind === "steps" ? coding.plainBytes : volumeOf(chunk) * itemBytes;
}
