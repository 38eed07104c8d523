import { describe, expect, it } from "vitest";
import { ANNOTATION_FORMATS } from "../../src/stations/ingest/config/grammar/sources.js";
import { plan, RAWTLT, smallConfig, tinyMdoc, tinyMrc } from "./ingest-plan-kit.js";
import { standInFiles, type Use } from "./stand-in-content.js";

type Files = Record<string, string | Uint8Array>;
type Changes = Parameters<typeof smallConfig>[0];

const ANGSTROM = 10.5;
const TOMOGRAM = tinyMrc(8, 8, 8, ANGSTROM);
const PNG = standInFiles("a.png", [{ kind: "picture" }])[""]!;
const METADATA = "{annotation_object: {name: membrane}, version: '1.0'}";
const VOLUME = "{fiducial_alignment_status: NON_FIDUCIAL, reconstruction_method: WBP, processing: raw}";

function put(path: string, use: Use): Files {
  const files = Object.entries(standInFiles(path, [use]));
  return Object.fromEntries(files.map(([below, content]) => [below === "" ? path : `${path}/${below}`, content]));
}
const zarr = (path: string, labels?: readonly number[]) =>
  put(path, { kind: "volume", spacingAngstrom: ANGSTROM, ...(labels && { labels }) });
const glob = (pattern: string, more = "") => `{source_glob: {list_glob: '${pattern}'${more}}}`;
const section = (name: string, source: string, metadata?: string) =>
  `${name}: [{${metadata === undefined ? "" : `metadata: ${metadata}, `}sources: [${source}]}]\n`;
const shape = (name: string, options: string) => section("annotations", `{${name}: {${options}}}`, METADATA);
const SERIES = section("tiltseries", glob("s/*.st"), "{pixel_spacing: 2}");
const series: Files = { "lab/s/A.st": tinyMrc(4, 4, 3, 2) };
const settings = (more: string) => `{deposition_id: 10390, source_prefix: lab, ${more}}`;

/** A file that a line names, in every way that a line can. @see each has `lab/x/other.txt` beside it, which no line names */
interface Way {
  readonly what: string;
  /** Lines without which the file is named by none. */
  readonly line: Changes;
  /** Of the same configuration with and without the line. */
  readonly beside?: string;
  readonly files: Files;
  /** `path: use`, of what the line names alone. */
  readonly used: readonly string[];
}

