import { describe, expect, it } from "vitest";
import { contentType, isActive } from "./content-type.js";

describe("contentType", () => {
  it.each([
    ["a/b.zarr/.zattrs", "application/json"],
    ["a/b.zarr/zarr.json", "application/json"],
    ["x_point/info", "application/json"],
    ["x_point/by_id/0.shard", "application/octet-stream"],
    ["x_mask/mesh/1:0", "application/octet-stream"],
    ["a/TS_1.mrc", "application/octet-stream"],
    ["a/TS_1.MDOC", "text/plain; charset=utf-8"],
    ["a/points.ndjson", "application/x-ndjson"],
    ["key.png", "image/png"],
    ["a.b/c", "application/octet-stream"],
    [".html", "application/octet-stream"],
    ["x.constructor", "application/octet-stream"],
    ["x.toString", "application/octet-stream"],
  ])("%s", (key, expected) => expect(contentType(key)).toBe(expected));

  it("names what a browser would run or render", () => {
    expect(["a.html", "a.svg", "a.xml", "a.js", "a.css", "a.wasm"].filter((key) => !isActive(contentType(key)))).toEqual([]);
    expect(["a.png", "a.json", "a.mrc", "a.txt", "info"].filter((key) => isActive(contentType(key)))).toEqual([]);
  });
});
