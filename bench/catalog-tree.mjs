/**
 * A standardised tree that is not on any disk: a store whose listing and documents follow from numbers, so a million annotations cost neither inodes nor
 * minutes of writing, and the importer is measured rather than a file system. Same numbers, same bytes.
 */

/** Runs of the datasets, in turn: most are small and some are large, as in the portal. */
const DATASET_RUNS = [10, 20, 50, 120, 300];
const SECTIONS = 8;

/** Names of objects, the first most often, as ribosomes and membranes are. */
export const OBJECTS = [
  ["cytosolic ribosome", "GO:0022626"],
  ["membrane", "GO:0016020"],
  ["microtubule", "GO:0005874"],
  ["actin filament", "GO:0005884"],
  ["proteasome complex", "GO:0000502"],
  ["fatty acid synthase complex", "GO:0005835"],
  ["mitochondrion", "GO:0005739"],
  ["nuclear pore", "GO:0005643"],
  ["nucleosome", "GO:0000786"],
  ["vesicle", "GO:0031982"],
  ["clathrin coat", "GO:0030118"],
  ["chaperonin", "GO:0101031"],
  ["endoplasmic reticulum", "GO:0005783"],
  ["lysosome", "GO:0005764"],
  ["bacterial-type flagellum motor", "GO:0120100"],
  ["virus-like capsid", "GO:0170047"],
  ["beta-galactosidase", "GO:0009341"],
  ["thyroglobulin", "UniProtKB:P01267"],
  ["apoferritin", "UniProtKB:P02794"],
  ["ATP synthase", "GO:0045259"],
  ["synapse", "GO:0045202"],
  ["intermediate filament", "GO:0005882"],
  ["S-layer", "GO:0030115"],
  ["tail tube", "GO:0098026"],
];
export const ORGANISMS = [
  ["Homo sapiens", 9606],
  ["Saccharomyces cerevisiae", 559292],
  ["Chlamydomonas reinhardtii", 3055],
  ["Escherichia coli", 562],
  ["Caulobacter vibrioides", 155892],
  ["Mus musculus", 10090],
  ["Schizosaccharomyces pombe", 4896],
  ["Bdellovibrio bacteriovorus", 959],
];
const SHAPES = [
  ["Point", "point", "ndjson"],
  ["OrientedPoint", "orientedpoint", "ndjson"],
  ["SegmentationMask", "segmentationmask", "mrc"],
  ["InstanceSegmentation", "instancesegmentation", "ndjson"],
];
const METHODS = ["automated", "manual", "hybrid", "simulated"];
const SOFTWARE = ["PyTom", "crYOLO", "DeepFinder", "Membrain-seg", "TomoTwin", "Dynamo", "EMAN2"];
const PEOPLE = Array.from({ length: 60 }, (_, at) => `Author ${String.fromCharCode(65 + (at % 26))}. Number-${at}`);
const CAMERAS = [
  ["Gatan", "K2 Summit"],
  ["Gatan", "K3"],
  ["TFS", "Falcon 4i"],
  ["FEI", "Falcon 3"],
];

/**
 * @param {{ runs: number, annotations: number, version?: (run: number) => number }} options `annotations`: of each run. `version`: a run's documents
 *   change with it.
 */
