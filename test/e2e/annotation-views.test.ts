import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeGlb } from "../../src/formats/mesh/glb.js";
import { fileStore } from "../../src/stores/file/store.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import type { Store } from "../../src/stores/store.js";
import { storeOf, tinyMrc } from "./ingest-plan-kit.js";
import { removeTempFolders, run, tempFolder, treeOf } from "./ingest-run-kit.js";
import { openSides, readMaskLayer, readPointLayer, readSurface, surfaceBounds } from "./view-readers.js";

/** Layers and views where something is odd, missing, wrong, or changes; onto an object store and onto a disk. */
const folders: string[] = [];
afterAll(() => {
  removeTempFolders();
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const SPACING = "20002/a/Reconstructions/VoxelSpacing10.500";
const VIEWS = `${SPACING}/NeuroglancerPrecompute`;
const STATE = `${VIEWS}/100-neuroglancer_config.json`;

const KINDS: [string, () => Store][] = [
  ["an object store", () => memoryStore({ url: "memory:portal" })],
  [
    "a disk",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "emporium-views-"));
      folders.push(folder);
      return fileStore(folder, { sync: false });
    },
  ],
];

/** One run `a` of 8 × 8 × 8 voxels. */
function config(...blocks: string[]): string {
  return `version: 1.3.0
standardization_config: {deposition_id: 300, source_prefix: lab}
depositions: [{sources: [{literal: {value: [300]}}]}]
datasets: [{sources: [{literal: {value: [20002]}}]}]
runs: [{sources: [{source_glob: {list_glob: 'rec/*.rec', name_regex: '(.*)\\.rec'}}]}]
voxel_spacings: [{sources: [{literal: {value: [10.5]}}]}]
tomograms: [{metadata: {fiducial_alignment_status: false}, sources: [{source_glob: {list_glob: 'rec/{run_name}.rec'}}]}]
${blocks.length === 0 ? "" : `annotations:\n${blocks.join("\n")}`}
`;
}

const block = (name: string, ...sources: string[]) =>
  `- {metadata: {annotation_object: {name: ${name}, diameter: 250}, version: "1.0"}, sources: [${sources.join(", ")}]}`;
const csv = (name: string, more = "") => `{Point: {file_format: csv, glob_string: '${name}'${more}}}`;
const star = (more = "") =>
  `{OrientedPoint: {file_format: stopgap_star, glob_string: 'p/motl.star', filter_value: "1", order: xyz${more}}}`;
const mask = (more = "") =>
  `{SemanticSegmentationMask: {file_format: mrc, glob_string: 'm/{run_name}.mrc', mask_label: 3${more}}}`;

/** Int8 voxels, x × y × z. */
function maskMrc(labelAt: (x: number, y: number, z: number) => number): Uint8Array {
  const bytes = tinyMrc(8, 8, 8, 10.5);
  const voxels = new Int8Array(bytes.buffer, bytes.length - 512);
  for (let i = 0; i < 512; i++) voxels[i] = labelAt(i % 8, (i >> 3) & 7, i >> 6);
  return bytes;
}

const MOTL = `data_

loop_
_motl_idx
_tomo_num
_object
_subtomo_num
_halfset
_orig_x
_orig_y
_orig_z
_score
_x_shift
_y_shift
_z_shift
_phi
_psi
_the
_class
1 1 1 1 A 3 4 5 0 0 0 0 0 0 0 1
2 1 1 2 B 6 2 3 0 0 0 0 0 0 0 1
`;

/** A tetrahedron, in Å. */
const particle = async () =>
  writeGlb([
    {
      name: "particle",
      positions: Float32Array.of(0, 0, 0, 10.5, 0, 0, 0, 21, 0, 0, 0, 31.5),
      triangles: Uint32Array.of(0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3),
    },
  ]);

const FILES: Record<string, string | Uint8Array> = {
  "lab/rec/a.rec": tinyMrc(8, 8, 8, 10.5),
  "lab/p/a.csv": "1,2,3\n2,2,2\n0,3,0\n",
  "lab/p/none.csv": "",
  "lab/p/motl.star": MOTL,
  "lab/m/a.mrc": maskMrc((x, y, z) => (x >= 2 && x < 6 && y < 3 && z === 7 ? 3 : 0)),
};

