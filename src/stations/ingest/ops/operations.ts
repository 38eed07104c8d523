import type { Operation, Operations } from "../../../engine/task.js";
import {
  ANNOTATION_OPERATION,
  CLEAR_OPERATION,
  COPY_OPERATION,
  DOCUMENT_OPERATION,
  GAIN_OPERATION,
  MESH_OPERATION,
  METADATA_OPERATION,
  PHOTO_OPERATION,
  PICTURE_OPERATION,
  POINTS_OPERATION,
  VIEW_CONFIG_OPERATION,
  VIEW_COPIES_OPERATION,
  VIEW_MASK_OPERATION,
  VIEW_MESH_OPERATION,
  VIEW_POINTS_OPERATION,
  VOLUME_OPERATION,
} from "./names.js";
import type { OpenAddress } from "./photo.js";
import type { SectionCache } from "./section-cache.js";

/** All that the tasks of a plan may run, each loaded with the first task that does: of a finished tree there is none. */
export function ingestOperations(open: OpenAddress, cache: SectionCache): Operations {
  return {
    [METADATA_OPERATION]: later(async () => (await import("./metadata.js")).writeMetadataOperation),
    [VOLUME_OPERATION]: later(async () => (await import("./volume.js")).cachingVolumeOperation(cache)),
    [PICTURE_OPERATION]: later(async () => (await import("./picture.js")).pictureOperation(cache)),
    [COPY_OPERATION]: later(async () => (await import("./copy.js")).copyOperation),
    [GAIN_OPERATION]: later(async () => (await import("./gain.js")).gainOperation),
    [DOCUMENT_OPERATION]: later(async () => (await import("./document.js")).documentOperation),
    [PHOTO_OPERATION]: later(async () => (await import("./photo.js")).photoOperation(open)),
    [POINTS_OPERATION]: later(async () => (await import("./points.js")).pointsOperation),
    [MESH_OPERATION]: later(async () => (await import("./mesh.js")).meshOperation),
    [ANNOTATION_OPERATION]: later(async () => (await import("./annotation.js")).annotationOperation),
    [CLEAR_OPERATION]: later(async () => (await import("./clear.js")).clearOperation),
    [VIEW_POINTS_OPERATION]: later(async () => (await import("./view-points.js")).viewPointsOperation),
    [VIEW_MASK_OPERATION]: later(async () => (await import("./view-mask.js")).viewMaskOperation),
    [VIEW_MESH_OPERATION]: later(async () => (await import("./view-mesh.js")).viewMeshOperation),
    [VIEW_COPIES_OPERATION]: later(async () => (await import("./view-mesh.js")).viewCopiesOperation),
    [VIEW_CONFIG_OPERATION]: later(async () => (await import("./view-config.js")).viewConfigOperation),
  };
}

function later(load: () => Promise<Operation>): Operation {
  let loaded: Promise<Operation> | undefined;
  return async (task, context) => {
    loaded ??= load();
    return (await loaded)(task, context);
  };
}
