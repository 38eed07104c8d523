import { type RawBuilder, sql } from "kysely";
import { SOURCE_TABLES, type SourceTable } from "./source.js";

/**
 * Statements, in their order, that sort the rows of an older catalogue in the temporary tables `old_*`. `reason` says why a row
 * has no place; a row without a reason after all rules is adopted. The statements are constant text.
 */
export const SORT_OUT: readonly RawBuilder<unknown>[] = [
  ...begin(),
  ...forgetTaken(),
  ...countFound(),
  ...ruleChildren(),
  ...ruleDataSets(),
  ...ruleFrames(),
  ...take(),
  ...keepLeftOver(),
  ...advanceIds(),
];

function begin(): RawBuilder<unknown>[] {
  return [
    sql`insert into emporium.adoption (source, report) select name, '{}' from old_source`,
    sql`create temporary table new_adoption on commit drop as select lastval()::integer as id`,
    sql`create temporary table new_derived (what text) on commit drop`,
  ];
}

/** Removes rows that an earlier adoption took over or put aside. */
function forgetTaken(): RawBuilder<unknown>[] {
  const taken = sql`select source_id from emporium.adopted_data_set where source = (select name from old_source)`;
  const aside = (
    table: SourceTable,
  ) => sql`select l.source_id from emporium.adopted_left_over l join emporium.adoption a on a.id = l.adoption_id
    where a.source = (select name from old_source) and l.source_table = ${sql.lit(table)} and l.source_id is not null`;
  return [
    sql`delete from old_frames where frames_global_id in (select id from old_frames_global where dataset_id in (${taken}))`,
    sql`delete from old_frames_global where dataset_id in (${taken})`,
    sql`delete from old_file_global where dataset_id in (${taken})`,
    // parents of newer data sets may be among them, so they are remembered
    sql`create temporary table old_taken on commit drop as
      select source_id, data_set_id from emporium.adopted_data_set where source = (select name from old_source)`,
    sql`delete from old_data_set where id in (${taken})`,
    ...SOURCE_TABLES.map((table) => sql`delete from ${sql.table(`old_${table}`)} where id in (${aside(table)})`),
  ];
}

function countFound(): RawBuilder<unknown>[] {
  const counts = SOURCE_TABLES.map((table) => sql`select ${sql.lit(table)}, count(*) from ${sql.table(`old_${table}`)}`);
  return [
    sql`create temporary table new_counts ("table" text, found bigint, adopted bigint, "left" bigint) on commit drop`,
    sql`insert into new_counts ("table", found) ${sql.join(counts, sql` union all `)}`,
  ];
}

function ruleChildren(): RawBuilder<unknown>[] {
  const children = ["file_global", "frames_global"].map((table) => sql.table(`old_${table}`));
  return [
    ...children.map(
      (table) => sql`update ${table} c set reason = 'belongs to no data set'
        where not exists (select from old_data_set d where d.id = c.dataset_id)`,
    ),
    sql`update old_frames_global set reason = 'a count, size or bit depth is missing or impossible' where reason is null and not coalesce(
      nbr_frames >= 0 and im_width > 0 and im_height > 0 and nbr_slices >= 0 and nbr_channels >= 0 and im_colors > 0
      and nbr_timepoints >= 0 and nbr_positions >= 0 and bit_depth <> '', false)`,
    // a data set's flag says its kind, unless all of its children are of the other kind
    sql`create temporary table new_kind on commit drop as select d.id, d.frames as said,
      case when (d.frames or f.id is null) and g.id is not null then true when f.id is not null then false end as is_frames,
      f.id as file_id, g.id as frames_id
      from old_data_set d
      left join (select dataset_id, min(id) as id from old_file_global where reason is null group by 1) f on f.dataset_id = d.id
      left join (select dataset_id, min(id) as id from old_frames_global where reason is null group by 1) g on g.dataset_id = d.id`,
    sql`create unique index on new_kind (id)`,
    sql`update old_file_global c set reason = case when k.is_frames then 'its data set has frames' else 'its data set has another file' end
      from new_kind k where k.id = c.dataset_id and c.reason is null and (k.is_frames or k.file_id <> c.id)`,
    sql`update old_frames_global c set reason = case when k.is_frames then 'its data set has other frames' else 'its data set has a file' end
      from new_kind k where k.id = c.dataset_id and c.reason is null and (not k.is_frames or k.frames_id <> c.id)`,
  ];
}

