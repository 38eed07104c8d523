/** Deposit of a batch as laboratories with a database export it: one folder a run, three tables, generated logs, and a few runs that differ. */
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
import {
  ctffind4Text,
  DOSE_RATE,
  frameNumber,
  mdocText,
  rawtltText,
  relion5TiltSeriesText,
  TILT_COUNT,
  warpXmlText,
} from "./tilts.mjs";

const PREFIX = "lab/batch";
const PIXEL_ANGSTROM = 3.92;
const TILT_SHAPE = [TILT_COUNT, 32, 32];
const TOMOGRAM_SHAPE = [16, 32, 32];
/** As text of the table; 10 has no decimals there and three in the portal's folders. */
const SPACINGS = ["7.84", "10", "13.48", "17.976"];

const nameOf = (number) => `mka2019-11-19-${number}`;
const NUMBERS = Array.from({ length: 12 }, (_, at) => at + 1);
/** Not asked for. Without its end anchor the list would find the second by the name of run 1. */
const UNLISTED = [7, 11];
const WITHOUT_TOMOGRAM_ROW = 4;
/** Listed, but their spacing is excluded, and with it their tomogram. */
const WITHOUT_SPACING = [8, 9];
const WITH_COPY = 2;
const ALIGNED_STACK = 3;
const WITHOUT_SERIES = 5;
/** Raw tilts beside those of its mdoc, in the second decimal. */
const WITH_NOISE = 8;
/** Aligned with other programs; the rest is not aligned. */
const IN_RELION = 1;
const IN_WARP = 2;
const AXIS_DEGREES = 84.1;

export function batchDeposit() {
  const listed = NUMBERS.filter((number) => !UNLISTED.includes(number));
  return {
    name: "batch",
    sourcePrefix: PREFIX,
    runs: listed.map(nameOf).sort(),
    volumes: NUMBERS.flatMap(runVolumes),
    files: [
      ...NUMBERS.flatMap(runFiles),
      { path: "run_data_map/10901.csv", content: dataMap() },
      {
        path: "run_tomo_map/10901.csv",
        content: rows(
          NUMBERS.filter((number) => number !== WITHOUT_TOMOGRAM_ROW).map((number) => [nameOf(number), mappedTomogram(number)]),
        ),
      },
      {
        path: "run_frames_map/10901.csv",
        content: rows(NUMBERS.map((number) => [nameOf(number), `3dimage_${147720 + number}`])),
      },
    ],
    config: config(listed),
  };
}

const spacingOf = (number) => SPACINGS[(number - 1) % SPACINGS.length];

function mappedTomogram(number) {
  return `3dimage_${147720 + number}/wtAnaGV${number}_SIRT_bin8.mrc`;
}

function runVolumes(number) {
  const run = nameOf(number);
  const runIndex = number - 1;
  const listed = !UNLISTED.includes(number);
  const spacingAngstrom = Number(spacingOf(number));
  const hasTomogram = listed && number !== WITHOUT_TOMOGRAM_ROW && !WITHOUT_SPACING.includes(number);
  const tomogram = {
    path: `${run}/${mappedTomogram(number)}`,
    ...(hasTomogram ? { run, kind: "tomogram", spacingAngstrom } : {}),
    volume: { shape: TOMOGRAM_SHAPE, runIndex, kind: number % 2 === 0 ? "float32" : "int16", spacingAngstrom },
  };
  if (number === WITHOUT_SERIES) return [tomogram];
  const end = number === ALIGNED_STACK ? "ali" : number % 2 === 0 ? "mrc" : "st";
  const series = {
    path: `${run}/rawdata/${run}.${end}`,
    ...(listed ? { run, kind: "tiltseries", spacingAngstrom: PIXEL_ANGSTROM } : {}),
    volume: { shape: TILT_SHAPE, runIndex, kind: "int16", spacingAngstrom: PIXEL_ANGSTROM, stack: true },
  };
  return [tomogram, series];
}