export function virtualTree({ runs, annotations, version = () => 0 }) {
  const datasets = [];
  for (let first = 0, at = 0; first < runs; at++) {
    const count = Math.min(DATASET_RUNS[at % DATASET_RUNS.length], runs - first);
    datasets.push({ id: 10000 + at, first, count, deposition: 300 + (at % 40) });
    first += count;
  }
  const byId = new Map(datasets.map((dataset) => [String(dataset.id), dataset]));
  const text = (value) => new TextEncoder().encode(JSON.stringify(value));

  function document(key) {
    const parts = key.split("/");
    if (parts[0] === "depositions_metadata")
      return parts[2] === "deposition_metadata.json" ? deposition(Number(parts[1])) : undefined;
    const dataset = byId.get(parts[0]);
    if (!dataset) return undefined;
    if (parts[1] === "dataset_metadata.json") return datasetDocument(dataset);
    const run = Number(parts[1].slice(3));
    const name = parts.at(-1);
    const folder = `${parts[0]}/${parts[1]}`;
    if (name === "run_metadata.json")
      return { run_name: parts[1], last_updated_at: 1728676818 + version(run), deposition_id: dataset.deposition };
    if (name === "frames_metadata.json") return framesDocument(folder);
    if (name === "tiltseries_metadata.json") return tiltseriesDocument(folder, run, dataset);
    if (name === "alignment_metadata.json") return alignmentDocument(folder, dataset);
    if (name === "tomogram_metadata.json") return tomogramDocument(folder, run, dataset, parts[5]);
    return annotationDocument(folder, run, dataset, Number(parts[5]) - 100, version(run));
  }

  async function* list(prefix) {
    for (const dataset of datasets) {
      const folder = `${dataset.id}`;
      if (prefix && !prefix.startsWith(`${folder}/`)) continue;
      for (let at = dataset.first; at < dataset.first + dataset.count; at++) yield* runEntries(dataset, at);
      yield entry(`${folder}/dataset_metadata.json`, 2100);
    }
    if (prefix) return;
    for (let id = 300; id < 340; id++) yield entry(`depositions_metadata/${id}/deposition_metadata.json`, 900);
  }

  function* runEntries(dataset, run) {
    const folder = `${dataset.id}/${runName(run)}`;
    const tag = version(run);
    yield entry(`${folder}/Alignments/100/alignment_metadata.json`, 1500);
    yield entry(`${folder}/Frames/frames.mdoc`, 9000);
    yield entry(`${folder}/Frames/frames_metadata.json`, 1200);
    const spacing = `${folder}/Reconstructions/${spacingName(dataset)}`;
    for (let at = 0; at < annotations; at++) {
      const { stem, shape } = annotationOf(run, at);
      const begin = `${spacing}/Annotations/${100 + at}/${stem}-1.0`;
      yield entry(`${begin}.json`, 1000, tag);
      yield entry(`${begin}_${shape[1]}.${shape[2]}`, 40_000 + at);
      if (shape[2] === "mrc") yield entry(`${begin}_${shape[1]}.zarr/0/0/0/0`, 20_000);
    }
    for (const tomogram of [100, 101]) {
      yield entry(`${spacing}/Tomograms/${tomogram}/${runName(run)}.mrc`, 800_000_000);
      yield entry(`${spacing}/Tomograms/${tomogram}/${runName(run)}.zarr/0/0/0/0`, 900_000_000);
      yield entry(`${spacing}/Tomograms/${tomogram}/tomogram_metadata.json`, 1600);
    }
    yield entry(`${folder}/TiltSeries/100/${runName(run)}.mrc`, 500_000_000);
    yield entry(`${folder}/TiltSeries/100/tiltseries_metadata.json`, 2400);
    yield entry(`${folder}/run_metadata.json`, 90, tag);
  }

  const entry = (key, size, tag = 0) => ({ key, size, etag: `v${tag}` });
  const readOnly = async () => {
    throw new Error("this tree is only read");
  };
  return {
    datasets,
    store: {
      url: "memory:generated",
      features: { ranges: true, conditionalWrites: false, atomicReplace: true, writable: false },
      async stat(key) {
        const found = document(key);
        return found && { size: text(found).length, etag: "v0" };
      },
      async read(key, range) {
        const found = key.endsWith(".json") ? document(key) : undefined;
        if (!found) return undefined;
        const body = text(found);
        return range ? body.subarray(range.offset, range.offset + range.length) : body;
      },
      list,
      async *children() {},
      async *openUploads() {},
      write: readOnly,
      create: readOnly,
      remove: readOnly,
    },
  };

  function deposition(id) {
    return {
      deposition_identifier: id,
      deposition_title: `Deposition ${id}`,
      deposition_description: "Tomograms of cells",
      deposition_types: ["dataset", "annotation"],
      authors: authors(id, 3),
      dates: dates(id),
    };
  }

  function datasetDocument({ id, deposition }) {
    const [organism, taxonomy_id] = ORGANISMS[hash(id, 1) % ORGANISMS.length];
    return {
      dataset_identifier: id,
      deposition_id: deposition,
      dataset_title: `Cells of ${organism}, part ${id - 9999}`,
      dataset_description: "Tilt series of vitrified cells, thinned by a focused ion beam, with tomograms and annotations.",
      organism: { name: organism, taxonomy_id },
      sample_type: ["cell", "organism", "in_vitro", "virus"][hash(id, 2) % 4],
      tissue: { name: "not reported", id: null },
      cell_component: { name: "cytoplasm", id: "GO:0005737" },
      authors: authors(id, 6),
      funding: [{ funding_agency_name: "Agency", grant_id: `G-${id}` }],
      cross_references: { publications: `10.1101/${id}`, related_database_entries: `EMPIAR-${id}` },
      dates: dates(id),
    };
  }

  function framesDocument(folder) {
    return {
      frames_acquisition_file: `${folder}/Frames/frames.mdoc`,
      frames: Array.from({ length: SECTIONS }, (_, at) => ({
        acquisition_order: at,
        accumulated_dose: at * 2.5,
        exposure_dose: 2.5,
        is_gain_corrected: true,
        path: null,
      })),
    };
  }

  function tiltseriesDocument(folder, run, { deposition, id }) {
    const [manufacturer, model] = CAMERAS[hash(id, 3) % CAMERAS.length];
    return {
      deposition_id: deposition,
      acceleration_voltage: 300000,
      spherical_aberration_constant: 2.7,
      microscope: { manufacturer: "TFS", model: "Krios G4" },
      microscope_optical_setup: { energy_filter: "Selectris" },
      camera: { manufacturer, model },
      size: { z: 41, y: 4096, x: 4096 },
      tilt_range: { min: -60, max: 60 },
      tilt_step: 3,
      tilting_scheme: "dose symmetric",
      tilt_axis: 84.7,
      total_flux: 122,
      data_acquisition_software: "SerialEM",
      tilt_series_quality: 1 + (hash(run, 4) % 5),
      pixel_spacing: 1.54,
      is_aligned: false,
      mrc_file: `${folder}/TiltSeries/100/${runName(run)}.mrc`,
      per_section_parameter: Array.from({ length: SECTIONS }, (_, at) => ({
        z_index: at,
        frame_acquisition_order: at,
        raw_angle: -60 + 3 * at,
        major_defocus: 28000 + at,
        minor_defocus: 27000,
        astigmatic_angle: 30,
        phase_shift: 0,
        max_resolution: 8,
      })),
    };
  }

  function alignmentDocument(folder, { deposition }) {
    return {
      deposition_id: deposition,
      alignment_type: "GLOBAL",
      method_type: "patch_tracking",
      is_portal_standard: true,
      tiltseries_path: `${folder}/TiltSeries/100/tiltseries_metadata.json`,
      volume_dimension: { x: 6300, y: 6300, z: 3000 },
      volume_offset: { x: 0, y: 0, z: 0 },
      tilt_offset: 0,
      x_rotation_offset: 0,
      per_section_alignment_parameters: Array.from({ length: SECTIONS }, (_, at) => ({
        z_index: at,
        tilt_angle: -60 + 3 * at,
        x_offset: at / 8,
        y_offset: -at / 8,
        volume_x_rotation: 0,
        in_plane_rotation: [
          [0.1, -0.99],
          [0.99, 0.1],
        ],
      })),
    };
  }

  function tomogramDocument(folder, run, dataset, number) {
    const begin = `${folder}/Reconstructions/${spacingName(dataset)}/Tomograms/${number}/${runName(run)}`;
    const isRaw = number === "100";
    return {
      deposition_id: dataset.deposition,
      run_name: runName(run),
      voxel_spacing: spacingOf(dataset),
      reconstruction_method: ["WBP", "SART", "SIRT"][hash(dataset.id, 5) % 3],
      reconstruction_software: "AreTomo 2",
      processing: isRaw ? "raw" : "denoised",
      processing_software: isRaw ? null : "cryoCARE",
      fiducial_alignment_status: false,
      ctf_corrected: true,
      is_visualization_default: isRaw,
      is_standardized: true,
      size: { z: 500, y: 1024, x: 1024 },
      offset: { x: 0, y: 0, z: 0 },
      scales: [500, 250, 125].map((z) => ({ z, y: 2 * z, x: 2 * z })),
      authors: authors(dataset.id, 2),
      dates: dates(dataset.id),
      mrc_file: `${begin}.mrc`,
      omezarr_dir: `${begin}.zarr`,
      alignment_metadata_path: `${folder}/Alignments/100/alignment_metadata.json`,
    };
  }

  function annotationDocument(folder, run, dataset, at, tag) {
    const { stem, shape, object } = annotationOf(run, at);
    const begin = `${folder}/Reconstructions/${spacingName(dataset)}/Annotations/${100 + at}/${stem}-1.0`;
    const file = (format) => ({
      format,
      path: `${begin}_${shape[1]}.${format}`,
      shape: shape[0],
      is_visualization_default: format !== "mrc",
    });
    const method = hash(run, 50 + at) % 10;
    return {
      annotation_ingest_id: `${100 + at}-${stem}-1.0`,
      deposition_id: 300 + (hash(run, 90 + (at % 5)) % 40),
      annotation_object: { name: object[0], id: object[1], state: at % 7 === 0 ? "engaged" : null },
      annotation_method: "template matching, then classification",
      annotation_software: SOFTWARE[hash(dataset.id, at) % SOFTWARE.length],
      method_type: METHODS[method < 6 ? 0 : method < 8 ? 1 : method < 9 ? 2 : 3],
      object_count: (hash(run, 20 + at) % 900) + tag,
      ground_truth_status: at % 5 === 0,
      is_curator_recommended: at % 11 === 0,
      confidence: at % 3 === 0 ? { precision: 90, recall: 80 } : undefined,
      dates: dates(hash(run, at) % 900),
      authors: authors(run + at, 1 + (at % 2)),
      method_links: at % 4 === 0 ? [{ link: `https://example.org/${stem}`, link_type: "source_code" }] : [],
      files: shape[2] === "mrc" ? [file("mrc"), file("zarr")] : [file(shape[2])],
      alignment_metadata_path: `${folder}/Alignments/100/alignment_metadata.json`,
    };
  }
}

