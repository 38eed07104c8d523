import { describe, expect, it } from "vitest";
import { httpAddress, normalAddress, safeSegments, volumeLink } from "./links.js";

describe("volumeLink", () => {
  it.each([
    ["zarr://s3://b/x.zarr", "zarr", "s3://b/x.zarr"],
    ["zarr2://https://h/x", "zarr2", "https://h/x"],
    ["n5://gs://b/x", "n5", "gs://b/x"],
    ["precomputed://gs://b/x", "precomputed", "gs://b/x"],
    ["s3://b/x|zarr3:", "zarr3", "s3://b/x"],
    ["gs://b/x|neuroglancer-precomputed:", "precomputed", "gs://b/x"],
    ["https://h/x.zip|zip:path|zarr2:", "zarr2", "https://h/x.zip"],
    ["https://h/x.tif", undefined, "https://h/x.tif"],
    ["dvid://https://h/x", undefined, "dvid://https://h/x"],
  ])("%s", (link, format, location) => {
    expect(volumeLink(link)).toEqual({ format, location });
  });
});

describe("httpAddress", () => {
  it.each([
    ["gs://b-1/a/b c%.json", "https://storage.googleapis.com/b-1/a/b%20c%25.json"],
    ["s3://b-1/a/b", "https://b-1.s3.amazonaws.com/a/b"],
    ["https://h/x", "https://h/x"],
    ["middleauth+https://h/x", "https://h/x"],
    ["s3://evil.example/@x/a", "https://evil.example.s3.amazonaws.com/%40x/a"],
    ["s3://a@b/x", undefined],
    ["s3://a#b/x", undefined],
    ["file:///etc/passwd", undefined],
    ["brainmaps://x", undefined],
  ])("%s", (location, address) => {
    expect(httpAddress(location)).toBe(address);
  });
});

describe("normalAddress", () => {
  const page = "https://www.epfl.ch/labs/data/";
  it.each([
    ["https://d.ch/a/ b.tif", "https://d.ch/a/%20b.tif"],
    ["https://d.ch/a/%20b.tif", "https://d.ch/a/%20b.tif"],
    ["../x.tif#top", "https://www.epfl.ch/labs/x.tif"],
    ["//d.ch/µ.tif", "https://d.ch/%C2%B5.tif"],
    ["#data", undefined],
    ["", undefined],
    ["javascript:alert(1)", undefined],
    ["mailto:a@b.c", undefined],
    ["https://u:p@d.ch/x.tif", undefined],
    ["https://[", undefined],
  ])("%s", (href, address) => {
    expect(normalAddress(href, page)).toBe(address);
  });
});

describe("safeSegments", () => {
  it("refuses what leaves its folder or is no name", () => {
    expect(safeSegments("a/b c.tif")).toEqual(["a", "b c.tif"]);
    expect(safeSegments("/a")).toEqual(["a"]);
    for (const path of ["", "/", "../a", "a/../b", "a/./b", "a//b", "a/", "a\\b", "a\0", "a\nb"])
      expect(safeSegments(path), path).toBeUndefined();
  });
});
