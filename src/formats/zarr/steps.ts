import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import { member } from "../../core/json-fields.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { CHECKSUM_BYTES, type ChecksumName, type ChecksumOptions, withChecksum, withoutChecksum } from "./checksum.js";
import {
  type CodecRegistry,
  type CompressorConfig,
  decodeChunk,
  defaultCodecs,
  encodeChunk,
  KNOWN_COMPRESSORS,
} from "./codecs.js";
import {
  type ElementFilter,
  type Filter,
  type FilterPlace,
  filteredBytes,
  KNOWN_FILTERS,
  parseFilter,
  unfilter,
} from "./filters.js";
import { wrongField } from "./json.js";

/** What is done with the bytes of a chunk. Plain data: steps are handed to threads. */
export type ByteStep =
  | ({ kind: "checksum" } & ChecksumOptions)
  | { kind: "compressor"; config: CompressorConfig }
  | { kind: "filter"; filter: Filter };

/** numcodecs' default place of each checksum. */
const SUMS_AT_START: Record<ChecksumName, boolean> = { crc32c: false, crc32: true, adler32: true, fletcher32: false };

/** What is read by the names of numcodecs, beside what the specifications name. */
export const READ_STEPS = [...KNOWN_COMPRESSORS, ...Object.keys(SUMS_AT_START), ...KNOWN_FILTERS].sort();

/**
 * A codec or filter by its name in numcodecs.
 *
 * @returns undefined for a name that is not read.
 * @throws {EmporiumError} FORMAT_FIELD, FORMAT_UNSUPPORTED
 */
export function stepOfId(id: string, config: JsonObject, place: FilterPlace): ByteStep | undefined {
  if ((KNOWN_COMPRESSORS as readonly string[]).includes(id)) {
    refuseOtherLzma(id, config, place);
    return { kind: "compressor", config: { ...config, id } };
  }
  if (Object.hasOwn(SUMS_AT_START, id)) return checksumStep(id as ChecksumName, config, place);
  const filter = parseFilter(id, config, place);
  return filter && { kind: "filter", filter };
}

/** Type of the elements after a step: only filters on elements change it. */
export function typeAfter<T>(step: ByteStep, type: T): T | ElementFilter["encoded"] {
  return step.kind === "filter" && "encoded" in step.filter ? step.filter.encoded : type;
}

/** `blosc-lz4`, `zstd`, `crc32c`, `delta`. */
export function stepName(step: ByteStep): string {
  if (step.kind === "checksum") return step.sum ?? "crc32c";
  if (step.kind === "filter") return step.filter.id;
  const { id, cname } = step.config as JsonObject & { id: string };
  return id === "blosc" && typeof cname === "string" ? `blosc-${cname}` : id;
}

/** Whether a step works on elements, not on bytes: Zarr v3 has those before the codec that makes bytes. */
export function isOfElements(step: ByteStep): boolean {
  return step.kind === "filter" && step.filter.id !== "shuffle";
}

/** The step for elements that are stored in the given byte order. */
export function inByteOrder(step: ByteStep, littleEndian: boolean): ByteStep {
  if (step.kind !== "filter" || !("encoded" in step.filter)) return step;
  const { encoded, decoded } = step.filter;
  return { ...step, filter: { ...step.filter, encoded: { ...encoded, littleEndian }, decoded: { ...decoded, littleEndian } } };
}

/**
 * Bytes before each step of encoding, as far as they are known: up to the compressor and its own input.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED (two compressors: the length between them is unknown), FORMAT_LIMIT
 */
export function stepSizes(steps: readonly ByteStep[], plainBytes: number, name: string, path: string): (number | undefined)[] {
  if (steps.filter(({ kind }) => kind === "compressor").length > 1) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${path}: two compressors after one another are not read`, {
      place: { file: name, path },
      hint: "write the array again with one of them",
    });
  }
  const compressor = steps.findIndex(({ kind }) => kind === "compressor");
  if (compressor >= 0 && steps.slice(compressor).some(isOfElements)) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${path}: filters of elements after a compressor are not read`, {
      place: { file: name, path },
    });
  }
  let size: number | undefined = plainBytes;
  return steps.map((step) => {
    const before = size;
    size = before === undefined ? undefined : sizeAfter(step, before);
    if (size !== undefined && size > LIMITS.chunkBytes + 64) {
      throw new EmporiumError(
        "FORMAT_LIMIT",
        `${name}: ${path}: a chunk of ${counted(size, "byte")}; at most ${LIMITS.chunkBytes} are read`,
        {
          place: { file: name, path },
        },
      );
    }
    return before;
  });
}

