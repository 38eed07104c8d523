import { parseMrcHeader } from "../../../../formats/mrc/header.js";
import { originOf } from "../../../../formats/mrc/meaning.js";
import type { VolumeFacts } from "./laboratory.js";

/** Facts of an MRC by its first kibibyte. @throws {EmporiumError} FORMAT_… */
export function volumeOfMrc(head: Uint8Array, name: string, sizeBytes: number): VolumeFacts {
  const header = parseMrcHeader(head, { name, sizeBytes });
  const { shape, mode, ispg, grid, dmin, dmax, dmean, labels, exttyp, voxelSizeAngstrom } = header;
  const [sections] = shape;
  const isComputed = dmin <= dmax && !(dmin === 0 && dmax === 0);
  return {
    shape,
    spacingsAngstrom: voxelSizeAngstrom,
    says:
      sections === 1
        ? "picture"
        : ispg === 0 && grid[0] === 1
          ? "stack"
          : ispg >= 401
            ? "volumes"
            : ispg === 1
              ? "volume"
              : "unclear",
    originAngstrom: originOf(header),
    labels,
    mode,
    ...(isComputed && { least: dmin, most: dmax, mean: dmean }),
    extended: exttyp,
  };
}