function ruleDataSets(): RawBuilder<unknown>[] {
  return [
    // fields 1 to 6 of a serial are its date, which may be none: 02-30
    sql`create or replace function pg_temp.date_of(serial text) returns timestamp language plpgsql as $$
      begin
        return to_timestamp(substring(serial from '-(\\d{4}-\\d\\d-\\d\\d-\\d\\d-\\d\\d-\\d\\d)-'), 'YYYY-MM-DD-HH24-MI-SS') at time zone current_setting('timezone');
      exception when others then
        return null;
      end $$`,
    sql`update old_data_set set reason = 'has no serial' where coalesce(dataset_serial, '') = ''`,
    sql`update old_data_set d set reason = 'has neither a file nor frames' from new_kind k
      where k.id = d.id and k.is_frames is null and d.reason is null`,
    sql`update old_data_set set reason = 'has no date, and none in its serial' where reason is null
      and date_time is null and pg_temp.date_of(dataset_serial) is null`,
    sql`update old_data_set d set reason = 'its serial is that of an earlier one' where reason is null and exists
      (select from old_data_set e where e.dataset_serial = d.dataset_serial and e.id < d.id and e.reason is null)`,
    sql`update old_data_set d set reason = 'its serial is in this catalogue already' where reason is null and exists
      (select from emporium_microscopy.data_set ours where ours.dataset_serial = d.dataset_serial)`,
    ...["file_global", "frames_global"].map(
      (table) => sql`update ${sql.table(`old_${table}`)} c set reason = 'its data set has no place' from old_data_set d
        where d.id = c.dataset_id and d.reason is not null and c.reason is null`,
    ),
  ];
}

function ruleFrames(): RawBuilder<unknown>[] {
  const indices = sql`frames_global_id, channel_idx, slice_idx, time_idx, pos_idx`;
  const repeated = (columns: RawBuilder<unknown>, reason: string) => sql`update old_frames f set reason = ${sql.lit(reason)}
    from (select id, row_number() over (partition by ${columns} order by id) as nth from old_frames where reason is null) r
    where r.id = f.id and r.nth > 1`;
  return [
    sql`update old_frames f set reason = 'belongs to no data set'
      where not exists (select from old_frames_global g where g.id = f.frames_global_id)`,
    sql`update old_frames f set reason = 'its data set has no place' from old_frames_global g
      where g.id = f.frames_global_id and g.reason is not null`,
    sql`update old_frames set reason = 'has no channel index' where reason is null and channel_idx is null`,
    sql`update old_frames set reason = 'has no file name' where reason is null and file_name is null`,
    repeated(indices, "has the indices of an earlier frame"),
    repeated(sql`frames_global_id, file_name`, "has the file name of an earlier frame"),
  ];
}

/** Takes over the rows. Ids stay the same if they are free; otherwise all ids of a table are shifted together. */
function take(): RawBuilder<unknown>[] {
  const shift = (table: SourceTable) => sql`select coalesce(greatest(0,
    (select max(id) from ${sql.table(`emporium_microscopy.${table}`)}) - (select min(id) from ${sql.table(`old_${table}`)}) + 1), 0)`;
  const shifts = SOURCE_TABLES.map((table) => sql`(${shift(table)}) as ${sql.id(table)}`);
  const derive = (what: string, where: RawBuilder<unknown>) => sql`insert into new_derived select ${sql.lit(what)} ${where}`;
  const pathOf = (folder: string) => sql`coalesce(c.storage_dir, c.s3_dir, ${sql.lit(`${folder}/`)} || d.dataset_serial)`;
  // the last part of the path that the file had: it is what the reference calls the file in its storage
  const nameOf = sql`coalesce(c.file_name, nullif(substring(c.metadata_json ->> 'file_origin' from '[^/\\\\]+$'), ''))`;
  const parent = sql`select d.id, coalesce(p.id + s.data_set, t.data_set_id) as parent_id from old_data_set d cross join new_shift s
    left join old_data_set p on p.id = d.parent_id and p.reason is null and p.id <> d.id
    left join old_taken t on t.source_id = d.parent_id where d.reason is null and d.parent_id is not null`;
  return [
    sql`create temporary table new_shift on commit drop as select ${sql.join(shifts)}`,
    sql`insert into emporium_microscopy.data_set (id, dataset_serial, description, microscope, frames, date_time)
      select d.id + s.data_set, dataset_serial, description, microscope, k.is_frames, coalesce(date_time, pg_temp.date_of(dataset_serial))
      from old_data_set d join new_kind k on k.id = d.id cross join new_shift s where d.reason is null order by d.id`,
    sql`create temporary table new_parent on commit drop as ${parent}`,
    sql`update emporium_microscopy.data_set ours set parent_id = p.parent_id from new_parent p cross join new_shift s
      where ours.id = p.id + s.data_set`,
    sql`insert into emporium.adopted_data_set (source, source_id, data_set_id, adoption_id)
      select o.name, d.id, d.id + s.data_set, a.id from old_data_set d cross join new_shift s cross join old_source o cross join new_adoption a
      where d.reason is null`,
    sql`insert into emporium_microscopy.file_global (id, dataset_id, storage_dir, file_name, metadata_json, sha256)
      select c.id + s.file_global, d.id + s.data_set, ${pathOf("raw_files")}, ${nameOf}, coalesce(c.metadata_json, 'null'), c.sha256
      from old_file_global c join old_data_set d on d.id = c.dataset_id cross join new_shift s where c.reason is null order by c.id`,
    sql`insert into emporium_microscopy.frames_global (id, dataset_id, nbr_frames, im_width, im_height, nbr_slices, nbr_channels,
        im_colors, nbr_timepoints, nbr_positions, bit_depth, storage_dir, metadata_json)
      select c.id + s.frames_global, d.id + s.data_set, nbr_frames, im_width, im_height, nbr_slices, nbr_channels, im_colors,
        nbr_timepoints, nbr_positions, bit_depth, ${pathOf("raw_frames")}, coalesce(c.metadata_json, 'null')
      from old_frames_global c join old_data_set d on d.id = c.dataset_id cross join new_shift s where c.reason is null order by c.id`,
    sql`insert into emporium_microscopy.frames (id, frames_global_id, channel_idx, slice_idx, time_idx, pos_idx, channel_name,
        file_name, sha256, metadata_json)
      select f.id + s.frames, f.frames_global_id + s.frames_global, channel_idx, slice_idx, time_idx, pos_idx, channel_name, file_name,
        sha256, coalesce(f.metadata_json, 'null')
      from old_frames f cross join new_shift s where f.reason is null order by f.id`,
    derive("date_time from the serial", sql`from old_data_set where reason is null and date_time is null`),
    derive(
      "frames from the kind of child",
      sql`from old_data_set d join new_kind k on k.id = d.id where d.reason is null and k.said is distinct from k.is_frames`,
    ),
    derive(
      "storage_dir from the serial",
      sql`from (select storage_dir, s3_dir, reason from old_file_global union all select storage_dir, s3_dir, reason from old_frames_global) c
        where reason is null and storage_dir is null and s3_dir is null`,
    ),
    derive(
      "storage_dir from s3_dir",
      sql`from (select storage_dir, s3_dir, reason from old_file_global union all
      select storage_dir, s3_dir, reason from old_frames_global) c where reason is null and storage_dir is null and s3_dir is not null`,
    ),
    derive(
      "file_name from file_origin",
      sql`from old_file_global c where reason is null and file_name is null and ${nameOf} is not null`,
    ),
  ];
}

