/** Rows of a catalogue by SQL alone: 20,000 runs in 200 datasets, 50 annotations a run, shapes, files and authors. The same numbers give the same rows. */
import { OBJECTS, ORGANISMS } from "./catalog-tree.mjs";

const RUNS_OF_A_DATASET = 100;
const ANNOTATIONS_OF_A_RUN = 50;

/** Each table by one statement; `u(i, salt)` is even in [0, 1), `pick` an element of an array. */
const HELPERS = `
  create function pg_temp.u(i bigint, salt bigint) returns float8 language sql immutable as
    $$ select ((hashint8extended(i, salt) & 1099511627775)::float8 / 1099511627776) $$;
  create function pg_temp.pick(list text[], i bigint, salt bigint) returns text language sql immutable as
    $$ select list[1 + floor(cardinality(list) * pg_temp.u(i, salt))::int] $$;
  create function pg_temp.often(list text[], i bigint, salt bigint) returns text language sql immutable as
    $$ select list[1 + floor(cardinality(list) * pg_temp.u(i, salt) ^ 2)::int] $$;`;

const list = (values) => `array[${values.map((value) => `'${String(value).replaceAll("'", "''")}'`).join(", ")}]`;
const OBJECT_NAMES = list(OBJECTS.map(([name]) => name));
const OBJECT_IDS = list(OBJECTS.map(([, id]) => id));
const ORGANISM_NAMES = list(ORGANISMS.map(([name]) => name));
const PEOPLE = `array(select 'Author ' || chr(65 + n % 26) || '. Number-' || n from generate_series(0, 399) as n)`;
const ORCID = (i, salt) => `'0000-0002-' || lpad((floor(400 * pg_temp.u(${i}, ${salt})))::text, 4, '0') || '-0001'`;