async function ingest(text: string, target: Store, more: Record<string, unknown> = {}, files = FILES) {
  return run({ config: text, source: await storeOf(files), target, name: "views", workspace: tempFolder(), ...more });
}

const json = async (target: Store, key: string) => JSON.parse(new TextDecoder().decode((await target.read(key))!));
const layersOf = async (target: Store): Promise<{ name: string; visible: boolean; source: { url: string } }[]> =>
  (await json(target, STATE)).layers;
const namesOf = async (target: Store) => (await layersOf(target)).map(({ name }) => name);
const viewsOf = async (target: Store) =>
  [...new Set(Object.keys(await treeOf(target, `${VIEWS}/`)).map((key) => key.slice(VIEWS.length + 1).split("/")[0]!))].sort();

describe.each(KINDS)("views on %s", (_, makeTarget) => {
  it("show what there is: points, oriented points with surfaces, masks", async () => {
    const target = makeTarget();
    const files = { ...FILES, "lab/mesh/p.glb": await particle() };
    const text = config(
      block("Ribosome", csv("p/{run_name}.csv", ", is_visualization_default: true"), mask()),
      block("Motor", star(", is_visualization_default: true, mesh_source_path: 'mesh/p.glb'")),
    );
    const report = await ingest(text, target, { httpsPrefix: "https://files.example.org" }, files);
    expect([report.errors, report.warnings]).toEqual([[], []]);
    const read = (key: string) => target.read(key);
    const points = await readPointLayer(read, `${VIEWS}/100-ribosome-1.0_point`);
    expect(points.all.count).toBe(3);
    expect([...points.all.properties.get("diameter")!]).toEqual([25, 25, 25]);
    const { labels } = await readMaskLayer(read, `${VIEWS}/100-ribosome-1.0_segmentationmask`);
    expect(labels.reduce((sum, label) => sum + label, 0)).toBe(12);
    const surface = await readSurface(read, `${VIEWS}/100-ribosome-1.0_segmentationmask`, 1);
    expect(openSides(surface)).toBe(0);
    expect(surfaceBounds(surface)).toEqual([
      [7, 0, 2],
      [8, 3, 6],
    ]);
    const copies = await readSurface(read, `${VIEWS}/101-motor-1.0_orientedmesh`, 1);
    expect(copies.triangles.length).toBe(2 * 12);
    expect((await readPointLayer(read, `${VIEWS}/101-motor-1.0_orientedpoint`)).all.count).toBe(6);
    expect((await layersOf(target)).map(({ name, visible, source }) => [name, visible, source.url])).toEqual([
      ["a", true, `zarr://https://files.example.org/${SPACING}/Tomograms/100/a.zarr`],
      ["100 Ribosome point", true, `precomputed://https://files.example.org/${VIEWS}/100-ribosome-1.0_point`],
      ["100 Ribosome segmentation", false, `precomputed://https://files.example.org/${VIEWS}/100-ribosome-1.0_segmentationmask`],
      ["101 Motor orientedmesh", true, `precomputed://https://files.example.org/${VIEWS}/101-motor-1.0_orientedmesh`],
      ["101 Motor orientedpoint", false, `precomputed://https://files.example.org/${VIEWS}/101-motor-1.0_orientedpoint`],
    ]);
  });

  it("have no layer without points, and none any more where there were some", async () => {
    const target = makeTarget();
    const workspace = tempFolder();
    const text = config(block("Ribosome", csv("p/one.csv")));
    const files = (points: string) => ({ ...FILES, "lab/p/one.csv": points });
    expect((await ingest(text, target, { workspace }, files("1,1,1\n"))).errors).toEqual([]);
    expect(await viewsOf(target)).toEqual(["100-neuroglancer_config.json", "100-ribosome-1.0_point"]);
    expect(await namesOf(target)).toEqual(["a", "100 Ribosome point"]);
    expect((await ingest(text, target, { workspace }, files(""))).errors).toEqual([]);
    expect(await viewsOf(target)).toEqual(["100-neuroglancer_config.json"]);
    expect(await namesOf(target)).toEqual(["a"]);
    expect((await ingest(text, target, { workspace }, files(""))).done).toBe(0);
  });

  it("are made anew of what they show, and of nothing else", async () => {
    const target = makeTarget();
    const workspace = tempFolder();
    const text = config(block("Ribosome", csv("p/a.csv"), mask()));
    await ingest(text, target, { workspace });
    const before = await treeOf(target, `${VIEWS}/`);
    const more = { ...FILES, "lab/p/a.csv": "7,7,7\n" };
    expect((await ingest(text, target, { workspace }, more)).errors).toEqual([]);
    const after = await treeOf(target, `${VIEWS}/`);
    const changed = Object.keys(after).filter((key) => after[key] !== before[key]);
    const layer = `${VIEWS}/100-ribosome-1.0_point`;
    expect(changed).toEqual([`${layer}/by_id/0.shard`, `${layer}/info`, `${layer}/spatial0/0_0_0`]);
    expect(Object.keys(after)).toEqual(Object.keys(before));
  });

  it("leave the rest alone when one of them fails, and catch up when it can be made", async () => {
    const target = makeTarget();
    const workspace = tempFolder();
    const text = config(block("Motor", star(", mesh_source_path: 'mesh/{run_name}.glb'")), block("Ribosome", csv("p/a.csv")));
    const bad = await ingest(text, target, { workspace }, { ...FILES, "lab/mesh/a.glb": "no mesh" });
    expect(bad.errors).toMatchObject([
      { code: "FORMAT_UNKNOWN", entity: expect.stringMatching(/101-motor|100-motor.*orientedmesh/) },
    ]);
    expect([bad.failed, bad.blocked, bad.exitStatus]).toEqual([1, 0, 3]);
    expect(await namesOf(target)).toEqual(["a", "100 Motor orientedpoint", "101 Ribosome point"]);
    const good = await ingest(text, target, { workspace }, { ...FILES, "lab/mesh/a.glb": await particle() });
    expect(good.errors).toEqual([]);
    expect(await namesOf(target)).toEqual(["a", "100 Motor orientedmesh", "100 Motor orientedpoint", "101 Ribosome point"]);
    expect((await ingest(text, target, { workspace }, { ...FILES, "lab/mesh/a.glb": await particle() })).done).toBe(0);
  });

  it("can be made alone, of what is there", async () => {
    const target = makeTarget();
    const text = config(block("Ribosome", csv("p/a.csv"), mask()));
    await ingest(text, target, {
      flags: { items: ["tomograms", "annotations"], metadata: ["tomogram", "annotation", "alignment"] },
    });
    const before = await treeOf(target);
    const alone = await ingest(text, target, { flags: { items: ["annotation_viz", "viz_config"] } });
    expect(alone.errors).toEqual([]);
    const after = await treeOf(target);
    for (const [key, body] of Object.entries(before)) if (!key.startsWith(".emporium/")) expect(after[key], key).toBe(body);
    const added = Object.keys(after).filter((key) => !(key in before));
    expect(added.every((key) => key.startsWith(`${VIEWS}/`))).toBe(true);
    const whole = makeTarget();
    await ingest(text, whole);
    const wanted = await treeOf(whole, `${VIEWS}/`);
    const timeless = (tree: Record<string, string>) =>
      Object.fromEntries(Object.entries(tree).map(([key, body]) => [key, body.replace(/"last_updated_at": \d+/, "")]));
    expect(timeless(await treeOf(target, `${VIEWS}/`))).toEqual(timeless(wanted));
  });

  it("are made again as they were after they were lost", async () => {
    const target = makeTarget();
    const workspace = tempFolder();
    const text = config(block("Ribosome", csv("p/a.csv"), mask()));
    await ingest(text, target, { workspace });
    const before = await treeOf(target, `${VIEWS}/`);
    await target.remove(`${VIEWS}/100-ribosome-1.0_segmentationmask/mesh/mesh.1.1`);
    const report = await ingest(text, target, { workspace });
    // the layer, and the view that comes after it
    expect(report.done).toBe(2);
    expect(await treeOf(target, `${VIEWS}/`)).toEqual(before);
  });
});

