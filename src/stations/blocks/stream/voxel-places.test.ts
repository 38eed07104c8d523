import { describe, expect, it } from "vitest";
import type { LoadedVolume } from "../../../arrays/loader/volume.js";
import { withVoxelPlaces } from "./voxel-places.js";

function volume(shapes: [number, number, number][], voxelNm?: number): LoadedVolume {
  const levels = shapes.map((shape) => ({ shape, voxelSizeNm: [voxelNm, voxelNm, voxelNm], offsetNm: [0, 0, 0] }));
  return { name: "v", identity: [], levels, close: async () => {} } as unknown as LoadedVolume;
}

const placesOf = (volumes: LoadedVolume[]) =>
  volumes.map(({ levels }) => levels.map(({ voxelSizeNm, offsetNm }) => [...voxelSizeNm, ...offsetNm]));

describe("volumes without voxel sizes", () => {
  it("lie on each other voxel by voxel, reduced levels at the centers of what they were made of", () => {
    const halved: [number, number, number][] = [
      [9, 8, 8],
      [5, 4, 4],
      [3, 2, 2],
    ];
    expect(placesOf(withVoxelPlaces([volume(halved), volume([[9, 8, 8]])]))).toEqual([
      [
        [1, 1, 1, 0, 0, 0],
        [2, 2, 2, 0.5, 0.5, 0.5],
        [3, 4, 4, 1, 1.5, 1.5],
      ],
      [[1, 1, 1, 0, 0, 0]],
    ]);
  });

  it("say nothing where they do so along some axes alone", () => {
    const flat = volume([[4, 4, 4]]);
    (flat.levels[0] as unknown as { voxelSizeNm: (number | undefined)[] }).voxelSizeNm = [undefined, 2, 2];
    expect(placesOf(withVoxelPlaces([flat]))).toEqual([[[1, 1, 1, 0, 0, 0]]]);
  });

  it("are left as they are beside one that has a size: where they lie is not known", () => {
    const both = [volume([[4, 4, 4]]), volume([[4, 4, 4]], 2)];
    expect(placesOf(withVoxelPlaces(both))).toEqual(placesOf(both));
  });
});
