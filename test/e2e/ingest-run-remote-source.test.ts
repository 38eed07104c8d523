import { afterAll, describe, expect, it } from "vitest";
import { memoryStore } from "../../src/stores/memory/store.js";
import { smallConfig, storeOf, tinyMrc } from "./ingest-plan-kit.js";
import { removeTempFolders, run } from "./ingest-run-kit.js";

afterAll(removeTempFolders);

describe("a source that is read over a network", () => {
  // steps are read ahead of the workers, and the plan must leave room for them: volumes of 64³ to 400³ had none
  it.each([32, 128, 300])("volumes of %i columns fit what their tasks are given", async (size) => {
    const source = await storeOf({ "lab/rec/a.rec": tinyMrc(size, size, 20, 10.5) });
    const target = memoryStore({ url: "memory:out" });
    const report = await run({ config: smallConfig(), source, target });
    expect(report.errors).toEqual([]);
    const key = "10700/a/Reconstructions/VoxelSpacing10.500/Tomograms/100/a.mrc";
    expect((await target.stat(key))?.size).toBe(1024 + 4 * size * size * 20);
  });
});
