import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emporium } from "./cli-host.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-harvest-"));
const dest = join(folder, "out");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = (name: string) => readFileSync(join(dest, name), "utf8");
const json = (name: string) => JSON.parse(text(name));

/** Tables of a Markdown document, cells trimmed. */
function tables(markdown: string): string[][][] {
  const rows = (block: string) =>
    block
      .split("\n")
      .filter((line) => line.startsWith("|") && !/^\|(?: --- \|)+$/.test(line))
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
  return markdown
    .split(/^## .*$/m)
    .map(rows)
    .filter((table) => table.length > 0);
}

let run: Awaited<ReturnType<typeof emporium>>;
beforeAll(async () => {
  run = await emporium(["harvest", "demo", "--dest", dest]);
});

const SIZE = "0.007998250424861908";

interface StepResult {
  command: string;
  exitStatus: number;
  result: { bytesFetched?: number };
}

describe("emporium harvest demo", () => {
  it("goes the whole way from seven portals to the tables", () => {
    expect(run.status, run.err).toBe(0);
    const lines = run.out.split("\n").filter((line) => line.startsWith("$ emporium harvest "));
    expect(lines.map((line) => line.split(" ")[3])).toEqual([
      "describe",
      "peek",
      ...Array(3).fill("download"),
      "inspect",
      ...Array(8).fill("compare"),
    ]);
  });

  it("writes what the portals say, under the names of their records", () => {
    expect(Object.keys(json("web_metadata.json"))).toEqual([
      "idr",
      "empiar",
      "epfl",
      "openorganelle",
      "hemibrain",
      "cryoet",
      "bioimage-archive",
    ]);
  });

  it("reproduces the reference's two tables, cell by cell", () => {
    const [images, acquisition] = tables(text("reference.md"));
    expect(images).toEqual([
      ["dataset", "dtype", "unit", "voxel_size", "channels", "shape", "offset", "axes"],
      ["epfl", "uint8", "[None, None, None]", "[None, None, None]", "1", "[1065, 2048, 1536]", "NaN", "NaN"],
      ["idr", "uint8", "[µm, µm, µm]", "[0.02, 0.02, 0.02]", "1", "[184, 1121, 775]", "NaN", "NaN"],
      ["empiar", "uint8", "[µm, µm]", `[${SIZE}, ${SIZE}]`, "NaN", "[5500, 5496]", "[-0.0, -0.0]", "NaN"],
      [
        "openorganelle",
        "int16",
        "[nanometer, nanometer, nanometer]",
        "[2.96, 4.0, 4.0]",
        "NaN",
        "[564, 2520, 2596]",
        "[0.0, 0.0, 0.0]",
        "[z, y, x]",
      ],
      ["hemibrain", "uint8", "[nm, nm, nm]", "[8.0, 8.0, 8.0]", "1", "[200, 400, 600]", "[10000, 11000, 12000]", "[z, y, x]"],
    ]);
    expect(acquisition).toEqual([
      ["Parameter", "OpenOrganelle", "EMPIAR"],
      ["Beam energy", "200 eV", "1.9 keV"],
      ["Beam current", "0.22 nA", "0.0 nA"],
      ["Scan parameters", "Scan rate: 0.4 MHz", "Dwell time (s): 5e-07"],
      ["Microscope", "NaN", "FEI Quanta"],
      ["Magnification", "NaN", "2159.0"],
      ["Bias voltage", "500 V", "NaN"],
      ["Imaging duration", "1 day", "NaN"],
    ]);
  });

  it("gives the true shapes, sizes and offsets by default, says what was filled in, and what does not agree", () => {
    const { images, acquisition, conflicts } = json("comparison.json");
    const rows = Object.fromEntries(
      images.rows.map((row: { dataset: string }, at: number) => [row.dataset, { ...row, sources: images.sources[at] }]),
    );
    expect(rows.epfl).toMatchObject({ shape: [1065, 1536, 2048], voxel_size_nm: [5, 5, 5], sources: { voxel_size: "web" } });
    expect(rows.idr).toMatchObject({ shape: [184, 775, 1121], voxel_size: [0.02, 0.02, 0.02], contrast: [36, 199] });
    expect(rows.empiar).toMatchObject({
      shape: [16, 5500, 5496],
      unit: ["nm", "µm", "µm"],
      voxel_size: [50, Number(SIZE), Number(SIZE)],
      offset: [0, 0, 0],
      sources: { "voxel_size.z": "web", shape: "derived" },
    });
    expect(rows.openorganelle).toMatchObject({ shape: [564, 2520, 2596], voxel_size: [2.96, 4, 4], offset: [0, 0, 0] });
    expect(rows.hemibrain).toMatchObject({ shape: [600, 400, 200], offset: [12000, 11000, 10000], axes: ["z", "y", "x"] });
    const parameters = Object.fromEntries(acquisition.rows.map((row: { Parameter: string }) => [row.Parameter, row]));
    expect(parameters["Beam current"]).toMatchObject({
      empiar: { value: 0 },
      openorganelle: { value: 0.22, unit: "nA", si: 2.2e-10 },
    });
    expect(parameters["Dwell time"].openorganelle.si).toBeCloseTo(2.5e-6, 12);
    expect(conflicts.map(({ dataset, field }: { dataset: string; field: string }) => `${dataset}.${field}`).sort()).toEqual([
      "empiar.beam_current",
      "empiar.microscope",
      "empiar.shape",
    ]);
  });

  it("prints both tables, and makes a page of them", () => {
    expect(run.out).toContain("| [600, 400, 200]");
    expect(run.out).toContain("| [200, 400, 600]");
    const page = text("comparison.html");
    expect(page.startsWith("<!doctype html>")).toBe(true);
    expect(page).toContain("EMPIAR-11759");
    expect(text("comparison.csv").split("\n")[0]).toMatch(/^dataset,dtype,unit,voxel_size,channels,shape,offset,axes,/);
  });

  it("run again fetches no file twice, and says the same with --json", async () => {
    const [records, csv] = [text("file_metadata.json"), text("reference.csv")];
    const { status, out } = await emporium(["harvest", "demo", "--dest", dest, "--json"]);
    const { steps, errors } = JSON.parse(out) as { steps: StepResult[]; errors: unknown[] };
    expect([status, errors, steps.every(({ exitStatus }) => exitStatus === 0)]).toEqual([0, [], true]);
    const downloads = steps.filter(({ command }) => command.includes(" download "));
    expect(downloads.map(({ result }) => result.bytesFetched)).toEqual([0, 0, 0]);
    expect([text("file_metadata.json"), text("reference.csv")]).toEqual([records, csv]);
  });
});
