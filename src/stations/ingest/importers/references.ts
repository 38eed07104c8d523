import type { JsonObject } from "../../../core/json.js";
import { readMetadata } from "../identifiers.js";
import type { PlanContext } from "./context.js";
import type { SectionItem } from "./sections.js";

/** An entity of the target that a source refers to: its folder, id and metadata are its own, whatever the configuration says. */
export interface StoredReference {
  readonly id: number;
  /** Without a slash at its end. */
  readonly folder: string;
  readonly metadataKey: string;
  readonly metadata: JsonObject;
}

/**
 * The entity that a find on the target stands for: named by its metadata file, by its folder, or by a file in it.
 *
 * @param metadataName name of the kind's metadata files.
 * @returns undefined for anything else that a glob finds there: files beside folders are not entities.
 */
export async function readReference(
  { target }: Pick<PlanContext, "target">,
  { key, folder: isFolder }: Pick<SectionItem, "key" | "folder">,
  metadataName: string,
): Promise<StoredReference | undefined> {
  if (key === null) return undefined;
  const folder = isFolder && /^\d+$/.test(lastOf(key)) ? key : key.slice(0, Math.max(0, key.lastIndexOf("/")));
  if (!/^\d+$/.test(lastOf(folder))) return undefined;
  const metadataKey = `${folder}/${metadataName}`;
  const metadata = await readMetadata(target.store, metadataKey);
  return metadata && { id: Number(lastOf(folder)), folder, metadataKey, metadata };
}

function lastOf(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}
