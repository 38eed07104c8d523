import { numbersOf } from "../../arrays/plane/convert.js";
import type { Triple } from "../../core/box.js";
import type { DType } from "../../core/dtype.js";
import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { viewAs } from "../../formats/zarr/elements.js";
import type { StoredNumber, Told } from "../../model/page-api.js";
import type { OpenVolume } from "../open-volume.js";
import { keyWithin } from "../places.js";

/** A number, and where it is stored. */
export interface FoundNumber {
  readonly of: string;
  readonly value: string;
  readonly note?: string | undefined;
  /** File of the place. */
  readonly key: string;
  readonly stored: Told<StoredNumber>;
}

/** @param voxel `[z, y, x]` of the level. @throws {EmporiumError} USAGE for what is outside of it; what reading throws */
export async function findVoxel(volume: OpenVolume, level: number, voxel: Triple, signal: AbortSignal): Promise<FoundNumber> {
  const { source, key } = volume;
  const found = source.levels[level];
  if (!found)
    throw new EmporiumError("USAGE", `the volume has no level ${level}; its levels are 0 to ${source.levels.length - 1}`);
  const outside = voxel.findIndex((at, axis) => at >= found.shape[axis]!);
  if (outside >= 0) {
    const name = "zyx"[outside]!;
    throw new EmporiumError(
      "USAGE",
      `${name} ${voxel[outside]} is outside of level ${level}, which has 0 to ${found.shape[outside]! - 1}`,
    );
  }
  const at = voxel.map((position, axis) => position * found.step[axis]!) as Triple;
  const box = { start: at, stop: at.map((position) => position + 1) as Triple };
  const bytes = await source.readBox(found.stored, box, [1, 1, 1], { signal });
  const [z, y, x] = voxel;
  const own = { of: `voxel x ${x}, y ${y}, z ${z} of level ${level}`, value: exact(bytes, source.dtype), key };
  let place: Awaited<ReturnType<NonNullable<typeof source.locate>>>;
  try {
    place = await source.locate?.(found.stored, at, signal);
  } catch (error) {
    if (!isEmporiumError(error) || error.code !== "FORMAT_UNSUPPORTED") throw error;
    return { ...own, key: key.split("#", 1)[0]!, stored: { absent: error.message } };
  }
  if (!place) return { ...own, stored: { absent: "no chunk is stored there: the voxel has the fill value of the volume" } };
  const file = keyWithin(volume.place, place.key ?? key);
  return { ...own, key: file, stored: { is: { ...place, key: file } } };
}

/** All digits: 64-bit integers as they are, others as the number that they become. */
function exact(bytes: Uint8Array, dtype: DType): string {
  const view = viewAs(bytes, dtype);
  return String(view instanceof BigInt64Array || view instanceof BigUint64Array ? view[0] : numbersOf(bytes, dtype)[0]);
}
