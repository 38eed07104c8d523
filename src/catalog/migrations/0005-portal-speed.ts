import type { Kysely, Migration } from "kysely";
import { runStatements } from "./statements.js";

/**
 * Indexes and counts that make the portal's pages fast with a million rows: lists by date and filters by object get indexes, and
 * `emporium.portal_count` has the number of rows with each value of a column. Every statement that changes rows appends its
 * changes to it, so transactions never wait for each other's counts, and a transaction sees what it would count itself.
 * `emporium.compact_portal_counts()` sums up what has been appended.
 */
export const portalSpeed: Migration = {
  up: (db: Kysely<unknown>) => runStatements(db, UP),
  down: (db: Kysely<unknown>) => runStatements(db, DOWN),
};

const COUNTED: Readonly<Record<string, readonly string[]>> = {
  annotation: [
    "object_name",
    "object_id",
    "object_state",
    "method_type",
    "annotation_software",
    "ground_truth_status",
    "is_curator_recommended",
  ],
  annotation_shape: ["shape_type"],
  annotation_file: ["format", "source", "is_visualization_default"],
  annotation_author: ["primary_author_status"],
  annotation_method_link: ["link_type"],
  identified_object: ["object_name", "object_id"],
  frame: ["is_gain_corrected"],
  tiltseries: ["camera_manufacturer", "camera_model", "microscope_manufacturer", "microscope_model", "tilt_series_quality"],
  tomogram: ["reconstruction_method", "reconstruction_software", "processing", "fiducial_alignment_status", "ctf_corrected"],
};
const TABLES = Object.entries(COUNTED).map(([table, columns]) => ({
  table,
  columns,
  words: columns.map((name) => `'${name}'`).join(", "),
}));

/**
 * Columns that are indexed up to a length: an entry of an index has room for some 2,700 bytes, and texts have no limit. Longer
 * ones are found without the index.
 */
const SHORT = [
  ["annotation", "object_name"],
  ["annotation", "object_id"],
  ["identified_object", "object_name"],
  ["identified_object", "object_id"],
] as const;

const UP = [
  `create table emporium.portal_count (
    place text not null,
    value text,
    rows bigint not null
  )`,
  "create index on emporium.portal_count (place) include (rows)",
  "comment on table emporium.portal_count is 'How many rows of the portal have each value of a column: the sum over the lines of a place and value.'",
  // by whoever may write the rows: their lines are no right of its own
  `create function emporium.count_portal_rows() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    declare
      counted text;
      changed text;
    begin
      foreach counted in array tg_argv loop
        changed := case tg_op
          when 'INSERT' then format('select %I::text as value, 1 as one from new_rows', counted)
          when 'DELETE' then format('select %I::text as value, -1 as one from old_rows', counted)
          else format('select %1$I::text as value, 1 as one from new_rows union all select %1$I::text, -1 from old_rows', counted)
        end;
        execute format(
          'insert into emporium.portal_count (place, value, rows) select %L, value, sum(one) from (%s) as changed group by value having sum(one) <> 0',
          tg_table_name || '.' || counted, changed);
      end loop;
      return null;
    end
  $$`,
  `create function emporium.forget_portal_rows() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    begin
      delete from emporium.portal_count where starts_with(place, tg_table_name || '.');
      return null;
    end
  $$`,
  `create function emporium.compact_portal_counts() returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    begin
      -- two at once would wait for each other, and the second finds nothing to do
      if not pg_try_advisory_xact_lock(742106651, 3) then return; end if;
      with gone as (delete from emporium.portal_count returning place, value, rows)
      insert into emporium.portal_count (place, value, rows)
        select place, value, sum(rows) from gone group by place, value having sum(rows) <> 0;
    end
  $$`,
  ...TABLES.flatMap(({ table, columns, words }) => [
    `create trigger count_insert after insert on emporium_portal.${table} referencing new table as new_rows
      for each statement execute function emporium.count_portal_rows(${words})`,
    `create trigger count_delete after delete on emporium_portal.${table} referencing old table as old_rows
      for each statement execute function emporium.count_portal_rows(${words})`,
    `create trigger count_update after update on emporium_portal.${table} referencing old table as old_rows new table as new_rows
      for each statement execute function emporium.count_portal_rows(${words})`,
    `create trigger count_truncate after truncate on emporium_portal.${table} for each statement execute function emporium.forget_portal_rows()`,
    ...columns.map(
      (column) => `insert into emporium.portal_count (place, value, rows)
        select '${table}.${column}', ${column}::text, count(*) from emporium_portal.${table} group by 2`,
    ),
  ]),
  ...SHORT.flatMap(([table, column]) => [
    `create index ${table}_short_${column} on emporium_portal.${table} (${column}, run_id) where octet_length(${column}) <= 1000`,
    // else the planner would take the condition to leave out two of three rows
    `create statistics emporium_portal.${table}_bytes_of_${column} on (octet_length(${column})) from emporium_portal.${table}`,
  ]),
  // what a run has is counted from the index alone
  "create index annotation_short_object_name_of_run on emporium_portal.annotation (run_id, object_name) where octet_length(object_name) <= 1000",
  ...SHORT.map(
    ([table, column]) =>
      `create index ${table}_long_${column} on emporium_portal.${table} (run_id, id) where octet_length(${column}) > 1000`,
  ),
  // newest first is how pages ask; the other way round is sorted date by date
  "create index annotation_released on emporium_portal.annotation (release_date desc, id)",
  "create index annotation_deposited on emporium_portal.annotation (deposition_date desc, id)",
  "create index annotation_shape_of_type on emporium_portal.annotation_shape (annotation_id, shape_type)",
];

const DOWN = [
  `drop index ${["annotation_shape_of_type", "annotation_deposited", "annotation_released", "annotation_short_object_name_of_run"]
    .map((name) => `emporium_portal.${name}`)
    .join(", ")}`,
  ...SHORT.flatMap(([table, column]) => [
    `drop statistics emporium_portal.${table}_bytes_of_${column}`,
    `drop index emporium_portal.${table}_long_${column}, emporium_portal.${table}_short_${column}`,
  ]),
  ...TABLES.flatMap(({ table }) =>
    ["insert", "delete", "update", "truncate"].map((event) => `drop trigger count_${event} on emporium_portal.${table}`),
  ),
  "drop function emporium.compact_portal_counts, emporium.forget_portal_rows, emporium.count_portal_rows",
  "drop table emporium.portal_count",
];
