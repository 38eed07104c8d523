import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { BENCHMARKS } from "../../bench/registry.mjs";
import { type FigureLine, figuresPage, readmeTable, withTable } from "../../scripts/figures-page.mjs";
import { filesBelow, readText } from "./sources.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const text = (path: string) => readFileSync(join(root, path), "utf8");
const measured = (): FigureLine[] =>
  text("docs/figures/measured.jsonl")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as FigureLine);
/** As if all were measured on the code as it is. */
const fresh = (lines: readonly FigureLine[]) => Object.fromEntries(lines.map(({ benchmark, code }) => [benchmark, code]));

describe("published figures", () => {
  it("are those that benchmarks printed: page and README are made of the lines", () => {
    const lines = measured();
    expect(lines.length).toBeGreaterThan(0);
    const page = text("docs/figures.md").replaceAll(/^† (?=\d{4}-)/gm, "");
    expect(page).toBe(figuresPage(lines, BENCHMARKS, fresh(lines)));
    const readme = text("README.md");
    expect(readme).toBe(withTable(readme, readmeTable(lines)));
  });

  it("each has its benchmark, the code that it measures, and the machine", () => {
    for (const { name, script = name, code } of BENCHMARKS) {
      expect([name, existsSync(join(root, "bench", `${script}.mjs`))]).toEqual([name, true]);
      for (const path of code) expect([name, path, existsSync(join(root, path))]).toEqual([name, path, true]);
    }
    for (const line of measured()) {
      expect(BENCHMARKS.map(({ name }) => name)).toContain(line.benchmark);
      expect(line).toMatchObject({
        day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
        cores: expect.any(Number),
        cpu: expect.any(String),
        node: expect.stringMatching(/^\d+\./),
        commit: expect.stringMatching(/^[0-9a-f]{7,}$/),
      });
    }
  });

  it("come from benchmarks that name modules which are there: nothing else runs them all", () => {
    const MODULE =
      /"((?:core|model|formats|arrays|stores|system|engine|catalog|net|portals|stations|server|cli)\/[\w/-]+)\.js"|dist\/([\w/-]+)\.js/g;
    const named = filesBelow("bench", () => true).flatMap((file) =>
      [...readText(file).matchAll(MODULE)].map((found) => [file, found[1] ?? found[2]!] as const),
    );
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter(([, module]) => !existsSync(join(root, "src", `${module}.ts`)))).toEqual([]);
  });

  it("that were measured on other code are marked", () => {
    const line = { figure: "x.y", value: 1, benchmark: "verify", code: "aa", day: "2026-01-01", commit: "1234567" };
    const page = (now: string) => figuresPage([line], BENCHMARKS, { verify: now });
    expect(page("aa")).toMatch(/^2026-01-01, 1234567:/m);
    expect(page("bb")).toMatch(/^† 2026-01-01, 1234567:/m);
  });

  it("are refused by a README without a place for them", () => {
    expect(() => withTable("# emporium", "")).toThrow("figures");
  });
});
