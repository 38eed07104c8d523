import { EmporiumError } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import { member } from "../../core/json-fields.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { CHECKSUM_BYTES, type ChecksumName, type ChecksumOptions } from "./checksum.js";
import type { CompressorConfig } from "./codecs.js";
import { type ElementFilter, type Filter, type FilterPlace, filteredBytes, KNOWN_FILTERS, parseFilter } from "./filters.js";
import { wrongField } from "./json.js";

/** Step from elements to the stored bytes of a chunk. Plain data: steps are handed to threads. */
export type ByteStep =
  | ({ kind: "checksum" } & ChecksumOptions)
  | { kind: "compressor"; config: CompressorConfig }
  | { kind: "filter"; filter: Filter };

/** numcodecs' default place of each checksum. */
const SUMS_AT_START: Record<ChecksumName, boolean> = { crc32c: false, crc32: true, adler32: true, fletcher32: false };

/** Compressors of numcodecs that are read. */
const KNOWN_COMPRESSORS = ["blosc", "bz2", "gzip", "lz4", "lzma", "zlib", "zstd"] as const;

/** Names of numcodecs' codecs and filters that are read, beside the codecs of the specifications. */
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

/** Number of bytes that a step of encoding makes of so many; undefined where it depends on their values. */
export function sizeAfter(step: ByteStep, before: number): number | undefined {
  if (step.kind === "compressor") return undefined;
  return step.kind === "checksum" ? before + CHECKSUM_BYTES : filteredBytes(step.filter, before);
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