const FILES: Way[] = [
  {
    what: "runs: files",
    line: { runs: `[{sources: [${glob("x/*.run", ", name_regex: '(.)\\.run'")}]}]` },
    files: { "lab/x/A.run": "" },
    used: ["lab/x/A.run: run"],
  },
  {
    what: "voxel_spacings: source_glob",
    line: { voxel_spacings: `[{sources: [${glob("x/vs*", ", name_regex: 'vs(.*)\\.txt'")}]}]` },
    files: { "lab/x/vs10.5.txt": "" },
    used: ["lab/x/vs10.5.txt: voxel_spacing A"],
  },
  {
    what: "voxel_spacings: tomogram_header",
    line: { voxel_spacings: "[{sources: [{tomogram_header: {list_glob: 'x/{run_name}.mrc'}}]}]" },
    files: { "lab/x/A.mrc": TOMOGRAM },
    used: ["lab/x/A.mrc: voxel_spacing A"],
  },
  {
    what: "voxel_spacings: tomogram_header of a Zarr",
    line: { voxel_spacings: "[{sources: [{tomogram_header: {list_glob: 'x/{run_name}.zarr'}}]}]" },
    files: zarr("lab/x/A.zarr"),
    used: ["lab/x/A.zarr/: voxel_spacing A"],
  },
  {
    what: "tomograms: source_glob",
    line: { tomograms: `[{metadata: ${VOLUME}, sources: [${glob("x/{run_name}.mrc")}]}]` },
    files: { "lab/x/A.mrc": TOMOGRAM },
    used: ["lab/x/A.mrc: tomogram A 10.500"],
  },
  {
    what: "tomograms: source_multi_glob",
    line: { tomograms: `[{metadata: ${VOLUME}, sources: [{source_multi_glob: {list_globs: ['x/{run_name}.mrc']}}]}]` },
    files: { "lab/x/A.mrc": TOMOGRAM },
    used: ["lab/x/A.mrc: tomogram A 10.500"],
  },
  {
    what: "tomograms: a Zarr",
    line: { tomograms: `[{metadata: ${VOLUME}, sources: [${glob("x/{run_name}.zarr")}]}]` },
    files: zarr("lab/x/A.zarr"),
    used: ["lab/x/A.zarr/: tomogram A 10.500"],
  },
  {
    what: "gains",
    line: { more: section("gains", glob("x/*.mrc")) },
    files: { "lab/x/g.mrc": TOMOGRAM },
    used: ["lab/x/g.mrc: gain A"],
  },
  {
    what: "frames",
    line: { more: section("frames", glob("x/*.tif"), "{dose_rate: 1}") },
    files: { "lab/x/a.tif": "x" },
    used: ["lab/x/a.tif: frame A"],
  },
  {
    what: "collection_metadata",
    line: { more: section("collection_metadata", glob("x/*.mdoc")) },
    files: { "lab/x/a.mdoc": tinyMdoc() },
    used: ["lab/x/a.mdoc: collection_metadata A"],
  },
  {
    what: "tiltseries",
    line: { more: section("tiltseries", glob("x/*.st"), "{pixel_spacing: 2}") },
    files: { "lab/x/a.st": tinyMrc(4, 4, 3, 2) },
    used: ["lab/x/a.st: tiltseries A"],
  },
  {
    what: "rawtilts",
    line: { more: section("rawtilts", glob("x/*.rawtlt")) },
    beside: SERIES,
    files: { ...series, "lab/x/a.rawtlt": RAWTLT },
    used: ["lab/x/a.rawtlt: rawtilt A"],
  },
  {
    what: "ctfs",
    line: { more: section("ctfs", glob("x/*.ctf"), "{format: CTFFIND}") },
    beside: SERIES,
    files: { ...series, ...put("lab/x/a.ctf", { kind: "ctf", format: "CTFFIND" }) },
    used: ["lab/x/a.ctf: ctf A"],
  },
  {
    what: "alignments: several files",
    line: {
      alignments:
        "[{metadata: {format: IMOD}, sources: [{source_multi_glob: {list_globs: ['x/{run_name}.xf', 'x/{run_name}.tlt']}}]}]",
    },
    files: { "lab/x/A.xf": "1 0 0 1 0 0\n".repeat(3), "lab/x/A.tlt": RAWTLT },
    used: ["lab/x/A.tlt: alignment A", "lab/x/A.xf: alignment A"],
  },
  {
    what: "identified_objects",
    line: { more: section("identified_objects", glob("x/*.csv")) },
    files: put("lab/x/a.csv", { kind: "table", run: "A" }),
    used: ["lab/x/a.csv: identified_object A"],
  },
  {
    what: "key_images",
    line: { more: section("key_images", glob("x/{run_name}*.png")) },
    files: { "lab/x/A.png": PNG },
    used: ["lab/x/A.png: key_image A 10.500"],
  },
  {
    what: "dataset_keyphotos: source_glob",
    line: { more: section("dataset_keyphotos", glob("x/*.png", ", name_regex: '(.*)\\.png'")) },
    files: { "lab/x/snapshot.png": PNG },
    used: ["lab/x/snapshot.png: dataset_keyphoto"],
  },
  // with the name of a bucket in front, as the portal's configurations have it, and without
  {
    what: "dataset_keyphotos: literal",
    line: { more: section("dataset_keyphotos", "{literal: {value: {snapshot: lab/x/a.png, thumbnail: bucket/lab/x/b.png}}}") },
    files: { "lab/x/a.png": PNG, "lab/x/b.png": PNG },
    used: ["lab/x/a.png: dataset_keyphoto", "lab/x/b.png: dataset_keyphoto"],
  },
  {
    what: "deposition_keyphotos: literal",
    line: { more: section("deposition_keyphotos", "{literal: {value: {snapshot: 'memory:/lab/x/a.png'}}}") },
    files: { "lab/x/a.png": PNG },
    used: ["lab/x/a.png: deposition_keyphoto"],
  },
  {
    what: "mesh_source_path",
    line: {
      more: shape("OrientedPoint", "file_format: copick, glob_string: 'x/{run_name}.json', mesh_source_path: 'x/one.glb'"),
    },
    files: {
      ...put("lab/x/A.json", { kind: "points", format: "copick", binning: 1 }),
      ...put("lab/x/one.glb", { kind: "mesh", format: "glb" }),
    },
    used: ["lab/x/A.json: annotation A 10.500", "lab/x/one.glb: annotation A 10.500"],
  },
  {
    what: "glob_strings",
    line: { more: shape("Point", "file_format: csv, glob_strings: ['x/{run_name}.csv', 'x/{run_name}_2.csv']") },
    files: { "lab/x/A.csv": "1,2,3\n", "lab/x/A_2.csv": "1,2,3\n" },
    used: ["lab/x/A.csv: annotation A 10.500", "lab/x/A_2.csv: annotation A 10.500"],
  },
  {
    what: "a mask among the labels of a Zarr",
    line: { more: shape("SegmentationMask", "file_format: zarr, glob_string: 'x/{run_name}.zarr/labels/mask.zarr'") },
    files: { ...zarr("lab/x/A.zarr"), ...zarr("lab/x/A.zarr/labels/mask.zarr", [1]) },
    used: ["lab/x/A.zarr/: annotation A 10.500"],
  },
  ...["run_data_map_file", "run_to_tomo_map_csv", "run_to_frame_map_csv", "run_to_ts_map_csv"].map(
    (setting): Way => ({
      what: setting,
      line: { standardization_config: settings(`${setting}: ./x/m.csv`) },
      files: { "lab/x/m.csv": setting === "run_data_map_file" ? "run_name,x\nA,1\n" : "A,b\n" },
      used: ["lab/x/m.csv: run_data_map"],
    }),
  ),
];

