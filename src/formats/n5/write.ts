import { HOST_LITTLE_ENDIAN, ITEM_BYTES, swapBytes } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { type CodecRegistry, defaultCodecs, encodeChunk } from "../zarr/codecs.js";
import { type N5Dataset, product } from "./attributes.js";
import { lz4Block } from "./lz4-block-stream.js";

/** Compressions that blocks are written with. bzip2 is read alone. */
export const WRITTEN_COMPRESSIONS = ["raw", "gzip", "zlib", "lz4", "blosc", "zstd"] as const;

/**
 * One block file of the default mode: the reverse of `decodeN5Block`.
 *
 * @param plain C order, host byte order, of the given shape (slowest axis first; smaller at the upper edge). Not changed.
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for another compression.
 */
export async function encodeN5Block(
  plain: Uint8Array,
  shape: readonly number[],
  { dtype, compression, attributes }: Pick<N5Dataset, "dtype" | "compression" | "attributes">,
  codecs: CodecRegistry = defaultCodecs,
): Promise<Uint8Array> {
  const itemBytes = ITEM_BYTES[dtype];
  if (plain.length !== product(shape) * itemBytes) {
    const message = `${counted(plain.length, "byte")} given, ${shape.join("×")} ${dtype} are ${product(shape) * itemBytes}`;
    throw new EmporiumError("FORMAT_FIELD", message);
  }
  const ordered = new Uint8Array(plain);
  if (HOST_LITTLE_ENDIAN) swapBytes(ordered, itemBytes);
  const body = await compressed(ordered, compression, settingsOf(attributes), codecs);
  const head = 4 + 4 * shape.length;
  const bytes = new Uint8Array(head + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, shape.length);
  for (const [i, length] of [...shape].reverse().entries()) view.setUint32(4 + 4 * i, length);
  bytes.set(body, head);
  return bytes;
}

async function compressed(
  plain: Uint8Array,
  { type, useZlib }: N5Dataset["compression"],
  settings: object,
  codecs: CodecRegistry,
): Promise<Uint8Array> {
  if (type === "raw") return plain;
  if (type === "gzip") return encodeChunk(plain, { ...settings, id: useZlib ? "zlib" : "gzip" }, codecs);
  if (type === "zlib" || type === "zstd" || type === "blosc") return encodeChunk(plain, { ...settings, id: type }, codecs);
  if (type === "lz4") {
    // numcodecs puts the plain length before the block
    const block = await encodeChunk(plain, { id: "lz4" }, codecs);
    return lz4Block(plain, block.subarray(4));
  }
  throw new EmporiumError("FORMAT_UNSUPPORTED", `blocks compressed by ${type} are read, not written`, {
    hint: `supported for writing are ${WRITTEN_COMPRESSIONS.join(", ")}`,
  });
}

/** Levels and names as the document has them; −1 is Java's default level. */
function settingsOf(attributes: N5Dataset["attributes"]): object {
  const { compression } = attributes;
  if (typeof compression !== "object" || compression === null || Array.isArray(compression)) return {};
  const settings: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(compression)) {
    const level = key === "level" && typeof value === "number" && value < 0;
    if (typeof value === "number" ? !level : key === "cname" && typeof value === "string") settings[key] = value;
  }
  return settings;
}
