import { expect, it } from "vitest";
import { EmporiumError } from "../core/errors.js";
import { memoryStore } from "../stores/memory/store.js";
import type { OpenVolume } from "./open-volume.js";
import { volumeFacts } from "./volume-facts.js";

it("voxels are sampled once for all who ask, and again where a store could not be read", async () => {
  let reads = 0;
  let isDown = true;
  const source = {
    ...{ name: "a.mrc", dtype: "uint8", levels: [{ shape: [1, 2, 2], stored: 0, scale: [1, 1, 1], step: [1, 1, 1] }] },
    async readBox() {
      reads++;
      if (isDown) throw new EmporiumError("STORE_UNAVAILABLE", "not now");
      return Uint8Array.of(1, 2, 3, 4);
    },
  };
  const place = { id: "p", name: "p", store: memoryStore() };
  const volume = {
    ...{ key: "a.mrc", keys: ["a.mrc"], place, source, isSequential: false },
    ...{ voxelSizeAngstrom: [undefined, undefined, undefined], originAngstrom: [] },
  } as unknown as OpenVolume;
  await expect(volumeFacts(volume, undefined)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  isDown = false;
  const [one, other] = await Promise.all([1, 2].map(() => volumeFacts(volume, undefined)));
  expect([one!.histogram.min, one!.histogram.max, other!.histogram]).toEqual([1, 4, one!.histogram]);
  expect(reads).toBe(2);
});
