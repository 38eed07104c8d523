import type { Kysely, Migration } from "kysely";
import { runStatements } from "./statements.js";

/**
 * Which values the metadata of a data set's frames have, so that a filter need not look at every frame: `emporium.frame_value` has a line for each data set,
 * path and value. Where there is more than fits, or something that is no plain value, there is one line without a value for the path: look at the frames.
 * Triggers keep it in the transaction that changes frames.
 */
export const frameValues: Migration = {
  up: (db: Kysely<unknown>) => runStatements(db, UP),
  down: (db: Kysely<unknown>) => runStatements(db, DOWN),
};

/** Different values of one path in one data set that are listed, and the bytes of one. */
const VALUES_MAX = 64;
const BYTES_MAX = 200;

/** Lines of the frames of a relation. Paths are told by a digest of all their keys, whose length has no end. */
const linesOf = (frames: string) => `
      with recursive node (of, path, value) as (
        select r.frames_global_id, array[e.key], e.value
          from ${frames} as r cross join lateral jsonb_each(case jsonb_typeof(r.metadata_json) when 'object' then r.metadata_json else '{}' end) as e
        union
        select n.of, n.path || e.key, e.value
          from node as n cross join lateral jsonb_each(case jsonb_typeof(n.value) when 'object' then n.value else '{}' end) as e
      ), plain as (
        select distinct of, md5(path::text)::uuid as path,
          case when jsonb_typeof(value) in ('object', 'array') or octet_length(value::text) > ${BYTES_MAX} then null else value end as value
        from node
      ), listed as (
        select of, path, case when bool_or(value is null) or count(*) > ${VALUES_MAX} then array[null]::jsonb[] else array_agg(value) end as list
        from plain group by of, path
      )
      insert into emporium.frame_value (frames_global_id, path, value)
        select of, path, unnest(list) from listed
        where not exists (select from emporium.frame_value as v where v.frames_global_id = of and v.path = listed.path and v.value is null)
        on conflict do nothing`;

const UP = [
  `create table emporium.frame_value (
    frames_global_id integer not null references emporium_microscopy.frames_global (id) on delete cascade,
    path uuid not null,
    value jsonb,
    unique nulls not distinct (frames_global_id, path, value)
  )`,
  "create index on emporium.frame_value (path, value, frames_global_id)",
  "comment on table emporium.frame_value is 'Values that the metadata of a data set''s frames have; none: too many to list.'",
  // the planner takes a walk through documents for millions of rows, and would compile for that and reserve room
  `create function emporium.note_frame_values() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp set jit = off set work_mem = '2MB' as $$
    declare
      changed integer[];
    begin
      if tg_op = 'INSERT' then
        ${linesOf("new_rows")};
        changed := array(select distinct frames_global_id from new_rows);
      else
        if tg_op = 'DELETE' then
          changed := array(select distinct frames_global_id from old_rows);
        else
          changed := array(
            select distinct unnest(array[o.frames_global_id, n.frames_global_id]) from old_rows as o join new_rows as n using (id)
            where o.metadata_json <> n.metadata_json or o.frames_global_id <> n.frames_global_id);
        end if;
        if cardinality(changed) = 0 then return null; end if;
        -- what has gone may have been the last of its kind
        delete from emporium.frame_value where frames_global_id = any(changed);
        ${linesOf("(select * from emporium_microscopy.frames where frames_global_id = any(changed))")};
      end if;
      with full_paths as (
        select frames_global_id, path from emporium.frame_value where frames_global_id = any(changed)
        group by 1, 2 having count(*) > ${VALUES_MAX} or (count(*) > 1 and bool_or(value is null))
      ), gone as (
        delete from emporium.frame_value as v using full_paths as f
        where v.frames_global_id = f.frames_global_id and v.path = f.path and v.value is not null
      )
      insert into emporium.frame_value (frames_global_id, path) select frames_global_id, path from full_paths on conflict do nothing;
      return null;
    end
  $$`,
  `create function emporium.forget_frame_values() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    begin
      delete from emporium.frame_value;
      return null;
    end
  $$`,
  `create trigger values_insert after insert on emporium_microscopy.frames referencing new table as new_rows
    for each statement execute function emporium.note_frame_values()`,
  `create trigger values_delete after delete on emporium_microscopy.frames referencing old table as old_rows
    for each statement execute function emporium.note_frame_values()`,
  `create trigger values_update after update on emporium_microscopy.frames referencing old table as old_rows new table as new_rows
    for each statement execute function emporium.note_frame_values()`,
  `create trigger values_truncate after truncate on emporium_microscopy.frames for each statement execute function emporium.forget_frame_values()`,
  linesOf("emporium_microscopy.frames"),
];

const DOWN = [
  ...["insert", "delete", "update", "truncate"].map((event) => `drop trigger values_${event} on emporium_microscopy.frames`),
  "drop function emporium.forget_frame_values, emporium.note_frame_values",
  "drop table emporium.frame_value",
];
