import { expect, it } from "vitest";
import { memoryStore } from "../../../stores/memory/store.js";
import { treeTomograms } from "./tree-tomograms.js";

const at = (id: number) => `10001/a/Reconstructions/VoxelSpacing10.000/Tomograms/${id}/tomogram_metadata.json`;

async function treeOf(documents: Record<number, object>) {
  const store = memoryStore();
  for (const [id, document] of Object.entries(documents))
    await store.write(at(Number(id)), new TextEncoder().encode(JSON.stringify(document)));
  return store;
}

it("(34.silence) tells of metadata without a size, and names them where no other are there", async () => {
  const sized = { size: { z: 2, y: 3, x: 4 }, voxel_spacing: 10 };
  const told: [string, boolean][] = [];
  const onUnsized = (path: string, isThere: boolean) => void told.push([path, isThere]);
  const options = { dataset: "10001", run: "a", onUnsized };
  const tree = await treeOf({ 100: sized, 101: { voxel_spacing: 10 }, 102: { ...sized, size: { z: 2, y: 3, x: 0 } } });
  await tree.write(at(103).replace("tomogram_metadata.json", "a.mrc"), new Uint8Array(1));
  expect((await treeTomograms(tree, options)).map(({ path }) => path)).toEqual([at(100)]);
  expect(told).toEqual([
    [at(101), true],
    [at(102), true],
    [at(103), false],
  ]);
  await expect(treeTomograms(await treeOf({ 101: {} }), options)).rejects.toMatchObject({
    code: "STORE_ABSENT",
    message: expect.stringContaining(`has no tomogram whose size is known: ${at(101)} has neither`) as string,
  });
});
