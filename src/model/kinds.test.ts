import { describe, expect, it } from "vitest";
import { ancestorsOf, KINDS, kindOf, kindOfSection } from "./kinds.js";

/** The portal's own importers: which write a metadata file, and whose folders are numbers. */
const WITH_METADATA = [
  "deposition",
  "dataset",
  "run",
  "frame",
  "tiltseries",
  "alignment",
  "identified_object",
  "annotation",
  "tomogram",
];
const WITH_ID = ["tiltseries", "alignment", "identified_object", "annotation", "tomogram"];
/** They run from a built-in default; the schema of configurations has no such section. */
const NOT_CONFIGURED = ["annotation_viz", "viz_config"];

const typesWhere = (test: (kind: (typeof KINDS)[number]) => boolean) => KINDS.filter(test).map(({ type }) => type as string);

describe("kinds", () => {
  it("those with metadata, with numbers for folders, and without a section", () => {
    expect(typesWhere(({ hasMetadata }) => hasMetadata)).toEqual(WITH_METADATA);
    expect(typesWhere(({ hasId }) => hasId)).toEqual(WITH_ID);
    expect(typesWhere(({ configured }) => !configured)).toEqual(NOT_CONFIGURED);
  });

  it("come after their parents, and are found by type and by section", () => {
    for (const [at, kind] of KINDS.entries()) {
      const parents: readonly string[] = KINDS.slice(0, at).map(({ type }) => type);
      expect(kind.parent === undefined ? at === 0 : parents.includes(kind.parent)).toBe(true);
      expect(kindOf(kind.type)).toBe(kind);
      expect(kindOfSection(kind.section)).toBe(kind);
    }
    expect(kindOfSection("tomogram")).toBeUndefined();
  });

  it("ancestors, the nearest first", () => {
    expect(ancestorsOf("annotation")).toEqual(["voxel_spacing", "run", "dataset", "deposition"]);
    expect(ancestorsOf("ctf")).toEqual(["tiltseries", "run", "dataset", "deposition"]);
    expect(ancestorsOf("deposition")).toEqual([]);
  });
});
