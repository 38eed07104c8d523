/** Deposit of simulated data: one run, no frames, a perfect alignment. A second folder must not be found. */
import {
  depositConfig,
  frameMetadata,
  glob,
  globs,
  literal,
  section,
  source,
  tiltSeriesMetadata,
  tomogramMetadata,
} from "./config.mjs";
import { DOSE_RATE, mdocText, rawtltText, TILT_COUNT, xfText } from "./tilts.mjs";

const PREFIX = "lab/sim";
const SPACING_ANGSTROM = 10;
const FOLDERS = [
  { run: "TS_1", found: true, shape: [32, 56, 64] },
  { run: "TS_100", found: false, shape: [8, 16, 16] },
];

export function simDeposit() {
  return {
    name: "sim",
    sourcePrefix: PREFIX,
    runs: FOLDERS.filter(({ found }) => found).map(({ run }) => run),
    volumes: FOLDERS.flatMap(folderVolumes),
    files: FOLDERS.flatMap(folderFiles),
    config: config(),
  };
}

function folderVolumes({ run, found, shape: [nz, ny, nx] }, runIndex) {
  const expected = (kind) => (found ? { run, kind, spacingAngstrom: SPACING_ANGSTROM } : {});
  const common = { runIndex, spacingAngstrom: SPACING_ANGSTROM };
  return [
    {
      path: `${run}/TiltSeries/tilt_series.mrc`,
      ...expected("tiltseries"),
      volume: { ...common, shape: [TILT_COUNT, ny, nx], stack: true },
    },
    { path: `${run}/VoxelSpacing10.000/wbp.mrc`, ...expected("tomogram"), volume: { ...common, shape: [nz, ny, nx] } },
  ];
}

function folderFiles({ run, shape: [, ny, nx] }) {
  const mdoc = mdocText({ image: "tilt_series.mrc", size: [nx, ny], pixelAngstrom: SPACING_ANGSTROM, axisDegrees: 0 });
  return [
    { path: `${run}/TiltSeries/tilt_series.rawtlt`, content: rawtltText() },
    { path: `${run}/TiltSeries/tilt_series.tlt`, content: rawtltText() },
    { path: `${run}/TiltSeries/tilt_series.xf`, content: xfText({ axisDegrees: 0, shifted: false }) },
    { path: `${run}/mdocs/${run}_vali.mdoc`, content: mdoc },
  ];
}

function config() {
  return depositConfig(
    { depositionId: 10305, datasetId: 10405, title: "Miniature laboratory, simulated", sourcePrefix: PREFIX },
    [
      section("runs", { sources: [source(glob("TS_*", { match: "TS_\\d{1,2}$", name: "(TS_\\d{1,2})$" }))] }),
      section("voxel_spacings", { sources: [source(literal(`[${SPACING_ANGSTROM.toFixed(1)}]`))] }),
      section("collection_metadata", { sources: [source(glob("{run_name}/mdocs/{run_name}_vali.mdoc"))] }),
      section("frames", { metadata: frameMetadata(DOSE_RATE.toFixed(1)), sources: [source(literal("[default]"))] }),
      section("tiltseries", {
        metadata: tiltSeriesMetadata({ pixel: SPACING_ANGSTROM.toFixed(1), axis: "0.0", quality: "5" }),
        sources: [source(glob("{run_name}/TiltSeries/tilt_series.mrc"))],
      }),
      section("rawtilts", { sources: [source(glob("{run_name}/TiltSeries/*.rawtlt"))] }),
      section("alignments", {
        metadata: ["alignment_type: GLOBAL", "format: IMOD", "method_type: simulated"],
        sources: [source(globs("{run_name}/TiltSeries/*.tlt", "{run_name}/TiltSeries/*.xf"))],
      }),
      section("tomograms", {
        metadata: tomogramMetadata({ spacing: SPACING_ANGSTROM.toFixed(1), method: "WBP" }),
        sources: [source(glob("{run_name}/VoxelSpacing10.000/wbp.mrc"))],
      }),
    ],
  );
}
