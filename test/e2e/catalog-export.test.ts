import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PortalNet } from "../../src/portals/portal.js";
import { exportCopick } from "../../src/stations/catalog/export/copick.js";
import { pickableObjects } from "../../src/stations/catalog/export/copick-objects.js";
import { askServer } from "../../src/stations/catalog/export/copick-server.js";
import { readTree } from "../../src/stations/catalog/export/copick-tree.js";
import { placeRuns } from "../../src/stations/catalog/export/place-runs.js";
import { referencedRoot } from "../../src/stations/catalog/export/referenced-root.js";
import { fileStore } from "../../src/stores/file/store.js";

/** A tree that copick's layout has trouble with: two datasets with a run of one name, tomograms of one kind, two shapes of one annotation, odd names. */
const folder = mkdtempSync(join(tmpdir(), "emporium-copick-"));
const tree = join(folder, "tree");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function put(key: string, content: object | string): void {
  const path = join(tree, key);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
}

const WBP = { reconstruction_method: "WBP", processing: "raw", ctf_corrected: false };
const RUN = "10001/TS_1";
const SPACING = `${RUN}/Reconstructions/VoxelSpacing10.000`;

function annotation(id: string, object: object, files: [shape: string, format: string, name: string][]): void {
  const at = `${SPACING}/Annotations/${id}`;
  put(`${at}/thing-1.0.json`, {
    annotation_object: object,
    annotation_publications: "EMD-1234, PDB-4V4R",
    files: files.map(([shape, format, name]) => ({ shape, format, path: `${at}/${name}` })),
  });
}

beforeAll(() => {
  for (const dataset of ["10001", "10002"]) {
    put(`${dataset}/dataset_metadata.json`, { dataset_identifier: Number(dataset) });
    put(`${dataset}/TS_1/run_metadata.json`, { run_name: "TS_1" });
  }
  put("10002/alone/run_metadata.json", { run_name: "alone" });
  for (const [id, more] of [
    ["100", {}],
    ["101", {}],
    ["102", { processing: "denoised", processing_software: "cryoCARE" }],
    ["103", { omezarr_dir: undefined }],
  ] as const) {
    const at = `${SPACING}/Tomograms/${id}`;
    put(`${at}/TS_1.zarr/.zgroup`, "{}");
    put(`${at}/TS_1.zarr/0/0/0/0`, id);
    put(`${at}/tomogram_metadata.json`, { ...WBP, omezarr_dir: `bucket/${at}/TS_1.zarr`, ...more });
  }
  const ribosome = { name: "cytosolic ribosome", id: "GO:0022626" };
  annotation("100", ribosome, [
    ["Point", "ndjson", "a_point.ndjson"],
    ["OrientedPoint", "ndjson", "a_orientedpoint.ndjson"],
  ]);
  put(`${SPACING}/Annotations/100/a_point.ndjson`, '{"type": "point", "location": {"x": 1.5, "y": 2, "z": 0.1}}\n');
  put(
    `${SPACING}/Annotations/100/a_orientedpoint.ndjson`,
    '{"type": "orientedPoint", "location": {"x": 1, "y": 2, "z": 3}, "xyz_rotation_matrix": [[0, -1, 0], [1, 0, 0], [0, 0, 1]]}\n',
  );
  annotation("101", { name: "membrane", id: "GO:1" }, [
    ["SegmentationMask", "zarr", "m.zarr"],
    ["SegmentationMask", "mrc", "m.mrc"],
    ["InstanceSegmentationMask", "zarr", "i.zarr"],
    ["TriangularMesh", "glb", "m.glb"],
  ]);
  for (const name of ["m.zarr/.zgroup", "i.zarr/.zgroup", "m.mrc", "m.glb"]) put(`${SPACING}/Annotations/101/${name}`, "{}");
  annotation("102", { name: "Membrane", id: "GO:2" }, [["InstanceSegmentation", "ndjson", "n.ndjson"]]);
  put(
    `${SPACING}/Annotations/102/n.ndjson`,
    '{"type": "instancePoint", "location": {"x": 1, "y": 1, "z": 1}, "instance_id": 7}\n',
  );
  annotation("103", ribosome, [["Point", "ndjson", "broken.ndjson"]]);
  put(`${SPACING}/Annotations/103/broken.ndjson`, '{"type": "point", "location": {"x": 1}}\n');
});

const RUNS = ["10001-TS_1", "10002-TS_1", "alone"];
const read = (path: string) => JSON.parse(readFileSync(path, "utf8"));

