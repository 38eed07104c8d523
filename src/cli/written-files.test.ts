import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { command } from "./command.js";
import { refuseOtherFile, refuseOtherFiles } from "./written-files.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-written-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const put = (name: string, text: string) => {
  writeFileSync(at(name), text, "latin1");
  return at(name);
};

const list = command({
  name: "list",
  summary: "Writes a table",
  details: [],
  positionals: ["inputs"],
  options: z.object({
    inputs: z.array(z.string()).meta({ description: "what is read", value: "FILE" }),
    runTable: z.string().optional().meta({ description: "also read", value: "FILE" }),
    out: z
      .string()
      .optional()
      .meta({ description: "the table", value: "FILE", written: true, beside: ["left.csv"] }),
    count: z.number().optional().meta({ description: "of lines", value: "N", written: true }),
  }),
  examples: [{ run: "emporium list", says: "nothing" }],
  run: async () => 0,
});
const refusal = (options: Readonly<Record<string, unknown>>) => {
  const before = readdirSync(folder).sort();
  try {
    refuseOtherFiles(list, options);
    return undefined;
  } catch (error) {
    const { code, message, facts } = error as { code: string; message: string; facts: { hint: string } };
    return [code, message.replaceAll(`${folder}/`, ""), facts.hint];
  } finally {
    expect(readdirSync(folder).sort()).toEqual(before);
  }
};

describe("a file that a command writes", () => {
  it("may be a new one, one of its kind, an empty one, and one without a name", () => {
    const before = put("same.csv", "name,id\na,1\n");
    for (const out of [at("new.csv"), before, put("empty.csv", ""), undefined])
      expect(refusal({ out, count: 3 })).toBeUndefined();
    expect(readFileSync(before, "utf8")).toBe("name,id\na,1\n");
  });

  it.each([
    ["table.csv", "name;id\n", "CSV"],
    ["picture.svg", "a,b", "HTML or SVG"],
    ["page.HTML", "text", "HTML or SVG"],
    ["facts.json", "<html>", "JSON"],
    ["plot.png", "PNG", "PNG"],
    ["volume.mrc", "\0\0MAP ", "text"],
  ])("is not put over %s, which is something else", (name, text, what) => {
    expect(refusal({ out: put(name, text) })).toEqual([
      "CONFIG_COLLISION",
      `${name} exists and is not ${what}, so --out would overwrite something else`,
      "give another name, or move it away",
    ]);
  });

  it.each([
    ["a.json", ' [{"a": 1}]'],
    ["a.svg", "\n<svg/>"],
    ["a.png", "\x89PNG\r\n"],
    ["a.yaml", "any: text"],
    ["a.csv", `${"long".repeat(100)},b`],
  ])("is put over %s, which is of its kind", (name, text) => {
    expect(refusal({ out: put(name, text) })).toBeUndefined();
  });

  it("is no input, by this name or another, whatever it is read as", () => {
    const [read, other] = [put("in.csv", "a,b"), put("other.csv", "a,b")];
    symlinkSync("in.csv", at("link.csv"));
    const says = (name: string, as: string) => [
      "USAGE",
      `${name} is given as ${as} and would be overwritten by --out`,
      "give another name",
    ];
    expect(refusal({ inputs: [other, read], out: read })).toEqual(says("in.csv", "FILE"));
    expect(refusal({ runTable: read, out: at("link.csv") })).toEqual(says("link.csv", "--run-table"));
    expect(refusal({ inputs: [other, "s3://bucket/in.csv"], runTable: undefined, out: read })).toBeUndefined();
  });

  it("is no folder, nor named as one; files beside it neither", () => {
    mkdirSync(at("taken"));
    const says = (name: string) => ["USAGE", `${name} is a folder, and --out writes a file of this name`];
    expect(refusal({ out: at("taken") })).toEqual([...says("taken"), "give the name of a file in it"]);
    expect(refusal({ out: at("new/") })).toEqual([...says("new/"), "give the name of a file in it"]);
    mkdirSync(at("taken/left.csv"));
    expect(refusal({ out: at("taken/list.csv") })).toEqual([
      ...says("taken/left.csv"),
      "move it away, or give a name in another folder",
    ]);
  });

  it("beside the named one is not put over something else either", () => {
    put("left.csv", "notes");
    expect(refusal({ out: at("new.csv") })?.[1]).toBe("left.csv exists and is not CSV, so --out would overwrite something else");
    rmSync(at("left.csv"));
  });

  it("whose name is known later is looked at as well", () => {
    expect(() => refuseOtherFile(put("late.json", "notes"), "out", list, {})).toThrow(/late\.json exists and is not JSON/);
    expect(() => refuseOtherFile(at("taken"), "out", list, {})).not.toThrow();
  });
});
