/** Deposit of an IMOD user: `tomograms/`, `metadata/` and `frames/` side by side, one folder for all runs. */
import {
  annotationFiles,
  annotationMetadata,
  depositConfig,
  frameMetadata,
  glob,
  globs,
  literal,
  RIBOSOME,
  section,
  source,
  tiltSeriesMetadata,
  tomogramMetadata,
} from "./config.mjs";
import { dm4Bytes } from "./dm4.mjs";
import { labelMask } from "./masks.mjs";
import { pngBytes } from "./png.mjs";
import { csvText } from "./points.mjs";
import { tiffBytes } from "./tiff.mjs";
import {
  ctffindText,
  defocusText,
  frameNumber,
  mdocText,
  newstComText,
  rawtltText,
  TILT_COUNT,
  tiltComText,
  tltText,
  xfText,
  xtiltText,
} from "./tilts.mjs";
import { voxelValue } from "./volumes.mjs";

const PREFIX = "lab/imod";
const SPACING_ANGSTROM = 13.48;
const PIXEL_ANGSTROM = 3.3702;
const AXIS_DEGREES = 84.7;
const FRAME_PAGES = 4;
const FRAME_PIXELS = 32;
const TILT_SHAPE = [TILT_COUNT, 48, 64];
/** What the labels of the masks mean, from 1. The third is not shown unasked. */
const ORGANELLES = [
  { name: "mitochondrion", id: "GO:0005739" },
  { name: "endoplasmic reticulum", id: "GO:0005783" },
  { name: "Golgi apparatus", id: "GO:0005794" },
  { name: "nucleus", id: "GO:0005634" },
  { name: "vesicle", id: "GO:0031982" },
];
/** How schemas of configurations know the source bucket in the places of pictures. */
const BUCKET = "cryoetportal-rawdatasets-dev";

/**
 * Tomograms in turn as a user likes them and as others leave them: odd runs are float32 with everything in the header, even runs int16,
 * with an extended header and without a voxel size. A last run has a tilt series and no tomogram.
 *
 * @param {object} options
 * @param {[number, number, number]} [options.shape] of the tomograms, `[z, y, x]`
 * @param {number} [options.runs] with a tomogram
 * @param {"tomograms" | "all"} [options.sections] what is deposited: tomograms alone, or all that a microscope and IMOD leave behind
 */
export function imodDeposit({ shape = [32, 56, 64], runs = 2, sections = "tomograms" } = {}) {
  const names = Array.from({ length: runs + 1 }, (_, at) => `TS_${String(at + 1).padStart(4, "0")}`);
  const all = sections === "all";
  return {
    name: "imod",
    sourcePrefix: PREFIX,
    runs: names.slice(0, runs),
    volumes: [
      ...names.slice(0, runs).map((run, runIndex) => tomogram(run, runIndex, shape)),
      ...(all ? names.slice(0, runs) : []).map((run, runIndex) => tiltSeries(run, runIndex, true)),
      tiltSeries(names.at(-1), runs, false),
      ...(all ? [gainReference()] : []),
    ],
    masks: (all ? names.slice(0, runs) : []).map((run) => ({
      path: `labels/${run}_organelles.mrc`,
      mask: labelMask({ shape, kind: "int8", spacingAngstrom: SPACING_ANGSTROM }),
    })),
    files: [{ path: "run_data_map_vali.tsv", content: runTable(names) }, ...(all ? acquisitionFiles(names) : [])],
    config: config(names.slice(0, runs), all),
  };
}

function tomogram(run, runIndex, shape) {
  const plain = runIndex % 2 === 0;
  return {
    path: `tomograms/${run}.rec`,
    run,
    kind: "tomogram",
    spacingAngstrom: SPACING_ANGSTROM,
    volume: {
      shape,
      runIndex,
      kind: plain ? "float32" : "int16",
      spacingAngstrom: plain ? SPACING_ANGSTROM : 0,
      extended: plain ? undefined : { type: "SERI", bytes: 1024 },
    },
  };
}

/** @param {boolean} found whether the run is one for the configuration */
function tiltSeries(run, runIndex, found) {
  const volume = { shape: TILT_SHAPE, runIndex, kind: "int16", spacingAngstrom: PIXEL_ANGSTROM, stack: true };
  return { path: `metadata/${run}.st`, ...(found ? { run, kind: "tiltseries", spacingAngstrom: PIXEL_ANGSTROM } : {}), volume };
}

function gainReference() {
  return {
    path: "frames/CountRef_TS_0002.mrc",
    volume: { shape: [1, FRAME_PIXELS, FRAME_PIXELS], runIndex: 1, spacingAngstrom: PIXEL_ANGSTROM, stack: true },
  };
}

