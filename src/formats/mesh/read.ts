import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { readGlb } from "./glb.js";
import { findHffMesh } from "./hff.js";
import { type MeshPart, scaleMesh } from "./mesh.js";
import { readObj } from "./obj.js";
import { readPly } from "./ply.js";
import { readStl } from "./stl.js";
import { readVtk } from "./vtk.js";

const READERS = { obj: readObj, stl: readStl, vtk: readVtk, glb: readGlb, ply: readPly } as const;

export type MeshFormat = keyof typeof READERS | "hff";

export interface MeshOptions {
  format: MeshFormat;
  /** Enlarges about the origin: a number above 0. Default 1. */
  scale?: number | undefined;
  /** Name of the segment of an hff file, which needs one. The other formats give all they hold. */
  segment?: string | undefined;
}

/**
 * The surfaces of a mesh file, scaled. Undefined if an hff file lacks the wanted segment: only some runs may have it.
 *
 * @throws {EmporiumError} errors of the format's reader; CONFIG_FIELD for a wrong scale, or hff without a segment.
 */
export async function readMesh(source: RandomAccess, options: MeshOptions, read?: ReadOptions): Promise<MeshPart[] | undefined> {
  const { format, scale = 1, segment } = options;
  if (format === "hff" && segment === undefined)
    throw new EmporiumError("CONFIG_FIELD", `${source.name}: an hff file needs the name of a segment`);
  const parts = format === "hff" ? await findHffMesh(source, segment!, read) : await READERS[format](source, read);
  return parts && scaleMesh(parts, scale);
}
