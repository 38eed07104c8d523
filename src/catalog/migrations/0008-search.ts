import type { Kysely, Migration } from "kysely";
import { runStatements } from "./statements.js";

/**
 * Indexes for the search of the pages: words of titles and names, beginnings of file names, and the number of annotations of each
 * author. Other columns by which lists are filtered get an index, too.
 */
export const search: Migration = {
  up: (db: Kysely<unknown>) => runStatements(db, UP),
  down: (db: Kysely<unknown>) => runStatements(db, DOWN),
};

/**
 * `emporium.words`: keeps letters and digits only, as the parser would take `-0002` for a negative number. A vector has room for
 * 1 MiB.
 */
const WORDS = [
  ["dataset", "title"],
  ["deposition", "title"],
  ["run", "name"],
  ["dataset_author", "name"],
  ["deposition_author", "name"],
] as const;
/** Columns with addresses of files, which are found by the beginning of their last part. An entry of an index has room for some 2,700 bytes. */
const FILES = [
  ["frame", "s3_frame_path"],
  ["tiltseries", "s3_mrc_file"],
  ["tiltseries", "s3_omezarr_dir"],
  ["tomogram", "s3_mrc_file"],
  ["tomogram", "s3_omezarr_dir"],
  ["annotation_file", "s3_path"],
] as const;
const EVENTS = [
  ["insert", "new table as new_rows"],
  ["delete", "old table as old_rows"],
  ["update", "old table as old_rows new table as new_rows"],
] as const;

const counting = (columns: string) =>
  EVENTS.map(
    ([event, tables]) => `create trigger count_${event} after ${event} on emporium_portal.annotation_author referencing ${tables}
      for each statement execute function emporium.count_portal_rows(${columns})`,
  );
const notCounting = EVENTS.map(([event]) => `drop trigger count_${event} on emporium_portal.annotation_author`);

const UP = [
  `create function emporium.words(text) returns tsvector language sql immutable parallel safe as
    $$ select to_tsvector('simple'::regconfig, regexp_replace(lower(left($1, 10000)), '[^[:alnum:]]+', ' ', 'g')) $$`,
  `create function emporium.file_name(text) returns text language sql immutable parallel safe as
    $$ select left(lower(regexp_replace(rtrim($1, '/'), '^.*/', '')), 200) $$`,
  ...WORDS.map(
    ([table, column]) =>
      `create index ${table}_words_of_${column} on emporium_portal.${table} using gin (emporium.words(${column}))`,
  ),
  ...FILES.map(
    ([table, column]) =>
      `create index ${table}_name_of_${column} on emporium_portal.${table} (emporium.file_name(${column}) text_pattern_ops) where ${column} is not null`,
  ),
  ...notCounting,
  ...counting("'primary_author_status', 'name', 'orcid'"),
  ...["name", "orcid"].map(
    (column) => `insert into emporium.portal_count (place, value, rows)
      select 'annotation_author.${column}', ${column}, count(*) from emporium_portal.annotation_author group by 2`,
  ),
  "create index annotation_ground_truth on emporium_portal.annotation (run_id, id) where ground_truth_status",
];

const DOWN = [
  "drop index emporium_portal.annotation_ground_truth",
  ...notCounting,
  ...counting("'primary_author_status'"),
  "delete from emporium.portal_count where place in ('annotation_author.name', 'annotation_author.orcid')",
  ...[...WORDS.map((pair) => [...pair, "words"]), ...FILES.map((pair) => [...pair, "name"])].map(
    ([table, column, kind]) => `drop index emporium_portal.${table}_${kind}_of_${column}`,
  ),
  "drop function emporium.file_name, emporium.words",
];