function runTable(names) {
  const columns =
    "run_name tilt_series_quality dose_rate tilt_series_min_tilt tilt_series_max_tilt tilt_series_total_flux mapped_segmask_name tomo_reconstruction_method";
  const rows = names.map((run, at) => [
    run,
    String((at % 5) + 1),
    "2.0",
    "-9",
    "9",
    "21",
    `${run}_organelles${at === 1 ? " " : ""}`, // a blank at the end, as spreadsheets leave them
    at % 2 === 0 ? "WBP" : "SIRT",
  ]);
  return [columns.split(" "), ...rows].map((row) => `${row.join("\t")}\r\n`).join("");
}

/** All but volumes: frames, gain, and the small files of acquisition, IMOD and CTF estimation. */
function acquisitionFiles(names) {
  const gain = { width: FRAME_PIXELS, height: FRAME_PIXELS, pixelNm: PIXEL_ANGSTROM / 10, pixel: (_, x) => 1 + x / 100 };
  return [
    ...names.slice(0, -1).flatMap((run, runIndex) => runFiles(run, runIndex)),
    ...seriesFiles(names.at(-1), names.length - 1),
    { path: "frames/CountRef_TS_0001.dm4", content: dm4Bytes({ name: "CountRef_TS_0001", ...gain }) },
    { path: "metadata/tilt.com", content: tiltComText({ run: "TS_0002", size: [64, 48], thickness: 128 }) },
    { path: "metadata/newst.com", content: newstComText({ run: "TS_0002" }) },
    { path: "identified_objects.csv", content: identifiedObjects(names) },
    { path: "photos/snapshot.png", content: photo(128, 96) },
    { path: "photos/thumbnail.png", content: photo(80, 60) },
  ];
}

function runFiles(run, runIndex) {
  const second = runIndex % 2 === 1;
  return [
    ...Array.from({ length: TILT_COUNT }, (_, order) => ({
      path: `frames/${run}_${frameNumber(order)}.tif`,
      content: tiffBytes({
        width: FRAME_PIXELS,
        height: FRAME_PIXELS,
        pages: FRAME_PAGES,
        lzw: order === 3 && !second,
        pixel: (page, y, x) => voxelValue("uint8", runIndex * TILT_COUNT + order, page, y, x),
      }),
    })),
    ...seriesFiles(run, runIndex),
    { path: `metadata/${run}.xf`, content: xfText({ axisDegrees: AXIS_DEGREES }) },
    { path: `metadata/${run}.tlt`, content: tltText() },
    ...(second ? [{ path: `metadata/${run}.xtilt`, content: xtiltText() }] : []),
    second
      ? { path: `metadata/${run}.defocus`, content: defocusText() }
      : { path: `metadata/${run}_ctffind4.txt`, content: ctffindText() },
    { path: `particle_lists/${run}_fas.csv`, content: csvText({ lineEnd: "\r\n" }) },
    { path: `particle_lists/${run}_cyto_ribosomes.csv`, content: csvText({ columns: "zyx" }) },
  ];
}

/** What comes with a tilt series: the acquisition's log and its angles. Even runs are of a Windows machine, their angles as acquired. */
function seriesFiles(run, runIndex) {
  const second = runIndex % 2 === 1;
  const folder = second ? "X:\\lab\\frames\\" : "/data/lab/frames/";
  return [
    {
      path: `metadata/mdocs_vali/${run}.mdoc`,
      content: mdocText({
        image: `${run}.st`,
        size: [TILT_SHAPE[2], TILT_SHAPE[1]],
        pixelAngstrom: PIXEL_ANGSTROM,
        axisDegrees: AXIS_DEGREES,
        framePath: (order) => `${folder}${run}_${frameNumber(order)}.tif`,
        subFrames: FRAME_PAGES,
        lineEnd: second ? "\r\n" : "\n",
      }),
    },
    {
      path: `metadata/${run}_vali.rawtlt`,
      content: rawtltText({ order: second ? "acquisition" : "angle" }),
    },
  ];
}

function identifiedObjects([first, second = first]) {
  return [
    "run_name,object_id,object_name,object_state,object_description",
    `${first},GO:0005739,mitochondrion,active,Mitochondria of a generated cell`,
    `${first},GO:0005794,Golgi apparatus,,"Golgi apparatus, three stacks"`,
    `${second},GO:0005783,endoplasmic reticulum,active,Endoplasmic reticulum`,
    "",
  ].join("\n");
}

function photo(width, height) {
  return pngBytes({ width, height, pixel: (y, x) => [(255 * x) / (width - 1), (255 * y) / (height - 1), 128].map(Math.floor) });
}

function config(names, all) {
  const runs = section("runs", { sources: [source(glob("tomograms/TS_*.rec", { name: "(.*).rec" }))] });
  const spacings = section("voxel_spacings", { sources: [source(literal(`[${SPACING_ANGSTROM}]`))] });
  const tomograms = section("tomograms", {
    metadata: tomogramMetadata({ spacing: SPACING_ANGSTROM, method: '"{tomo_reconstruction_method}"' }),
    sources: [source(glob("tomograms/{run_name}.rec", { match: "TS_\\d{4}\\.rec$" }))],
  });
  return depositConfig(
    {
      depositionId: 10301,
      datasetId: 10401,
      title: "Miniature laboratory, IMOD",
      types: all ? ["annotation", "dataset", "tomogram"] : undefined,
      sourcePrefix: PREFIX,
      maps: { run_data_map_file: "run_data_map_vali.tsv" },
    },
    [runs, spacings, tomograms, ...(all ? [...acquisitionSections(names), annotationSection()] : [])],
  );
}

