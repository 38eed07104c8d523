import { describe, expect, it } from "vitest";
import { likelyFamilies, noVolumeDocument, VOLUME_DOCUMENTS, VOLUME_FORMATS } from "./volume-formats.js";

describe("formats of volumes that are folders", () => {
  it.each([
    ["s3://bucket/tomo.zarr/labels", ["zarr", "precomputed", "n5"]],
    ["/data/a.zarr/b.N5", ["n5", "zarr", "precomputed"]],
    ["gs://bucket/clahe/jpeg", ["precomputed", "zarr", "n5"]],
  ])("%s is looked at as %j", (name, families) => {
    expect(likelyFamilies(name)).toEqual(families);
  });

  it("are told by documents that each tell one", () => {
    const names = VOLUME_DOCUMENTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(VOLUME_DOCUMENTS.filter(({ format }) => !VOLUME_FORMATS.includes(format))).toEqual([]);
    expect(noVolumeDocument()).toBe("no zarr.json, .zattrs, .zarray, info or attributes.json");
  });
});
