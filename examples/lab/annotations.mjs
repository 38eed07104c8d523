/** Deposit of people who annotated what others deposited: tables, models and masks for runs of the deposits `imod`, `aretomo` and `sim`, which
 * must be in the output before it. It brings no run, no alignment and no voxel spacing of its own. */
import {
  annotationFiles,
  annotationMetadata,
  depositConfig,
  destinationGlob,
  glob,
  literal,
  RIBOSOME,
  section,
  source,
  tomogramHeader,
} from "./config.mjs";
import { imodModel } from "./imod-model.mjs";
import { labelMask } from "./masks.mjs";
import { csvText, relion4Text, relion5Text, stopgapText, tardisText, tomomanText, warpText } from "./points.mjs";
import { CAPTION_COUNT } from "./truth.mjs";

const PREFIX = "lab/annotations";
const [IMOD, ARETOMO, SIM] = ["10401", "10403", "10405"];
/** A folder of this name is there as well, for a dataset that is not meant. */
const EXCLUDED = "10499";
/** `number`: STOPGAP knows tomograms by numbers only. */
const RUNS = [
  { dataset: IMOD, run: "TS_0001", number: 1, shape: [32, 56, 64], spacingAngstrom: 13.48 },
  { dataset: IMOD, run: "TS_0002", number: 2, shape: [32, 56, 64], spacingAngstrom: 13.48 },
  { dataset: ARETOMO, run: "run_001", number: 11, shape: [32, 64, 64], spacingAngstrom: 4.99 },
  { dataset: ARETOMO, run: "run_002", number: 12, shape: [32, 64, 64], spacingAngstrom: 4.99 },
  { dataset: SIM, run: "TS_1", number: 21, shape: [32, 56, 64], spacingAngstrom: 10.2 },
];
/** Lists were made on images of half the voxel. */
const BINNING = 2;

export function annotationsDeposit() {
  const inImod = RUNS.filter(({ dataset }) => dataset === IMOD);
  const inSim = RUNS.filter(({ dataset }) => dataset === SIM);
  const [{ shape, spacingAngstrom }] = inImod;
  const names = inImod.map(({ run }) => run);
  const groups = [inImod, inSim].map(([first], at) => ({ group: at + 1, pixelAngstrom: first.spacingAngstrom / BINNING }));
  const grouped = [inImod, inSim].flatMap((runs, at) => runs.map(({ run }) => ({ tomogram: run, group: at + 1 })));
  const table = { tomograms: names, shape, spacingAngstrom, pixelAngstrom: spacingAngstrom / BINNING, binning: BINNING };
  return {
    name: "annotations",
    sourcePrefix: PREFIX,
    runs: RUNS.map(({ run }) => run),
    volumes: inSim.map(({ run, spacingAngstrom: spacing }) => ({
      path: `${run}.rec`, // nothing but its voxel size is wanted
      volume: { shape: [4, 4, 4], runIndex: 0, kind: "int8", spacingAngstrom: spacing },
    })),
    masks: [{ path: `${IMOD}/${names[0]}/labels.zarr`, mask: labelMask({ shape, spacingAngstrom, kind: "uint8" }) }],
    files: [
      { path: "run_data_map.csv", content: runTable() },
      ...[...inImod, ...inSim].map((of) => ({ path: `${of.dataset}/${of.run}_x_MS.mod`, content: imodModel(of) })),
      { path: `${EXCLUDED}/TS_0001_x_MS.mod`, content: imodModel(inImod[0]) },
      { path: "subtomo/ribo_motl.star", content: stopgapText({ tomograms: RUNS.map(({ number }) => number), binning: BINNING }) },
      { path: "motl_star/points.star", content: relion4Text({ tomograms: grouped, groups, binning: BINNING }) },
      { path: "motl_star/tomoman.star", content: tomomanText(table) },
      { path: "motl_star/relion5.star", content: relion5Text(table) },
      { path: "motl_star/warp.star", content: warpText(table) },
      ...inImod.flatMap(({ run }) => [
        { path: `${IMOD}/${run}/${run}_instance.csv`, content: tardisText({ spacingAngstrom }) },
        { path: `${IMOD}/${run}_points.tsv`, content: csvText({ delimiter: "\t" }) },
        {
          path: `${IMOD}/${run}_flagellar_motor.csv`,
          content: csvText({ columns: "zyx", delimiter: "|", header: ["z", "y", "x", "score"], scored: true }),
        },
      ]),
      ...RUNS.filter(({ dataset }) => dataset !== SIM).map(({ dataset, run }) => ({
        path: `${dataset}/${run}/${run}_captions.json`,
        content: captions(run),
      })),
    ],
    config: config(),
  };
}

