import type { Operations } from "../../../engine/task.js";
import { ANNOTATION_OPERATION, annotationOperation } from "./annotation.js";
import { CLEAR_OPERATION, clearOperation } from "./clear.js";
import { COPY_OPERATION, copyOperation } from "./copy.js";
import { DOCUMENT_OPERATION, documentOperation } from "./document.js";
import { GAIN_OPERATION, gainOperation } from "./gain.js";
import { MESH_OPERATION, meshOperation } from "./mesh.js";
import { METADATA_OPERATION, writeMetadataOperation } from "./metadata.js";
import { type OpenAddress, PHOTO_OPERATION, photoOperation } from "./photo.js";
import { PICTURE_OPERATION, pictureOperation } from "./picture.js";
import { POINTS_OPERATION, pointsOperation } from "./points.js";
import type { SectionCache } from "./section-cache.js";
import { VIEW_CONFIG_OPERATION, viewConfigOperation } from "./view-config.js";
import { VIEW_MASK_OPERATION, viewMaskOperation } from "./view-mask.js";
import { VIEW_COPIES_OPERATION, VIEW_MESH_OPERATION, viewCopiesOperation, viewMeshOperation } from "./view-mesh.js";
import { VIEW_POINTS_OPERATION, viewPointsOperation } from "./view-points.js";
import { cachingVolumeOperation, VOLUME_OPERATION } from "./volume.js";

/** All that the tasks of a plan may run. */
export function ingestOperations(open: OpenAddress, cache: SectionCache): Operations {
  return {
    [METADATA_OPERATION]: writeMetadataOperation,
    [VOLUME_OPERATION]: cachingVolumeOperation(cache),
    [PICTURE_OPERATION]: pictureOperation(cache),
    [COPY_OPERATION]: copyOperation,
    [GAIN_OPERATION]: gainOperation,
    [DOCUMENT_OPERATION]: documentOperation,
    [PHOTO_OPERATION]: photoOperation(open),
    [POINTS_OPERATION]: pointsOperation,
    [MESH_OPERATION]: meshOperation,
    [ANNOTATION_OPERATION]: annotationOperation,
    [CLEAR_OPERATION]: clearOperation,
    [VIEW_POINTS_OPERATION]: viewPointsOperation,
    [VIEW_MASK_OPERATION]: viewMaskOperation,
    [VIEW_MESH_OPERATION]: viewMeshOperation,
    [VIEW_COPIES_OPERATION]: viewCopiesOperation,
    [VIEW_CONFIG_OPERATION]: viewConfigOperation,
  };
}
