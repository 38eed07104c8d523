import { describe, expect, it } from "vitest";
import { plan, smallConfig, tinyMdoc, tinyMrc } from "./ingest-plan-kit.js";

/** Where the findings on shared files and on numbers begin and end: each row is one step beside such a border. */

type Files = Record<string, string | Uint8Array>;
interface Row {
  readonly runs: readonly string[];
  readonly more?: string;
  readonly files?: readonly string[];
  readonly config?: Parameters<typeof smallConfig>[0];
  readonly only?: string;
  /** Codes and the beginning of what is said, errors first. */
  readonly refused?: readonly string[];
  readonly warned?: readonly string[];
}

const TOMOGRAM = tinyMrc(4, 4, 4, 10.5);
const glob = (text: string, more = "") => `{source_glob: {list_glob: '${text}'}${more}}`;
const to = (...runs: string[]) => `, parent_filters: {include: {run: [${runs.join(", ")}]}}`;
const at = (spacing: string) => `, parent_filters: {include: {voxel_spacing: ['${spacing}']}}`;
const frames = (...sources: string[]) => `frames: [{metadata: {dose_rate: 1}, sources: [${sources.join(", ")}]}]\n`;
const gains = (text: string) => `gains: [{sources: [${glob(text)}]}]\n`;
const alignments = (format: string, text: string) => `[{metadata: {format: ${format}}, sources: [${glob(text)}]}]`;
const annotation = (shape: string) =>
  `annotations: [{metadata: {annotation_object: {name: membrane}, version: '1.0'}, sources: [${shape}]}]\n`;
const METADATA = "{fiducial_alignment_status: NON_FIDUCIAL, reconstruction_method: WBP, processing: raw}";
const mdocs = "collection_metadata: [{sources: [{source_glob: {list_glob: 'mdoc/{run_name}.mdoc'}}]}]\n";
const AB = ["A", "B"];
const LONG = ["P_1", "P_1_2"];
const ONLY_SHORT = "P_1$";
const TWO_SPACINGS = { voxel_spacings: "[{sources: [{literal: {value: [10.5, 21]}}]}]" };
const BY_SPACING = {
  ...TWO_SPACINGS,
  tomograms: `[{metadata: ${METADATA}, sources: [${glob("{voxel_spacing_name}/{run_name}.rec")}]}]`,
};
const bothSpacings = ["10.500/A.rec", "21.000/A.rec"];

async function judged({ runs, more, files = [], config = {}, only }: Row) {
  const source: Files = {};
  for (const run of runs) source[`lab/rec/${run}.rec`] = TOMOGRAM;
  for (const name of files) {
    const size = name.startsWith("21") ? 21 : 10.5;
    source[`lab/${name}`] = name.endsWith(".mdoc")
      ? tinyMdoc((i) => `f${i}.eer`)
      : /\.(?:rec|mrc)$/.test(name)
        ? tinyMrc(4, 4, 4, size)
        : "1,1,1\n";
  }
  if (config.standardization_config) source["lab/map.csv"] = "run_name,session\nA,s1\nB,s2\n";
  const text = smallConfig({
    runs: `[{sources: [{literal: {value: [${runs.map((run) => `"${run}"`).join(", ")}]}}]}]`,
    ...(more && { more }),
    ...config,
  });
  const flags = { everything: true, ...(only && { filter: { run: [only] } }) };
  const made = await plan({ config: text, source, flags });
  const ofFindings = (all: readonly { code?: string | undefined; message: string }[]) =>
    all.flatMap(({ code, message }) => (/^CONFIG_(?:SHARED|COUNTS)$/.test(code ?? "") ? [message] : []));
  return { refused: ofFindings(made.refusals), warned: ofFindings(made.warnings) };
}

