import { parseMrcHeader } from "../../../../formats/mrc/header.js";
import { originOf } from "../../../../formats/mrc/meaning.js";
import { unnamedBlocks } from "../../../../formats/mrc/section-tilts.js";
import type { VolumeFacts } from "./laboratory.js";

/**
 * Makes equal facts one object, and their equal parts. Of the files of a large folder nearly all are movies of one kind: their facts would take more memory
 * than all else that is known of them.
 */
export function sharedFacts(): (facts: VolumeFacts) => VolumeFacts {
  const known = new Map<string, unknown>();
  const one = <T>(value: T, ...words: readonly unknown[]): T => {
    const key = words.join("\0");
    const found = known.get(key) as T | undefined;
    if (found === undefined) known.set(key, value);
    return found ?? value;
  };
  return (facts) => {
    const { shape, spacingsAngstrom, says, originAngstrom, labels, mode, least, most, mean, extended, chunks } = facts;
    const parts = {
      shape: one(shape, "shape", ...shape),
      spacingsAngstrom: one(spacingsAngstrom, "spacing", ...spacingsAngstrom),
      says,
      originAngstrom: one(originAngstrom, "origin", ...originAngstrom),
      labels: one(labels, "labels", ...labels),
      mode,
      least,
      most,
      mean,
      extended,
      chunks,
    };
    return one(
      parts,
      says,
      mode,
      least,
      most,
      mean,
      extended,
      chunks?.stored,
      chunks?.whole,
      ...shape,
      ...spacingsAngstrom,
      ...originAngstrom,
      ...labels,
    );
  };
}

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
    extended: exttyp === "" ? unnamedBlocks(header) : exttyp,
  };
}
