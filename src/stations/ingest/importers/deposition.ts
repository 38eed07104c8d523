import type { JsonObject } from "../../../core/json.js";
import { depositionFolder, depositionMetadataKey } from "../../../model/layout.js";
import { toJson } from "../config/nodes.js";
import { attempt, type Importer, passOver, planned } from "./importer.js";
import { depositionKeyPhoto } from "./key-photos.js";
import { addMetadataTask } from "./metadata-task.js";
import { requirePhotos, storedPhotos } from "./photos.js";

const KIND = "deposition";

/** The deposition's own metadata, with the key photos that are there. Without a metadata block there is nothing to write. */
export const deposition: Importer<null> = {
  kind: KIND,
  per: "deposition",
  needs: [],
  notesFailures: true,
  title: ({ depositionId }) => `metadata of deposition ${depositionId}`,
  isWanted: ({ selection }) => selection.metadata(KIND),
  find: async () => null,
  async plan(context) {
    const { atTarget, block } = context.item;
    const { depositionId: name, target } = context;
    const title = deposition.title(context);
    if (!block.metadata || atTarget) {
      const why = atTarget ? "only referred to" : "the config has no metadata for it";
      passOver(context, { kind: KIND, title }, why, block.place);
      return;
    }
    const photos = planned(context, depositionKeyPhoto) ?? [];
    const { metadata } = block;
    const named = await storedPhotos(target, depositionFolder(name), photos);
    await attempt(context, { kind: KIND, title }, async () => {
      requirePhotos(context, { kind: KIND, title }, named);
      addMetadataTask(context, {
        kind: KIND,
        title,
        key: depositionMetadataKey(name),
        configured: toJson(metadata) as JsonObject,
        measured: { key_photos: named },
        needs: photos.map(({ id }) => id),
        place: metadata.place,
      });
    });
  },
};
