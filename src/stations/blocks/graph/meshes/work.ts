import type { Block } from "../../../../arrays/operators/block.js";
import type { Box } from "../../../../core/box.js";
import type { BlockParams } from "../../../../engine/blocks/block-stage.js";
import type { Task, TaskContext } from "../../../../engine/task.js";
import { canonicalJson } from "../../../../engine/task-id.js";
import {
  encodeMeshFragment,
  meshFragmentKey,
  meshManifestKey,
  printMeshManifest,
} from "../../../../formats/precomputed/legacy-mesh.js";
import { mapLimit } from "../../../../system/parallel.js";
import { gridKey } from "../tree.js";
import { blockSurfaces } from "./block-surfaces.js";
import { mergeSurfaces } from "./merge.js";
import type { MergeParams } from "./stages.js";
import { encodeSurfaces, readSurface, type SurfacePlace, surfacePlaces } from "./surface-object.js";

export { MESHES_HALO } from "./fields.js";

const READS_IN_FLIGHT = 8;

/** The surfaces of a block's labels, as their object has them. */
export const surfacesOf = (around: Block, core: Box): Uint8Array => encodeSurfaces(blockSurfaces(around, core));

/** Writes the surfaces of a task's share of the labels. @returns their list */
export async function writeMeshes({ params }: Task, { target, signal }: TaskContext): Promise<Uint8Array> {
  const { merge, block } = params as unknown as { merge: MergeParams; block: BlockParams };
  const { folder, meshes, grid, surfaces, parts } = merge;
  const indices = Array.from({ length: grid[0] * grid[1] * grid[2] }, (_, index) => index);
  const found = await mapLimit(indices, READS_IN_FLIGHT, (index) =>
    surfacePlaces(target, gridKey(surfaces, [grid[1], grid[2]], index), signal),
  );
  const places = new Map<string, SurfacePlace[]>();
  for (const place of found.flat())
    if (BigInt.asUintN(64, BigInt(place.label)) % BigInt(parts) === BigInt(block.index))
      places.set(place.label, [...(places.get(place.label) ?? []), place]);
  const put = (key: string, body: Uint8Array) => target.write(`${folder}/${key}`, body, { signal });
  for (const [label, own] of places) {
    signal.throwIfAborted();
    const pieces = await mapLimit(own, READS_IN_FLIGHT, (place) => readSurface(target, place, signal));
    const name = BigInt(label);
    await put(meshFragmentKey(name), encodeMeshFragment(mergeSurfaces(pieces, meshes)));
    await put(meshManifestKey(name), new TextEncoder().encode(printMeshManifest(name)));
  }
  return new TextEncoder().encode(canonicalJson([...places.keys()]));
}
