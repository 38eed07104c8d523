import { EmporiumError } from "../../../core/errors.js";
import type { Store } from "../../../stores/store.js";
import { fileFolder, framesFolder } from "../storage/layout.js";

/** Objects of a data set that are not of this upload. Locks and parts of uploads are elsewhere. */
export async function otherObjects(
  storage: Store,
  id: string,
  keys: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<string[]> {
  const others: string[] = [];
  for (const folder of [fileFolder(id), framesFolder(id)]) {
    for await (const { key } of storage.list(`${folder}/`, { signal })) if (!keys.has(key)) others.push(key);
  }
  return others;
}

export function foreignObjects(storage: Store, keys: readonly string[]): EmporiumError {
  return new EmporiumError(
    "STORE_CONFLICT",
    `the storage holds ${keys.length} other objects of this data set, ${keys[0]} first`,
    {
      place: { url: `${storage.url}/${keys[0]}` },
      hint: "give the data set another id, or replace what is there with --overwrite",
    },
  );
}