const MESHES = ["obj", "stl", "vtk", "glb"];
const NEEDS: Readonly<Record<string, string>> = {
  TriangularMeshGroup: ", mesh_name: a",
  AnnotationCaption: ", companion_shape: Point",
};
for (const [name, formats] of Object.entries(ANNOTATION_FORMATS)) {
  for (const format of formats) {
    const path = `lab/x/A.${format}`;
    const made = (): Files => {
      if (format === "mrc" || format === "zarr") return zarr(path, [1]);
      if (format === "saber") return put(path, { kind: "caption", format });
      if (MESHES.includes(format)) return put(path, { kind: "mesh", format });
      // what a line names is used, whatever is in it
      return { [path]: "x" };
    };
    const line = shape(name, `file_format: ${format}, glob_string: 'x/{run_name}.*'${NEEDS[name] ?? ""}`);
    FILES.push({
      what: `${name} ${format}`,
      line: { more: line },
      files: made(),
      used: [`${path}${format === "zarr" ? "/" : ""}: annotation A 10.500`],
    });
  }
}

async function fates(changes: Changes, files: Files): Promise<string[]> {
  const source = { "lab/rec/A.rec": TOMOGRAM, "lab/x/other.txt": "x", ...files };
  const made = await plan({ config: smallConfig(changes), source });
  const { files: all, used, leftOut, unnamed } = await made.account();
  expect([used, leftOut, unnamed].reduce((sum, count) => sum + count)).toBe(all.length);
  return all.map((file) => {
    if (file.fate === "left out") return `${file.path}: left out by ${file.by}`;
    if (file.fate === "unnamed") return `${file.path}: unnamed`;
    return `${file.path}: ${file.uses.map(({ as, run, voxelSpacing }) => [as, run, voxelSpacing].filter(Boolean).join(" ")).join(", ")}`;
  });
}

describe("(34.law) a file is used where a line names it, and unnamed where none does", () => {
  it.each(FILES)("$what", async ({ line = {}, beside = "", files, used }) => {
    const more = `${line.more ?? ""}${beside}`;
    const within = (path: string) => path.startsWith("lab/x/");
    const named = (await fates({ ...line, more }, files)).filter(within);
    expect(named).toEqual([...used, "lab/x/other.txt: unnamed"].sort());
    // without the line the folder is looked into by none
    expect((await fates({ more: beside }, files)).filter(within)).toEqual(["lab/x/: unnamed"]);
  });
});

describe("(34.law) a folder that a line names is one thing", () => {
  it("also where another line looks into it", async () => {
    const more = section("frames", `${glob("x/*")}, ${glob("x/movies/none*")}`, "{dose_rate: 1}");
    const files = { "lab/x/movies/a.tif": "x", "lab/x/movies/b.tif": "x" };
    const named = (await fates({ more }, files)).filter((fate) => fate.startsWith("lab/x/movies"));
    expect(named).toEqual(["lab/x/movies/: frame A"]);
  });
});

describe("(34.law) what is on the target is no file of the source", () => {
  it.each(["tiltseries", "tomograms"])("destination_glob of %s", async (name) => {
    const source = `{destination_glob: {list_glob: '10700/{run_name}/**/*_metadata.json'}}`;
    const line =
      name === "tomograms" ? { tomograms: `[{metadata: ${VOLUME}, sources: [${source}]}]` } : { more: section(name, source) };
    expect((await fates(line, {})).filter((fate) => !fate.startsWith("lab/rec"))).toEqual(["lab/x/: unnamed"]);
  });
});