function annotationOf(run, at) {
  // a product of two even draws is small more often than large
  const draw = hash(run, 200 + at);
  const object = OBJECTS[Math.floor((((draw & 1023) * (draw >>> 22)) / 2 ** 20) * OBJECTS.length)];
  const shape = SHAPES[hash(run, 300 + at) % SHAPES.length];
  return { object, shape, stem: object[0].toLowerCase().replace(/[^a-z0-9]+/g, "_") };
}

function authors(seed, count) {
  return Array.from({ length: count }, (_, at) => ({
    name: PEOPLE[hash(seed, 400 + at) % PEOPLE.length],
    ORCID: `0000-0002-0000-${String(hash(seed, 400 + at) % 60).padStart(4, "0")}`,
    primary_author_status: at === 0,
    corresponding_author_status: at === count - 1,
  }));
}

function dates(seed) {
  const date = new Date(Date.UTC(2021, 0, 1 + (hash(seed, 7) % 1500))).toISOString().slice(0, 10);
  return { deposition_date: date, release_date: date, last_modified_date: date };
}

const spacingOf = ({ id }) => [7.84, 10.012, 13.48][hash(id, 6) % 3];
const spacingName = (dataset) => `VoxelSpacing${spacingOf(dataset).toFixed(3)}`;
const runName = (run) => `TS_${String(run).padStart(6, "0")}`;

/** 32 bits of two whole numbers. */
function hash(a, b) {
  let mixed = Math.imul(a + 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