function statements(runs) {
  const datasets = Math.ceil(runs / RUNS_OF_A_DATASET);
  const annotations = runs * ANNOTATIONS_OF_A_RUN;
  const at = "timestamptz '2024-01-01' + (i % 700) * interval '1 day'";
  const series = (count) => `from generate_series(1, ${count}) as i`;
  const run = `1 + (i - 1) / ${ANNOTATIONS_OF_A_RUN}`;
  return [
    `insert into emporium_portal.deposition (id, title, description, deposition_date, release_date, last_modified_date)
      select 10300 + i, 'Deposition ' || i || ' of cells in ice', 'benchmark', ${at}, ${at}, ${at} ${series(40)}`,
    `insert into emporium_portal.dataset (id, deposition_id, title, description, organism_name, tissue_name, cell_name, cell_component_name, sample_type,
        related_database_entries, deposition_date, release_date, last_modified_date, s3_prefix, https_prefix)
      select 10000 + i, 10301 + i % 40, 'Dataset ' || i || ': ' || pg_temp.pick(${ORGANISM_NAMES}, i, 1) || ', cryo-FIB lamellae', 'benchmark',
        pg_temp.pick(${ORGANISM_NAMES}, i, 1), pg_temp.pick(array['brain', 'liver', 'leaf', null], i, 2), pg_temp.pick(array['neuron', 'HeLa', 'alga', null, null], i, 3),
        pg_temp.pick(array['nucleus', 'chloroplast', 'axon', null, null], i, 4), pg_temp.pick(array['cell', 'tissue', 'organelle', 'virus', 'in_vitro'], i, 5),
        case when i % 3 = 0 then 'EMPIAR-' || (11000 + i) || ', EMD-' || (30000 + i) end, ${at}, ${at}, ${at}, 's3://portal/' || (10000 + i) || '/', 'https://x/' || (10000 + i) || '/'
      ${series(datasets)}`,
    `insert into emporium_portal.dataset_author (dataset_id, author_list_order, name, orcid, primary_author_status)
      select 10000 + d, o, (${PEOPLE})[1 + floor(400 * pg_temp.u(d * 10 + o, 6))::int], ${ORCID("d * 10 + o", 6)}, o = 1
      from generate_series(1, ${datasets}) as d, generate_series(1, 6) as o`,
    `insert into emporium_portal.run (id, dataset_id, name, s3_prefix, https_prefix)
      select i, 10001 + (i - 1) / ${RUNS_OF_A_DATASET}, 'TS_' || lpad(i::text, 6, '0'), 's3://portal/' || (10001 + (i - 1) / ${RUNS_OF_A_DATASET}) || '/TS_' || i || '/', 'https://x/'
      ${series(runs)}`,
    `insert into emporium_portal.frame (deposition_id, run_id, acquisition_order, s3_frame_path, https_frame_path)
      select 10301, r, o, 's3://portal/' || r || '/Frames/f_' || o || '.tif', 'https://x/' from generate_series(1, ${runs}, 2) as r, generate_series(1, 8) as o`,
    `insert into emporium_portal.tiltseries (run_id, deposition_id, s3_mrc_file, acceleration_voltage, spherical_aberration_constant, microscope_manufacturer, microscope_model,
        microscope_energy_filter, camera_manufacturer, camera_model, tilt_min, tilt_max, tilt_range, tilt_step, tilting_scheme, tilt_axis, total_flux,
        data_acquisition_software, tilt_series_quality, is_aligned, pixel_spacing)
      select i, 10301, 's3://portal/' || i || '/TiltSeries/ts.mrc', 300, 2.7, 'TFS', pg_temp.pick(array['Titan Krios G3', 'Titan Krios G4', 'Glacios', 'Polara'], i, 7), 'BioQuantum', 'Gatan',
        pg_temp.pick(array['K2 Summit', 'K3', 'Falcon 4i', 'Falcon 3'], i, 8), -40 - floor(30 * pg_temp.u(i, 9)), 40 + floor(30 * pg_temp.u(i, 10)), 120, 3, 'dose symmetric', 84, 120,
        'SerialEM', 1 + floor(5 * pg_temp.u(i, 11))::int, true, 1.35 ${series(runs)}`,
    `insert into emporium_portal.tomogram_voxel_spacing (id, run_id, voxel_spacing, s3_prefix, https_prefix)
      select i, i, 10, 's3://portal/' || i, 'https://x/' ${series(runs)}`,
    `insert into emporium_portal.tomogram (deposition_id, run_id, tomogram_voxel_spacing_id, size_x, size_y, size_z, voxel_spacing, fiducial_alignment_status, reconstruction_method,
        processing, reconstruction_software, is_visualization_default, s3_omezarr_dir, offset_x, offset_y, offset_z)
      select 10301, r, r, 960, 928, 300, 5 + floor(15 * pg_temp.u(r, 12)), case when pg_temp.u(r, 13) < 0.5 then 'FIDUCIAL' else 'NON_FIDUCIAL' end,
        pg_temp.pick(array['WBP', 'SIRT', 'SART', 'Fourier_Space'], r, 14), case o when 1 then 'raw' else pg_temp.pick(array['denoised', 'filtered'], r, 15) end,
        pg_temp.pick(array['IMOD', 'AreTomo', 'Warp', 'RELION'], r, 16), o = 1, 's3://portal/' || r || '/tomo_' || o || '.zarr', 0, 0, 0
      from generate_series(1, ${runs}) as r, generate_series(1, 2) as o`,
    `insert into emporium_portal.annotation (id, run_id, deposition_id, tomogram_voxel_spacing_id, s3_metadata_path, https_metadata_path, annotation_method, annotation_ingest_id,
        ground_truth_status, object_id, object_name, object_count, annotation_software, method_type, deposition_date, release_date, last_modified_date)
      select i, ${run}, 10301 + (${run}) % 40, ${run}, 's3://portal/' || (${run}) || '/a_' || i || '.json', 'https://x/', 'by hand and eye', 'a' || i, pg_temp.u(i, 17) < 0.02,
        pg_temp.often(${OBJECT_IDS}, i, 18), pg_temp.often(${OBJECT_NAMES}, i, 18), floor(2000 * pg_temp.u(i, 19) ^ 3)::int,
        pg_temp.pick(array['PyTom', 'crYOLO', 'DeepFinder', 'Membrain-seg', 'TomoTwin', 'Dynamo', 'EMAN2'], i, 20), pg_temp.often(array['automated', 'manual', 'hybrid', 'simulated'], i, 21),
        ${at}, ${at}, ${at} ${series(annotations)}`,
    `insert into emporium_portal.annotation_shape (id, annotation_id, shape_type)
      select i, i, pg_temp.often(array['Point', 'SegmentationMask', 'OrientedPoint', 'InstanceSegmentation', 'Mesh'], i, 22) ${series(annotations)}`,
    `insert into emporium_portal.annotation_file (annotation_shape_id, tomogram_voxel_spacing_id, format, s3_path, https_path)
      select i, ${run}, 'ndjson', 's3://portal/' || (10001 + (${run}) / 100) || '/' || (${run}) || '/Annotations/' || i || '/shape-' || i || '.ndjson', 'https://x/' ${series(annotations)}`,
    `insert into emporium_portal.annotation_author (annotation_id, author_list_order, name, orcid)
      select i, 1, (${PEOPLE})[1 + floor(400 * pg_temp.u(i, 23))::int], ${ORCID("i", 23)} ${series(annotations)}`,
  ];
}

/** @param {import("pg").Pool} pool of the owner */
export async function fillCatalog(pool, runs, say) {
  const client = await pool.connect();
  try {
    await client.query(HELPERS);
    for (const statement of statements(runs)) {
      const begun = performance.now();
      await client.query(statement);
      say(`${/portal\.(\w+)/.exec(statement)[1]}: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    }
    await client.query("select emporium.compact_portal_counts()");
    await client.query("vacuum analyze");
  } finally {
    client.release();
  }
}
