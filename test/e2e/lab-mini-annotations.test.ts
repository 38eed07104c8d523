import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryStore } from "../../src/stores/memory/store.js";
import { hasRealData, REAL_DATA } from "../real-data.js";
import { copyTree } from "./ingest-plan-kit.js";
import { removeTempFolders, run, tempFolder } from "./ingest-run-kit.js";

afterAll(removeTempFolders);

/** One annotation of the reference's test deposition: its source, and what must come of it. Matrices are those of the specification's checked table. */
interface Case {
  source: string;
  count: number;
  first?: readonly [number, number, number];
  matrix?: readonly number[];
  ids?: readonly number[];
  /** Sum of the mask's voxels, by mrcfile and numpy from the source. */
  voxels?: number;
}

const RELION = [0, -Math.SQRT1_2, Math.SQRT1_2, 1, 0, 0, 0, Math.SQRT1_2, Math.SQRT1_2];
const point = (format: string, file: string, more = "") =>
  `Point: {file_format: ${format}, glob_string: annotations/${file}${more}}`;
const oriented = (format: string, file: string, more = "") =>
  `OrientedPoint: {file_format: ${format}, glob_string: annotations/${file}${more}}`;
const semantic = (file: string, more: string) =>
  `SemanticSegmentationMask: {file_format: mrc, glob_string: annotations/${file}, ${more}}`;

const CASES: Readonly<Record<string, Case>> = {
  csv: { source: point("csv", "points.csv"), count: 3, first: [1, 2, 3] },
  csv_zyx: { source: point("csv", "points.csv", ", columns: zyx"), count: 3, first: [3, 2, 1] },
  csv_binned: { source: point("csv", "points.csv", ", binning: 2"), count: 3, first: [0.5, 1, 1.5] },
  csv_tab: { source: point("csv", "points_tab_delim.csv", ', delimiter: "\\t"'), count: 3, first: [1, 2, 3] },
  tsv: { source: point("tsv", "points_tab_delim.csv"), count: 3, first: [1, 2, 3] },
  csv_with_header: { source: point("csv_with_header", "points_with_header.csv"), count: 3, first: [1, 2, 3] },
  csv_pipe: {
    source: point("csv_with_header", "points_with_header_pipe_delim.csv", ', delimiter: "|"'),
    count: 3,
    first: [1, 2, 3],
  },
  mod_points: { source: point("mod", "points.mod"), count: 3, first: [1, 2, 3] },
  mod_oriented: {
    source: oriented("mod", "oriented_points.mod"),
    count: 4,
    first: [235.519577, 682.744141, 302],
    matrix: [0.8643, -0.4899, -0.114, 0.503, 0.8418, 0.1959, 0, -0.2267, 0.974],
  },
  relion3: {
    source: oriented("relion3_star", "relion_3_star.star", ", binning: 4"),
    count: 6,
    first: [1.3, 2.6, 3.8],
    matrix: RELION,
  },
  relion3_points: { source: point("relion3_star", "relion_3_star.star", ", binning: 4"), count: 6, first: [1.3, 2.6, 3.8] },
  tomoman: {
    source: oriented("tomoman_relion_star", "tomoman_relion_star.star", ", binning: 4"),
    count: 6,
    first: [1.3, 2.6, 3.8],
    matrix: RELION,
  },
  stopgap: {
    source: oriented("stopgap_star", "stopgap_star.star", ', binning: 4, filter_value: "1"'),
    count: 2,
    first: [0.7, 1.4, 2.2],
    matrix: [0, 1, 0, -Math.SQRT1_2, 0, Math.SQRT1_2, Math.SQRT1_2, 0, Math.SQRT1_2],
  },
  copick: { source: oriented("copick", "copick.json", ", binning: 10"), count: 4, first: [4, 2, 3], matrix: RELION },
  copick_points: { source: point("copick", "copick.json", ", binning: 10"), count: 4, first: [4, 2, 3] },
  tardis: {
    source: "InstanceSegmentation: {file_format: tardis, glob_string: annotations/tardis.csv, binning: 2}",
    count: 3,
    first: [2, 4, 6],
    ids: [0, 0, 1, 1, 1, 2],
  },
  copick_instances: {
    source: "InstanceSegmentation: {file_format: copick, glob_string: annotations/copick_instance.json, binning: 10}",
    count: 6,
    first: [1, 2, 3],
    ids: [0, 1, 2, 3, 4, 5],
  },
  label_2: { source: semantic("semantic_mask.mrc", "mask_label: 2"), count: 0 },
  plain_mask: { source: "SegmentationMask: {file_format: mrc, glob_string: annotations/segmask.mrc}", count: 0 },
  instances: { source: "InstanceSegmentationMask: {file_format: mrc, glob_string: annotations/segmask.mrc}", count: 4 },
  threshold: { source: semantic("large_probability_map.mrc", "threshold: 0.5"), count: 0 },
  rescaled: { source: semantic("small_semantic_mask.mrc", "mask_label: 2, rescale: true"), count: 0 },
};
const NAMES = Object.keys(CASES);

