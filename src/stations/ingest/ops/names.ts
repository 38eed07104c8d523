/** Names of operations in tasks. Plans need no more than these: the code of an operation is loaded with the first task. */

export const ANNOTATION_OPERATION = "ingest/annotation";
export const CLEAR_OPERATION = "ingest/clear";
export const COPY_OPERATION = "ingest/copy";
export const DOCUMENT_OPERATION = "ingest/document";
export const GAIN_OPERATION = "ingest/gain";
export const MESH_OPERATION = "ingest/mesh";
export const METADATA_OPERATION = "ingest/metadata";
export const PHOTO_OPERATION = "ingest/photo";
export const PICTURE_OPERATION = "ingest/picture";
export const POINTS_OPERATION = "ingest/points";
export const VIEW_CONFIG_OPERATION = "ingest/view-config";
export const VIEW_COPIES_OPERATION = "ingest/view-copies";
export const VIEW_MASK_OPERATION = "ingest/view-mask";
export const VIEW_MESH_OPERATION = "ingest/view-mesh";
export const VIEW_POINTS_OPERATION = "ingest/view-points";
export const VOLUME_OPERATION = "ingest/volume";
