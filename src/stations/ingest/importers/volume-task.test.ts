import { describe, expect, it } from "vitest";
import type { Triple } from "../../../core/box.js";
import { fileStore } from "../../../stores/file/store.js";
import { memoryStore } from "../../../stores/memory/store.js";
import { newDraft } from "../draft.js";
import type { VolumeSource } from "../volume-source.js";
import type { ImportContext } from "./importer.js";
import { addMaskTask, addVolumeTask, type MaskRequest } from "./volume-task.js";

const volume: VolumeSource = {
  key: "lab/mask.mrc",
  dtype: "int8",
  name: "lab/mask.mrc",
  shape: [20, 300, 400],
  voxelSizeAngstrom: 10,
  voxelSizesAngstrom: [10, 10, 10],
  inputs: [{ key: "lab/mask.mrc", size: 2_401_024 }],
  itemBytes: 1,
  bytes: 2_401_024,
  warnings: [],
};

const context = (more: Partial<ImportContext> = {}) =>
  ({
    writeMrc: true,
    writeZarr: true,
    compat: false,
    omeZarr: "0.4",
    force: false,
    threads: 4,
    source: { store: fileStore(".") },
    draft: newDraft(),
    ...more,
  }) as ImportContext;

const request: MaskRequest = {
  segmentation: { form: "mask", select: { equals: 3 } },
  title: "annotation 100",
  volume,
  keys: { mrc: "r/m.mrc", zarr: "r/m.zarr/" },
  spacingAngstrom: 10,
  needs: [],
  place: undefined,
};

describe("addMaskTask", () => {
  it("plans MRC and Zarr of a segmentation, whose metadata is another task's", () => {
    const draft = newDraft();
    const task = addMaskTask(context({ draft }), request)!;
    expect(draft.tasks).toEqual([task]);
    expect(task.outputs).toEqual(["r/m.mrc", "r/m.zarr/"]);
    expect(task.params).toMatchObject({
      form: "mask",
      select: { equals: 3 },
      metadataKey: null,
      source: "lab/mask.mrc",
      scaleZ: true,
    });
    expect(task.params).not.toHaveProperty("targetShape");
    const labels = addMaskTask(context(), { ...request, segmentation: { form: "labels" } })!;
    expect(labels.params).not.toHaveProperty("select");
    expect(labels.id).not.toBe(task.id);
  });

  it("names the wanted shape where it is another one", () => {
    const same = addMaskTask(context(), { ...request, targetShape: [20, 300, 400] })!;
    expect(same.params).not.toHaveProperty("targetShape");
    const other = addMaskTask(context(), { ...request, targetShape: [40, 600, 800] })!;
    expect(other.params.targetShape).toEqual([40, 600, 800]);
    expect(other.memoryBytes).toBeGreaterThan(same.memoryBytes);
  });

  it("leaves out what is not to be written, and plans nothing where nothing is", () => {
    expect(addMaskTask(context({ writeMrc: false }), request)!.outputs).toEqual(["r/m.zarr/"]);
    expect(addMaskTask(context({ writeZarr: false }), request)!.outputs).toEqual(["r/m.mrc"]);
    const draft = newDraft();
    expect(addMaskTask(context({ writeMrc: false, writeZarr: false, draft }), request)).toBeUndefined();
    expect(draft.tasks).toEqual([]);
  });

  it("asks for no more memory than a tomogram of that size, of a disk or over a network", () => {
    for (const store of [fileStore("."), memoryStore()]) {
      const from = context({ source: { store } as ImportContext["source"] });
      const tomogram = addVolumeTask(from, {
        kind: "tomogram",
        title: "tomogram",
        volume,
        keys: { mrc: "t.mrc", zarr: "t.zarr/", metadata: "t.json" },
        metadata: null,
        spacingAngstrom: 10,
        needs: [],
        place: undefined,
      });
      for (const segmentation of [request.segmentation, { form: "labels" } as const])
        expect(addMaskTask(from, { ...request, segmentation })!.memoryBytes).toBeLessThan(tomogram.memoryBytes);
    }
  });
});

describe("the threads of a task", () => {
  const large = 64 * 2 ** 20;
  const plan = (more: Partial<VolumeSource>, targetShape?: Triple, threads = 4) =>
    addMaskTask(context({ threads }), {
      ...request,
      volume: { ...volume, ...more },
      ...(targetShape ? { targetShape } : {}),
    })!;

  it("a volume of at most 64 MiB takes one, so that many are done side by side; a larger one takes all", () => {
    expect(plan({ bytes: large }).threads).toBe(1);
    expect(plan({ bytes: large + 1 }).threads).toBe("all");
  });

  it("a small volume that is resampled into a large one takes all", () => {
    expect(plan({}, [256, 512, 512]).threads).toBe(1);
    expect(plan({}, [256, 512, 513]).threads).toBe("all");
  });

  it("the memory of a large volume grows with the threads, that of a small one does not", () => {
    const bytesOf = (bytes: number, threads: number) => plan({ bytes }, undefined, threads).memoryBytes;
    expect(bytesOf(large, 16)).toBe(bytesOf(large, 1));
    expect(bytesOf(large + 1, 16)).toBeGreaterThan(bytesOf(large + 1, 1));
  });
});