describe("a project of copick for a tree", () => {
  it("has copick's layout: links to volumes, picks in ångström, objects told apart; what cannot be read is named", async () => {
    const out = join(folder, "project.json");
    const report = await exportCopick(tree, { out });
    expect([report.exitStatus, report.errors.map(({ code, file, line }) => [code, file, line])]).toEqual([
      3,
      [["FORMAT_FIELD", join(tree, SPACING, "Annotations/103/broken.ndjson"), 1]],
    ]);
    expect(report).toMatchObject({ runs: 3, tomograms: 3, picks: 3, segmentations: 2, objects: 3, datasets: [10001, 10002] });
    // the mask of m.mrc is there as a Zarr: nothing of it is left out
    expect(report.warnings).toEqual([
      expect.stringContaining("103/tomogram_metadata.json: no OME-Zarr"),
      "annotations that copick has no place for are left out: 1 × TriangularMesh",
    ]);
    const root = join(folder, "project.static");
    const listed = (path: string) => readdirSync(join(root, "ExperimentRuns", path)).sort();
    expect(listed(".")).toEqual(RUNS);
    expect(listed("alone")).toEqual([".meta"]);
    expect(listed(RUNS[0]!)).toEqual([".meta", "InstanceSegmentations", "Picks", "Segmentations", "VoxelSpacing10.000"]);
    expect(listed(`${RUNS[0]}/VoxelSpacing10.000`)).toEqual([
      "wbp-denoised-cryocare.zarr",
      "wbp-raw-100.zarr",
      "wbp-raw-101.zarr",
    ]);
    expect(realpathSync(join(root, "ExperimentRuns", RUNS[0]!, "VoxelSpacing10.000/wbp-raw-101.zarr"))).toBe(
      realpathSync(join(tree, SPACING, "Tomograms/101/TS_1.zarr")),
    );
    expect(listed(`${RUNS[0]}/Segmentations`)).toEqual(["10.000_data-portal_101_membrane-go-1.zarr"]);
    expect(listed(`${RUNS[0]}/Picks`)).toEqual([
      "data-portal_100-2_cytosolic-ribosome.json",
      "data-portal_100_cytosolic-ribosome.json",
      "data-portal_102_membrane-go-2.json",
    ]);
    const picks = (name: string) => read(join(root, "ExperimentRuns", RUNS[0]!, "Picks", `data-portal_${name}.json`));
    expect(picks("100_cytosolic-ribosome")).toMatchObject({
      pickable_object_name: "cytosolic-ribosome",
      run_name: RUNS[0],
      voxel_spacing: 10,
      unit: "angstrom",
      trust_orientation: false,
      points: [{ location: { x: 15, y: 20, z: 1 } }],
    });
    expect(picks("100-2_cytosolic-ribosome").points[0].transformation_).toEqual([
      [0, -1, 0, 0],
      [1, 0, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
    ]);
    expect(picks("102_membrane-go-2").points[0].instance_id).toBe(7);
    const project = read(out);
    expect(project).toMatchObject({
      config_type: "filesystem",
      static_root: `local://${root}`,
      overlay_root: `local://${join(folder, "project.overlay")}`,
      overlay_fs_args: { auto_mkdir: true },
    });
    expect(project.pickable_objects.map((one: Record<string, unknown>) => [one.name, one.label, one.is_particle])).toEqual([
      ["cytosolic-ribosome", 1, true],
      ["membrane-go-1", 2, false],
      ["membrane-go-2", 3, true],
    ]);
    expect(project.pickable_objects[0]).toMatchObject({
      identifier: "GO:0022626",
      emdb_id: "EMD-1234",
      pdb_id: "PDB-4V4R",
      radius: 50,
    });
  });

  it("(34.6) is replaced when it is asked for, and only what this program has made", async () => {
    const out = join(folder, "again.json");
    await exportCopick(tree, { out, datasets: [10002] });
    expect(read(out).pickable_objects).toEqual([]);
    await expect(exportCopick(tree, { out })).rejects.toMatchObject({ code: "USAGE", facts: { place: { file: out } } });
    await exportCopick(tree, { out, overwrite: true });
    expect(read(out).pickable_objects).toHaveLength(3);
    for (const [name, text] of [
      ["notes.json", '{"mine": true}'],
      ["again.mrc", "voxels"],
    ] as const) {
      writeFileSync(join(folder, name), text);
      for (const overwrite of [false, true])
        await expect(exportCopick(tree, { out: join(folder, name), overwrite })).rejects.toMatchObject({
          message: `${join(folder, name)} exists and is not a copick project's`,
          facts: { hint: expect.not.stringContaining("--overwrite") },
        });
      expect(readFileSync(join(folder, name), "utf8")).toBe(text);
    }
    const theirs = join(folder, "theirs.static");
    mkdirSync(theirs);
    writeFileSync(join(theirs, "work"), "of weeks");
    await expect(exportCopick(tree, { out: join(folder, "theirs.json"), overwrite: true })).rejects.toMatchObject({
      code: "USAGE",
    });
    expect([readdirSync(theirs), existsSync(join(folder, "theirs.json"))]).toEqual([["work"], false]);
  });

  it("of nothing is refused, and leaves nothing", async () => {
    const out = join(folder, "none.json");
    const before = readdirSync(folder);
    await expect(exportCopick(tree, { out, datasets: [999] })).rejects.toMatchObject({ code: "STORE_ABSENT" });
    await expect(exportCopick("ftp://host/tree", { out })).rejects.toMatchObject({ code: "USAGE" });
    await expect(exportCopick("https://user:password@host/tree", { out })).rejects.toMatchObject({ code: "USAGE" });
    expect(readdirSync(folder)).toEqual(before);
  });

  it("elsewhere names the address of every object, and holds the picks itself", async () => {
    const store = fileStore(tree);
    const { runs } = await readTree(store, { datasets: ["10001"], jobs: 2, warn: () => {} });
    const objects = pickableObjects(runs.flatMap(({ annotations }) => annotations.map(({ object }) => object)));
    const file = join(folder, "remote.references.json");
    const remote = { base: "https://host/a tree", protocol: "https", options: {} } as const;
    const writer = referencedRoot(file, store, remote);
    expect(await placeRuns(runs, { store, writer, objects, jobs: 2 })).toHaveLength(1);
    expect(await writer.finish()).toEqual({
      static_root: "reference://tree",
      static_fs_args: { fo: file, remote_protocol: "https", remote_options: {} },
    });
    const { version, refs } = read(file);
    const run = "tree/ExperimentRuns/TS_1";
    expect([version, refs[`${run}/VoxelSpacing10.000/wbp-raw-100.zarr/0/0/0/0`]]).toEqual([
      1,
      [`https://host/a tree/${SPACING}/Tomograms/100/TS_1.zarr/0/0/0/0`],
    ]);
    expect(JSON.parse(refs[`${run}/Picks/data-portal_100_cytosolic-ribosome.json`]).points).toHaveLength(1);
    expect(statSync(file).size).toBeGreaterThan(0);
  });
});

describe("a project of copick for a server", () => {
  /** Answers of a server, in the order of questions. */
  const answering = (...answers: object[]) => {
    const asked: string[] = [];
    const getJson = async (_: string, request?: { body?: string | undefined }) => {
      asked.push(JSON.parse(request!.body!).query);
      return { data: answers[asked.length - 1] } as never;
    };
    return { asked, net: { getJson } as unknown as PortalNet };
  };
  const server = { endpoint: "http://host/graphql" };

  it("takes numbers and objects from groups that the server counts", async () => {
    const group = (shapeType: string, objectId: string, objectName: string, count: number) => ({
      count,
      groupBy: { shapeType, annotation: { objectId, objectName, annotationPublication: null } },
    });
    const groups = [group("Point", "GO:1", "a", 3), group("SegmentationMask", "GO:1", "a", 2), group("Mesh", "GO:2", "b", 9)];
    const { net, asked } = answering(
      {
        datasets: [
          { id: 2, title: "two" },
          { id: 1, title: null },
        ],
      },
      {
        runsAggregate: { aggregate: [{ count: 5 }] },
        tomogramsAggregate: { aggregate: [{ count: 6 }] },
        annotationShapesAggregate: { aggregate: groups },
      },
    );
    const facts = await askServer(server, undefined, net);
    expect(facts).toMatchObject({ runs: 5, tomograms: 6, picks: 3, segmentations: 2 });
    expect(facts.datasets).toEqual([
      { id: 1, title: "" },
      { id: 2, title: "two" },
    ]);
    expect([...pickableObjects(facts.objects).values()]).toMatchObject([{ name: "a", is_particle: true, identifier: "GO:1" }]);
    expect(asked[1]).toContain("{datasetId: {_in: [1, 2]}}");
  });

  it("of datasets that are not there, or of too many, is refused", async () => {
    await expect(askServer(server, [1, 7], answering({ datasets: [{ id: 1, title: "" }] }).net)).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "http://host/graphql has no dataset 7",
    });
    const many = Array.from({ length: 101 }, (_, i) => ({ id: i, title: "" }));
    await expect(askServer(server, undefined, answering({ datasets: many }).net)).rejects.toMatchObject({ code: "USAGE" });
  });
});
