import type { RandomAccess } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { type FlatLayout, type FlatOptions, type FlatVolume, plainLayout, type VoxelSize } from "../flat.js";
import { nanometresPer } from "../peek/facts.js";
import { type DmImage, readDm } from "./image.js";

/**
 * The pixels of the first image of a DM3 or DM4 file.
 *
 * @throws {EmporiumError} as `readDm`; FORMAT_UNSUPPORTED for colours and complex numbers
 */
export async function dmVolume(file: RandomAccess, options: FlatOptions = {}): Promise<FlatVolume> {
  const { images } = await readDm(file, options);
  const image = images[0]!;
  const warnings = images.length > 1 ? [`${file.name}: it holds ${counted(images.length, "image")}; the first is read`] : [];
  const axes = [undefined, undefined, undefined, ...image.axes].slice(-3);
  const voxelSizeAngstrom = axes.map((axis) => {
    const nanometres = nanometresPer(axis?.units);
    return !axis || axis.scale === 0 || nanometres === undefined ? undefined : Math.abs(axis.scale) * nanometres * 10;
  });
  const layout = dmLayout(image, file.name);
  return { layout, voxelSizeAngstrom: voxelSizeAngstrom as unknown as VoxelSize, originAngstrom: [0, 0, 0], warnings };
}

/** The pixels of an image of a DM3 or DM4 file, top row first. @throws {EmporiumError} FORMAT_UNSUPPORTED for colours and complex numbers */
function dmLayout({ pixel, dataType, shape, dataOffset, littleEndian }: DmImage, name: string): FlatLayout {
  if (pixel === undefined || pixel === "bgra" || pixel.startsWith("complex")) {
    throw new EmporiumError(
      "FORMAT_UNSUPPORTED",
      `${name}: pixels of ${pixel ?? `type ${dataType}`} are not shown, real numbers are`,
      {
        place: { file: name, byte: dataOffset },
        hint: "save the image as real numbers, for example its modulus",
      },
    );
  }
  const dtype = pixel as Exclude<typeof pixel, "complex128">;
  return plainLayout(name, { dtype, shape, dataOffset, littleEndian });
}
