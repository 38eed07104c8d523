import { describe, expect, it } from "vitest";
import { parseJson } from "../../../core/json.js";
import type { MetadataFilter } from "../config/finder.js";
import { readYaml } from "../config/read.js";
import { matchesFilter } from "./finder.js";

const metadata = parseJson(
  '{"deposition_id": 300, "title": "T", "pixel_spacing": 2.0, "none": null, "list": [1, 2], "authors": [{"name": {"first": "Ann"}}, {"name": {"first": "Bob"}}, "x"]}',
);
const filter = (key: string[], value: string): MetadataFilter => {
  const node = readYaml(new TextEncoder().encode(`v: ${value}`), "f.yaml");
  if (node.kind !== "map") throw new Error("no map");
  return { key, value: node.entries.get("v")! };
};

describe("a condition on metadata", () => {
  it.each<[string[], string, boolean]>([
    [["deposition_id"], "300", true],
    [["deposition_id"], "300.0", true],
    [["deposition_id"], "'300'", false],
    [["deposition_id"], "301", false],
    [["pixel_spacing"], "2", true],
    [["title"], "T", true],
    [["authors", "name", "first"], "Bob", true],
    [["authors", "name", "first"], "Carl", false],
    [["authors", "name"], "{first: Ann}", true],
    [["list"], "2", true],
    [["list"], "[1, 2]", true],
    [["list"], "[2, 1]", false],
    [["none", "deeper"], "null", true],
    [["title", "deeper"], "T", false],
    [["absent"], "x", false],
    [["constructor", "name"], "Object", false],
    [[], "x", false],
  ])("%j = %s: %s", (key, value, expected) => {
    expect(matchesFilter(metadata, filter(key, value))).toBe(expected);
  });
});
