import { crc32 } from "node:zlib";
import { isEmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { counted } from "../../../core/units.js";
import { openGlb } from "../../../formats/mesh/glb-json.js";
import { readMrcHeader } from "../../../formats/mrc/header.js";
import { openObject, type Store } from "../../../stores/store.js";

/**
 * Why an object does not match its name; undefined if it does, or if its kind is not checked. Copies of a laboratory's files
 * (frames, gains, alignments) are not: they may be of any kind.
 *
 * @param isOurs   an MRC that ingest made: its length must be what its header says.
 * @param isProven the bytes are those that were written: pictures, which may be a user's, are then accepted unchanged.
 */
export async function faultOf(
  store: Store,
  key: string,
  { isOurs = false, isProven, signal }: { isOurs?: boolean | undefined; isProven: boolean; signal: AbortSignal },
): Promise<string | undefined> {
  try {
    if (isOurs) return await mrcFault(store, key, signal);
    if (key.endsWith(".glb") && key.includes("/Annotations/")) return await glbFault(store, key, signal);
    if (/\/Images\/.*\.png$/.test(key) && !isProven) return await pngFault(store, key, signal);
    return undefined;
  } catch (error) {
    if (isEmporiumError(error) && error.code.startsWith("FORMAT_")) return error.message;
    throw error;
  }
}

async function mrcFault(store: Store, key: string, signal: AbortSignal): Promise<string | undefined> {
  const object = await openObject(store, key, { signal });
  const header = await readMrcHeader(object);
  const wanted = header.dataOffset + header.shape[0] * header.sectionBytes;
  const size = await object.size();
  return size === wanted ? undefined : `${counted(size, "byte")}, its header promises ${wanted}`;
}

async function glbFault(store: Store, key: string, signal: AbortSignal): Promise<string | undefined> {
  const stat = await store.stat(key, { signal });
  if (stat && stat.size > LIMITS.meshBytes) return `${counted(stat.size, "byte")}; at most ${LIMITS.meshBytes} are read`;
  const bytes = await store.read(key, undefined, { signal });
  if (bytes) openGlb(bytes, key);
  return undefined;
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const PICTURE_BYTES_MAX = 64 * 1024 * 1024;

/** Chunks of length, name, data and checksum, from IHDR to IEND, and nothing after them. */
async function pngFault(store: Store, key: string, signal: AbortSignal): Promise<string | undefined> {
  const bytes = Buffer.from((await store.read(key, { offset: 0, length: PICTURE_BYTES_MAX }, { signal })) ?? new Uint8Array(0));
  if (!bytes.subarray(0, 8).equals(PNG_SIGNATURE)) return "not a PNG, despite its name";
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const end = at + 12 + length;
    if (end > bytes.length) break;
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4))
      return `the PNG chunk at byte ${at} has a wrong checksum`;
    if (bytes.toString("latin1", at + 4, at + 8) === "IEND")
      return end === bytes.length ? undefined : "bytes follow the end of the PNG";
    at = end;
  }
  return "the PNG is truncated";
}
