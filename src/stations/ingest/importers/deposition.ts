import type { JsonObject } from "../../../core/json.js";
import type { Task } from "../../../engine/task.js";
import { depositionFolder, depositionMetadataKey } from "../../../model/layout.js";
import { scalarText, toJson } from "../config/nodes.js";
import { addMetadataTask, type Draft } from "../draft.js";
import type { Ancestor } from "../finders/scope.js";
import type { PlanContext, SectionItem } from "./context.js";
import { storedPhotos } from "./photos.js";

/** The deposition's own metadata, with the key photos that are there. Without a metadata block there is nothing to write. */
export async function planDeposition(
  context: PlanContext,
  draft: Draft,
  { block, atTarget }: SectionItem,
  { name }: Ancestor,
  photos: readonly Task[] = [],
): Promise<void> {
  if (!context.selection.metadata("deposition")) return;
  const text = scalarText(name);
  const title = `metadata of deposition ${text}`;
  if (!block.metadata || atTarget) {
    const why = atTarget ? "it is only referred to" : "the config has no metadata for it";
    draft.entities.push({ kind: "deposition", title, action: "leave", why, reads: [], writes: [], bytes: 0, place: block.place });
    return;
  }
  addMetadataTask(draft, {
    kind: "deposition",
    title,
    key: depositionMetadataKey(text),
    configured: toJson(block.metadata) as JsonObject,
    measured: { key_photos: await storedPhotos(context.target, depositionFolder(text), photos) },
    depositionId: name,
    needs: photos.map(({ id }) => id),
    force: context.force,
    place: block.metadata.place,
    where: {},
  });
}