describe("views", () => {
  it("of annotations that are not there are left out, and give no id away", async () => {
    const target = memoryStore({ url: "memory:portal" });
    await ingest(config(), target);
    const report = await ingest(config(block("Ribosome", csv("p/a.csv"))), target, {
      flags: { items: ["annotation_viz", "viz_config"] },
    });
    expect(report.errors).toEqual([]);
    expect(await viewsOf(target)).toEqual(["100-neuroglancer_config.json"]);
    expect(await namesOf(target)).toEqual(["a"]);
  });

  it("of masks need their OME-Zarr, those of tomograms too", async () => {
    const target = memoryStore({ url: "memory:portal" });
    const report = await ingest(config(block("Ribosome", csv("p/a.csv"), mask())), target, { writeZarr: false });
    expect(report.errors).toEqual([]);
    expect(await viewsOf(target)).toEqual(["100-ribosome-1.0_point"]);
  });

  it("of tomograms do without an MRC", async () => {
    const target = memoryStore({ url: "memory:portal" });
    const report = await ingest(config(block("Ribosome", mask())), target, { writeMrc: false });
    expect(report.errors).toEqual([]);
    expect(await namesOf(target)).toEqual(["a", "100 Ribosome segmentation"]);
  });

  it("name the mesh that is not there, before anything is read", async () => {
    const target = memoryStore({ url: "memory:portal" });
    const text = config(block("Motor", star(", mesh_source_path: 'mesh/{run_name}.glb'")));
    const report = await ingest(text, target);
    expect(report.errors).toMatchObject([
      { code: "CONFIG_EMPTY", message: expect.stringContaining("lab/mesh/a.glb"), file: "views.yaml", line: 9 },
    ]);
    expect(await namesOf(target)).toEqual(["a", "100 Motor orientedpoint"]);
  });

  it.each([
    ["https://host/tree/", {}, "https://host/tree/"],
    [undefined, { compat: true }, "https://files.cryoetdataportal.cziscience.com/"],
    [undefined, {}, "http://127.0.0.1:8080/"],
  ] as const)("name the tree by %j with %j as %s", async (httpsPrefix, more, wanted) => {
    const target = memoryStore({ url: "memory:portal" });
    await ingest(config(), target, { ...more, ...(httpsPrefix ? { httpsPrefix } : {}) });
    const [image] = await layersOf(target);
    expect(image!.source.url).toBe(`zarr://${wanted}${SPACING}/Tomograms/100/a.zarr`);
  });

  it("are the tomogram's, whoever adds a layer to them", async () => {
    const target = memoryStore({ url: "memory:portal" });
    await ingest(config(), target);
    const theirs = config(block("Ribosome", csv("p/a.csv")))
      .replaceAll("300", "301")
      .replace(/^tomograms:.*$/m, "")
      .replace(
        /^voxel_spacings/m,
        "alignments: [{sources: [{destination_glob: {list_glob: '{run_output_path}/Alignments/100/alignment_metadata.json'}}]}]\nvoxel_spacings",
      );
    const report = await ingest(theirs, target, { name: "theirs" });
    expect(report.errors).toEqual([]);
    expect(await namesOf(target)).toEqual(["a", "100 Ribosome point"]);
    expect((await json(target, STATE)).deposition_id).toBe(300);
  });

  it("go on where a kill left them", async () => {
    const workspace = tempFolder();
    const text = config(block("Ribosome", csv("p/a.csv"), mask()));
    const whole = memoryStore({ url: "memory:portal" });
    process.env.SOURCE_DATE_EPOCH = "1790000000";
    try {
      await ingest(text, whole, { workspace: tempFolder() });
      const wanted = await treeOf(whole, `${VIEWS}/`);
      for (let writes = 1; ; writes++) {
        const inner = memoryStore({ url: "memory:portal" });
        const stop = new AbortController();
        let left = writes;
        // stops the run at a write to a layer
        const target: Store = {
          ...inner,
          async write(key, body, options) {
            if (key.startsWith(`${VIEWS}/`) && --left === 0) {
              stop.abort();
              stop.signal.throwIfAborted();
            }
            return inner.write(key, body, options);
          },
        };
        const killed = await ingest(text, target, { workspace, signal: stop.signal, name: `kill-${writes}` });
        const again = await ingest(text, inner, { workspace, name: `kill-${writes}` });
        expect(again.errors).toEqual([]);
        expect(await treeOf(inner, `${VIEWS}/`), `stopped at write ${writes}`).toEqual(wanted);
        if (killed.exitStatus === 0) {
          expect(writes).toBeGreaterThan(5);
          return;
        }
      }
    } finally {
      delete process.env.SOURCE_DATE_EPOCH;
    }
  });
});
