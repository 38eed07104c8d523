import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { blockSource } from "../../../core/blocks.js";
import { inMemory, type RandomAccess } from "../../../core/bytes.js";
import { isEmporiumError } from "../../../core/errors.js";
import { readModParts } from "../../../formats/mod/read.js";
import { MRC_HEADER_BYTES, parseMrcHeader } from "../../../formats/mrc/header.js";
import { requireFormat } from "../../../formats/registry.js";
import { errnoOf } from "../../../stores/file/errors.js";
import { appleFormat, type HeadFacts, type ModFacts, type MrcFacts } from "./head-facts.js";
import { extensionOf, VOLUME_KINDS } from "./kind.js";
import { diskPath } from "./path-bytes.js";

/** Which heads a scan reads. */
export type HeadChoice = "all" | "models" | "none";

const TEXTS = new Set([".prm", ".epe", ".csv"]);

/**
 * Whether the head of a file is read: of volumes and models for their contents, of sidecars and PEET's files for their true type.
 */
export function hasHead(name: string, size: number, choice: HeadChoice): boolean {
  if (size === 0 || choice === "none") return false;
  const ext = extensionOf(name);
  if (ext === ".mod") return true;
  return choice === "all" && (VOLUME_KINDS.has(ext) || TEXTS.has(ext) || name.startsWith("._"));
}

/** The block size for models whose chunks are far apart. */
const MODEL_BLOCK_BYTES = 16 * 1024;

/**
 * The facts of a file's head: 1024 bytes of a volume, all chunks but the points of a model. The file is opened read-only, and
 * links are not followed.
 *
 * @param path absolute
 */
export async function readHead(path: string): Promise<HeadFacts> {
  let file: number;
  try {
    file = openSync(diskPath(path), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    return { format: "unread", errno: errnoOf(error) ?? "EIO" };
  }
  try {
    const { size } = fstatSync(file);
    const head = readRange(file, 0, MRC_HEADER_BYTES);
    const apple = appleFormat(head);
    if (apple) return { format: apple };
    const ext = extensionOf(path.slice(path.lastIndexOf("/") + 1));
    if (ext === ".mod") return await modFacts(modSource(file, size, path));
    if (VOLUME_KINDS.has(ext)) return mrcFacts(head, size, path);
    return { format: "damaged", code: "FORMAT_UNKNOWN", message: "no sidecar by its first bytes" };
  } catch (error) {
    if (!isEmporiumError(error)) return { format: "unread", errno: errnoOf(error) ?? "EIO" };
    const { code, message } = error;
    return { format: "damaged", code, message: message.replace(`${path}: `, "") };
  } finally {
    closeSync(file);
  }
}

function mrcFacts(head: Uint8Array, size: number, path: string): MrcFacts {
  requireFormat("mrc", head, path);
  const { shape, mode, voxelSizeAngstrom, dataOffset, dataBytes } = parseMrcHeader(head, {
    name: path,
    sizeBytes: size,
    allowShort: true,
  });
  return {
    format: "mrc",
    shape,
    mode,
    voxel: [voxelSizeAngstrom[0] ?? null, voxelSizeAngstrom[1] ?? null, voxelSizeAngstrom[2] ?? null],
    ...(dataOffset + dataBytes > size ? { short: true as const } : {}),
  };
}

async function modFacts(source: RandomAccess): Promise<ModFacts> {
  let [objects, contours, points, slicerAngles, flags] = [0, 0, 0, 0, 0];
  let max: ModFacts["max"] = [0, 0, 0];
  let pixelAngstrom: number | null = null;
  for await (const part of readModParts(source, { points: false })) {
    if (part.kind === "header") {
      ({ max, flags } = part.header);
      pixelAngstrom = part.header.pixelSizeAngstrom ?? null;
    } else if (part.kind === "object") objects++;
    else if (part.kind === "contour") {
      contours++;
      points += part.head.pointCount;
    } else if (part.kind === "slicerAngles") slicerAngles++;
  }
  return { format: "mod", max, pixelAngstrom, flags, objects, contours, points, slicerAngles };
}

/** Reads a small model at once, as nearly all are, and a large one in blocks. */
function modSource(file: number, size: number, path: string): RandomAccess {
  if (size <= 4 * MODEL_BLOCK_BYTES) return inMemory(readRange(file, 0, size), path);
  const whole: RandomAccess = {
    name: path,
    size: async () => size,
    read: async ({ offset, length }) => readRange(file, offset, Math.max(0, Math.min(length, size - offset))),
  };
  return blockSource(whole, { blockBytes: MODEL_BLOCK_BYTES, keptBytes: 4 * MODEL_BLOCK_BYTES });
}

function readRange(file: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let got = 0;
  while (got < length) {
    const read = readSync(file, bytes, got, length - got, offset + got);
    if (read === 0) break;
    got += read;
  }
  return bytes.subarray(0, got);
}
