import { existsSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import config from "../../vitest.config.js";
import { inPartWithoutRealFiles, REAL_DATA_FOLDER } from "../real-data.js";
import { NO_DATA, realDataFolder } from "../real-data-places.js";
import { readsRealFiles } from "../real-data-suites.js";
import SkipReporter from "../reporter.js";
import { filesBelow, readText } from "./sources.js";

/** A folder outside of the repository, by whatever way its path is put together. */
const BESIDE = /\.\.\/shared\b|\bshared\/(?:data|spec)\b|"shared",\s*"(?:data|spec)"/;
const ONLY_PLACES = ["test/real-data-places.ts", "test/foundations/real-data.test.ts"];

describe("(34.0) files of other people", () => {
  it("are looked for in one place: no other file names a folder beside the repository", () => {
    const files = ["src", "web", "test", "examples", "scripts", "bench", "python"].flatMap((folder) =>
      filesBelow(folder, (path) => /\.(?:ts|tsx|mts|mjs|js|py)$/.test(path)),
    );
    expect(files.length).toBeGreaterThan(1000);
    expect(files.filter((path) => !ONLY_PLACES.includes(path) && BESIDE.test(readText(path)))).toEqual([]);
    expect([
      BESIDE.test('new URL("../../../shared/data/mrc/", import.meta.url)'),
      BESIDE.test('join(root, "..", "shared", "data")'),
      BESIDE.test(readText("test/real-data-places.ts")),
    ]).toEqual([true, true, true]);
  });

  it("are given to no suite of npm test, so that a suite that cannot be without them fails wherever it runs", () => {
    expect(config.test?.env).toEqual({ EMPORIUM_REAL_DATA: "" });
    expect(readText("vitest.config.ts")).not.toMatch(/real-data-places|realDataFolder/);
    expect(NO_DATA).toMatch(/\.cache.no-data.data$/);
  });

  it("are those of EMPORIUM_TEST_DATA, else those that were fetched, else none", () => {
    expect(realDataFolder({ EMPORIUM_TEST_DATA: "/somewhere" }, "/nowhere")).toBe("/somewhere");
    expect(realDataFolder({}, "/nowhere/at/all")).toBeUndefined();
  });

  it("are read by suites that say so: no helper hides where they are from what chooses the suites of npm run test:data", () => {
    expect(readsRealFiles('import { REAL_DATA } from "../real-data.js";')).toBe(true);
    expect(readsRealFiles('import { plan } from "./ingest-plan-kit.js";')).toBe(false);
    const helpers = filesBelow("src", (path) => path.endsWith(".ts")).concat(filesBelow("test", (path) => path.endsWith(".ts")));
    const readers = helpers.filter((path) => !path.endsWith(".test.ts") && readsRealFiles(readText(path)));
    expect(readers).toEqual(["test/e2e/portals-kit.ts", "test/reporter.ts"]);
    for (const path of filesBelow("test", (name) => name.endsWith(".test.ts") && /\bsharedJson\b/.test(readText(name)))) {
      expect(path === "test/foundations/real-data.test.ts" || readsRealFiles(readText(path)), path).toBe(true);
    }
  });

  it("are missed in the words of the person who reads the end of a run, also where a test has files of its own", () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const written = vi.spyOn(process.stdout, "write").mockImplementation(() => true);
    try {
      inPartWithoutRealFiles("own models only");
      const reporter = new SkipReporter();
      for (const [content] of warned.mock.calls) {
        reporter.onUserConsoleLog({ content: `${content}\n`, type: "stderr", time: 0, size: 1 });
      }
      reporter.onTestRunEnd([], []);
    } finally {
      warned.mockRestore();
    }
    const lines = written.mock.calls.map(([line]) => String(line));
    written.mockRestore();
    expect(lines).toEqual(existsSync(REAL_DATA_FOLDER) ? [] : ["in part without real files: own models only\n"]);
  });

  it("are never missed by a path that is only ours", () => {
    const suites = filesBelow("src", (path) => path.endsWith(".test.ts")).concat(
      filesBelow("test", (path) => path.endsWith(".ts")),
    );
    const shown = suites.filter((path) =>
      /(?:skip|warn)\(`[^`]*\$\{(?:REAL_DATA|SHARED|DATA|shared|data|samples|published|folder)\b/.test(readText(path)),
    );
    expect(shown).toEqual([]);
  });
});