function sizeAfter(step: ByteStep, before: number): number | undefined {
  if (step.kind === "compressor") return undefined;
  return step.kind === "checksum" ? before + CHECKSUM_BYTES : filteredBytes(step.filter, before);
}

/**
 * Undoes steps: the plain bytes of a chunk. No step makes more bytes than the metadata say.
 *
 * @throws {EmporiumError} FORMAT_CORRUPT; FORMAT_UNSUPPORTED when the registry has no such codec.
 */
export async function decodeSteps(
  stored: Uint8Array,
  steps: readonly ByteStep[],
  plainBytes: number,
  { codecs, name }: { codecs?: CodecRegistry | undefined; name: string },
): Promise<Uint8Array> {
  const sizes = stepSizes(steps, plainBytes, name, "codecs");
  let bytes = stored;
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i]!;
    const wanted = sizes[i];
    if (step.kind === "compressor") bytes = await decodeChunk(bytes, step.config, wanted!, { codecs, name });
    else {
      const size = wanted === undefined ? undefined : sizeAfter(step, wanted);
      if (step.kind === "filter" && size !== undefined) await decodeChunk(bytes, null, size, { name });
      bytes = step.kind === "checksum" ? withoutChecksum(bytes, name, step) : unfiltered(step.filter, bytes, wanted, name);
    }
  }
  return decodeChunk(bytes, null, plainBytes, { name });
}

/** Whether `encodeSteps` can apply all of them: some compressors and all filters are read alone. */
export function areWritten(steps: readonly ByteStep[]): boolean {
  return steps.every((step) => {
    if (step.kind !== "compressor") return step.kind === "checksum";
    return defaultCodecs[step.config.id]?.(step.config).encode !== undefined;
  });
}

/** Applies steps. @throws {EmporiumError} FORMAT_UNSUPPORTED when a codec cannot encode. */
export async function encodeSteps(plain: Uint8Array, steps: readonly ByteStep[], codecs?: CodecRegistry): Promise<Uint8Array> {
  let bytes = plain;
  for (const step of steps) {
    if (step.kind === "filter") throw new EmporiumError("FORMAT_UNSUPPORTED", `${step.filter.id} is read, not written`);
    bytes = step.kind === "checksum" ? withChecksum(bytes, step) : await encodeChunk(bytes, step.config, codecs);
  }
  return bytes;
}

function unfiltered(filter: Filter, bytes: Uint8Array, plainBytes: number | undefined, name: string): Uint8Array {
  try {
    return unfilter(filter, bytes, plainBytes ?? bytes.length);
  } catch (cause) {
    if (!isEmporiumError(cause)) throw cause;
    throw new EmporiumError(cause.code, `${name}: ${filter.id}: ${cause.message}`, { place: { file: name }, cause });
  }
}

function checksumStep(sum: ChecksumName, config: JsonObject, { name, path }: FilterPlace): ByteStep {
  const location = member(config, "location") ?? (SUMS_AT_START[sum] ? "start" : "end");
  if (location !== "start" && location !== "end") throw wrongField(name, `${path}.location`, location, `"start" or "end"`);
  if (sum === "crc32c" && location === "end") return { kind: "checksum" };
  return { kind: "checksum", sum, atStart: location === "start" };
}

/** liblzma has four containers; numcodecs' default is xz, which is the one that is read. */
function refuseOtherLzma(id: string, config: JsonObject, { name, path }: FilterPlace): void {
  const format = id === "lzma" ? (member(config, "format") ?? 1) : 1;
  if (format === 1) return;
  throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: lzma of format ${String(format)} is not read, 1 (xz) is`, {
    place: { file: name, path: `${path}.format` },
  });
}