const ROWS: [string, Row][] = [
  [
    "longer: two names with one glob is no longer name, but a glob that names no run",
    {
      runs: LONG,
      more: frames(glob("frames/*.eer")),
      files: ["frames/a.eer"],
      refused: ["frames: frames/*.eer finds the same 1 file (a.eer) for 2 runs: P_1, P_1_2"],
    },
  ],
  [
    "longer, the other run left out: a list of all runs is shared",
    {
      runs: LONG,
      config: { alignments: alignments("RELION", "ali/{run_name}*.star") },
      files: ["ali/P_1_2.star"],
      only: ONLY_SHORT,
    },
  ],
  [
    "longer, the other run left out: a picture may be of anything",
    {
      runs: LONG,
      more: `key_images: [{sources: [${glob("pictures/{run_name}*.png")}]}]\n`,
      files: ["pictures/P_1_2.png"],
      only: ONLY_SHORT,
    },
  ],
  [
    "longer, the other run planned: a source that is kept to the short name takes nothing from it",
    { runs: LONG, more: frames(glob("frames/{run_name}_*.eer", to("P_1$"))), files: ["frames/P_1_2_1.eer"] },
  ],
  [
    "longer, the other run left out: a glob that names no run says nothing of it",
    {
      runs: LONG,
      more: "frames: [{metadata: {dose_rate: 1}, sources: [{source_multi_glob: {list_globs: ['frames/{run_name}_*.eer', 'more/*.eer']}}]}]\n",
      files: ["frames/P_1_1.eer", "more/x.eer"],
      only: ONLY_SHORT,
    },
  ],
  [
    "every: an alignment that is no list of all runs is not shared",
    {
      runs: AB,
      config: { alignments: alignments("IMOD", "ali/*.xf") },
      files: ["ali/x.xf"],
      refused: ["alignments: ali/*.xf finds the same 1 file (x.xf) for 2 runs: A, B"],
    },
  ],
  [
    "every: an alignment of RELION is a list of all runs",
    { runs: AB, config: { alignments: alignments("RELION", "ali/*.star") }, files: ["ali/all.star"] },
  ],
  [
    "every: pictures are not judged",
    { runs: AB, more: `key_images: [{sources: [${glob("pictures/*.png")}]}]\n`, files: ["pictures/p.png"] },
  ],
  [
    "every: a name with a bracket that is written out is named",
    { runs: AB, more: frames(glob("frames/all[[]1].eer")), files: ["frames/all[1].eer"] },
  ],
  [
    "every: a variable that is the same for all runs names none",
    {
      runs: AB,
      more: frames(glob("{dataset_name}/*.eer")),
      files: ["10700/a.eer"],
      refused: ["frames: {dataset_name}/*.eer finds the same 1 file (a.eer) for 2 runs: A, B"],
    },
  ],
  [
    "every: one source that is kept to both runs does not tell them apart",
    {
      runs: AB,
      more: frames(glob("frames/*.eer", to("A", "B"))),
      files: ["frames/a.eer"],
      refused: ["frames: frames/*.eer finds the same 1 file (a.eer) for 2 runs: A, B"],
    },
  ],
  [
    "every: sources of which one is kept to a run do not tell them apart",
    {
      runs: AB,
      more: frames(glob("frames/*.eer"), glob("frames/*.eer", to("A"))),
      files: ["frames/a.eer"],
      refused: ["frames: frames/*.eer finds the same 1 file (a.eer) for 2 runs: A, B"],
    },
  ],
  [
    "overlap: a gain that two globs meet in is doubted",
    {
      runs: AB,
      more: gains("gain/*{run_name}*.mrc"),
      files: ["gain/A_B.mrc"],
      warned: ["gains: 1 file (A_B.mrc) of gain/*{run_name}*.mrc is used for 2 runs: A, B"],
    },
  ],
  [
    "map: one run that names the file and one that finds it are doubted",
    {
      runs: AB,
      more: frames(glob("frames/all.eer", to("A")), glob("frames/*.eer", to("B"))),
      files: ["frames/all.eer"],
      warned: ["frames: 1 file (all.eer) of frames/all.eer is used for 2 runs: A, B"],
    },
  ],
  [
    "spacing: a tomogram that two sources give to two spacings is an error",
    {
      runs: ["A"],
      config: {
        ...TWO_SPACINGS,
        tomograms: `[{metadata: ${METADATA}, sources: [${glob("rec/{run_name}.rec", at("10.500"))}, ${glob("rec/{run_name}.rec", at("21.000"))}]}]`,
      },
      refused: ["tomograms: 1 file (A.rec) of rec/{run_name}.rec is used at 2 voxel spacings of their run: 10.500, 21.000 Å"],
    },
  ],
  [
    "spacing: surfaces in Å fit any",
    {
      runs: ["A"],
      config: BY_SPACING,
      more: annotation("{TriangularMesh: {file_format: obj, glob_string: 'p/{run_name}.obj'}}"),
      files: [...bothSpacings, "p/A.obj"],
    },
  ],
  [
    "spacing: texts fit any, the instances that they describe do not",
    {
      runs: ["A"],
      config: BY_SPACING,
      more: annotation(
        "{InstanceSegmentation: {file_format: tardis, glob_string: 'p/{run_name}.csv'}}, {AnnotationCaption: {file_format: saber, glob_string: 'p/{run_name}.txt', companion_shape: InstanceSegmentation}}",
      ),
      files: [...bothSpacings, "p/A.csv", "p/A.txt"],
      refused: ["annotations: 1 file (A.csv) of p/{run_name}.csv is used at 2 voxel spacings of their run: 10.500, 21.000 Å"],
    },
  ],
  [
    "frames: one more than images is one too many",
    {
      runs: ["A"],
      more: frames(glob("frames/*.eer")) + mdocs,
      files: ["mdoc/A.mdoc", ...[0, 1, 2, 3].map((i) => `frames/f${i}.eer`)],
      warned: ["frames: numbers differ in 1 run: A has 4 frame files, but 3 images in its mdoc"],
    },
  ],
  [
    "frames: one image without its file is told",
    {
      runs: ["A"],
      more: frames(glob("frames/*.eer")) + mdocs,
      files: ["mdoc/A.mdoc", "frames/f0.eer", "frames/f1.eer", "frames/other.eer"],
      warned: ["A: 1 of 3 images of memory:/lab/mdoc/A.mdoc name no frame file that exists"],
    },
  ],
  [
    "frames: of a run without any nothing is told",
    { runs: ["A"], more: frames(glob("frames/*.eer")) + mdocs, files: ["mdoc/A.mdoc"] },
  ],
];

