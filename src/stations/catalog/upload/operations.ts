import { crc32 } from "node:zlib";
import { crcText } from "../../../core/crc32.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { copyObject } from "../../../engine/atomic.js";
import type { ObjectReceipt, Operation, Operations, TaskContext } from "../../../engine/task.js";
import { objectName, type Stat, type Store } from "../../../stores/store.js";
import type { FrameShape } from "../frames/frame.js";
import { type FrameFile, readFramePixels } from "../frames/frame-file.js";
import { openFrames } from "../frames/frame-source.js";
import { pixelHash } from "../frames/pixels.js";
import { decodeFrame, encodeFrame } from "../frames/png.js";
import { objectHash, proveStored } from "../storage/prove.js";

export const FRAMES_OPERATION = "catalog/frames";
export const FILE_OPERATION = "catalog/file";

/** Frames of one task. */
export interface FramesParams {
  readonly shape: FrameShape;
  readonly fromFloat: boolean;
  readonly onePageEach: boolean;
  /** Index of the input, plane of it, key of the object. */
  readonly frames: readonly (readonly [input: number, page: number, key: string])[];
}

export interface FileParams {
  readonly key: string;
}

/**
 * The operations of an upload. An existing object with the same content stays; one with another content is replaced
 * (`overwrite`), or the upload of the data set fails. An object counts only after the store has proven its content.
 */
export function uploadOperations(overwrite: boolean): Operations {
  const storeFrames: Operation = async (task, context) => {
    const { shape, fromFloat, onePageEach, frames } = task.params as unknown as FramesParams;
    const { source, signal } = context;
    const outputs: ObjectReceipt[] = [];
    const sha256: string[] = [];
    let opened: { input: number; file: FrameFile } | undefined;
    for (const [input, page, key] of frames) {
      signal.throwIfAborted();
      if (opened?.input !== input) opened = { input, file: await openFrames(source, task.inputs[input]!.key, { signal }) };
      if (onePageEach && opened.file.pages !== 1) throw severalPages(opened.file);
      const pixels = await readFramePixels(opened.file, page, { ...shape, fromFloat }, { signal });
      const hash = pixelHash(pixels);
      outputs.push(await storeFrame(context, key, pixels, hash, shape, overwrite));
      sha256.push(hash);
      context.progress(Math.round((task.bytes * outputs.length) / frames.length));
    }
    return { outputs, facts: { sha256 } };
  };

  const storeFile: Operation = async (task, context) => {
    const { key } = task.params as unknown as FileParams;
    const { source, target, signal } = context;
    const input = task.inputs[0]!.key;
    const there = await target.stat(key, { signal });
    if (there) {
      const [wanted, found] = [await objectHash(source, input, signal), await objectHash(target, key, signal)];
      if (wanted && found && wanted.sha256 === found.sha256) {
        return { outputs: [await receiptOf(target, key, found.stat, found.sha256, signal)], facts: { sha256: found.sha256 } };
      }
      if (!overwrite) throw occupied(target, key);
    }
    const receipt = await copyObject(context, input, key, { sha256: true });
    const kept = await objectHash(target, key, signal);
    if (kept?.sha256 !== receipt.sha256) {
      throw new EmporiumError("STORE_PROTOCOL", `${objectName(target, key)} is not what was sent, after it was written`, {
        retry: "later",
      });
    }
    return { outputs: [receipt], facts: { sha256: receipt.sha256! } };
  };

  return { [FRAMES_OPERATION]: storeFrames, [FILE_OPERATION]: storeFile };
}

async function storeFrame(
  { target, signal }: TaskContext,
  key: string,
  pixels: Uint8Array,
  hash: string,
  shape: FrameShape,
  overwrite: boolean,
): Promise<ObjectReceipt> {
  const png = await encodeFrame(pixels, shape);
  const receipt = (stat: Stat, bytes: Uint8Array): ObjectReceipt => ({
    key,
    size: bytes.length,
    crc32: crcText(crc32(bytes)),
    etag: stat.etag,
    modifiedMs: stat.modifiedMs,
  });
  const write = async (condition: { ifAbsent?: boolean; ifMatch?: string | undefined }) => {
    const stat = await target.write(key, png, { ...condition, contentType: "image/png", signal });
    await proveStored(target, key, png, stat, signal);
    return receipt(stat, png);
  };
  const { conditionalWrites } = target.features;
  // if the store checks it itself, most frames need no further request
  if (conditionalWrites) {
    try {
      return await write({ ifAbsent: true });
    } catch (error) {
      if (!isEmporiumError(error) || error.code !== "STORE_CONFLICT") throw error;
    }
  }
  const stat = await target.stat(key, { signal });
  if (!stat) return write({});
  const bytes = await target.read(key, undefined, { ifMatch: stat.etag, signal });
  if (bytes && (await sameFrame(bytes, key, hash))) return receipt(stat, bytes);
  if (!overwrite) throw occupied(target, key);
  return write(conditionalWrites ? { ifMatch: stat.etag } : {});
}

/** Encoders write different files of one image, so pixels are compared. */
async function sameFrame(bytes: Uint8Array, name: string, hash: string): Promise<boolean> {
  try {
    return pixelHash((await decodeFrame(bytes, name)).pixels) === hash;
  } catch (error) {
    if (isEmporiumError(error) && error.code.startsWith("FORMAT_")) return false;
    throw error;
  }
}

async function receiptOf(store: Store, key: string, stat: Stat, sha256: string, signal: AbortSignal): Promise<ObjectReceipt> {
  const { objectCrc } = await import("../../../engine/receipts.js");
  const crc = await objectCrc(store, key, stat.size, signal);
  if (crc === undefined)
    throw new EmporiumError("STORE_CONFLICT", `${objectName(store, key)} changed while it was read`, { retry: "later" });
  return { key, size: stat.size, crc32: crc, sha256, etag: stat.etag, modifiedMs: stat.modifiedMs };
}

function severalPages({ name, pages }: FrameFile): EmporiumError {
  return new EmporiumError(
    "FORMAT_FIELD",
    `${name} has ${counted(pages, "page")}; each file in a folder of single images must have one`,
    {
      place: { file: name },
      hint: "frames_format tif_id takes stacks of ImageJ, ome_tiff those of MicroManager",
    },
  );
}

function occupied(store: Store, key: string): EmporiumError {
  const name = objectName(store, key);
  return new EmporiumError("STORE_CONFLICT", `${name} exists already, with another content`, {
    place: store.local ? { file: name } : { url: name },
    hint: "give the data set another id, or replace what is there with --overwrite",
  });
}
