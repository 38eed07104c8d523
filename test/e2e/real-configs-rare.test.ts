import { afterAll, describe, expect, it } from "vitest";
import { memoryStore } from "../../src/stores/memory/store.js";
import { plan } from "./ingest-plan-kit.js";
import { removeTempFolders, run, treeOf } from "./ingest-run-kit.js";
import { holds } from "./stand-in-plan.js";
import { layStandIns } from "./stand-in-tree.js";

/** Finders, shapes and formats that none of the public configurations at hand uses: some are of others, some of the schema alone. */

afterAll(removeTempFolders);

const OBJECT = "annotation_object: {id: GO:0005840, name: ribosome}, version: 1.0";
const HEADER = `version: 1.3.0
standardization_config: {deposition_id: 10399, source_prefix: lab/rare, run_data_map_file: map.tsv}
depositions: [{sources: [{literal: {value: [10399]}}]}]`;
const MARKS = [
  "Point: {file_format: mod, glob_string: 'p/{run_name}_*.mod'}",
  "Point: {file_format: tsv, glob_string: 'p/{run_name}.tsv'}",
  "Point: {file_format: csv_with_header, glob_string: 'p/{run_name}.txt', delimiter: '|'}",
  "Point: {file_format: relion3_star, glob_string: 'p/all.star', filter_value: '{run_name}.tomostar', binning: 4}",
  "OrientedPoint: {file_format: relion4_star, glob_strings: ['p/all4.star'], filter_value: '{particles}', binning: 2}",
  "OrientedPoint: {file_format: tomoman_relion_star, glob_string: 'p/tomoman.star', filter_value: '{run_name}', order: zyx}",
  "InstanceSegmentation: {file_format: tardis, glob_string: 'p/{run_name}_instance.csv', binning: 10.012}",
  "SegmentationMask: {file_format: mrc, glob_string: 'm/{run_name}.mrc'}",
  "SemanticSegmentationMask: {file_format: zarr, glob_string: 'm/*{run_name}/[!._]*.zarr', mask_label: 3}",
  "InstanceSegmentationMask: {file_format: zarr, glob_string: 'm/{run_name}_instances.zarr', rescale: true}",
  "TriangularMesh: {file_format: obj, glob_string: 'g/{run_name}.obj'}",
  "TriangularMesh: {file_format: stl, glob_string: 'g/{run_name}.stl'}",
  "TriangularMesh: {file_format: vtk, glob_string: 'g/{run_name}.vtk', scale_factor: 0.1}",
  "TriangularMesh: {file_format: glb, glob_string: 'g/{run_name}.glb'}",
  "GlobalCaption: {file_format: saber, glob_string: 'c/{run_name}_captions.json'}",
  "AnnotationCaption: {file_format: saber, glob_string: 'c/{run_name}_of.json', companion_shape: SegmentationMask}",
];
const annotations = MARKS.map(
  (mark, at) => `- {metadata: {annotation_ingest_id: mark-${at + 1}, ${OBJECT}}, sources: [{${mark}}]}`,
);

const CONFIGS: [name: string, config: string, objects: number[]][] = [
  [
    "all formats of annotations, a spacing from a header",
    `${HEADER}
datasets: [{sources: [{source_glob: {list_glob: '*', match_regex: '/(?<!1)(?P<set>20\\d{3})(?!\\d)$'}}]}]
runs: [{sources: [{source_glob: {list_glob: '{dataset_name}/*/*.rec', name_regex: '(?P<run>TS_[0-9]+)_.*\\.rec$'}, exclude: [TS_1$]}]}]
voxel_spacings: [{sources: [{tomogram_header: {list_glob: '{dataset_name}/*/{run_name}_*.rec'}}]}]
tomograms:
- metadata: {fiducial_alignment_status: '{fiducial}', voxel_spacing: 10.012}
  sources: [{source_glob: {list_glob: '{dataset_name}/*/{run_name}_*.rec'}}]
alignments:
- metadata: {format: IMOD}
  sources: [{source_multi_glob: {list_globs: ['a/{run_name}.xf', 'a/{run_name}.tlt', 'a/{run_name}.xtilt', 'a/{run_name}/tilt.com']}}]
annotations:
${annotations.join("\n")}
`,
    [3, 3, 3, 3, 3, 3, 3, 0, 0, 1, 1, 1, 1, 1, 1, 1],
  ],
  [
    "what is published already, by its metadata",
    `${HEADER}
datasets: [{sources: [{destination_glob: {list_glob: '{output_path}/*', match_regex: '/\\d+$'}}]}]
runs: [{sources: [{destination_glob: {list_glob: '{dataset_output_path}/*'}, exclude: [Images, 'dataset_metadata.json']}]}]
voxel_spacings:
- sources: [{destination_glob: {list_glob: '{run_output_path}/Reconstructions/*', name_regex: 'VoxelSpacing(.*)'}}]
tiltseries:
- metadata: {pixel_spacing: 1.5}
  sources: [{destination_filter: {filters: [{key: [deposition_id], value: 10000}, {key: [camera, model], value: K3}]}}]
alignments:
- sources: [{destination_glob: {list_glob: '{run_output_path}/Alignments/*/alignment_metadata.json'}}]
annotations:
- metadata: {annotation_ingest_id: mark-1, ${OBJECT}}
  sources:
  - {Point: {file_format: copick, glob_string: '{dataset_name}/{run_name}/*.json', binning: 10.012}}
  - {OrientedPoint: {file_format: stopgap_star, glob_string: 'all.star', filter_value: '{run_name}'}, exclude: [none]}
`,
    [3],
  ],
];

describe("what few configurations have, on stand-in trees", () => {
  it.each(CONFIGS)("%s", async (_name, config, counts) => {
    const source = memoryStore({ url: "memory:in" });
    const target = memoryStore({ url: "memory:out" });
    const bytes = new TextEncoder().encode(config);
    const tree = await layStandIns(bytes, "c.yaml", { source, target });
    expect(tree.problems).toEqual([]);
    const made = await plan({ config: bytes, source, target, options: { open: tree.open } });
    expect(made.failures.map(({ error }) => error.message)).toEqual([]);
    expect(made.warnings.map(({ message }) => message)).toEqual([]);
    const counted = tree.written.entries.filter(({ section }) => ["tomograms", "alignments", "annotations"].includes(section));
    expect(counted.filter((entry) => !holds({ made, tree, source }, entry)).map(({ path }) => path)).toEqual([]);
    expect(counted.length).toBeGreaterThan(1);

    const report = await run({ config: bytes, source, target, open: tree.open });
    expect(report.errors).toEqual([]);
    const written = Object.entries(await treeOf(target)).filter(([key]) => /\/Annotations\/\d+\/[^/]*[0-9]\.json$/.test(key));
    const objects = written.map(([, text]) => (JSON.parse(text) as { object_count: number }).object_count);
    expect(objects).toEqual(counts);
  });
});
