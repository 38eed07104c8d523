import { knownPrefixes } from "../catalog/import-prefixes.js";
import type { ServedCatalogue } from "./api/context.js";
import { keyOf } from "./find.js";

/**
 * Datasets of a catalogue whose folders are not in the tree that is served: of other trees of the same workspace or database. Their rows are listed, their
 * files are not here.
 *
 * @returns their numbers in order
 *
 * Cost: one statement, and one listing of the tree's topmost folders.
 */
export async function otherDatasets(
  { place, pool }: Pick<ServedCatalogue, "place" | "pool">,
  signal?: AbortSignal,
): Promise<number[]> {
  const prefixes = await knownPrefixes(pool);
  const { rows } = await pool.query<{ id: number; s3_prefix: string }>(
    "select id, s3_prefix from emporium_portal.dataset order by id",
  );
  if (rows.length === 0) return [];
  const folders = new Set<string>();
  for await (const { key } of place.store.children("", { signal })) if (key.endsWith("/")) folders.add(key);
  return rows.filter(({ s3_prefix }) => !folders.has(`${keyOf(s3_prefix, prefixes)}/`)).map(({ id }) => id);
}