function runTable() {
  return [["run_name", "tomo_num"], ...RUNS.map(({ run, number }) => [run, number])].map((row) => `${row.join(",")}\n`).join("");
}

function captions(run) {
  const sentences = ["five particles", "no two in one plane", "a grid of grey values"];
  const document = { run, captions: sentences.slice(0, CAPTION_COUNT).map((text) => ({ text: `${run}: ${text} – generated` })) };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function config() {
  const where = (...datasets) => ({ include: { dataset: datasets.map((dataset) => `^${dataset}$`) } });
  return depositConfig(
    {
      depositionId: 10306,
      title: "Miniature laboratory, later annotations",
      types: ["annotation"],
      sourcePrefix: PREFIX,
      maps: { run_data_map_file: "run_data_map.csv" },
      datasets: [source(glob("10???", { match: `/10\\d{3}(?<!${EXCLUDED})$` }))],
    },
    [
      section("runs", {
        sources: [
          source(glob("{dataset_name}/*", { match: "_MS\\.mod$", name: "(.*?)_[^_]*_MS.mod" }), where(IMOD, SIM)),
          source(
            literal(`[${RUNS.flatMap(({ dataset, run }) => (dataset === ARETOMO ? [run] : [])).join(", ")}]`),
            where(ARETOMO),
          ),
        ],
      }),
      section("alignments", { sources: [source(destinationGlob("{run_output_path}/Alignments/100/alignment_metadata.json"))] }),
      section("voxel_spacings", {
        sources: [
          source(
            destinationGlob("{run_output_path}/Reconstructions/VoxelSpacing*", { name: "VoxelSpacing(.*)" }),
            where(IMOD, ARETOMO),
          ),
          source(tomogramHeader("{run_name}.rec"), where(SIM)),
        ],
      }),
      section("annotations", ...portalFormats(where), ...ownFormats(where)),
    ],
  );
}

const MOTOR = { name: "bacterial-type flagellum motor", id: "GO:0120100" };

function portalFormats(where) {
  const model = { file_format: "mod", glob_string: "{dataset_name}/{run_name}_*_MS.mod", binning: 1 };
  const relion4 = {
    file_format: "relion4_star",
    glob_string: "motl_star/points.star",
    filter_value: "{run_name}",
    binning: BINNING,
  };
  return [
    {
      metadata: annotationMetadata({ ingestId: "flagellar-motor-1", object: MOTOR, method: "oriented by hand" }),
      sources: [
        source(annotationFiles("OrientedPoint", { ...model, order: "xyz", is_visualization_default: true }), where(IMOD, SIM)),
        source(annotationFiles("Point", { ...model, columns: "xyz" }), where(IMOD, SIM)),
      ],
    },
    {
      metadata: annotationMetadata({
        ingestId: "cytosolic-ribosome-1",
        object: RIBOSOME,
        method: "template matching",
        type: "hybrid",
      }),
      sources: [
        source(
          annotationFiles("OrientedPoint", {
            file_format: "stopgap_star",
            glob_string: "subtomo/ribo_motl.star",
            filter_value: "{tomo_num}",
            binning: BINNING,
            order: "xyz",
            is_visualization_default: true,
          }),
          { exclude: { voxel_spacing: ["^10\\.012$"] } },
        ),
      ],
    },
    {
      metadata: annotationMetadata({ ingestId: "cytosolic-ribosome-2", object: RIBOSOME, method: "averaged", version: "2.0" }),
      sources: [
        source(annotationFiles("OrientedPoint", { ...relion4, order: "xyz" }), where(IMOD, SIM)),
        source(annotationFiles("Point", relion4), where(IMOD, SIM)),
      ],
    },
    {
      metadata: annotationMetadata({ ingestId: "cytosolic-ribosome-3", object: RIBOSOME, method: "averaged", version: "3.0" }),
      sources: [
        source(
          annotationFiles("OrientedPoint", {
            file_format: "tomoman_relion_star",
            glob_string: "motl_star/tomoman.star",
            filter_value: "{run_name}",
            binning: BINNING,
            order: "xyz",
          }),
          where(IMOD),
        ),
      ],
    },
    {
      metadata: annotationMetadata({
        ingestId: "microtubule-1",
        object: { name: "microtubule", id: "GO:0005874" },
        method: "instance segmentation",
        type: "automated",
      }),
      sources: [
        source(
          annotationFiles("InstanceSegmentation", {
            file_format: "tardis",
            glob_string: "{dataset_name}/{run_name}/{run_name}_instance.csv",
            binning: 13.48,
            order: "xyz",
          }),
          where(IMOD),
        ),
      ],
    },
    {
      metadata: annotationMetadata({
        ingestId: "caption-1",
        object: { name: "whole tomogram", id: "GO:0005575" },
        method: "described",
        type: "automated",
      }),
      sources: [
        source(
          annotationFiles("GlobalCaption", {
            file_format: "saber",
            glob_string: "{dataset_name}/{run_name}/{run_name}_captions.json",
          }),
          { exclude: { voxel_spacing: ["^10\\.012$"] } },
        ),
      ],
    },
    {
      metadata: annotationMetadata({ ingestId: "flagellar-motor-2", object: MOTOR, method: "picked by hand", version: "2.0" }),
      sources: [
        source(
          annotationFiles("Point", {
            file_format: "csv_with_header",
            glob_string: "{dataset_name}/{run_name}_flagellar_motor.csv",
            delimiter: "|",
            columns: "zyx",
          }),
        ),
      ],
    },
    {
      metadata: annotationMetadata({
        ingestId: "membrane-1",
        object: { name: "membrane", id: "GO:0016020" },
        method: "drawn by hand",
      }),
      // the deprecated name of a semantic mask
      sources: [
        source(
          annotationFiles("SegmentationMask", { file_format: "zarr", glob_string: "{dataset_name}/{run_name}/labels.zarr" }),
        ),
      ],
    },
  ];
}

/** Formats that the portal's own ingestion does not read. */
function ownFormats(where) {
  const oriented = (number, format, file, filter) => ({
    metadata: annotationMetadata({
      ingestId: `cytosolic-ribosome-${number}`,
      object: RIBOSOME,
      method: "averaged",
      version: `${number}.0`,
    }),
    sources: [
      source(
        annotationFiles("OrientedPoint", {
          file_format: format,
          glob_string: `motl_star/${file}`,
          filter_value: filter,
          binning: 13.48, // Å
          order: "xyz",
        }),
        where(IMOD),
      ),
    ],
  });
  return [
    oriented(4, "relion5_star", "relion5.star", "{run_name}"),
    oriented(5, "warp_star", "warp.star", "{run_name}.tomostar"),
    {
      metadata: annotationMetadata({ ingestId: "flagellar-motor-3", object: MOTOR, method: "picked by hand", version: "3.0" }),
      sources: [source(annotationFiles("Point", { file_format: "tsv", glob_string: "{dataset_name}/{run_name}_points.tsv" }))],
    },
  ];
}
