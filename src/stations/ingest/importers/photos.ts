import type { JsonObject } from "../../../core/json.js";
import { photoFolder } from "../../../model/layout.js";
import type { Listing } from "../finders/listing.js";

/** The key photos of a dataset or deposition that are on the target: the first file of each name, or null. */
export async function storedPhotos(target: Listing, entityFolder: string): Promise<JsonObject> {
  const folder = `${photoFolder(entityFolder)}/`;
  const slash = entityFolder.lastIndexOf("/") + 1;
  const entity = await target.child(entityFolder.slice(0, slash), entityFolder.slice(slash));
  const files = entity?.key.endsWith("/") ? (await target.children(folder)).filter(({ key }) => !key.endsWith("/")) : [];
  const first = (name: string) => files.find(({ key }) => key.startsWith(folder + name))?.key ?? null;
  return { snapshot: first("snapshot"), thumbnail: first("thumbnail") };
}