function configOf(): string {
  const blocks = Object.entries(CASES).map(
    ([name, { source }]) =>
      `- {metadata: {annotation_ingest_id: ${name.replaceAll("_", "-")}-1, annotation_object: {name: ${name}}, version: 1.0}, sources: [{${source}}]}`,
  );
  return `version: 1.3.0
standardization_config: {deposition_id: 20302, source_prefix: input_bucket/20002}
depositions: [{sources: [{literal: {value: ['20302']}}]}]
datasets: [{sources: [{literal: {value: ['20002']}}]}]
runs: [{sources: [{source_glob: {list_glob: 'tomograms/*.rec', name_regex: '(.*).rec'}}]}]
voxel_spacings: [{sources: [{literal: {value: [1.1234]}}]}]
tomograms: [{metadata: {fiducial_alignment_status: NON_FIDUCIAL}, sources: [{source_glob: {list_glob: 'tomograms/{run_name}.rec'}}]}]
annotations:
${blocks.join("\n")}
`;
}

describe.skipIf(!hasRealData).each([
  ["", false],
  [", compat", true],
])("the reference's test deposition of annotations%s", (_, compat) => {
  const target = memoryStore({ url: "memory:portal" });
  let errors: readonly unknown[] = [];
  const folder = (name: string) => `20002/run1/Reconstructions/VoxelSpacing1.123/Annotations/${100 + NAMES.indexOf(name)}`;
  const textOf = async (key: string) => new TextDecoder().decode((await target.read(key))!);

  beforeAll(async () => {
    const source = memoryStore();
    await copyTree(new URL("lab-mini/", REAL_DATA), source, "input_bucket/");
    const report = await run({ config: configOf(), source, target, workspace: tempFolder(), name: "20002", compat });
    ({ errors } = report);
  });

  it("is ingested whole", () => {
    expect(errors).toEqual([]);
  });

  it.each(Object.entries(CASES))("%s", async (name, { count, first, matrix, ids, source }) => {
    const metadata = JSON.parse(await textOf(`${folder(name)}/${name}-1.0.json`));
    expect(metadata.object_count).toBe(count);
    expect(metadata.alignment_metadata_path).toBe("20002/run1/Alignments/100/alignment_metadata.json");
    const shape = source.split(":")[0]!.replace("Semantic", "");
    expect(metadata.files.map((file: { shape: string }) => file.shape)).toEqual(
      shape.endsWith("Mask") ? [shape, shape] : [shape],
    );
    if (!first) return;
    const lines = (await textOf(metadata.files[0].path)).trim().split("\n");
    const points = lines.map((line) => JSON.parse(line));
    if (ids) expect(points.map((one) => one.instance_id)).toEqual(ids);
    else expect(points).toHaveLength(count);
    const { x, y, z } = points[0].location;
    for (const [at, value] of [x, y, z].entries()) expect(value).toBeCloseTo(first[at]!, 6);
    if (matrix) {
      for (const [at, value] of points[0].xyz_rotation_matrix.flat().entries()) expect(value).toBeCloseTo(matrix[at]!, 4);
    }
  });

  it("masks take their label, their threshold, their size", async () => {
    const voxels = async (name: string, kind: string) => {
      const bytes = (await target.read(`${folder(name)}/${name}-1.0_${kind}.mrc`))!;
      return [...bytes.subarray(1024)];
    };
    const ones = (values: readonly number[]) => values.filter((value) => value === 1).length;
    const source = (await memoryOf("semantic_mask.mrc")).subarray(1024);
    expect(await voxels("label_2", "segmentationmask")).toEqual([...source].map((value) => (value === 2 ? 1 : 0)));
    const floats = new Float32Array(Uint8Array.from(await memoryOf("large_probability_map.mrc")).slice(1024).buffer);
    expect(await voxels("threshold", "segmentationmask")).toEqual([...floats].map((value) => (value >= 0.5 ? 1 : 0)));
    // 2×2×2 voxels are fitted to the 4×4×4 of the tomogram
    const small = (await memoryOf("small_semantic_mask.mrc")).subarray(1024);
    const rescaled = await voxels("rescaled", "segmentationmask");
    expect(rescaled).toHaveLength(64);
    expect(ones(rescaled)).toBe(8 * [...small].filter((value) => value === 2).length);
    expect(ones(await voxels("plain_mask", "segmentationmask"))).toBe(16);
    const colors = JSON.parse(await textOf(`${folder("instances")}/instances-1.0_instancesegmentationmask.zarr/.zattrs`));
    expect(colors.multiscales[0].metadata["image-label"].colors.map((one: Record<string, number>) => one["label-value"])).toEqual(
      [1, 2, 3, 4],
    );
  });

  async function memoryOf(name: string): Promise<Uint8Array> {
    const store = memoryStore();
    await copyTree(new URL("lab-mini/20002/annotations/", REAL_DATA), store, "", (file) => file === name);
    return (await store.read(name))!;
  }
});
