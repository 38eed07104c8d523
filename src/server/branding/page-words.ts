import type pg from "pg";
import { knownPrefixes } from "../../catalog/import-prefixes.js";
import { keyOf } from "../find.js";
import type { Place } from "../places.js";

/** What previews of a page say that is of one dataset or run. */
export interface PageWords {
  /** Undefined for the first page. */
  readonly title: string | undefined;
  readonly description: string | undefined;
  /** Key of a picture in the tree. */
  readonly photo: string | undefined;
}

interface Row {
  readonly title: string;
  readonly description: string | null;
  readonly photo: string | null;
}

const DATASET = `select title, description, coalesce(key_photo_url, key_photo_thumbnail_url) as photo
  from emporium_portal.dataset where id = $1::bigint`;
const RUN = `select r.name || ' · ' || d.title as title, d.description,
    (select coalesce(t.key_photo_url, t.key_photo_thumbnail_url) from emporium_portal.tomogram as t
      where t.run_id = r.id and coalesce(t.key_photo_url, t.key_photo_thumbnail_url) is not null
      order by t.is_visualization_default desc nulls last, t.id limit 1) as photo
  from emporium_portal.run as r join emporium_portal.dataset as d on d.id = r.dataset_id where r.id = $1::bigint`;

/**
 * The words of the page at a path: of its dataset or run, or for the first page the picture of the run that it begins with.
 *
 * @returns undefined for other pages, and for what is not there or may not be seen by the pool @throws errors of the database
 */
export async function wordsOf(
  path: string,
  hero: number | undefined,
  { place, pool }: { readonly place: Place; readonly pool: pg.Pool },
): Promise<PageWords | undefined> {
  const [, of, id] = /^(datasets|runs)\/(\d{1,10})\/?$/.exec(path) ?? (path === "" ? ["", "runs", hero] : []);
  if (id === undefined) return undefined;
  const { rows } = await pool.query<Row>(of === "datasets" ? DATASET : RUN, [id]);
  const [row] = rows;
  if (!row) return undefined;
  const photo = await photoOf(row.photo, place, pool);
  if (path === "") return { title: undefined, description: undefined, photo };
  return { title: row.title, description: row.description ?? undefined, photo };
}

/** A picture that is in the tree which is served; rows of other trees and addresses elsewhere have none here. */
async function photoOf(address: string | null, { store }: Place, pool: pg.Pool): Promise<string | undefined> {
  if (!address) return undefined;
  const key = keyOf(address, await knownPrefixes(pool));
  if (/^https?:/i.test(key)) return undefined;
  return (await store.stat(key).catch(() => undefined)) && key;
}
