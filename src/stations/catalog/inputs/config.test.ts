import { describe, expect, it } from "vitest";
import { compileNamePattern, parseUploadConfig } from "./config.js";
import { compileMetaSchema } from "./meta-schema.js";

const parse = (value: object) => parseUploadConfig(JSON.stringify(value, undefined, 1), "c.json");
const frames = { upload_type: "frames", microscope: "m", frames_format: "tif_folder" };

describe("parseUploadConfig", () => {
  it.each<[string, object, string, number]>([
    ["no type", { microscope: "m" }, "upload_type: expected", 1],
    ["a number for a text", { ...frames, microscope: 5 }, "microscope: expected a text, found a number", 3],
    ["frames without format", { upload_type: "frames", microscope: "m" }, "frames_format is missing", 2],
    ["two parsers", { ...frames, filename_parser: "a", filename_pattern: "(?<channel>.)" }, "both given", 6],
    ["two schemas", { ...frames, meta_schema: "a", schema_filename: "b" }, "different schemas", 6],
    ["a pattern that is none", { ...frames, filename_pattern: "(?<channel>" }, "cannot be compiled", 5],
    ["a storage twice", { ...frames, storage: "/a", storage_access: "/b" }, "storage is a place by itself", 6],
  ])("%s: message and line", (_, value, message, line) => {
    expect(() => parse(value)).toThrowError(expect.objectContaining({ message: expect.stringContaining(message) }));
    try {
      parse(value);
    } catch (error) {
      expect(error).toMatchObject({ facts: { place: { file: "c.json", line } } });
    }
  });

  it("takes all three names of the schema, once or alike", () => {
    for (const key of ["meta_schema", "schema_filename", "json_meta"])
      expect(parse({ ...frames, [key]: "s.json" }).metaSchema).toMatch(/s\.json$/);
    expect(parse({ ...frames, meta_schema: "s.json", json_meta: "s.json" }).metaSchema).toMatch(/s\.json$/);
  });

  it("passes over unknown keys with a warning, keys of every object's own included", () => {
    expect(parse({ ...frames, micrscope: "x", constructor: "y" }).warnings).toEqual([
      'c.json: the key "micrscope" is not known and passed over (microscope?)',
      'c.json: the key "constructor" is not known and passed over',
    ]);
    expect(() => parse({ upload_type: "frames", microscope: "m", frames_format: "constructor" })).toThrow(/frames_format/);
  });
});

describe("compileNamePattern", () => {
  it("matches whole names, Python's groups too", () => {
    const pattern = compileNamePattern("(?P<channel>\\w+)_z(?<slice>\\d+)\\.tif");
    expect(pattern.whole("DAPI_z7.tif")).toEqual({ channel: "DAPI", slice: "7" });
    expect(pattern.whole("x DAPI_z7.tif")).toBeUndefined();
  });

  it.each([
    ["(?<slice>.)", "no group named channel"],
    ["(?<channel>.)(?<colour>.)", "named colour"],
    [`(?<channel>${"a?".repeat(2000)})`, "characters"],
  ])("refuses %.40s", (source, message) => {
    expect(() => compileNamePattern(source)).toThrow(message);
  });

  it("a pattern that takes for ever is stopped", () => {
    expect(() => compileNamePattern("(?<channel>(a+)+)b").whole("a".repeat(60))).toThrowError(
      expect.objectContaining({ code: "CONFIG_REGEX" }),
    );
  });
});

describe("compileMetaSchema", () => {
  it.each([
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
  ])("dialect %s", ($schema) => {
    const schema = compileMetaSchema(
      { $schema, type: "object", properties: { T: { type: "object", required: ["a"] } }, required: ["T"] },
      "s",
    );
    expect(schema.tags).toEqual([{ name: "T", required: ["a"] }]);
    expect([schema.fault({ T: { a: 1 } }), schema.fault({})]).toEqual([undefined, expect.stringContaining("required")]);
  });

  it("follows no reference to another document", () => {
    expect(() => compileMetaSchema({ $ref: "https://example.org/other.json" }, "s")).toThrow(/not a valid JSON Schema/);
  });
});
