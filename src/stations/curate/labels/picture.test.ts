import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, describe, expect, it } from "vitest";
import type { CountRow, LabelCounts } from "./count.js";
import { drawSvg, writePicture } from "./picture.js";
import { histogramSpec, matrixSpec } from "./picture-spec.js";

const base = mkdtempSync(join(tmpdir(), "emporium-picture-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

function row(drive: string, label: string, count: number, more: Partial<CountRow> = {}): CountRow {
  const plain = {
    fileName: `${label}.mod`,
    class: "annotation" as const,
    status: "known" as const,
    runs: new Set<string>(),
    withPoints: count,
    empty: 0,
  };
  return { drive, label, count, ...plain, ...more };
}

function counts(rows: CountRow[]): LabelCounts {
  return { rows, cells: [], outside: 0, links: 0, unreadable: [], places: [] };
}

const some = counts([
  row("d1", "hat", 259),
  row("d2", "hat", 1),
  row("d1", "MK", 88, { status: "unresolved" }),
  row("d1", "._hat", 98, { class: "sidecar", status: undefined }),
]);
/** Heights of the bars, in drawing units: paths `M0,0h…v…`. */
const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]!);

describe("the histogram", () => {
  it("has a bar and a number for each label, the most frequent first, and says what was left out", async () => {
    const svg = await drawSvg(histogramSpec(some, false));
    expect(svg).toMatch(/^<svg [^>]*width="7.2in" height="4.6in"/);
    expect(texts(svg)).toEqual(expect.arrayContaining(["hat", "MK", "260", "88", "Models", "Label", "d1", "d2"]));
    expect(texts(svg)).toEqual(
      expect.arrayContaining([
        "348 models in 2 labels. Pale: terms that are not defined.",
        "Not counted: 98 sidecar files of macOS.",
      ]),
    );
    expect(texts(svg)).not.toContain("._hat");
    expect(texts(svg).indexOf("hat")).toBeLessThan(texts(svg).indexOf("MK"));
  });

  it("seam 35: of small counts has whole numbers on its axis, each once", async () => {
    for (const most of [1, 2, 3]) {
      for (const compat of [false, true]) {
        const svg = await drawSvg(histogramSpec(counts([row("d1", "hat", most), row("d1", "rod", 1)]), compat));
        const ticks = [...svg.matchAll(/<g class="mark-text role-axis-label".*?<\/g>/gs)].flatMap(([axis]) => texts(axis));
        const numbers = ticks.filter((text) => /^[\d.]+$/.test(text)).map(Number);
        expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: most + 1 }, (_, at) => at));
      }
    }
  });

  it("is the same picture every time, without a clock", async () => {
    const [first, second] = [join(base, "1.png"), join(base, "2.png")];
    await writePicture(first, histogramSpec(some, false));
    await writePicture(second, histogramSpec(some, false));
    expect(readFileSync(second).equals(readFileSync(first))).toBe(true);
    const { width, height, resolution } = decode(readFileSync(first));
    expect([width, height, resolution]).toEqual([2160, 1380, { x: 11811, y: 11811, unit: 1 }]);
  });

  it("as the reference: every file name, its words, 3600 × 2400 pixels", async () => {
    const path = join(base, "reference.png");
    await writePicture(path, histogramSpec(some, true));
    expect(decode(readFileSync(path))).toMatchObject({ width: 3600, height: 2400 });
    const svg = await drawSvg(histogramSpec(some, true));
    expect(texts(svg)).toEqual(
      expect.arrayContaining([
        "Histogram of .mod File Counts by File Name",
        "File Names",
        "Counts",
        "hat.mod",
        "MK.mod",
        "._hat.mod",
      ]),
    );
  });

  it("of many labels keeps the frequent ones and adds up the others", async () => {
    const many = counts(Array.from({ length: 60 }, (_, at) => row("d1", `label ${at}`, 100 - at)));
    const svg = await drawSvg(histogramSpec(many, false));
    expect(texts(svg)).toContain("21 others");
    expect(texts(svg)).not.toContain("label 40");
  });

  it("of nothing is a picture as well", async () => {
    expect(texts(await drawSvg(histogramSpec(counts([]), false)))).toContain("0 models in 0 labels.");
    expect(await drawSvg(matrixSpec([]))).toContain("<svg");
    expect(await drawSvg(histogramSpec(counts([]), true))).toContain("<svg");
  });

  it("takes names for text, whatever is in them", async () => {
    const svg = await drawSvg(histogramSpec(counts([row("d1", "<script>alert(1)</script>", 1)]), false));
    expect(svg).not.toContain("<script");
    expect(svg).toContain("&lt;script&gt;");
  });

  it("wants an ending that it knows", async () => {
    await expect(writePicture(join(base, "x.gif"), histogramSpec(some, false))).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("the matrix", () => {
  it("has a field for each species and label", async () => {
    const cell = (drive: string, species: string, label: string, count: number) => ({
      drive,
      species,
      label,
      count,
      runs: new Set<string>(),
    });
    const svg = await drawSvg(
      matrixSpec([cell("d1", "Hpylori", "MS", 67), cell("d1", "Hpylori", "hat", 33), cell("d2", "", "MS", 7)]),
    );
    expect(texts(svg)).toEqual(expect.arrayContaining(["MS", "hat", "67", "33", "7", "d1 · Hpylori", "d2 · (no species)"]));
  });
});
