import { expect, it } from "vitest";
import { memoryStore } from "../stores/memory/store.js";
import { treeViews } from "./views.js";

it("finds the views of a tree, and the tomogram of each where it has a pyramid", async () => {
  const store = memoryStore();
  const folder = "10001/a/Reconstructions/VoxelSpacing10.500";
  expect(await treeViews(store)).toEqual([]);
  const keys = [100, 101].map((id) => `${folder}/NeuroglancerPrecompute/${id}-neuroglancer_config.json`);
  const others = ["Tomograms/101/a.zarr/.zattrs", "Tomograms/101/a.mrc", "NeuroglancerPrecompute/100-x-1.0_point/info"];
  for (const key of [...keys.toReversed(), ...others.map((name) => `${folder}/${name}`)])
    await store.write(key, new Uint8Array(2));
  expect(await treeViews(store)).toEqual([
    { key: keys[0], volume: undefined },
    { key: keys[1], volume: `${folder}/Tomograms/101/a.zarr` },
  ]);
});
