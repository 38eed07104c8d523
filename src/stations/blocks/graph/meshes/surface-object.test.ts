import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { VoxelSurface } from "../../../../arrays/surface/surface.js";
import { fileStore } from "../../../../stores/file/store.js";
import { mergeSurfaces } from "./merge.js";
import { encodeSurfaces, readSurface, surfacePlaces } from "./surface-object.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-surfaces-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { signal } = new AbortController();

const surface = (positions: number[], triangles: number[]): VoxelSurface => ({
  positions: Int32Array.from(positions),
  triangles: Uint32Array.from(triangles),
});
/** A square in the plane z = 0 of two triangles, in half voxels, x first. */
const square = surface([0, 0, 0, 2, 0, 0, 2, 2, 0, 0, 2, 0], [0, 1, 2, 0, 2, 3]);

it.each([1, 4_000])("the surfaces of %i labels of a block are where the head of its object says", async (count) => {
  const store = fileStore(folder, { sync: false });
  const found = Array.from({ length: count }, (_, at) => ({
    label: BigInt(at + 1),
    surface: at % 2 ? square : surface([at, 1, 2, 3, 4, 5, 6, 7, 8], [0, 1, 2]),
  }));
  await store.write("block", encodeSurfaces(found as never));
  const places = await surfacePlaces(store, "block", signal);
  expect(places.map(({ label }) => label)).toEqual(found.map(({ label }) => `${label}`));
  for (const at of [0, count - 1]) expect(await readSurface(store, places[at]!, signal)).toEqual(found[at]!.surface);
  await expect(surfacePlaces(store, "none", signal)).rejects.toMatchObject({ code: "STORE_ABSENT" });
});

it("the surface of a label has its triangles in the order of their places, in nanometers, however it was cut", () => {
  const params = { voxelSizeNm: [8, 4, 2], offsetNm: [100, 10, 1] } as never;
  const whole = mergeSurfaces([square], params);
  expect([...whole.vertices]).toEqual([1, 10, 100, 3, 10, 100, 3, 14, 100, 1, 14, 100]);
  expect([...whole.triangles]).toEqual([0, 1, 2, 0, 2, 3]);
  const [first, second] = [surface([0, 0, 0, 2, 0, 0, 2, 2, 0], [0, 1, 2]), surface([0, 0, 0, 2, 2, 0, 0, 2, 0], [0, 1, 2])];
  expect(mergeSurfaces([second, first], params)).toEqual(whole);
  // of the same first corner the second decides, by z, then y, then x
  const above = surface([0, 0, 0, 0, 0, 2, 2, 0, 2, 0, 2, 0, 2, 0, 0], [0, 1, 2, 0, 3, 1, 0, 4, 1]);
  const { vertices, triangles } = mergeSurfaces([above], { voxelSizeNm: [2, 2, 2], offsetNm: [0, 0, 0] } as never);
  const corner = (at: number) => [...vertices.subarray(3 * triangles[at]!, 3 * triangles[at]! + 3)];
  expect([1, 4, 7].map(corner)).toEqual([
    [2, 0, 0],
    [0, 2, 0],
    [0, 0, 2],
  ]);
});
