import { describe, expect, it } from "vitest";
import { summarise } from "../../scripts/ci-summary.mjs";
import { skipLines } from "../reporter.js";
import { filesBelow, readText } from "./sources.js";

const report = (passed: number, failed: number, skipped = 0) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: skipped,
  numTodoTests: 0,
});

describe("the summary of a CI run", () => {
  it("adds tests one by one and other steps as one check each, and ends with the sum", () => {
    const steps = [
      { name: "test", status: 0, seconds: 30 },
      { name: "lint", status: 0, seconds: 1 },
    ];
    expect(summarise(steps, { test: report(100, 0, 7) })).toEqual({
      ok: true,
      lines: [
        "ok    test: 100 passed, 0 failed, 7 skipped in 30 s",
        "ok    lint: 1 passed, 0 failed, 0 skipped in 1 s",
        "101 passed, 0 failed, 7 skipped",
      ],
    });
  });

  it.each([
    ["failed tests", [{ name: "test", status: 1, seconds: 1 }], { test: report(9, 2) }, "9 passed, 2 failed, 0 skipped"],
    [
      "a suite that broke outside of its tests",
      [{ name: "test", status: 1, seconds: 1 }],
      { test: report(9, 0) },
      "9 passed, 1 failed, 0 skipped",
    ],
    ["a suite that wrote no report", [{ name: "test", status: 137, seconds: 1 }], {}, "0 passed, 1 failed, 0 skipped"],
    ["a failed check", [{ name: "lint", status: 2, seconds: 1 }], {}, "0 passed, 1 failed, 0 skipped"],
    ["nothing at all", [], {}, "0 passed, 0 failed, 0 skipped"],
  ])("fails for %s", (_what, steps, reports, last) => {
    const { ok, lines } = summarise(steps, reports);
    expect([ok, lines.at(-1)]).toEqual([false, last]);
  });
});

describe("what failed in a CI run", () => {
  const one = (status: string, fullName: string, failureMessages: string[]) => ({ status, fullName, failureMessages });

  it("is named again before the counts, with the beginning of its message", () => {
    const testResults = [
      {
        name: "a.test.ts",
        message: "",
        assertionResults: [one("passed", "adds", []), one("failed", "takes away", ["found 1\nwanted 2"])],
      },
      { name: "b.test.ts", message: "cannot find c.js", assertionResults: [] },
      { name: "d.test.ts", message: "", assertionResults: [one("passed", "ends", [])] },
    ];
    const { lines } = summarise([{ name: "test", status: 1, seconds: 3 }], { test: { ...report(2, 1), testResults } });
    expect(lines).toEqual([
      "FAIL  a.test.ts: takes away",
      "        found 1\n        wanted 2",
      "FAIL  b.test.ts",
      "        cannot find c.js",
      "FAIL  test: 2 passed, 1 failed, 0 skipped in 3 s, exit 1",
      "2 passed, 1 failed, 0 skipped",
    ]);
  });
});

describe("the reporter of skipped tests", () => {
  it("gives one line for each reason, the largest first", () => {
    expect(
      skipLines(
        new Map([
          ["needs fish", 1],
          ["needs ../shared/data", 12],
          ["needs a disk", 1],
        ]),
      ),
    ).toEqual(["skipped 12: needs ../shared/data", "skipped 1: needs a disk", "skipped 1: needs fish"]);
  });
});

describe(".ci/run", () => {
  it("runs the two commands of the README as they stand there", () => {
    const script = readText(".ci/run");
    expect(readText("README.md")).toContain("npm ci && npm test");
    for (const command of [
      "npm ci",
      "npm test",
      "npm run --silent lint",
      "npm run --silent typecheck",
      "npm run --silent test:peers",
    ]) {
      expect(script).toContain(command);
    }
  });
});

describe("docs/design/testing.md", () => {
  it("says of each file that tries more by night how much every change tries", () => {
    const table = readText("docs/design/testing.md");
    const tiered = ["src", "test"]
      .flatMap((folder) => filesBelow(folder, (path) => path.endsWith(".ts")))
      .filter((path) => path !== "test/foundations/ci.test.ts" && /\bTHOROUGH\b|EMPORIUM_THOROUGH/.test(readText(path)));
    expect(tiered.length).toBeGreaterThan(15);
    expect(tiered.filter((path) => !table.includes(`| \`${path}\``))).toEqual([]);
  });
});
