import { type Triple, volumeOf } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import { formatBytes } from "../../core/units.js";

/**
 * Memory of a box in one piece.
 *
 * @param make given a number of bytes. Default: zeros
 * @throws {EmporiumError} FORMAT_LIMIT where the runtime has no such piece: Node 20 has 4 GiB at most
 */
export function boxBytes(
  shape: Triple,
  itemBytes: number,
  make: (length: number) => Uint8Array = (length) => new Uint8Array(length),
): Uint8Array {
  const length = volumeOf(shape) * itemBytes;
  try {
    return make(length);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const found = `a box of ${shape.join("×")} voxels (z, y, x) has ${formatBytes(length)}`;
    throw new EmporiumError("FORMAT_LIMIT", `${found}, more than this program gets in one piece of memory`, {
      hint: "read it in smaller boxes, or at a coarser level",
      cause,
    });
  }
}
