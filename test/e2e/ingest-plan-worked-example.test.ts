import { existsSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { IngestPlan } from "../../src/stations/ingest/plan.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { REAL_DATA } from "../real-data.js";
import { CREATED_MS, copyTree, documentsOf, plan, tinyMrc } from "./ingest-plan-kit.js";

const folder = new URL("worked-example/", REAL_DATA);
const hasExample = existsSync(folder);

/** The metadata that the reference's own code wrote for this configuration. The empty volumes in its input are replaced by ones of the sizes it speaks of. */
describe.skipIf(!hasExample)("the worked example", () => {
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
    "10700/dataset_metadata.json",
    "10700/pos_01/run_metadata.json",
    "10700/pos_01/Frames/frames_metadata.json",
    "10700/pos_01/TiltSeries/100/tiltseries_metadata.json",
    "10700/pos_01/Alignments/100/alignment_metadata.json",
    `${tomogram}tomogram_metadata.json`,
  ])("plans %s as the reference writes it, character by character", (key) => {
    expect(documentsOf(made).get(key)).toBe(readFileSync(new URL(`output/${key}`, folder), "utf8").trimEnd());
  });

  it("plans the tomogram's pictures after the volume and the points that they show, and the dataset's after them", () => {
    const taskOf = (title: string) => made.tasks.find((task) => task.title === title)!;
    const images = "10700/pos_01/Reconstructions/VoxelSpacing7.840/Images/100/key-photo-";
    const pictures = taskOf("pictures of tomogram 100 of pos_01 (7.840 Å)");
    const volume = taskOf("tomogram 100 of pos_01 (7.840 Å)");
    const points = made.tasks.find(({ run }) => run === "ingest/points")!;
    expect(pictures).toMatchObject({
      outputs: ["original", "snapshot", "thumbnail", "expanded"].map((name) => `${images}${name}.png`),
      needs: [volume.id],
      after: [points.id],
      params: { layers: [{ shape: "points", key: points.outputs[0], made: points.id }], made: volume.id },
    });
    expect(taskOf("thumbnail of dataset 10700")).toMatchObject({
      params: { source: `${images}thumbnail.png` },
      needs: [pictures.id],
    });
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

  it("makes a view of the points and, after it, one of the tomogram with it", () => {
    const spacing = "10700/pos_01/Reconstructions/VoxelSpacing7.840";
    const points = made.tasks.find(({ run }) => run === "ingest/points")!;
    const metadata = made.tasks.find(({ run }) => run === "ingest/annotation")!;
    const layer = made.tasks.find(({ run }) => run === "ingest/view-points")!;
    const volume = made.tasks.find(({ title }) => title === "tomogram 100 of pos_01 (7.840 Å)")!;
    expect(layer).toMatchObject({
      outputs: [`${spacing}/NeuroglancerPrecompute/100-coat_protein-1.0_point/`],
      needs: [points.id],
      params: { points: points.outputs[0], kind: "point", voxelSpacingAngstrom: 7.84, objectName: "Coat protein" },
    });
    expect(made.tasks.find(({ run }) => run === "ingest/view-config")).toMatchObject({
      outputs: [`${spacing}/NeuroglancerPrecompute/100-neuroglancer_config.json`],
      needs: [volume.id],
      after: [volume.id, points.id, metadata.id, layer.id],
    });
  });

  it("finds nothing wrong and nothing odd", () => {
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