function runFiles(number) {
  const run = nameOf(number);
  const mdoc = mdocText({
    image: `${run}.mrc`,
    size: [TILT_SHAPE[2], TILT_SHAPE[1]],
    pixelAngstrom: PIXEL_ANGSTROM,
    axisDegrees: AXIS_DEGREES,
    framePath: (order) => `X:\\frames\\${run}_${frameNumber(order)}.tif`,
  });
  const aligned = { name: run, pixelAngstrom: PIXEL_ANGSTROM, axisDegrees: AXIS_DEGREES };
  const ctf = ctffind4Text({ image: `${run}.mrc`, pixelAngstrom: PIXEL_ANGSTROM });
  return [
    { path: `${run}/generated/${run}.mdoc`, content: mdoc },
    { path: `${run}/generated/${run}.rawtlt`, content: rawtltText({ noiseSeed: number === WITH_NOISE ? 1 : undefined }) },
    ...(number === WITHOUT_SERIES ? [] : [{ path: `${run}/generated/${run}_ctffind4.txt`, content: ctf }]),
    ...(number === IN_RELION ? [{ path: `${run}/relion/${run}.star`, content: relion5TiltSeriesText(aligned) }] : []),
    ...(number === IN_WARP ? [{ path: `${run}/warp_tiltseries/${run}.xml`, content: warpXmlText(aligned) }] : []),
    // what one system leaves beside each file on a disk of another
    ...(number === WITH_COPY ? [{ path: `${run}/rawdata/._copy.mrc`, content: Uint8Array.of(0, 5, 0x16, 7, 0, 2, 0, 0) }] : []),
  ];
}

function dataMap() {
  const columns =
    "run_name tomo-voxel_spacing tomo-reconstruction_method ts-pixel_spacing ts-tilt_range-max ts-tilt_range-min ts-tilt_series_quality frame_dose_rate";
  const cells = NUMBERS.map((number) => [
    nameOf(number),
    spacingOf(number),
    number % 2 === 0 ? "WBP" : "SIRT",
    PIXEL_ANGSTROM,
    "9.0",
    "-9.0",
    (number % 5) + 1,
    DOSE_RATE.toFixed(1),
  ]);
  return rows([columns.split(" "), ...cells]);
}

function rows(table) {
  return table.map((row) => `${row.join(",")}\n`).join("");
}

function config(listed) {
  return depositConfig(
    {
      depositionId: 10304,
      datasetId: 10404,
      title: "Miniature laboratory, batch",
      sourcePrefix: PREFIX,
      maps: {
        run_data_map_file: "run_data_map/10901.csv",
        run_to_frame_map_csv: "run_frames_map/10901.csv",
        run_to_tomo_map_csv: "run_tomo_map/10901.csv",
      },
    },
    [
      section("runs", { sources: [source(glob("*", { match: `(${listed.map(nameOf).join("|")})$`, name: "(.*)" }))] }),
      section("voxel_spacings", {
        sources: [
          source(literal('["float {tomo-voxel_spacing}"]'), {
            exclude: { run: WITHOUT_SPACING.map((number) => `^${nameOf(number)}$`) },
          }),
        ],
      }),
      section("collection_metadata", { sources: [source(globs("{run_name}/generated/*.mdoc"))] }),
      section("frames", { metadata: frameMetadata('"float {frame_dose_rate}"', true), sources: [source(literal("[default]"))] }),
      section("tiltseries", {
        metadata: tiltSeriesMetadata({
          pixel: '"float {ts-pixel_spacing}"',
          axis: AXIS_DEGREES,
          range: '{min: "float {ts-tilt_range-min}", max: "float {ts-tilt_range-max}"}',
          quality: '"int {ts-tilt_series_quality}"',
        }),
        sources: [source(glob("{run_name}/rawdata/*", { match: ".*/rawdata/[^\\._].*\\.(mrc|st|ali)$" }))],
      }),
      section("rawtilts", { sources: [source(globs("{run_name}/generated/*.rawtlt"))] }),
      section("ctfs", { metadata: ["format: CTFFIND"], sources: [source(glob("{run_name}/generated/*_ctffind4.txt"))] }),
      // two formats that are not the portal's
      section(
        "alignments",
        {
          metadata: ["alignment_type: GLOBAL", "format: RELION", "method_type: fiducial_based"],
          sources: [source(glob("{run_name}/relion/{run_name}.star"))],
        },
        {
          metadata: ["alignment_type: GLOBAL", "format: WARP", "method_type: patch_tracking"],
          sources: [source(glob("{run_name}/warp_tiltseries/{run_name}.xml"))],
        },
      ),
      section("tomograms", {
        metadata: tomogramMetadata({ spacing: '"float {tomo-voxel_spacing}"', method: '"{tomo-reconstruction_method}"' }),
        sources: [source(glob("{run_name}/{mapped_tomo_name}", { match: ".*\\.(mrc|rec)$" }))],
      }),
    ],
  );
}
