import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { IngestPlan } from "../../src/stations/ingest/plan.js";
import { memoryStore } from "../../src/stores/memory.js";
import { CREATED_MS, copyTree, DATA, documentsOf, hasData, plan, tinyMrc } from "./ingest-plan-kit.js";

const folder = new URL("worked-example/", DATA);

/** The metadata that the reference's own code wrote for this configuration. The empty volumes in its input are replaced by ones of the sizes it speaks of. */
describe.skipIf(!hasData)("the worked example", () => {
  let made: IngestPlan;

  beforeAll(async () => {
    const source = memoryStore();
    await copyTree(new URL("input/", folder), source);
    await source.write("lab/b7/rec/pos_01.rec", tinyMrc(64, 50, 21, 7.84));
    await source.write("lab/b7/raw/pos_01.st", tinyMrc(96, 72, 3, 1.96));
    made = await plan({ config: readFileSync(new URL("10700.yaml", folder)), source });
  });

  const tomogram = "10700/pos_01/Reconstructions/VoxelSpacing7.840/Tomograms/100/";

  it.each([
    "depositions_metadata/10390/deposition_metadata.json",
    "10700/pos_01/run_metadata.json",
    "10700/pos_01/Frames/frames_metadata.json",
    "10700/pos_01/TiltSeries/100/tiltseries_metadata.json",
    "10700/pos_01/Alignments/100/alignment_metadata.json",
    `${tomogram}tomogram_metadata.json`,
  ])("plans %s as the reference writes it, character by character", (key) => {
    expect(documentsOf(made).get(key)).toBe(readFileSync(new URL(`output/${key}`, folder), "utf8").trimEnd());
  });

  it("plans the dataset's metadata so, but for key photos, which are not made yet", () => {
    const key = "10700/dataset_metadata.json";
    const theirs = readFileSync(new URL(`output/${key}`, folder), "utf8").trimEnd();
    const withoutPhotos = theirs.replace(/"(snapshot|thumbnail)": "[^"]*"/g, '"$1": null');
    expect(withoutPhotos).not.toBe(theirs);
    expect(documentsOf(made).get(key)).toBe(withoutPhotos);
  });

  it("makes one task of the tomogram: volume, then metadata as its marker", () => {
    const task = made.tasks.find(({ params }) => params.kind === "tomogram")!;
    const alignment = made.tasks.find(({ title }) => title === "alignment 100 of pos_01")!;
    expect(task).toMatchObject({
      title: "tomogram 100 of pos_01 (7.840 Å)",
      outputs: [`${tomogram}pos_01.mrc`, `${tomogram}pos_01.zarr/`, `${tomogram}tomogram_metadata.json`],
      inputs: [{ key: "lab/b7/rec/pos_01.rec", size: 1024 + 64 * 50 * 21 }],
      params: { source: "lab/b7/rec/pos_01.rec", spacingAngstrom: 7.84, scaleZ: true, chunk: [256, 256, 256] },
      bytes: 1024 + 64 * 50 * 21,
      threads: 1,
      needs: [alignment.id],
    });
    expect(task.memoryBytes).toBeGreaterThan(0);
  });

  it("names all that it cannot make, though nobody asked for it", () => {
    expect(made.notBuilt.map(({ section, sources }) => [section, sources])).toEqual([
      ["annotation_viz", 0],
      ["key_images", 0],
      ["viz_config", 0],
    ]);
    expect(made.failures).toEqual([]);
    expect(made.warnings).toEqual([]);
  });

  it("carries its moment, its locks and its ids", () => {
    expect(made.createdMs).toBe(CREATED_MS);
    expect(made.locks).toEqual(["dataset-10700", "deposition-10390"]);
    expect(made.ids.map(({ container, id }) => [container, id])).toEqual([
      ["10700/pos_01/TiltSeries", 100],
      ["10700/pos_01/Alignments", 100],
      ["10700/pos_01", 100],
      ["10700/pos_01/Reconstructions/VoxelSpacing7.840/Annotations", 100],
    ]);
  });
});
