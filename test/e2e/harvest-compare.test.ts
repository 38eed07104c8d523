import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { REAL_DATA } from "../real-data.js";
import { emporium } from "./cli-host.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-compare-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shared = fileURLToPath(new URL("harvest/", REAL_DATA));
const hasData = existsSync(join(shared, "file_metadata.json"));

const record = {
  name: "tomo",
  format: "mrc",
  shape: [10, 20, 30],
  dtype: "float32",
  unit: ["Å", "Å", "Å"],
  voxel_size: [13.48, 13.48, 13.48],
  offset: [0, 0, 0],
  channels: 1,
  axes: ["z", "y", "x"],
  contrast: null,
  acquisition: { beam_energy: { value: 300, unit: "keV", si: 4.8065e-14 } },
  sources: { shape: "file" },
  warnings: [],
  raw_metadata: {},
};

function written(name: string, text: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const files = written("file_metadata.json", JSON.stringify({ tomo: record }));

describe("emporium harvest compare", () => {
  it("prints both tables, one of them, or JSON", async () => {
    const both = await emporium(["harvest", "compare", files]);
    expect([both.status, both.err]).toEqual([0, ""]);
    expect(both.out).toMatch(/^dataset \| dtype .*\n(.|\n)*\nParameter {3}\| tomo\n/);
    const one = await emporium(["harvest", "compare", files, "--table", "acquisition", "--format", "csv"]);
    expect(one.out).toBe("Parameter,tomo\nBeam energy,300 keV\n");
    const json = await emporium(["harvest", "compare", files, "--json"]);
    expect(JSON.parse(json.out)).toMatchObject({
      compat: false,
      images: { rows: [{ dataset: "tomo", voxel_size_nm: [1.348, 1.348, 1.348] }] },
      errors: [],
    });
  });

  it.each([
    ["out.md", /^## Images\n/],
    ["out.csv", /^dataset,dtype,/],
    ["out.json", /^\{\n {2}"compat": false,/],
    ["out.html", /^<!doctype html>/],
    ["out.txt", /^dataset \| /],
    ["below/out.md", /^## Images\n/],
  ])("--out %s has the form of its name", async (name, begins) => {
    const out = join(folder, name);
    const { status, out: said } = await emporium(["harvest", "compare", files, "--out", out]);
    expect([status, said]).toEqual([0, `${out}: 1 data set, 0 contradictions\n`]);
    expect(readFileSync(out, "utf8")).toMatch(begins);
  });

  it("takes several documents, and numbers records of one name", async () => {
    const { out } = await emporium(["harvest", "compare", files, files, "--json"]);
    expect(JSON.parse(out).images.rows.map(({ dataset }: { dataset: string }) => dataset)).toEqual(["tomo", "tomo-2"]);
  });

  it.skipIf(!hasData)("reads the reference's own documents (needs real files)", async () => {
    const words = [join(shared, "file_metadata.json"), "--web", join(shared, "web_metadata.json"), "--format", "markdown"];
    const { out } = await emporium(["harvest", "compare", ...words, "--compat", "reference", "--table", "images"]);
    expect(
      out
        .split("\n")
        .filter((line) => line.startsWith("| "))
        .slice(2),
    ).toEqual([
      "| epfl | uint8 | [None, None, None] | [None, None, None] | 1 | [1065, 2048, 1536] | NaN | NaN |",
      "| openorganelle | int16 | [nanometer, nanometer, nanometer] | [2.96, 4.0, 4.0] | NaN | [564, 2520, 2596] | [0.0, 0.0, 0.0] | [z, y, x] |",
      "| hemibrain | uint8 | [nm, nm, nm] | [8.0, 8.0, 8.0] | 1 | [200, 400, 600] | [10000, 11000, 12000] | [z, y, x] |",
    ]);
    const { out: own } = await emporium(["harvest", "compare", ...words]);
    expect(own).toContain("| epfl | uint8 | [nm, nm, nm] (web) | [5.0, 5.0, 5.0] (web) | 1 | [1065, 1536, 2048] |");
  });

  it.each<[says: string, words: string[], status: number, code: string]>([
    ["nothing", [], 2, "USAGE"],
    ["a file that is not there", [join(folder, "none.json")], 1, "STORE_ABSENT"],
    ["a folder", [mkFolder("dir")], 1, "STORE_ABSENT"],
    ["no JSON", [written("cut.json", '{"tomo": {')], 2, "CONFIG_SYNTAX"],
    ["no UTF-8", [written("latin.json", Buffer.from('{"\u00e5": 1}', "latin1"))], 2, "CONFIG_SYNTAX"],
    ["nothing in it", [written("empty.json", "")], 2, "CONFIG_SYNTAX"],
    ["a list", [written("list.json", "[]")], 2, "CONFIG_FIELD"],
    ["a record without a shape", [written("bare.json", '{"a": {}}')], 2, "CONFIG_FIELD"],
    ["a web document that is none", [files, "--web", written("web.json", '{"a": 1}')], 2, "CONFIG_FIELD"],
    ["an unknown form", [files, "--format", "pdf"], 2, "USAGE"],
  ])("refuses %s", async (_, words, status, code) => {
    const { status: found, err } = await emporium(["harvest", "compare", ...words]);
    expect([found, /^error\[(\w+)\]/.exec(err)?.[1]]).toEqual([status, code]);
    const document = words.at(-1);
    if (document?.endsWith(".json")) expect(err).toContain(document);
  });
});

function mkFolder(name: string): string {
  mkdirSync(join(folder, name));
  return join(folder, name);
}
