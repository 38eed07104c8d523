import type { JsonObject } from "../../../core/json.js";
import type { Task } from "../../../engine/task.js";
import { photoFolder } from "../../../model/layout.js";
import { compareKeys } from "../../../stores/keys.js";
import type { Listing } from "../finders/listing.js";
import { blockedBy, failedOf, type ImportContext, type Titled } from "./importer.js";

/** The key photos of a dataset or deposition that are on the target or will be: the first file of each name, or null. */
export async function storedPhotos(target: Listing, entityFolder: string, planned: readonly Task[] = []): Promise<JsonObject> {
  const folder = `${photoFolder(entityFolder)}/`;
  const slash = entityFolder.lastIndexOf("/") + 1;
  const entity = await target.child(entityFolder.slice(0, slash), entityFolder.slice(slash));
  const files = entity?.key.endsWith("/") ? (await target.children(folder)).filter(({ key }) => !key.endsWith("/")) : [];
  const keys = [...files.map(({ key }) => key), ...planned.flatMap(({ outputs }) => outputs)].sort(compareKeys);
  const first = (name: string) => keys.find((key) => key.startsWith(folder + name)) ?? null;
  return { snapshot: first("snapshot"), thumbnail: first("thumbnail") };
}

/**
 * Holds the photos that metadata name against those that failed.
 *
 * @throws {EmporiumError} TASK_BLOCKED where one is missing because it cannot be made
 */
export function requirePhotos(context: ImportContext, { kind, title }: Titled, photos: JsonObject): void {
  const missing = Object.keys(photos).filter((name) => photos[name] === null);
  const failed = failedOf(context, [kind === "dataset" ? "dataset_keyphoto" : "deposition_keyphoto"]);
  const causes = failed.filter(
    (one) => one.startsWith("key photos of ") || missing.some((name) => one.startsWith(`${name} of `)),
  );
  if (missing.length > 0 && causes.length > 0) throw blockedBy(title, causes);
}
