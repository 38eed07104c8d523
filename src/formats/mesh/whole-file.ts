import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { meshError } from "./mesh.js";

/**
 * All bytes of a mesh file: indices point anywhere in it, so that it is read whole.
 *
 * @throws {EmporiumError} FORMAT_LIMIT past `LIMITS.meshBytes`, before any byte is read.
 */
export async function readWhole(source: RandomAccess, options?: ReadOptions): Promise<Uint8Array> {
  const length = await source.size();
  if (length > LIMITS.meshBytes) {
    throw meshError(
      "FORMAT_LIMIT",
      source.name,
      {},
      `${counted(length, "byte")}, a mesh file of ${LIMITS.meshBytes} at most is read`,
    );
  }
  return source.read({ offset: 0, length }, options);
}