describe("the borders of the findings on files", () => {
  it.each(ROWS)("(34.law) %s", async (_, row) => {
    expect(await judged(row)).toEqual({ refused: row.refused ?? [], warned: row.warned ?? [] });
  });

  it("(34.law) one run's name in two datasets is doubted, not refused", async () => {
    const config = smallConfig({
      runs: "[{sources: [{literal: {value: [A]}}]}]",
      tomograms: `[{metadata: ${METADATA}, sources: [${glob("x/{run_name}.rec")}]}]`,
      more: frames(glob("frames/{run_name}*.eer")),
    }).replace("value: ['10700']", "value: ['10700', '10701']");
    const { refusals, warnings } = await plan({ config, source: { "lab/frames/A_1.eer": "x" } });
    expect([refusals, warnings.filter(({ code }) => code === "CONFIG_SHARED").length]).toEqual([[], 1]);
  });

  it("(34.law) an image without its frame file is refused by strict, but no fault that has no code", async () => {
    const config = smallConfig({ runs: "[{sources: [{literal: {value: [A]}}]}]", more: frames(glob("frames/*.eer")) + mdocs });
    const source = {
      "lab/rec/A.rec": TOMOGRAM,
      "lab/mdoc/A.mdoc": tinyMdoc((i) => `f${i}.eer`),
      ...Object.fromEntries(["f0", "f1", "other"].map((name) => [`lab/frames/${name}.eer`, "x"])),
    };
    const { refusals, refusedRuns, warnings } = await plan({ config, source, options: { strict: true } });
    expect(refusals.map(({ message }) => message)).toEqual([
      "A: 1 of 3 images of memory:/lab/mdoc/A.mdoc name no frame file that exists",
    ]);
    expect(warnings.filter(({ code }) => code === "CONFIG_COUNTS")).toEqual([]);
    // a watch waits with this run alone
    expect(refusedRuns.get(refusals[0]!)).toEqual(["10700/A"]);
  });

  it("(34.law) a run whose frames are elsewhere is not told that each image lacks its file", async () => {
    const config = smallConfig({
      runs: "[{sources: [{literal: {value: [A]}}]}]",
      more: frames("{literal: {value: [elsewhere]}}") + mdocs,
    });
    const source = { "lab/rec/A.rec": TOMOGRAM, "lab/mdoc/A.mdoc": tinyMdoc((i) => `f${i}.eer`) };
    const { refusals, warnings } = await plan({ config, source, flags: { everything: true } });
    expect([refusals, warnings.filter(({ code }) => code === "CONFIG_COUNTS")]).toEqual([[], []]);
  });
});
