import type { Box, Triple } from "../../core/box.js";
import { spaciousBytes } from "../../core/bytes.js";
import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import { counted } from "../../core/units.js";
import { decodeBlosc } from "./blosc.js";
import { decodeBzip2 } from "./bzip2.js";
import { inflate } from "./inflate.js";
import { decodeLz4Block } from "./lz4.js";
import { decodeXz } from "./xz.js";
import { decodeZstd } from "./zstd.js";

/** `id` and the codec's own settings. Decoding needs none of them: each stream carries its own. */
export interface CompressorConfig extends JsonObject {
  readonly id: string;
}

/** Bytes that are decoded at once where a chunk is not decoded whole. */
const PIECE_BYTES = 2 ** 20;

/** Takes the compressed bytes of one chunk to its plain bytes. */
export interface ChunkCodec {
  /**
   * @param plainBytes bytes of a chunk by the metadata; never produces more. @throws any error if decoding fails; `decodeChunk`
   * converts it.
   */
  decode(bytes: Uint8Array, plainBytes: number): Promise<Uint8Array> | Uint8Array;
  /**
   * Opens a chunk of three axes in C order to decode boxes of it, so a large chunk needs little memory. Valid until the next
   * chunk is opened. Undefined if the chunk must be decoded whole.
   */
  open?(bytes: Uint8Array, chunk: ChunkForm): (box: Box) => Uint8Array | undefined;
  encode?(plain: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

export interface ChunkForm {
  /** Voxels `[z, y, x]`. */
  readonly shape: Triple;
  readonly itemBytes: number;
}

/** Codecs by `compressor.id`. Spread `defaultCodecs` and replace what there is a faster one for. */
export type CodecRegistry = Readonly<Record<string, (config: CompressorConfig) => ChunkCodec>>;

/**
 * Works everywhere: zlib and gzip with the platform's streams, others in TypeScript that checks every length. numcodecs
 * (WebAssembly, loaded when needed) only encodes: it decodes damaged Blosc frames to garbage, and fails after some thousand
 * damaged zstd and lz4 streams.
 */
export const defaultCodecs: CodecRegistry = {
  zlib: (config) => ({ decode: (bytes, plain) => inflate(bytes, "deflate", plain), encode: encoderOf("zlib", config) }),
  gzip: (config) => ({ decode: (bytes, plain) => inflate(bytes, "gzip", plain), encode: encoderOf("gzip", config) }),
  lz4: (config) => ({ decode: decodeSizedLz4, encode: encoderOf("lz4", config) }),
  zstd: (config) => ({
    decode: (bytes, plainBytes) => {
      const plain = spaciousBytes(plainBytes);
      decodeZstd(bytes, plain);
      return plain;
    },
    encode: encoderOf("zstd", config),
  }),
  blosc: (config) => ({ decode: decodeBlosc, encode: encoderOf("blosc", config) }),
  bz2: () => ({
    decode: (bytes, plainBytes) => {
      const plain = spaciousBytes(plainBytes);
      decodeBzip2(bytes, plain);
      return plain;
    },
  }),
  lzma: () => ({ decode: decodeXz }),
};

/** The LZ4 of numcodecs: a block after its plain length, 4 bytes. */
function decodeSizedLz4(bytes: Uint8Array, plainBytes: number): Uint8Array {
  if (bytes.length < 4) throw new EmporiumError("FORMAT_CORRUPT", `${counted(bytes.length, "byte")}, the length alone has 4`);
  const promised = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (promised !== plainBytes) {
    throw new EmporiumError("FORMAT_CORRUPT", `the stream promises ${counted(promised, "byte")}, the metadata say ${plainBytes}`);
  }
  const plain = spaciousBytes(plainBytes);
  decodeLz4Block(bytes.subarray(4), plain);
  return plain;
}

/**
 * Plain bytes of a chunk, exactly as many as the metadata say.
 *
 * @param name name of the chunk in messages.
 * @throws {EmporiumError} FORMAT_CORRUPT; FORMAT_UNSUPPORTED when the registry has no such codec.
 */
export async function decodeChunk(
  bytes: Uint8Array,
  compressor: CompressorConfig | null,
  plainBytes: number,
  { codecs = defaultCodecs, name = "chunk" }: { codecs?: CodecRegistry | undefined; name?: string } = {},
): Promise<Uint8Array> {
  let plain = bytes;
  if (compressor !== null) {
    const codec = codecOf(compressor, codecs, name);
    try {
      plain = await codec.decode(bytes, plainBytes);
    } catch (cause) {
      throw undecodable(cause, compressor, name);
    }
  }
  if (plain.length !== plainBytes) {
    throw new EmporiumError(
      "FORMAT_CORRUPT",
      `${name}: the chunk decodes to ${counted(plain.length, "byte")}, its metadata say ${plainBytes}`,
      {
        place: { file: name },
        hint: "check shape, type and chunks in the metadata: the chunk was written with others",
      },
    );
  }
  return plain;
}

/**
 * Decodes a box of a chunk, piece by piece along its first axis, so that a large chunk takes no room beside the result. Chunks of
 * less than 1 MiB are left to `decodeChunk`, and so is what does not decode, for its messages.
 *
 * @param hear is given each piece, tightly packed, with its first section in the chunk and the one behind it.
 * @returns false where the chunk must be decoded whole.
 */
export function decodeChunkBox(
  bytes: Uint8Array,
  compressor: CompressorConfig | null,
  {
    shape,
    itemBytes,
    box,
  }: { shape: readonly number[]; itemBytes: number; box: { start: readonly number[]; stop: readonly number[] } },
  hear: (piece: Uint8Array, from: number, to: number) => void,
  codecs: CodecRegistry = defaultCodecs,
): boolean {
  const [depth, height, width] = shape as Triple;
  if (compressor === null || shape.length !== 3 || depth * height * width * itemBytes < PIECE_BYTES) return false;
  const codec = Object.hasOwn(codecs, compressor.id) ? codecs[compressor.id]!(compressor) : undefined;
  if (!codec?.open) return false;
  const [[z0, y0, x0], [z1, y1, x1]] = [box.start as Triple, box.stop as Triple];
  const sections = Math.max(1, Math.floor(PIECE_BYTES / ((y1 - y0) * (x1 - x0) * itemBytes)));
  try {
    const decode = codec.open(bytes, { shape: [depth, height, width], itemBytes });
    for (let z = z0; z < z1; z += sections) {
      const end = Math.min(z1, z + sections);
      const piece = decode({ start: [z, y0, x0], stop: [end, y1, x1] });
      if (!piece) return false;
      hear(piece, z, end);
    }
    return true;
  } catch {
    return false; // `decodeChunk` finds it again and says it
  }
}

/** The stored form of a chunk. @throws {EmporiumError} FORMAT_UNSUPPORTED when the codec cannot encode. */
export async function encodeChunk(
  plain: Uint8Array,
  compressor: CompressorConfig | null,
  codecs: CodecRegistry = defaultCodecs,
): Promise<Uint8Array> {
  if (compressor === null) return plain;
  const codec = codecOf(compressor, codecs, "chunk");
  if (!codec.encode) throw new EmporiumError("FORMAT_UNSUPPORTED", `${compressor.id} is read, not written`);
  return codec.encode(plain);
}

function codecOf(compressor: CompressorConfig, codecs: CodecRegistry, name: string): ChunkCodec {
  const make = Object.hasOwn(codecs, compressor.id) ? codecs[compressor.id] : undefined;
  if (make) return make(compressor);
  throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: no codec for compressor ${compressor.id}`, { place: { file: name } });
}

function undecodable(cause: unknown, { id }: CompressorConfig, name: string): EmporiumError {
  const code = isEmporiumError(cause) ? cause.code : "FORMAT_CORRUPT";
  const hint = code === "FORMAT_CORRUPT" ? "copy the chunk again: it is damaged or cut short" : undefined;
  return new EmporiumError(code, `${name}: ${id}: ${reasonOf(cause)}`, { place: { file: name }, hint, cause });
}

function reasonOf(cause: unknown): string {
  return (cause instanceof Error && cause.message) || "the bytes do not decode";
}

/** Common interface of numcodecs' modules, whose own declarations do not resolve under Node's module rules. */
interface NumcodecsModule {
  default: { fromConfig(config: object): { encode(data: Uint8Array): Promise<Uint8Array> | Uint8Array } };
}

const MODULES: Record<string, () => Promise<unknown>> = {
  blosc: () => import("numcodecs/blosc"),
  gzip: () => import("numcodecs/gzip"),
  lz4: () => import("numcodecs/lz4"),
  zlib: () => import("numcodecs/zlib"),
  zstd: () => import("numcodecs/zstd"),
};

function encoderOf(id: string, config: CompressorConfig): (plain: Uint8Array) => Promise<Uint8Array> {
  return async (plain) => {
    const { default: codec } = (await MODULES[id]!()) as NumcodecsModule;
    return codec.fromConfig(config).encode(plain);
  };
}
