/** Data sets of a thousand frames with metadata in the microscopy tables: many by SQL, and some by the way that an upload takes. */

export const FRAMES_OF_EACH = 1_000;

/** Columns of `FRAMES_OF_EACH` frames are 4 channels × 10 slices × 5 times × 5 positions. */
const FRAME_SQL = `select g.id, n % 4, n / 4 % 10, n / 40 % 5, n / 200, 'ch_' || (g.id + n % 4) % 8,
    'im_c00' || n % 4 || '_z00' || n / 4 % 10 || '_t00' || n / 40 % 5 || '_p00' || n / 200 || '.png',
    md5(g.id || ':' || n) || md5(n || ':' || g.id),
    jsonb_build_object('MicroManagerMetadata', jsonb_strip_nulls(jsonb_build_object(
      'ChannelIndex', n % 4, 'Slice', n / 4 % 10, 'FrameIndex', n / 40 % 5, 'PositionIndex', n / 200, 'Channel', 'ch_' || (g.id + n % 4) % 8,
      'Exposure-ms', (g.id * 7919 + n % 4 * 31) % 1000, 'ElapsedTime-ms', g.id::bigint * 1000 + n * 13, 'Gain', g.id * 31 % 997,
      'Camera', 'Andor ' || g.id % 3, 'ZPositionUm', n / 4 % 10 * 0.5,
      'Note', case when g.id % 40 = 7 and n % 100 = 13 then 'out of focus ' || g.id / 40 % 40 end)))
  from generate_series($1::int, $2::int) as g(id) cross join generate_series(0, ${FRAMES_OF_EACH - 1}) as n`;

const DATASET_SQL = `insert into emporium_microscopy.data_set (id, dataset_serial, description, microscope, frames, date_time)
  select i, 'BENCH-' || to_char(moment, 'YYYY-MM-DD-HH24-MI-SS') || '-' || lpad((i % 10000)::text, 4, '0'), 'plate ' || i % 400, 'scope ' || i % 7, true, moment
  from generate_series($1::int, $2::int) as i cross join lateral (select timestamp '2015-01-01' + i * interval '3 hours' as moment) as t`;

const GLOBAL_SQL = `insert into emporium_microscopy.frames_global
    (id, dataset_id, nbr_frames, im_width, im_height, nbr_slices, nbr_channels, im_colors, nbr_timepoints, nbr_positions, bit_depth, storage_dir, metadata_json)
  select i, i, ${FRAMES_OF_EACH}, 2048, 2048, 10, 4, 1, 5, 5, 'uint16', 'raw_frames/' || i,
    jsonb_build_object('Summary', jsonb_build_object('Prefix', 'plate_' || i % 400, 'PixelType', 'GRAY16', 'PixelSize_um', 0.065 + i % 97 / 100.0,
      'Width', 2048, 'Height', 2048, 'BitDepth', 16, 'MicroManagerVersion', '1.4.' || i % 23, 'UserName', 'user ' || i % 11))
  from generate_series($1::int, $2::int) as i`;

/** The frames, and what their trigger would note of these documents, which are all of one depth: for millions at once that is quicker. */
const FILL_SQL = `with inserted as (
    insert into emporium_microscopy.frames
      (frames_global_id, channel_idx, slice_idx, time_idx, pos_idx, channel_name, file_name, sha256, metadata_json) ${FRAME_SQL}
      returning frames_global_id as of, metadata_json as document
  ), plain as (
    select distinct of, e.key, e.value from inserted cross join lateral jsonb_each(document -> 'MicroManagerMetadata') as e
  )
  insert into emporium.frame_value (frames_global_id, path, value)
    select of, md5(array['MicroManagerMetadata', key]::text)::uuid,
      unnest(case when count(*) > 64 then array[null]::jsonb[] else array_agg(value) end)
    from plain group by of, key
    union all select g, md5(array['MicroManagerMetadata']::text)::uuid, null from generate_series($1::int, $2::int) as g`;

const DATASETS_AT_ONCE = 250;

/**
 * Fills the tables by SQL, their indexes and rules taken off meanwhile as for any load of this size.
 *
 * @param {import("pg").Pool} pool of the tables' owner
 * @returns {Promise<{ fill_s: number, index_s: number }>}
 */
