/** Deposit of an AreTomo user who annotates with copick: runs are copick's folders, files bear the microscope's names, two voxel spacings.
 * The third run has lost its mdoc and holds the volumes with odd headers. */
import { annotationSection, maskFiles, meshFiles, pickFile } from "./aretomo-annotations.mjs";
import { depositConfig, frameMetadata, glob, literal, section, source, tiltSeriesMetadata, tomogramMetadata } from "./config.mjs";
import { eerStandIn, tiffBytes } from "./tiff.mjs";
import { alnText, ctffindText, DOSE_RATE, frameNumber, mdocText, rawtltText, TILT_COUNT } from "./tilts.mjs";
import { TRAPS } from "./traps.mjs";

const PREFIX = "lab/aretomo";
const RUNS = [
  { run: "run_001", stem: "25jul_pos1", quality: 5, software: "AreTomo3" },
  { run: "run_002", stem: "25jul_pos2", quality: 4, software: "" },
  { run: "run_003", stem: "25jul_pos3", quality: 3, software: "AreTomo3" },
];
const TRAP_RUN = 2;
/** Of all traps, those that are volumes of this deposit. */
const TRAPS_HERE = ["odd", "perm", "trunc", "int8", "int8twin", "half", "wrongvox"];
/** A tomogram that is OME-Zarr to begin with. */
const ZARR = "Vol.zarr";
const TRAP_SHAPE = [20, 28, 36];
const FINE_ANGSTROM = 4.99;
const COARSE_ANGSTROM = 10.012;
const PIXEL_ANGSTROM = 1.54;
const AXIS_DEGREES = -96;
const TILT_SHAPE = [TILT_COUNT, 64, 64];
/** The section of the first run that was too dark to align: the one at −9°. */
const DARK_SECTION = 0;
const PATCHES = 4;
const FINE_SHAPE = [32, 64, 64];

/** Tomograms of one run: the end of the file's name, spacing, and what was done to them. */
const TOMOGRAMS = [
  { end: "_Vol.mrc", spacingAngstrom: FINE_ANGSTROM, processing: "denoised" },
  { end: "_dctf_Vol.mrc", spacingAngstrom: FINE_ANGSTROM, processing: "filtered" },
  { end: "_Vol_10A.mrc", spacingAngstrom: COARSE_ANGSTROM, processing: "denoised" },
  { end: "_dctf_Vol_10A.mrc", spacingAngstrom: COARSE_ANGSTROM, processing: "filtered" },
];

export function aretomoDeposit() {
  return {
    name: "aretomo",
    sourcePrefix: PREFIX,
    runs: RUNS.map(({ run }) => run),
    volumes: [...RUNS.flatMap(runVolumes), ...trapVolumes()],
    masks: RUNS.filter((_, runIndex) => runIndex !== TRAP_RUN).flatMap(maskFiles),
    files: [
      ...meshFiles(RUNS[0].run),
      { path: "run_to_data_map.tsv", content: runTable() },
      { path: "gains/ref1.gain", content: gain() },
      ...RUNS.flatMap(runFiles),
      { path: "copick/ExperimentRuns/notes.txt", content: "pos3: the log of the acquisition was not copied\n" },
      { path: "copick/ExperimentRuns/.cache/index.json", content: "{}\n" },
    ],
    config: config(),
  };
}

function runVolumes({ run, stem }, runIndex) {
  const series = {
    path: `${stem}_TS.mrc`,
    run,
    kind: "tiltseries",
    spacingAngstrom: PIXEL_ANGSTROM,
    volume: {
      shape: TILT_SHAPE,
      runIndex,
      kind: "uint16",
      spacingAngstrom: PIXEL_ANGSTROM,
      stack: true,
      bigEndian: runIndex === 1,
    },
  };
  const tomograms = TOMOGRAMS.map(({ end, spacingAngstrom }) => {
    const fine = spacingAngstrom === FINE_ANGSTROM;
    return {
      path: `${stem}${end}`,
      run,
      kind: "tomogram",
      spacingAngstrom,
      volume: { shape: fine ? FINE_SHAPE : [16, 32, 32], runIndex, kind: fine ? "float32" : "int16", spacingAngstrom },
    };
  });
  return [series, ...tomograms];
}

function trapVolumes() {
  const traps = TRAPS.filter(({ trap }) => TRAPS_HERE.includes(trap)).map(({ trap, ...volume }) => [`${trap}_Vol.mrc`, volume]);
  return [...traps, [ZARR, {}]].map(([path, volume]) => ({
    path,
    run: RUNS[TRAP_RUN].run,
    kind: "tomogram",
    spacingAngstrom: FINE_ANGSTROM,
    volume: { shape: TRAP_SHAPE, spacingAngstrom: FINE_ANGSTROM, runIndex: TRAP_RUN, ...volume },
  }));
}

function runTable() {
  const columns =
    "run_name mapped_run_name gain_file dose_rate tilt_series_quality tilt_series_min_tilt tilt_series_max_tilt tilt_alignment_software";
  const rows = RUNS.map(({ run, stem, quality, software }) => [
    run,
    stem,
    "gains/ref1.gain",
    DOSE_RATE.toFixed(1),
    quality,
    -9,
    9,
    software,
  ]);
  return [columns.split(" "), ...rows].map((row) => `${row.join("\t")}\n`).join("");
}

