import { EmporiumError } from "../../../core/errors.js";
import type { Operation } from "../../../engine/task.js";
import { readPointLines } from "../../../formats/points/ndjson.js";
import type { PointKind } from "../../../formats/points/points.js";
import { AnnotationCollection } from "../../../formats/precomputed/annotations.js";
import { openObject } from "../../../stores/store.js";
import { freeingPoints } from "../../../system/garbage.js";
import { clearedFolder, viewFolder } from "./view-folder.js";

/** Points of a file of the target as a layer for Neuroglancer. */
export interface ViewPointsParams {
  /** Key of the points. */
  points: string;
  kind: PointKind;
  /** Key of the layer's folder, with a slash at its end. */
  folder: string;
  voxelSpacingAngstrom: number;
  objectName: string;
  diameterAngstrom: number | null;
  /** Seed of the colours of instances. */
  colourSeed: number;
  /** Bounds of oriented points are found as the reference does. */
  compat?: boolean;
}

/**
 * Reads the points of an annotation and writes the folder from which a viewer draws them. Without points there is no folder,
 * because a layer needs bounds.
 *
 * @throws {EmporiumError} METADATA_VALUE for matrices that are no rotations, FORMAT_FIELD for points of another kind.
 */
export const viewPointsOperation: Operation = async ({ params, bytes }, context) => {
  const { points, kind, folder, diameterAngstrom, ...style } = params as unknown as ViewPointsParams;
  const { target, signal } = context;
  const collection = new AnnotationCollection(kind, { ...style, diameterAngstrom: diameterAngstrom ?? undefined });
  const source = await openObject(target, points, { signal });
  const free = freeingPoints();
  for await (const batch of readPointLines(source, { signal })) {
    signal.throwIfAborted();
    if (batch.kind !== kind) {
      throw new EmporiumError("FORMAT_FIELD", `${source.name} has points of type ${batch.kind}; expected ${kind}`, {
        place: { file: source.name },
      });
    }
    collection.add(batch);
    free(batch.count);
  }
  if (collection.points === 0) return { outputs: [await clearedFolder(context, folder)], facts: { points: 0 } };
  const made = await viewFolder(context, folder);
  for (const file of collection.files()) await made.put(file.key, file.body());
  context.progress(bytes);
  return { outputs: [await made.publish()], facts: { points: collection.points } };
};
