import { EmporiumError } from "../../../core/errors.js";
import type { Operation } from "../../../engine/task.js";
import type { MeshFormat } from "../../../formats/mesh/read.js";
import { openObject } from "../../../stores/store.js";
import { publishUnlessSame } from "./publish.js";

export interface MeshParams {
  source: string;
  key: string;

  format: MeshFormat;
  /** Uniform, about the origin. */
  scale: number;
  /** Which mesh of a group; null for all that there is. */
  segment: string | null;
  /** The mesh of a file of one mesh is called after the file, whatever it is called there. */
  compat?: boolean;
  force?: boolean;
}

/** Formats whose meshes trimesh, which the reference reads them with, calls after their file. */
const NAMED_BY_FILE: ReadonlySet<MeshFormat> = new Set(["obj", "stl"]);

/** Reads a surface in its format and writes it as binary glTF: a mesh is small beside volumes and is held whole. */
export const meshOperation: Operation = async ({ params, bytes, place }, context) => {
  const { source, key, format, scale, segment, compat, force } = params as unknown as MeshParams;
  const { signal, progress } = context;
  // the libraries for glTF and HDF5 are loaded by those who have a mesh
  const { readMesh } = await import("../../../formats/mesh/read.js");
  const { writeGlb } = await import("../../../formats/mesh/glb.js");
  const file = await openObject(context.source, source, { signal });
  const parts = await readMesh(file, { format, scale, segment: segment ?? undefined }, { signal });
  if (!parts) {
    throw new EmporiumError("SOURCE_CHANGED", `${file.name} has no mesh ${JSON.stringify(segment)} any more`, {
      place,
      hint: "plan again",
    });
  }
  const named =
    compat && parts.length === 1 && NAMED_BY_FILE.has(format)
      ? [{ ...parts[0]!, name: source.slice(source.lastIndexOf("/") + 1) }]
      : parts;
  const receipt = await publishUnlessSame(context, key, await writeGlb(named), { contentType: "model/gltf-binary", force });
  progress(bytes);
  const triangles = parts.reduce((sum, part) => sum + part.triangles.length / 3, 0);
  return { outputs: [receipt], facts: { triangles } };
};