export async function fillFrames(pool, datasets, say) {
  const client = await pool.connect();
  try {
    await client.query(
      "set statement_timeout = 0; set maintenance_work_mem = '1GB'; set work_mem = '256MB'; set synchronous_commit = off",
    );
    const restore = await takeOff(client);
    const begun = performance.now();
    for (let first = 1; first <= datasets; first += DATASETS_AT_ONCE) {
      const range = [first, Math.min(datasets, first + DATASETS_AT_ONCE - 1)];
      await client.query("begin");
      await client.query(DATASET_SQL, range);
      await client.query(GLOBAL_SQL, range);
      await client.query(FILL_SQL, range);
      await client.query("commit");
      if (first % 2_000 === 1) say(`  ${range[1] * FRAMES_OF_EACH} frames, ${seconds(begun).toFixed(0)} s`);
    }
    for (const table of ["data_set", "frames_global"]) {
      await client.query(`select setval('emporium_microscopy.${table}_id_seq', $1)`, [datasets]);
    }
    const filled = seconds(begun);
    const indexing = performance.now();
    await restore();
    await client.query(
      "vacuum analyze emporium_microscopy.data_set, emporium_microscopy.frames_global, emporium_microscopy.frames",
    );
    return { fill_s: filled, index_s: seconds(indexing) };
  } finally {
    client.release(true);
  }
}

/** @returns what puts them on again: names and definitions are the database's own. */
async function takeOff(client) {
  const { rows: constraints } = await client.query(
    `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
      where conrelid = 'emporium_microscopy.frames'::regclass and contype in ('u', 'f') order by contype desc, conname`,
  );
  for (const { name } of constraints) await client.query(`alter table emporium_microscopy.frames drop constraint ${name}`);
  const { rows: indexes } = await client.query(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
      where indrelid = 'emporium_microscopy.frames'::regclass and not indisprimary`,
  );
  for (const { name } of indexes) await client.query(`drop index ${name}`);
  await client.query("alter table emporium_microscopy.frames disable trigger user");
  return async () => {
    await client.query("alter table emporium_microscopy.frames enable trigger user");
    for (const { definition } of indexes) await client.query(definition);
    for (const { name, definition } of constraints) {
      await client.query(`alter table emporium_microscopy.frames add constraint ${name} ${definition}`);
    }
  };
}

/**
 * Rows as an upload inserts them once its images are stored: one transaction, every index and rule on.
 *
 * @param {{ insertFrames: Function, removeDataset: Function }} repository
 * @returns {Promise<number>} frames a second
 */
export async function uploadRate(repository, frames) {
  const serial = "UPLOAD-2020-01-01-00-00-00-0001";
  const size = { channels: 4, slices: Math.ceil(frames / 4) };
  async function* rows() {
    for (let n = 0; n < frames; n++) {
      const [channel, slice] = [n % size.channels, Math.floor(n / size.channels)];
      yield {
        channel_idx: channel,
        slice_idx: slice,
        time_idx: 0,
        pos_idx: 0,
        channel_name: `ch_${channel}`,
        file_name: `im_c00${channel}_z${String(slice).padStart(3, "0")}_t000_p000.png`,
        sha256: String(n).padStart(64, "0"),
        metadata_json: {
          MicroManagerMetadata: {
            ChannelIndex: channel,
            Slice: slice,
            FrameIndex: 0,
            PositionIndex: 0,
            Channel: `ch_${channel}`,
            "Exposure-ms": 20 + channel,
            "ElapsedTime-ms": n * 13,
            Gain: 4,
            Camera: "Andor 1",
            ZPositionUm: slice / 2,
          },
        },
      };
    }
  }
  const dataset = { dataset_serial: serial, description: null, microscope: null, date_time: "2020-01-01T00:00:00", parent: null };
  const global = {
    nbr_frames: frames,
    im_width: 2048,
    im_height: 2048,
    nbr_slices: size.slices,
    nbr_channels: size.channels,
    im_colors: 1,
    nbr_timepoints: 1,
    nbr_positions: 1,
    bit_depth: "uint16",
    storage_dir: `raw_frames/${serial}`,
    metadata_json: { Summary: { Prefix: "upload" } },
  };
  const begun = performance.now();
  await repository.insertFrames(dataset, global, rows(), { overwrite: false });
  const rate = frames / seconds(begun);
  await repository.removeDataset(serial);
  return rate;
}

const seconds = (begun) => (performance.now() - begun) / 1000;