/** Gain references of this camera are TIFF files by another name. */
function gain() {
  return tiffBytes({ width: 32, height: 32, kind: "float32", pages: 1, pixel: (_, y, x) => 1 + x / 100 + y / 1000 });
}

function runFiles({ run, stem }, runIndex) {
  const dark = runIndex === 0 ? [DARK_SECTION] : [];
  const size = [TILT_SHAPE[2], TILT_SHAPE[1]];
  const files = [
    ...Array.from({ length: TILT_COUNT }, (_, order) => ({
      path: `${stem}/${stem}_${frameNumber(order)}.eer`,
      content: eerStandIn(runIndex * TILT_COUNT + order),
    })),
    { path: `${stem}_st.rawtlt`, content: rawtltText() },
    { path: `${stem}_CTFFIND_format_CTF.txt`, content: ctffindText({ dark }) },
    pickFile({ run, user: "ground-truth", session: "0", object: "ribosome" }),
  ];
  if (runIndex === TRAP_RUN) return files;
  const mdoc = mdocText({
    image: `${stem}_TS.mrc`,
    size,
    pixelAngstrom: PIXEL_ANGSTROM,
    axisDegrees: AXIS_DEGREES,
    framePath: (order) => `\\\\camera\\offload\\${stem}\\${stem}_${frameNumber(order)}.eer`,
    subFrames: 252,
    byAngle: runIndex === 1,
  });
  const alignment = alnText({ size, axisDegrees: AXIS_DEGREES, dark, patches: runIndex === 0 ? PATCHES : 0 });
  return [
    ...files,
    { path: `${stem}.mdoc`, content: mdoc },
    { path: `${stem}.aln`, content: alignment },
    pickFile({ run, user: "3daverage", session: "2", object: "ribosome", oriented: true }),
    pickFile({ run, user: "SABER", session: "1", object: "vesicles", instances: true }),
  ];
}

function config() {
  const at = (spacing) => ({ include: { voxel_spacing: [`^${spacing}$`] } });
  const [fine, coarse] = [FINE_ANGSTROM, COARSE_ANGSTROM].map((spacing) => spacing.toFixed(3));
  const aligned = (type, runIndex) => ({
    metadata: [`alignment_type: ${type}`, "format: ARETOMO3", "is_portal_standard: true", "method_type: projection_matching"],
    sources: [source(glob("{mapped_run_name}.aln"), { include: { run: [`^${RUNS[runIndex].run}$`] } })],
  });
  const ordinary = TOMOGRAMS.map(({ end, spacingAngstrom, processing }) => ({
    metadata: tomogramMetadata({
      spacing: spacingAngstrom,
      method: "WBP",
      software: "AreTomo3",
      processing,
      processingSoftware: processing === "denoised" ? "DenoisET" : undefined,
      shown: end === "_Vol.mrc",
    }),
    sources: [
      source(glob(`{mapped_run_name}${end}`, { match: "(.*)\\.mrc" }), at(spacingAngstrom === FINE_ANGSTROM ? fine : coarse)),
    ],
  }));
  const odd = [...TRAPS_HERE.map((trap) => `${trap}_Vol.mrc`), ZARR].map((file) => ({
    // tomograms of one spacing are told apart by what was done to them
    metadata: tomogramMetadata({
      spacing: FINE_ANGSTROM,
      method: "WBP",
      software: "AreTomo3",
      processingSoftware: file,
      shown: false,
    }),
    sources: [source(glob(file), { include: { run: [`^${RUNS[TRAP_RUN].run}$`], voxel_spacing: [`^${fine}$`] } })],
  }));
  return depositConfig(
    {
      depositionId: 10303,
      datasetId: 10403,
      title: "Miniature laboratory, AreTomo",
      types: ["annotation", "dataset", "tomogram"],
      sourcePrefix: PREFIX,
      maps: { run_data_map_file: "run_to_data_map.tsv" },
    },
    [
      section("runs", { sources: [source(glob("copick/ExperimentRuns/*"), { names: ["\\.", "notes\\.txt$"] })] }),
      section("voxel_spacings", { sources: [source(literal(`[${FINE_ANGSTROM}, ${COARSE_ANGSTROM}]`))] }),
      section("gains", { sources: [source(glob("{gain_file}"))] }),
      section("collection_metadata", { sources: [source(glob("{mapped_run_name}.mdoc"))] }),
      section("frames", {
        metadata: frameMetadata('"float {dose_rate}"'),
        sources: [source(glob("{mapped_run_name}/*.eer"))],
      }),
      section("tiltseries", {
        metadata: tiltSeriesMetadata({
          pixel: PIXEL_ANGSTROM,
          axis: AXIS_DEGREES,
          range: '{min: "float {tilt_series_min_tilt}", max: "float {tilt_series_max_tilt}"}',
          quality: '"int {tilt_series_quality}"',
          more: ['tilt_alignment_software: "{tilt_alignment_software}"'],
        }),
        sources: [source(glob("{mapped_run_name}_TS.mrc"))],
      }),
      section("rawtilts", { sources: [source(glob("{mapped_run_name}_st.rawtlt"))] }),
      section("ctfs", {
        metadata: ["format: CTFFIND"],
        sources: [source(glob("{mapped_run_name}_CTFFIND_format_CTF.txt"))],
      }),
      section("alignments", aligned("LOCAL", 0), aligned("GLOBAL", 1)),
      section("tomograms", ...ordinary, ...odd),
      annotationSection(at(fine)),
    ],
  );
}