function acquisitionSections(names) {
  /** A source for every other run, named one by one as curators do; none where there is no such run. */
  const sourceFor = (parity, finder) => {
    const run = names.filter((_, runIndex) => runIndex % 2 === parity).map((name) => `^${name}$`);
    return run.length > 0 ? [source(finder, { include: { run } })] : [];
  };
  const [ODD, EVEN] = [0, 1];
  const transforms = ["metadata/{run_name}.xf", "metadata/{run_name}.tlt"];
  const photoOf = (name) => `${BUCKET}/${PREFIX}/photos/${name}.png`;
  return [
    section("gains", {
      sources: [...sourceFor(ODD, glob("frames/CountRef_TS_0001.dm4")), ...sourceFor(EVEN, glob("frames/CountRef_TS_0002.mrc"))],
    }),
    section("collection_metadata", { sources: [source(glob("metadata/mdocs_vali/{run_name}.mdoc"))] }),
    section("frames", {
      metadata: frameMetadata('"float {dose_rate}"'),
      sources: [source(glob("frames/{run_name}_*.tif"))],
    }),
    section("tiltseries", {
      metadata: tiltSeriesMetadata({
        pixel: PIXEL_ANGSTROM,
        axis: AXIS_DEGREES,
        range: '{min: "float {tilt_series_min_tilt}", max: "float {tilt_series_max_tilt}"}',
        quality: '"int {tilt_series_quality}"',
      }),
      sources: [source(glob("metadata/{run_name}.st", { match: "(.*)\\.st" }))],
    }),
    section("rawtilts", { sources: [source(glob("metadata/{run_name}_vali.rawtlt"))] }),
    section(
      "ctfs",
      { metadata: ["format: CTFFIND"], sources: [source(glob("metadata/{run_name}_ctffind4.txt"))] },
      { metadata: ["format: IMOD"], sources: [source(glob("metadata/{run_name}.defocus"))] },
    ),
    section("alignments", {
      metadata: ["format: IMOD", "method_type: patch_tracking"],
      sources: [
        ...sourceFor(ODD, globs(...transforms)),
        ...sourceFor(EVEN, globs(...transforms, "metadata/{run_name}.xtilt", "metadata/tilt.com", "metadata/newst.com")),
      ],
    }),
    section("identified_objects", {
      metadata: ['filter_value: "{run_name}"'],
      sources: [source(glob("identified_objects.csv"))],
    }),
    section("dataset_keyphotos", {
      sources: [source(literal(`{snapshot: ${photoOf("snapshot")}, thumbnail: ${photoOf("missing")}}`))],
    }),
    section("deposition_keyphotos", {
      sources: [source(literal(`{snapshot: ${photoOf("snapshot")}, thumbnail: ${photoOf("thumbnail")}}`))],
    }),
  ];
}

function annotationSection() {
  const points = ({ ingestId, object, list, columns, more }) => ({
    metadata: annotationMetadata({ ingestId, object, method: "picked by hand", more }),
    sources: [
      source(
        annotationFiles("Point", {
          file_format: "csv",
          glob_string: `particle_lists/{run_name}_${list}.csv`,
          columns,
          delimiter: ",",
          binning: 1,
          is_visualization_default: true,
        }),
      ),
    ],
  });
  const masks = ORGANELLES.map((object, at) => ({
    metadata: annotationMetadata({ ingestId: `organelle-${at + 1}`, object, method: "drawn by hand" }),
    sources: [
      source(
        annotationFiles("SemanticSegmentationMask", {
          file_format: "mrc",
          glob_string: "labels/{run_name}_organelles.mrc",
          mask_label: at + 1,
          is_visualization_default: at !== 2,
        }),
      ),
    ],
  }));
  return section(
    "annotations",
    points({
      ingestId: "fatty-acid-synthase-1",
      // files are named by a description of up to 50 characters
      object: { name: "fatty acid synthase complex", id: "GO:0005835", description: "FAS, cytosolic" },
      list: "fas",
      columns: "xyz",
      more: ["confidence: {precision: 92.5, recall: 88.0, ground_truth_used: cytosolic-ribosome-1}"],
    }),
    points({
      ingestId: "cytosolic-ribosome-1",
      object: { ...RIBOSOME, description: "Ribosomes in the cytosol, those bound to membranes left out", state: "translating" },
      list: "cyto_ribosomes",
      columns: "zyx",
    }),
    ...masks,
  );
}
