import { ITEM_BYTES, reversedBytes } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import type { DmImage } from "../../formats/dm/image.js";
import type { FlatLayout } from "./flat.js";

/** The pixels of an image of a DM3 or DM4 file, top row first. @throws {EmporiumError} FORMAT_UNSUPPORTED for colours and complex numbers */
export function dmLayout({ pixel, dataType, shape, dataOffset, littleEndian }: DmImage, name: string): FlatLayout {
  if (pixel === undefined || pixel === "bgra" || pixel.startsWith("complex")) {
    throw new EmporiumError(
      "FORMAT_UNSUPPORTED",
      `${name}: pixels of ${pixel ?? `type ${dataType}`} are not shown, real numbers are`,
      {
        place: { file: name, byte: dataOffset },
      },
    );
  }
  const dtype = pixel as Exclude<typeof pixel, "complex128">;
  const itemBytes = ITEM_BYTES[dtype];
  return {
    name,
    dtype,
    shape,
    order: [0, 1, 2],
    dataOffset,
    sectionBytes: shape[1] * shape[2] * itemBytes,
    rowBytes: shape[2] * itemBytes,
    itemBytes,
    isPacked: false,
    swapBytes: reversedBytes(littleEndian, itemBytes),
    flipSign: false,
  };
}
