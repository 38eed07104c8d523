/** Deposit of simulated data: one run, no frames, a perfect alignment. A second folder must not be found. */
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
import { labelMask } from "./masks.mjs";
import { relion3Text } from "./points.mjs";
import { DOSE_RATE, frameNumber, gctfText, mdocText, rawtltText, TILT_COUNT, xfText } from "./tilts.mjs";

const PREFIX = "lab/sim";
const SPACING_ANGSTROM = 10.2;
/** Particles were simulated on a grid of 1.02 Å. */
const PICKS_BINNING = 10;
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
    masks: FOLDERS.filter(({ found }) => found).flatMap(folderMasks),
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
    { path: `${run}/VoxelSpacing10.200/wbp.mrc`, ...expected("tomogram"), volume: { ...common, shape: [nz, ny, nx] } },
  ];
}

/** Both hold the labels 1 to 5: of one the second is meant, of the other each as an instance. */
function folderMasks({ run, shape }) {
  const volume = { shape, spacingAngstrom: SPACING_ANGSTROM };
  return [
    { path: `${run}/Segmentations/ground_truth.mrc`, mask: labelMask({ ...volume, kind: "int16" }) },
    { path: `gts/instance_by_class/001_fix/${run}.mrc`, mask: labelMask({ ...volume, kind: "uint16" }) },
  ];
}

function folderFiles({ run, shape: [, ny, nx] }) {
  const mdoc = mdocText({
    image: "tilt_series.mrc",
    size: [nx, ny],
    pixelAngstrom: SPACING_ANGSTROM,
    axisDegrees: 0,
    framePath: (order) => `/scratch/${run}_${frameNumber(order)}.mrc`,
  });
  return [
    { path: `${run}/TiltSeries/tilt_series.rawtlt`, content: rawtltText() },
    { path: `${run}/TiltSeries/tilt_series.tlt`, content: rawtltText() },
    { path: `${run}/TiltSeries/tilt_series.xf`, content: xfText({ axisDegrees: 0, shifted: false }) },
    { path: `${run}/TiltSeries/tilt_series_gctf.txt`, content: gctfText() },
    { path: `${run}/mdocs/${run}_vali.mdoc`, content: mdoc },
    // the table of every run lies in the folder of each: its rows must be chosen
    {
      path: `${run}/Picks/ribosome.star`,
      content: relion3Text({
        tomograms: FOLDERS.map((folder) => folder.run),
        binning: PICKS_BINNING,
        pixelAngstrom: SPACING_ANGSTROM / PICKS_BINNING,
      }),
    },
  ];
}

function config() {
  return depositConfig(
    {
      depositionId: 10305,
      datasetId: 10405,
      title: "Miniature laboratory, simulated",
      types: ["annotation", "dataset", "tomogram"],
      sourcePrefix: PREFIX,
    },
    [
      section("runs", { sources: [source(glob("TS_*", { match: "TS_\\d{1,2}$", name: "(TS_\\d{1,2})$" }))] }),
      section("voxel_spacings", { sources: [source(literal(`[${SPACING_ANGSTROM.toFixed(1)}]`))] }),
      section("collection_metadata", { sources: [source(glob("{run_name}/mdocs/{run_name}_vali.mdoc"))] }),
      section("frames", { metadata: frameMetadata(DOSE_RATE.toFixed(1), true), sources: [source(literal("[default]"))] }),
      section("tiltseries", {
        metadata: tiltSeriesMetadata({ pixel: SPACING_ANGSTROM.toFixed(1), axis: "0.0", quality: "5" }),
        sources: [source(glob("{run_name}/TiltSeries/tilt_series.mrc"))],
      }),
      section("rawtilts", { sources: [source(glob("{run_name}/TiltSeries/*.rawtlt"))] }),
      section("ctfs", {
        metadata: ["format: Gctf"],
        sources: [source(glob("{run_name}/TiltSeries/tilt_series_gctf.txt"))],
      }),
      section("alignments", {
        metadata: ["alignment_type: GLOBAL", "format: IMOD", "method_type: simulated"],
        sources: [source(globs("{run_name}/TiltSeries/*.tlt", "{run_name}/TiltSeries/*.xf"))],
      }),
      section("tomograms", {
        metadata: tomogramMetadata({ spacing: SPACING_ANGSTROM.toFixed(1), method: "WBP" }),
        sources: [source(glob("{run_name}/VoxelSpacing10.200/wbp.mrc"))],
      }),
      section(
        "annotations",
        {
          metadata: annotationMetadata({
            ingestId: "cytosolic-ribosome-1",
            object: RIBOSOME,
            method: "ground truth",
            type: "simulated",
          }),
          sources: [
            source(
              annotationFiles("SemanticSegmentationMask", {
                file_format: "mrc",
                glob_string: "{run_name}/Segmentations/ground_truth.mrc",
                mask_label: 2,
              }),
            ),
            source(
              annotationFiles("OrientedPoint", {
                file_format: "relion3_star",
                glob_string: "{run_name}/Picks/ribosome.star",
                filter_value: "{run_name}.tomostar",
                binning: PICKS_BINNING,
                order: "xyz",
                is_visualization_default: true,
              }),
            ),
          ],
        },
        {
          metadata: annotationMetadata({
            ingestId: "macromolecular-complex-1",
            object: { name: "protein-containing complex", id: "GO:0032991" },
            method: "ground truth",
            type: "simulated",
          }),
          sources: [
            source(
              annotationFiles("InstanceSegmentationMask", {
                file_format: "mrc",
                glob_string: "gts/instance_by_class/001_fix/{run_name}.mrc",
                rescale: false,
                is_visualization_default: true,
              }),
            ),
          ],
        },
      ),
    ],
  );
}
