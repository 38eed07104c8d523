import type { Box, Triple } from "../../core/box.js";
import { ITEM_BYTES } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import type { BlockLevel } from "../blocks/volume.js";
import type { PlaneLevel, PlaneSource } from "../plane/plane.js";
import type { LoadedVolume } from "./volume.js";

/** Planes of a volume that is read by boxes: its own levels. */
export function blockPlanes(volume: LoadedVolume): PlaneSource {
  const { name, levels } = volume;
  const { dtype } = levels[0]!;
  if (dtype === "complex64" || dtype === "uint4") {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: voxels of ${dtype} are not shown, real numbers are`, {
      place: { file: name },
      hint: "convert the volume to integers or floats first",
    });
  }
  // a level of another type would change the picture's values with its zoom
  const alike = levels.filter((level) => level.dtype === dtype);
  return {
    name,
    dtype,
    levels: alike.map((level, i): PlaneLevel => {
      const scale = scaleOf(level, levels[0]!);
      return { shape: level.shape, scale, stored: i, step: [1, 1, 1], virtual: false };
    }),
    readBox: async (stored, box, step, options) => {
      const bytes = await alike[stored]!.read(box, options);
      return step.every((n) => n === 1) ? bytes : everyNth(bytes, box, step, ITEM_BYTES[dtype]);
    },
    locate: (stored, voxel, signal) => alike[stored]!.locate(voxel, signal),
  };
}

/** By voxel sizes, or else by shapes, whose last voxel may be cut off. */
function scaleOf(level: BlockLevel, finest: BlockLevel): Triple {
  return level.shape.map((length, i) => {
    const sizes = level.voxelSizeNm[i]! / finest.voxelSizeNm[i]!;
    const ratio = Math.round(Number.isFinite(sizes) && sizes > 0 ? sizes : finest.shape[i]! / length);
    return Math.max(1, ratio);
  }) as Triple;
}

function everyNth(bytes: Uint8Array, { start, stop }: Box, step: Triple, itemBytes: number): Uint8Array {
  const [nz, ny, nx] = stop.map((to, i) => to - start[i]!) as Triple;
  const counts = [nz, ny, nx].map((length, i) => Math.ceil(length / step[i]!)) as Triple;
  const picked = new Uint8Array(counts[0] * counts[1] * counts[2] * itemBytes);
  let out = 0;
  for (let z = 0; z < nz; z += step[0])
    for (let y = 0; y < ny; y += step[1])
      for (let x = 0; x < nx; x += step[2]) {
        const at = ((z * ny + y) * nx + x) * itemBytes;
        for (let b = 0; b < itemBytes; b++) picked[out++] = bytes[at + b]!;
      }
  return picked;
}
