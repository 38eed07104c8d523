import type { JsonObject } from "../../../core/json.js";
import type { Task } from "../../../engine/task.js";
import { photoFolder } from "../../../model/layout.js";
import { compareKeys } from "../../../stores/keys.js";
import type { Listing } from "../finders/listing.js";

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
