import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { readMrcHeader } from "../../src/formats/mrc/header.js";
import type { IngestReport } from "../../src/stations/ingest/ingest-report.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { REAL_DATA } from "../real-data.js";
import { copyTree, tinyMrc } from "./ingest-plan-kit.js";
import { removeTempFolders, run, tempFolder, treeOf } from "./ingest-run-kit.js";

const folder = new URL("worked-example/", REAL_DATA);
const hasExample = existsSync(folder);
const epoch = process.env.SOURCE_DATE_EPOCH;

/** Of the view, which the reference's viewer library makes, the example has two keys only. */
const VIEW = "10700/pos_01/Reconstructions/VoxelSpacing7.840/NeuroglancerPrecompute/100-neuroglancer_config.json";

describe.skipIf(!hasExample)("the worked example, run", () => {
  const source = memoryStore();
  const target = memoryStore({ url: "memory:portal" });
  const workspace = tempFolder();
  const config = hasExample ? readFileSync(new URL("10700.yaml", folder)) : "";
  let report: IngestReport;
  let tree: Record<string, string>;

  beforeAll(async () => {
    process.env.SOURCE_DATE_EPOCH = "1790000000";
    await copyTree(new URL("input/", folder), source);
    await source.write("lab/b7/rec/pos_01.rec", tinyMrc(64, 50, 21, 7.84));
    await source.write("lab/b7/raw/pos_01.st", tinyMrc(96, 72, 3, 1.96));
    report = await run({ config, source, target, workspace, name: "10700" });
    tree = await treeOf(target);
  });
  afterAll(() => {
    removeTempFolders();
    if (epoch === undefined) delete process.env.SOURCE_DATE_EPOCH;
    else process.env.SOURCE_DATE_EPOCH = epoch;
  });

  it("does all but what this version cannot make", () => {
    expect(report.errors).toEqual([]);
    expect(report.warnings).toEqual([]);
    expect([report.failed, report.blocked, report.exitStatus]).toEqual([0, 0, 0]);
  });

  it("writes each file that the reference wrote, byte for byte", () => {
    const theirs = (readdirSync(new URL("output/", folder), { recursive: true }) as string[])
      .filter((name) => statSync(new URL(`output/${name}`, folder)).isFile() && name !== VIEW)
      .sort();
    expect(theirs.length).toBe(14);
    for (const name of theirs) {
      // points are equal as numbers: Python prints 1.0 where we print 1, and no newline at the end
      if (name.endsWith(".ndjson")) {
        const points = (text: string) =>
          text
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line));
        expect(points(tree[name]!), name).toEqual(points(readFileSync(new URL(`output/${name}`, folder), "utf8")));
        continue;
      }
      const wanted = readFileSync(new URL(`output/${name}`, folder), "latin1").replace(/\n$/, (end) =>
        name.endsWith(".json") ? "" : end,
      );
      expect(tree[name], name).toBe(wanted);
    }
  });

  it("says of a view whose it is and when it was made, as the reference does", () => {
    const theirs = JSON.parse(readFileSync(new URL(`output/${VIEW}`, folder), "utf8"));
    const ours = JSON.parse(tree[VIEW]!);
    expect(Object.entries(ours).slice(-2)).toEqual(Object.entries(theirs));
    expect(ours.layers.map(({ name }: { name: string }) => name)).toEqual(["pos_01", "100 Coat protein point"]);
  });

  it("writes these files and no others", () => {
    const run = "10700/pos_01";
    const tomogram = `${run}/Reconstructions/VoxelSpacing7.840/Tomograms/100`;
    const levels = (base: string, chunks: readonly string[]) => [
      `${base}/.zattrs`,
      `${base}/.zgroup`,
      ...[0, 1, 2].flatMap((level) => [`${base}/${level}/.zarray`, ...chunks.map((chunk) => `${base}/${level}/${chunk}`)]),
    ];
    const files = [
      "10700/dataset_metadata.json",
      ...["snapshot", "thumbnail"].map((name) => `10700/Images/${name}.png`),
      "depositions_metadata/10390/deposition_metadata.json",
      `${run}/run_metadata.json`,
      `${run}/Gains/ref.mrc`,
      ...["pos_01.mdoc", "pos_01_000.tif", "pos_01_001.tif", "pos_01_002.tif", "frames_metadata.json"].map(
        (name) => `${run}/Frames/${name}`,
      ),
      ...["pos_01.mrc", "pos_01.rawtlt", "pos_01_CTFFIND_ctf.txt", "tiltseries_metadata.json"].map(
        (name) => `${run}/TiltSeries/100/${name}`,
      ),
      ...levels(`${run}/TiltSeries/100/pos_01.zarr`, ["0/0/0", "1/0/0", "2/0/0"]),
      ...["pos_01.xf", "pos_01.tlt", "alignment_metadata.json"].map((name) => `${run}/Alignments/100/${name}`),
      `${tomogram}/pos_01.mrc`,
      `${tomogram}/tomogram_metadata.json`,
      ...levels(`${tomogram}/pos_01.zarr`, ["0/0/0"]),
      ...["coat_protein-1.0.json", "coat_protein-1.0_point.ndjson"].map(
        (name) => `${run}/Reconstructions/VoxelSpacing7.840/Annotations/100/${name}`,
      ),
      ...["original", "snapshot", "thumbnail", "expanded"].map(
        (name) => `${run}/Reconstructions/VoxelSpacing7.840/Images/100/key-photo-${name}.png`,
      ),
      VIEW,
      ...["info", "spatial0/0_0_0", "by_id/0.shard"].map(
        (name) => `${run}/Reconstructions/VoxelSpacing7.840/NeuroglancerPrecompute/100-coat_protein-1.0_point/${name}`,
      ),
    ];
    expect(Object.keys(tree).sort()).toEqual(files.sort());
  });

  it("gives the tilt series the header and scales of a stack", async () => {
    const bytes = Uint8Array.from(Buffer.from(tree["10700/pos_01/TiltSeries/100/pos_01.mrc"]!, "latin1"));
    const view = new DataView(bytes.buffer);
    const header = await readMrcHeader(inMemory(bytes, "pos_01.mrc"));
    expect(header.shape).toEqual([3, 72, 96]);
    // mx, my, mz; cella; ispg
    expect([28, 32, 36].map((at) => view.getInt32(at, true))).toEqual([96, 72, 1]);
    expect([40, 44, 48].map((at) => view.getFloat32(at, true))).toEqual([188.16, 141.12, 1.96].map(Math.fround));
    expect(view.getInt32(88, true)).toBe(0);
    const zarr = "10700/pos_01/TiltSeries/100/pos_01.zarr";
    const shapes = [0, 1, 2].map((level) => JSON.parse(tree[`${zarr}/${level}/.zarray`]!));
    expect(shapes.map(({ shape, chunks }) => [shape, chunks])).toEqual([
      [
        [3, 72, 96],
        [1, 1024, 1024],
      ],
      [
        [3, 36, 48],
        [1, 1024, 1024],
      ],
      [
        [3, 18, 24],
        [1, 1024, 1024],
      ],
    ]);
    const { datasets } = JSON.parse(tree[`${zarr}/.zattrs`]!).multiscales[0];
    expect(
      datasets.map(
        (dataset: { coordinateTransformations: { scale: number[] }[] }) => dataset.coordinateTransformations[0]!.scale,
      ),
    ).toEqual([
      [1.96, 1.96, 1.96],
      [1.96, 3.92, 3.92],
      [1.96, 7.84, 7.84],
    ]);
  });

  it("changes nothing when it is run once more, also where the journal is lost", async () => {
    const again = await run({ config, source, target, workspace, name: "10700" });
    expect([again.done, again.failed]).toEqual([0, 0]);
    expect(await treeOf(target)).toEqual(tree);
    delete process.env.SOURCE_DATE_EPOCH;
    const elsewhere = await run({ config, source, target, name: "10700" });
    process.env.SOURCE_DATE_EPOCH = "1790000000";
    expect(elsewhere.errors).toEqual([]);
    const after = await treeOf(target);
    for (const key of Object.keys(tree).filter((name) => !name.endsWith(".mrc"))) expect(after[key], key).toBe(tree[key]);
  });

  it("is planned as the same once it is there", async () => {
    const { plan } = await run({ config, source, target, workspace, name: "10700", dryRun: true });
    expect(plan!.totals).toMatchObject({ new: 0, changed: 0, failed: 0 });
    expect(new Set(plan!.tasks.map(({ state }) => state))).toEqual(new Set(["same"]));
    await source.write("lab/b7/raw/pos_01.rawtlt", new TextEncoder().encode("-3.00\n0.00\n3.01\n"));
    const changed = await run({ config, source, target, workspace, name: "10700", dryRun: true });
    expect(changed.plan!.tasks.filter(({ state }) => state !== "same").map(({ title, state }) => [title, state])).toEqual([
      ["raw tilt angles of pos_01", "changed"],
    ]);
    expect(changed.toText()).toMatch(/^ {2}changed {2}raw tilt angles of pos_01/m);
  });
});
