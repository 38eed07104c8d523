import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { withChecksum, withoutChecksum } from "./checksum.js";
import { type CodecRegistry, decodeChunk, defaultCodecs, encodeChunk } from "./codecs.js";
import { type Filter, unfilter } from "./filters.js";
import { type ByteStep, sizeAfter, stepSizes } from "./steps.js";

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
