import { describe, expect, it } from "vitest";
import { KINDS } from "../../model/kinds.js";
import { makeSelection } from "./selection.js";

describe("makeSelection", () => {
  it("everything is all items and all metadata", () => {
    const selection = makeSelection({ everything: true });
    expect(KINDS.every(({ type }) => selection.items(type) && selection.walks(type))).toBe(true);
    expect(KINDS.filter(({ type }) => selection.metadata(type)).map(({ type }) => type)).toEqual(
      KINDS.filter(({ hasMetadata }) => hasMetadata).map(({ type }) => type),
    );
  });

  it("all metadata is no items", () => {
    const selection = makeSelection({ allMetadata: true });
    expect(KINDS.some(({ type }) => selection.items(type))).toBe(false);
    expect(selection.metadata("tomogram")).toBe(true);
  });

  it("a kind is walked to when something below it was asked for", () => {
    const selection = makeSelection({ items: ["tomograms"] });
    expect(KINDS.filter(({ type }) => selection.walks(type)).map(({ type }) => type)).toEqual([
      "deposition",
      "dataset",
      "run",
      "voxel_spacing",
      "tomogram",
    ]);
    expect(selection.metadata("tomogram")).toBe(false);
  });

  it("filters match from the start, exclusion wins", () => {
    const selection = makeSelection({ filter: { run: ["TS_1", "TS_2"], voxel_spacing: [] }, exclude: { run: ["TS_13"] } });
    expect(["TS_1", "TS_12", "TS_13", "TS_2", "xTS_1"].map((name) => selection.accepts("run", name))).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
    expect(selection.accepts("voxel_spacing", "13.480")).toBe(true);
  });

  it("unknown kinds are USAGE, bad expressions CONFIG_REGEX with the flag", () => {
    expect(() => makeSelection({ items: ["tomogram"] })).toThrow(expect.objectContaining({ code: "USAGE" }));
    expect(() => makeSelection({ metadata: ["gain"] })).toThrow(expect.objectContaining({ code: "USAGE" }));
    expect(() => makeSelection({ filter: { voxel_spacing: ["("] } })).toThrow(
      expect.objectContaining({
        code: "CONFIG_REGEX",
        facts: expect.objectContaining({ place: { path: "--filter-voxel-spacing-name" } }),
      }),
    );
  });
});
