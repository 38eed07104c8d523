import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ImportReport } from "../../src/stations/catalog/portal-import/report.js";
import { REAL_DATA } from "../real-data.js";
import { SERVERS, type TestServer } from "./database-kit.js";
import { HTTPS, load, questions, S3 } from "./import-kit.js";

const published = fileURLToPath(new URL("portal-output", REAL_DATA));

describe.each(SERVERS)("import of the portal's own example into $name", ({ absent, start }) => {
  const reason = absent || (existsSync(published) ? "" : "needs real files");
  if (reason !== "") {
    it("is imported", (context) => context.skip(reason));
    return;
  }
  const { select, end } = questions();
  let server: TestServer;
  const RUN1 = "30001/RUN1";
  const SPACING = `${RUN1}/Reconstructions/VoxelSpacing12.300`;
  const both = (key: string, names: readonly [string, string]) => ({
    [names[0]]: `${S3}/${key}`,
    [names[1]]: `${HTTPS}/${key}`,
  });
  const day = (text: string) => new Date(`${text}T00:00:00Z`);
  let url: string;
  let report: ImportReport;
  beforeAll(async () => {
    server = await start();
    url = await server.makeCatalog();
    report = await load(url, published);
  });
  afterAll(async () => {
    await end();
    await server?.stop();
  });
  /** The only row that fits. */
  async function one(text: string): Promise<Record<string, unknown>> {
    const rows = await select(url, text);
    expect(rows).toHaveLength(1);
    return rows[0]!;
  }

  it("gives a row for each thing, and nothing fails", () => {
    expect([report.status, report.exitStatus, report.errors]).toEqual(["done", 0, []]);
    expect(report.runs).toEqual({ imported: 4, unchanged: 0, failed: 0, removed: 0 });
    const inserted = Object.fromEntries(Object.entries(report.rows).map(([name, counts]) => [name, counts.inserted]));
    expect(inserted).toEqual({
      Deposition: 2,
      DepositionAuthor: 2,
      DepositionType: 2,
      Dataset: 1,
      DatasetAuthor: 3,
      DatasetFunding: 4,
      Run: 4,
      Frame: 3,
      FrameAcquisitionFile: 1,
      Tiltseries: 2,
      PerSectionParameters: 1,
      Alignment: 1,
      PerSectionAlignmentParameters: 2,
      TomogramVoxelSpacing: 2,
      Tomogram: 2,
      TomogramAuthor: 2,
      Annotation: 1,
      AnnotationAuthor: 3,
      AnnotationMethodLink: 2,
      AnnotationShape: 5,
      AnnotationFile: 7,
    });
  });

  it("has the deposition, and an empty one for 301, which the tree names and does not hold", async () => {
    expect(await one("select * from deposition where id = 300")).toMatchObject({
      title: "ipsum dolor sit amet",
      description: expect.stringMatching(/^Lorem ipsum.*consequat\.$/),
      deposition_date: day("2023-05-02"),
      last_modified_date: day("2023-04-02"),
      release_date: day("2023-06-01"),
      key_photo_url: `${HTTPS}/deposition_metadata/300/Images/snapshot.png`,
      key_photo_thumbnail_url: `${HTTPS}/deposition_metadata/300/Images/thumbnail.png`,
      tag: null,
    });
    expect(await one("select * from deposition where id = 301")).toMatchObject({ title: "", release_date: day("1970-01-01") });
    expect(report.warnings.filter((text) => /deposition 301 has an empty row$/.test(text))).toHaveLength(1);
    const authors =
      "select name, orcid, author_list_order as at, primary_author_status as first, corresponding_author_status as corresponding from deposition_author order by 3";
    expect(await select(url, authors)).toEqual([
      { name: "Author 1", orcid: "0000-0000-0000-0001", at: 1, first: true, corresponding: false },
      { name: "Author 2", orcid: "0000-0000-0000-0002", at: 2, first: false, corresponding: true },
    ]);
    expect(await select(url, "select type from deposition_type order by 1")).toEqual([
      { type: "annotation" },
      { type: "dataset" },
    ]);
  });

  it("has the dataset with its folder's size", async () => {
    expect(await one("select * from dataset")).toEqual({
      id: 30001,
      deposition_id: 300,
      title: "Lorem ipsum dolor",
      description: expect.stringMatching(/^Lorem ipsum dolor sit amet.*aliqua\.$/),
      assay_label: "microscopy assay",
      assay_ontology_id: "EFO:0001234",
      development_stage_name: "adult stage",
      development_stage_ontology_id: "HsapDv:0005678",
      disease_name: "test-disease",
      disease_ontology_id: "MONDO:0001234",
      organism_name: "Foo Bar",
      organism_taxid: 1111,
      tissue_name: "test-tissue1",
      tissue_id: "1234",
      cell_name: "foo",
      cell_type_id: "4321",
      cell_strain_name: "test value",
      cell_strain_id: "999999",
      cell_component_name: "tail",
      cell_component_id: "GO:123435",
      sample_type: "organism",
      sample_preparation: "method1: value1, method2: value3",
      grid_preparation: "method3: value8, method6: value4",
      other_setup: "Other Setup",
      key_photo_url: `${HTTPS}/30001/KeyPhoto/snapshot.png`,
      key_photo_thumbnail_url: `${HTTPS}/30001/KeyPhoto/thumbnail.png`,
      deposition_date: day("2023-04-01"),
      release_date: day("2023-06-02"),
      last_modified_date: day("2023-08-05"),
      dataset_publications: "test-publication-data",
      related_database_entries: "TEST-1243435",
      s3_prefix: `${S3}/30001/`,
      https_prefix: `${HTTPS}/30001/`,
      file_size: 13_774,
    });
    const funding = await select(url, "select funding_agency_name as agency, grant_id as id from dataset_funding order by 1, 2");
    expect(funding).toEqual([
      { agency: "Grant Provider 1", id: "1234" },
      { agency: "Grant Provider 1", id: "5678" },
      { agency: "Test Agency 1", id: "56789" },
      { agency: "Test Agency 2", id: null },
    ]);
    expect(
      await select(url, "select name, affiliation_name as at, email from dataset_author order by author_list_order"),
    ).toEqual([
      { name: "Jane Eyre", at: null, email: null },
      { name: "Virginia Woolf", at: "Bloomsbury", email: "vwoolf@dall.way" },
      { name: "Julia Child", at: null, email: null },
    ]);
  });

  it("has runs in the order of their folders, and frames of the dataset's deposition", async () => {
    expect(await select(url, "select name, dataset_id, s3_prefix, https_prefix from run order by id")).toEqual(
      ["RUN1", "RUN2", "RUN3", "RUN4"].map((name) => ({
        name,
        dataset_id: 30001,
        s3_prefix: `${S3}/30001/${name}/`,
        https_prefix: `${HTTPS}/30001/${name}/`,
      })),
    );
    const frames =
      "select acquisition_order as n, accumulated_dose as sum, exposure_dose as dose, is_gain_corrected as gain, s3_frame_path as s3, https_frame_path as https, file_size as size, deposition_id as deposition from frame order by 1";
    const path = (name: string) => both(`${RUN1}/Frames/${name}`, ["s3", "https"]);
    expect(await select(url, frames)).toEqual([
      { n: 0, sum: 0, dose: 1.92, gain: true, ...path("frame1"), size: 0, deposition: 300 },
      { n: 1, sum: 1.92, dose: 2, gain: true, ...path("frame2"), size: 0, deposition: 300 },
      { n: 2, sum: 3.92, dose: 1.5, gain: true, s3: null, https: null, size: null, deposition: 300 },
    ]);
    expect(await one("select * from frame_acquisition_file")).toMatchObject(
      both(`${RUN1}/Frames/foo.mdoc`, ["s3_mdoc_path", "https_mdoc_path"]),
    );
  });

  it("has the tilt series", async () => {
    const row = await one("select t.* from tiltseries t join run on run.id = run_id where run.name = 'RUN1'");
    expect(row).toMatchObject({
      deposition_id: 300,
      ...both(`${RUN1}/TiltSeries/100/ts_foo.mrc`, ["s3_mrc_file", "https_mrc_file"]),
      ...both(`${RUN1}/TiltSeries/100/ts_foo.zarr`, ["s3_omezarr_dir", "https_omezarr_dir"]),
      s3_angle_list: null,
      acceleration_voltage: 300_000,
      spherical_aberration_constant: 2.7,
      microscope_manufacturer: "TFS",
      microscope_model: "Krios",
      microscope_energy_filter: "GIF Quantum LS",
      microscope_phase_plate: "Volta Phase Plate",
      microscope_image_corrector: "Foo",
      microscope_additional_info: "info about the scope",
      camera_manufacturer: "Gatan",
      camera_model: "K2 Summit",
      tilt_min: -40.01,
      tilt_max: 40.97,
      tilt_range: 80.98,
      tilt_step: 2,
      tilting_scheme: "Dose symmetric from 0.0 degrees",
      tilt_axis: 84.7,
      total_flux: 122,
      data_acquisition_software: "SerialEM",
      related_empiar_entry: "EMPIAR-XYZ",
      binning_from_frames: 1,
      tilt_series_quality: 5,
      is_aligned: true,
      pixel_spacing: 4.37,
      aligned_tiltseries_binning: 3,
      size_x: 3708,
      size_y: 3838,
      size_z: 31,
    });
    expect(await one("select t.* from tiltseries t join run on run.id = run_id where run.name = 'RUN3'")).toMatchObject({
      acceleration_voltage: 10_000,
      is_aligned: false,
      tilt_range: 66,
      microscope_energy_filter: "TFS",
      size_x: null,
    });
    const section = await one("select s.*, f.acquisition_order from per_section_parameters s join frame f on f.id = frame_id");
    expect(section).toMatchObject({
      tiltseries_id: row.id,
      run_id: row.run_id,
      acquisition_order: 0,
      z_index: 0,
      raw_angle: -52.01,
      astigmatic_angle: 37.98,
      major_defocus: 28,
      minor_defocus: 37.98,
      max_resolution: 88,
      phase_shift: 2699,
    });
  });

  it("has the alignment, its sections and what was aligned by it", async () => {
    const row = await one("select a.*, t.microscope_model from alignment a join tiltseries t on t.id = tiltseries_id");
    expect(row).toMatchObject({
      deposition_id: 300,
      microscope_model: "Krios",
      alignment_type: "GLOBAL",
      alignment_method: "patch_tracking",
      volume_x_dimension: 900,
      volume_y_dimension: 908,
      volume_z_dimension: 500,
      volume_x_offset: 0,
      volume_y_offset: 0,
      volume_z_offset: 0,
      x_rotation_offset: 0,
      tilt_offset: 0,
      affine_transformation_matrix: "{{1,0,0,0},{0,1,0,0},{0,0,1,0},{0,0,0,1}}",
      ...both(`${RUN1}/Alignments/100/alignment_metadata.json`, ["s3_alignment_metadata", "https_alignment_metadata"]),
      is_portal_standard: false,
    });
    const sections =
      "select z_index, x_offset, y_offset, in_plane_rotation, tilt_angle, volume_x_rotation from per_section_alignment_parameters order by 1";
    expect(await select(url, sections)).toEqual([
      {
        z_index: 0,
        x_offset: -4.345,
        y_offset: 5.789,
        in_plane_rotation: [0.1, 0.2, -0.3, 0.4],
        tilt_angle: null,
        volume_x_rotation: 0,
      },
      {
        z_index: 1,
        x_offset: -3.21,
        y_offset: 4.321,
        in_plane_rotation: [0.33, 0.44, -0.55, 0.66],
        tilt_angle: null,
        volume_x_rotation: 0,
      },
    ]);
    const [aligned] = await select(url, "select count(*)::int as n from annotation_file where alignment_id is not null");
    expect(aligned).toEqual({ n: 7 });
  });

  it("has the tomograms", async () => {
    expect(await select(url, "select voxel_spacing as a, s3_prefix as s3 from tomogram_voxel_spacing order by 1")).toEqual([
      { a: 3.456, s3: `${S3}/30001/RUN2/Reconstructions/VoxelSpacing3.456/` },
      { a: 12.3, s3: `${S3}/${SPACING}/` },
    ]);
    expect(await one("select * from tomogram where name = 'RUN1'")).toMatchObject({
      alignment_id: expect.any(Number),
      deposition_id: 300,
      size_x: 980,
      size_y: 1016,
      size_z: 500,
      voxel_spacing: 12.3,
      fiducial_alignment_status: "FIDUCIAL",
      reconstruction_method: "WBP",
      reconstruction_software: "AreTomo 1.0",
      processing: "raw",
      processing_software: "tomo3D",
      tomogram_version: 1,
      is_portal_standard: false,
      is_author_submitted: true,
      is_visualization_default: true,
      ...both(`${SPACING}/Tomograms/100/RUN1.zarr`, ["s3_omezarr_dir", "https_omezarr_dir"]),
      ...both(`${SPACING}/Tomograms/100/RUN1.mrc`, ["s3_mrc_file", "https_mrc_file"]),
      scale0_dimensions: "980,1016,500",
      scale1_dimensions: "490,508,250",
      scale2_dimensions: "245,254,125",
      ctf_corrected: true,
      offset_x: 10,
      offset_y: 32,
      offset_z: 43,
      key_photo_url: `${HTTPS}/${SPACING}/Images/key-photo-snapshot.png`,
      key_photo_thumbnail_url: `${HTTPS}/${SPACING}/Images/key-photo-thumbnail.png`,
      neuroglancer_config: '{"foo":"bar","baz":"test"}',
      deposition_date: day("2023-04-01"),
      release_date: day("2024-06-01"),
      last_modified_date: day("2023-09-02"),
    });
    expect(await one("select * from tomogram where name = 'RUN2'")).toMatchObject({
      alignment_id: null,
      fiducial_alignment_status: "NON_FIDUCIAL",
      reconstruction_software: "Unknown",
      ctf_corrected: false,
      neuroglancer_config: null,
      key_photo_url: null,
    });
    const authors = "select name, orcid, affiliation_identifier as at, author_list_order as n from tomogram_author order by n";
    expect(await select(url, authors)).toEqual([
      { name: "John Doe", orcid: null, at: null, n: 1 },
      { name: "Jane Smith", orcid: "0000-4444-1234-0000", at: "test-affliation-id", n: 2 },
    ]);
  });

  it("has the annotation, its shapes and their files", async () => {
    expect(
      await one(
        "select a.*, v.voxel_spacing from annotation a join tomogram_voxel_spacing v on v.id = tomogram_voxel_spacing_id",
      ),
    ).toMatchObject({
      deposition_id: 301,
      voxel_spacing: 12.3,
      ...both(`${SPACING}/Annotations/100/foo-1.0.json`, ["s3_metadata_path", "https_metadata_path"]),
      annotation_ingest_id: "100-foo-1.0",
      annotation_publication: "EMPIAR-XYZ",
      annotation_method: "2D CNN predictions",
      annotation_software: "pyTOM + Keras",
      method_type: "hybrid",
      ground_truth_status: true,
      object_id: "GO:000000",
      object_name: "foo",
      object_description: null,
      object_count: 16,
      confidence_precision: null,
      is_curator_recommended: true,
      deposition_date: day("2023-04-01"),
      release_date: day("2023-06-01"),
      last_modified_date: day("2023-06-01"),
    });
    const path = (name: string) => both(`${SPACING}/Annotations/100-foo-1.0_${name}`, ["s3_path", "https_path"]);
    const common = { source: "community", file_size: 0 };
    const files =
      "select shape_type as shape, format, s3_path, https_path, is_visualization_default as shown, source, file_size from annotation_file f join annotation_shape s on s.id = annotation_shape_id order by f.id";
    expect(await select(url, files)).toEqual([
      { shape: "Point", format: "ndjson", ...path("point.ndjson"), shown: true, ...common },
      { shape: "SegmentationMask", format: "mrc", ...path("segmask.mrc"), shown: false, ...common },
      { shape: "SegmentationMask", format: "zarr", ...path("segmask.zarr"), shown: false, ...common },
      { shape: "InstanceSegmentationMask", format: "mrc", ...path("instancesegmask.mrc"), shown: false, ...common },
      { shape: "InstanceSegmentationMask", format: "zarr", ...path("instancesegmask.zarr"), shown: false, ...common },
      { shape: "GlobalCaption", format: "saber", ...path("globalcaption.json"), shown: false, ...common },
      { shape: "AnnotationCaption", format: "saber", ...path("point_caption.json"), shown: false, ...common },
    ]);
    expect(await select(url, "select link_type, name, link from annotation_method_link order by id")).toEqual([
      {
        link_type: "documentation",
        name: "Method Documentation",
        link: "https://fake-link.com/resources/100-foo-1.0_method.pdf",
      },
      { link_type: "source_code", name: "Source Code", link: "https://another-link.com/100-foo-1.0_code.zip" },
    ]);
    expect(
      await select(url, "select name, author_list_order as n, primary_author_status as first from annotation_author order by n"),
    ).toEqual([
      { name: "Jane Smith", n: 1, first: true },
      { name: "J Carpenter", n: 2, first: true },
      { name: "John Doe", n: 3, first: false },
    ]);
  });
});
