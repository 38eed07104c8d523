import { concat, type RandomAccess } from "../../../core/bytes.js";
import { EmporiumError } from "../../../core/errors.js";
import { printJson } from "../../../core/json.js";
import { counted } from "../../../core/units.js";
import type { ObjectReceipt, Operation, TaskContext } from "../../../engine/task.js";
import type { MeshPart } from "../../../formats/mesh/mesh.js";
import { readPointLines } from "../../../formats/points/ndjson.js";
import {
  meshFragmentKey,
  meshManifestKey,
  printLegacyMeshInfo,
  printMeshManifest,
} from "../../../formats/precomputed/legacy-mesh.js";
import { meshVolumeInfo, segmentPropertiesInfo } from "../../../formats/precomputed/segmentation.js";
import { openObject } from "../../../stores/store.js";
import type { FragmentResult } from "../views/jobs.js";
import { onThread } from "../views/threads.js";
import { clearedFolder, viewFolder } from "./view-folder.js";

/** A surface of the target as a layer for Neuroglancer. */
export interface ViewMeshParams {
  /** Key of the glb, in voxels. */
  mesh: string;
  /** Key of the layer's folder, with a slash at its end. */
  folder: string;
  /** Name of the surface in the viewer. */
  label: string;
}

/** A surface at every oriented point, turned as the point is. */
export interface ViewCopiesParams {
  /** Key of the points in the target. */
  points: string;
  /** Key of the glb in the source, in Å about the particle's middle. */
  mesh: string;
  folder: string;
  voxelSpacingAngstrom: number;
}

/** A viewer holds all of a surface: what has more triangles is made coarser. */
const TRIANGLES_MAX = 2_000_000;
const SEGMENT = 1;

export const viewMeshOperation: Operation = async ({ params, bytes }, context) => {
  const { mesh, folder, label } = params as unknown as ViewMeshParams;
  const { signal } = context;
  const source = await openObject(context.target, mesh, { signal });
  const surface = oneSurface(await readParts(source, signal));
  const made = await onThread("mesh", { ...surface, trianglesMax: TRIANGLES_MAX }, { signal });
  context.progress(bytes);
  return { outputs: [await publish(context, folder, made, label)], facts: { triangles: made.triangles } };
};

/**
 * @throws {EmporiumError} FORMAT_FIELD for a file with several surfaces: one particle's is wanted. FORMAT_LIMIT if it cannot be
 *   made coarse enough.
 */
export const viewCopiesOperation: Operation = async ({ params, bytes, place }, context) => {
  const { points, mesh, folder, voxelSpacingAngstrom } = params as unknown as ViewCopiesParams;
  const { signal } = context;
  const { positions, rotations } = await readPoses(await openObject(context.target, points, { signal }), signal);
  if (positions.length === 0) return { outputs: [await clearedFolder(context, folder)], facts: { triangles: 0 } };
  const source = await openObject(context.source, mesh, { signal });
  const parts = await readParts(source, signal);
  if (parts.length > 1) {
    throw new EmporiumError(
      "FORMAT_FIELD",
      `${source.name} has ${counted(parts.length, "mesh", "meshes")}; expected one for each point`,
      {
        place: place ?? { file: source.name },
        hint: "join them in the program that made the file",
      },
    );
  }
  const surface = oneSurface(parts);
  surface.positions.forEach((angstrom, i) => {
    surface.positions[i] = angstrom / voxelSpacingAngstrom;
  });
  const job = { ...surface, points: positions, rotations, trianglesMax: TRIANGLES_MAX };
  const made = await onThread("copies", job, { signal });
  context.progress(bytes);
  return { outputs: [await publish(context, folder, made, undefined)], facts: { triangles: made.triangles } };
};

async function readParts(source: RandomAccess, signal: AbortSignal): Promise<MeshPart[]> {
  // the library for glTF is loaded by those who have a mesh
  const { readGlb } = await import("../../../formats/mesh/glb.js");
  return readGlb(source, { signal });
}

/** All parts as one surface. */
function oneSurface(parts: readonly MeshPart[]): { positions: Float64Array; triangles: Uint32Array } {
  const positions = new Float64Array(parts.reduce((sum, part) => sum + part.positions.length, 0));
  const triangles = new Uint32Array(parts.reduce((sum, part) => sum + part.triangles.length, 0));
  let vertices = 0;
  let corners = 0;
  for (const part of parts) {
    positions.set(part.positions, 3 * vertices);
    for (const vertex of part.triangles) triangles[corners++] = vertices + vertex;
    vertices += part.positions.length / 3;
  }
  return { positions, triangles };
}

async function readPoses(
  source: RandomAccess,
  signal: AbortSignal,
): Promise<{ positions: Float64Array; rotations: Float64Array }> {
  const positions: Uint8Array[] = [];
  const rotations: Uint8Array[] = [];
  const bytesOf = (values: Float64Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for await (const batch of readPointLines(source, { signal })) {
    if (!batch.rotations) {
      throw new EmporiumError("FORMAT_FIELD", `${source.name} has points of type ${batch.kind}; expected orientedPoint`, {
        place: { file: source.name },
      });
    }
    positions.push(bytesOf(batch.positions));
    rotations.push(bytesOf(batch.rotations));
  }
  return {
    positions: new Float64Array(concat(positions).slice().buffer),
    rotations: new Float64Array(concat(rotations).slice().buffer),
  };
}

async function publish(
  context: TaskContext,
  folder: string,
  { body, upperBound }: FragmentResult,
  label: string | undefined,
): Promise<ObjectReceipt> {
  const made = await viewFolder(context, folder);
  await made.put(`mesh/${meshFragmentKey(SEGMENT)}`, body);
  await made.put(`mesh/${meshManifestKey(SEGMENT)}`, printMeshManifest(SEGMENT));
  await made.put("mesh/info", printLegacyMeshInfo());
  const named = label !== undefined;
  if (named) await made.put("segment_properties/info", printJson(segmentPropertiesInfo([{ id: SEGMENT, name: label }])));
  await made.put("info", printJson(meshVolumeInfo(upperBound, { named })));
  return made.publish();
}
