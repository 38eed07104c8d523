import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../core/json.js";
import { imageLabels } from "./image-labels.js";
import { omeZarrAttributes } from "./ome.js";
import { omeZarr05Attributes } from "./ome-v05.js";

const fields = { kind: "tomogram", voxelSizeAngstrom: 10 } as const;

describe("labels of an image", () => {
  it.each([
    ["0.4", omeZarrAttributes],
    ["0.5", omeZarr05Attributes],
  ])("are found where OME-Zarr %s has them", (_version, make) => {
    expect(imageLabels(make({ ...fields, labels: [7, 1, 0, 7] }))).toEqual([1, 7]);
    expect(imageLabels(make({ ...fields, labels: [] }))).toEqual([]);
    expect(imageLabels(make(fields))).toBeUndefined();
  });

  it("are not made of what is none", () => {
    const colors = [null, 3, {}, { "label-value": "4" }, { "label-value": -1 }, { "label-value": 1.5 }, { "label-value": 2 }];
    expect(imageLabels({ ome: { "image-label": { colors } } } as unknown as JsonObject)).toEqual([2]);
    for (const odd of [{}, { multiscales: 3 }, { multiscales: [null] }, { ome: { "image-label": [] } }, { ome: 4 }]) {
      expect(imageLabels(odd as unknown as JsonObject)).toBeUndefined();
    }
  });
});
