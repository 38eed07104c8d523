import type { JsonObject } from "../../../core/json.js";
import type { Operation } from "../../../engine/task.js";
import { viewState } from "../../../formats/precomputed/state.js";
import { absent, objectName } from "../../../stores/store.js";
import { readMetadata } from "../identifiers.js";
import { metadataText } from "../metadata.js";
import { tomogramLayer } from "../views/tomogram-layer.js";
import { annotationLayers } from "../views/view-layers.js";
import { writeMetadata } from "./metadata.js";

/** The view of one tomogram: what Neuroglancer is opened with. */
export interface ViewConfigParams {
  /** Key of the document. */
  key: string;
  /** Key of the tomogram's metadata. */
  tomogram: string;
  /** Folders of its run and of its voxel spacing. */
  run: string;
  spacing: string;
  urlPrefix: string;
  /** The deposition that is being imported. It counts where the tomogram does not say whose it is, and with `compat`. */
  depositionId: number | string;
  compat: boolean;
  force?: boolean;
}

/**
 * Writes the view of a tomogram with all layers that are there. A document that says the same already is left alone.
 */
export const viewConfigOperation: Operation = async ({ params }, context) => {
  const { key, tomogram, run, spacing, urlPrefix, depositionId, compat, force } = params as unknown as ViewConfigParams;
  const { target, signal, createdMs } = context;
  const metadata = await readMetadata(target, tomogram);
  if (!metadata) throw absent(target, tomogram);
  const alignment = String(metadata.alignment_metadata_path);
  const layers = await annotationLayers(target, { run, spacing, alignment, urlPrefix }, signal);
  const state = viewState({
    tomogram: await tomogramLayer(target, metadata, { urlPrefix, name: objectName(target, tomogram), compat }, signal),
    annotations: layers,
    // both are filled in as those of metadata are
    depositionId: "",
    lastUpdatedAt: 0,
  });
  const text = metadataText(state, {}, ownerOf(metadata, compat) ?? depositionId);
  const receipt = await writeMetadata(target, key, text, { createdMs, force: force === true, signal });
  return { outputs: [receipt], facts: { layers: layers.length } };
};

/** A view belongs to the tomogram's deposition. (In the reference it belongs to that of the last import.) */
function ownerOf({ deposition_id: owner }: JsonObject, compat: boolean): number | string | undefined {
  return !compat && (typeof owner === "number" || typeof owner === "string") ? owner : undefined;
}