function keepLeftOver(): RawBuilder<unknown>[] {
  const whole = (
    table: SourceTable,
  ) => sql`insert into emporium.adopted_left_over (adoption_id, source_table, source_id, reason, source_row)
    select a.id, ${sql.lit(table)}, o.id, o.reason, (to_jsonb(o) - 'reason' - 'extra') || o.extra
    from ${sql.table(`old_${table}`)} o cross join new_adoption a where o.reason is not null`;
  // of rows that were taken; without an id of their own they are not mistaken for rows put aside
  const part = (table: SourceTable, reason: string, row: RawBuilder<unknown>, where: RawBuilder<unknown>) => sql`
    insert into emporium.adopted_left_over (adoption_id, source_table, reason, source_row)
    select a.id, ${sql.lit(table)}, ${sql.lit(reason)}, jsonb_build_object('id', o.id) || ${row}
    from ${sql.table(`old_${table}`)} o cross join new_adoption a where o.reason is null and ${where}`;
  return [
    ...SOURCE_TABLES.map(whole),
    ...SOURCE_TABLES.map((table) => part(table, "columns that this catalogue does not have", sql`o.extra`, sql`o.extra <> '{}'`)),
    ...(["file_global", "frames_global"] as const).map((table) =>
      part(
        table,
        "an s3_dir beside its storage_dir",
        sql`jsonb_build_object('s3_dir', o.s3_dir)`,
        sql`o.s3_dir <> o.storage_dir`,
      ),
    ),
    part(
      "data_set",
      "a parent that has no place",
      sql`jsonb_build_object('parent_id', o.parent_id)`,
      sql`o.parent_id is not null and not exists (select from new_parent p where p.id = o.id and p.parent_id is not null)`,
    ),
    ...SOURCE_TABLES.map(
      (table) => sql`update new_counts set ("left", adopted) = (select count(*) filter (where reason is not null),
        count(*) filter (where reason is null) from ${sql.table(`old_${table}`)}) where "table" = ${sql.lit(table)}`,
    ),
  ];
}

function advanceIds(): RawBuilder<unknown>[] {
  return SOURCE_TABLES.map((table) => {
    const [ours, sequence] = [sql.table(`emporium_microscopy.${table}`), sql.table(`emporium_microscopy.${table}_id_seq`)];
    return sql`select setval(${sql.lit(`emporium_microscopy.${table}_id_seq`)}, greatest(max(id), (select last_value from ${sequence})))
      from ${ours} having max(id) is not null`;
  });
}
