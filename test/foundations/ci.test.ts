import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { filesToRunAgain, summarise } from "../../scripts/ci-summary.mjs";
import { skipLines } from "../reporter.js";
import { filesBelow, readText, root } from "./sources.js";

const report = (passed: number, failed: number, skipped = 0) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: skipped,
  numTodoTests: 0,
});

describe("the summary of a CI run", () => {
  it("adds tests one by one and other steps as one check each, and ends with the sum", () => {
    const steps = [
      { name: "test", status: 0, seconds: 30, cpuSeconds: 60 },
      { name: "lint", status: 0, seconds: 1, cpuSeconds: 2 },
    ];
    expect(summarise(steps, { test: report(100, 0, 7) })).toEqual({
      ok: true,
      lines: [
        "ok    test: 100 passed, 0 failed, 7 skipped in 30 s, 60 s of processors",
        "ok    lint: 1 passed, 0 failed, 0 skipped in 1 s, 2 s of processors",
        "101 passed, 0 failed, 7 skipped",
      ],
    });
  });

  it.each([
    [
      "failed tests",
      [{ name: "test", status: 1, seconds: 1, cpuSeconds: 2 }],
      { test: report(9, 2) },
      "9 passed, 2 failed, 0 skipped",
    ],
    [
      "a suite that broke outside of its tests",
      [{ name: "test", status: 1, seconds: 1, cpuSeconds: 2 }],
      { test: report(9, 0) },
      "9 passed, 1 failed, 0 skipped",
    ],
    [
      "a suite that wrote no report",
      [{ name: "test", status: 137, seconds: 1, cpuSeconds: 2 }],
      {},
      "0 passed, 1 failed, 0 skipped",
    ],
    ["a failed check", [{ name: "lint", status: 2, seconds: 1, cpuSeconds: 2 }], {}, "0 passed, 1 failed, 0 skipped"],
    ["nothing at all", [], {}, "0 passed, 0 failed, 0 skipped"],
  ])("fails for %s", (_what, steps, reports, last) => {
    const { ok, lines } = summarise(steps, reports);
    expect([ok, lines.at(-1)]).toEqual([false, last]);
  });
});

describe("(34.0) what one step of a CI run leaves out and another runs", () => {
  const file = (name: string, ...ends: [string, string][]) => ({
    name,
    message: "",
    assertionResults: ends.map(([status, fullName]) => ({ status, fullName, failureMessages: [] })),
  });

  it("is not counted as skipped, wherever the two clones lie; a file or a name of its own is", () => {
    const test = [
      file("/tmp/x/clone/src/a.test.ts", ["skipped", "reads a map"], ["skipped", "needs fish"]),
      file("/tmp/x/clone/test/b.test.ts", ["skipped", "reads a map"], ["passed", "adds"]),
    ];
    const data = [
      file("/somewhere/here/src/a.test.ts", ["passed", "reads a map"]),
      file("/somewhere/here/test/c.test.ts", ["passed", "ends"]),
    ];
    const { lines } = summarise(
      [
        { name: "test", status: 0, seconds: 2, cpuSeconds: 4 },
        { name: "data", status: 0, seconds: 1, cpuSeconds: 2 },
      ],
      { test: { ...report(1, 0, 3), testResults: test }, data: { ...report(2, 0), testResults: data } },
    );
    // a step whose files all lie in one folder, in a clone that lies below a folder of the same name
    const rest = [
      file("/tmp/x/clone/test/c.test.ts", ["skipped", "ends"]),
      file("/home/src/test/emporium/test/foundations/ci.test.ts", ["skipped", "is there"]),
    ];
    data.push(file("/tmp/x/clone/test/foundations/ci.test.ts", ["passed", "is there"]));
    const more = summarise(
      [
        { name: "rest", status: 0, seconds: 2, cpuSeconds: 4 },
        { name: "data", status: 0, seconds: 1, cpuSeconds: 2 },
      ],
      { rest: { ...report(0, 0, 2), testResults: rest }, data: { ...report(3, 0), testResults: data } },
    );
    expect(more.lines.at(-1)).toBe("3 passed, 0 failed, 0 skipped");
    expect(lines).toEqual([
      "ok    test: 1 passed, 0 failed, 2 skipped in 2 s, 4 s of processors",
      "ok    data: 2 passed, 0 failed, 0 skipped in 1 s, 2 s of processors",
      "3 passed, 0 failed, 2 skipped",
    ]);
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
    const { lines } = summarise([{ name: "test", status: 1, seconds: 3, cpuSeconds: 6 }], {
      test: { ...report(2, 1), testResults },
    });
    expect(lines).toEqual([
      "FAIL  a.test.ts: takes away",
      "        found 1\n        wanted 2",
      "FAIL  b.test.ts",
      "        cannot find c.js",
      "FAIL  test: 2 passed, 1 failed, 0 skipped in 3 s, 6 s of processors, exit 1",
      "2 passed, 1 failed, 0 skipped",
    ]);
  });
});

describe("a step of a CI run whose few failed files were run again, alone", () => {
  const one = (status: string, fullName: string) => ({
    status,
    fullName,
    failureMessages: status === "failed" ? ["found 0"] : [],
  });
  const files = (count: number) =>
    Array.from({ length: count }, (_, at) => ({
      name: `/c/test/foundations/${at}.test.ts`,
      message: "",
      assertionResults: [one("passed", "adds"), one("failed", "waits")],
    }));
  const first = { name: "rest", status: 1, seconds: 9, cpuSeconds: 9 };
  const reports = (failedAgain: number) => ({
    rest: { ...report(1, 1), testResults: files(1) },
    "rest-again": report(2 - failedAgain, failedAgain),
  });

  it("has passed where they pass then, which is told by name", () => {
    const { ok, lines } = summarise([first, { name: "rest-again", status: 0, seconds: 2, cpuSeconds: 2 }], reports(0));
    expect(ok).toBe(true);
    expect(lines).toEqual([
      "TWICE /c/test/foundations/0.test.ts: waits",
      "        found 0",
      "ok    rest: 2 passed, 0 failed, 0 skipped in 9 s, 9 s of processors, 1 of them only when run again",
      "ok    rest-again: 2 passed, 0 failed, 0 skipped in 2 s, 2 s of processors, not counted",
      "2 passed, 0 failed, 0 skipped",
    ]);
  });

  it("has failed where they fail again", () => {
    const { ok, lines } = summarise([first, { name: "rest-again", status: 1, seconds: 2, cpuSeconds: 2 }], reports(1));
    expect([ok, lines.at(-1)]).toEqual([false, "1 passed, 1 failed, 0 skipped"]);
  });

  it("is run again by its files, of which more than three are no accident", () => {
    const broken = { name: "/c/test/foundations/ci.test.ts", message: "cannot find c.js", assertionResults: [] };
    const good = { name: "/c/test/foundations/text.test.ts", message: "", assertionResults: [one("passed", "adds")] };
    expect(filesToRunAgain({ ...report(1, 1), testResults: [good, broken] })).toEqual(["test/foundations/ci.test.ts"]);
    expect(filesToRunAgain({ ...report(4, 4), testResults: files(4) })).toEqual([]);
    expect(filesToRunAgain({ ...report(3, 3), testResults: files(3) })).toHaveLength(3);
  });

  it("is told, and run again, where all tests passed and something else went wrong beside them", () => {
    const page = { name: "/c/test/foundations/text.test.ts", message: "Error: closed\n at page.ts:3" };
    const stray = { ...report(9, 0), testResults: [] };
    expect(filesToRunAgain(stray, [page, page, { message: "of nobody" }])).toEqual(["test/foundations/text.test.ts"]);
    const errors = { errors: { rest: [page, { message: "of nobody" }] } };
    const failed = summarise([first], { rest: stray }, errors);
    expect([failed.ok, failed.lines.slice(0, 4)]).toEqual([
      false,
      [
        "FAIL  outside of every test, while test/foundations/text.test.ts ran",
        "        Error: closed\n         at page.ts:3",
        "FAIL  outside of every test, while something ran",
        "        of nobody",
      ],
    ]);
    const again = { name: "rest-again", status: 0, seconds: 2, cpuSeconds: 2 };
    const passed = summarise([first, again], { rest: stray, "rest-again": report(2, 0) }, errors);
    expect([passed.ok, passed.lines[0]]).toEqual([true, "TWICE outside of every test, while test/foundations/text.test.ts ran"]);
    expect(passed.lines.at(-1)).toBe("9 passed, 0 failed, 0 skipped");
  });
});

describe("(35.2) where the time of a CI run went", () => {
  it("is told by the files of a step that took most of the processors", () => {
    const costs = ["3.2 40 /c/d/test/e2e/a.test.ts", "0.2 1 /c/d/src/b.test.ts", "70.4 35 /c/d/src/x/test/d.test.ts", ""].join(
      "\n",
    );
    const steps = [{ name: "rest", status: 0, seconds: 80, cpuSeconds: 90 }];
    const { lines } = summarise(steps, { rest: report(3, 0) }, { costs: { rest: costs } });
    expect(lines[0]).toBe("costliest of rest: src/x/test/d.test.ts 70 s in 35 s, test/e2e/a.test.ts 3 s in 40 s");
  });

  it("and, where a step had to be killed, by the tests that had not ended; a file by itself where none of its tests ran", () => {
    const progress = [
      "begins a.test.ts",
      "begins a.test.ts: adds",
      "ends a.test.ts: adds",
      "begins a.test.ts: waits for ever",
      "begins b.test.ts",
      "begins c.test.ts",
      "ends c.test.ts",
      "",
    ].join("\n");
    const { lines } = summarise([{ name: "rest", status: 137, seconds: 9, cpuSeconds: 1 }], {}, { progress: { rest: progress } });
    expect(lines).toEqual([
      "FAIL  had not ended: a.test.ts: waits for ever",
      "FAIL  had not ended: b.test.ts",
      "FAIL  rest: 0 passed, 1 failed, 0 skipped in 9 s, 1 s of processors, out of time",
      "0 passed, 1 failed, 0 skipped",
    ]);
  });
});

describe("the reporter of skipped tests", () => {
  it("(34.0) gives one line for each reason, the largest first, and says last what needs real files", () => {
    expect(
      skipLines(
        new Map([
          ["needs fish", 1],
          ["needs real files", 12],
          ["needs a disk", 1],
        ]),
      ),
    ).toEqual([
      "skipped 1: needs a disk",
      "skipped 1: needs fish",
      "12 tests need real files: `npm run data` fetches them from their public repositories",
    ]);
  });
});

describe(".ci/run", () => {
  it("(34.0) runs the two commands of the README as they stand there, in a clone with nothing beside it, and all other suites", () => {
    const script = readText(".ci/run");
    const commands = [...readText("README.md").matchAll(/^ {4}(npm ci && \S.*?)\s+#/gm)].map(([, words]) => words);
    expect(commands).toEqual(["npm ci && npm run demo", "npm ci && npm test"]);
    // in one clone, in this order
    const typed = [...script.matchAll(/^.*\b(?:step|suite) \w+ \d+ (?:"\$\{\w+\[@\]\}" )+(npm [a-z ]+?)(?: \|.*)?$/gm)].map(
      ([, words]) => words,
    );
    expect(typed).toEqual(["npm ci", "npm run demo", "npm test"]);
    for (const command of [
      "npm run --silent test:data",
      "npm run --silent look",
      "npm run --silent lint",
      "npm run --silent typecheck",
      "npm run --silent test:peers",
    ]) {
      expect(script).toContain(command);
    }
  });
});

describe("a step of .ci/run", () => {
  it("is noted with its times however it ends, also where it had to be killed", () => {
    const results = mkdtempSync(`${tmpdir()}/emporium-steps-`);
    const step = /^step\(\) \{\n[\s\S]*?^\}\n/m.exec(readText(".ci/run"))![0];
    const script = `set -uo pipefail
results=${results}
${step.replace("--kill-after=10", "--kill-after=0.2")}
step good 5 bash -c 'echo out; echo err >&2'
step bad 5 bash -c 'exit 3'
step deaf 0.3 bash -c 'trap "" TERM; while :; do sleep 0.05; done'
true`;
    const said = execFileSync("bash", ["-c", script], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    expect(said).toContain("\nout\n");
    const lines = readFileSync(`${results}/steps`, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => line.replace(/( \d+){2}$/, " S C"))).toEqual(["good 0 S C", "bad 3 S C", "deaf 137 S C"]);
    rmSync(results, { recursive: true });
  });
});

describe("a suite of .ci/run", () => {
  it("runs the few files that failed once more, with what it was given, and its status is that of the second time", () => {
    const results = mkdtempSync(`${tmpdir()}/emporium-suite-`);
    const [step, suite] = ["step", "suite"].map((name) =>
      new RegExp(`^${name}\\(\\) \\{\\n[\\s\\S]*?^\\}\\n`, "m").exec(readText(".ci/run")),
    );
    const failed = {
      ...report(1, 1),
      testResults: [{ name: "/c/test/foundations/ci.test.ts", message: "broke", assertionResults: [] }],
    };
    writeFileSync(join(results, "failed.json"), JSON.stringify(failed));
    // a runner that fails where it is given no file, and notes what it was given
    writeFileSync(
      join(results, "runner"),
      `#!/bin/bash\necho "$WISH $*" >>${results}/asked\n[ $# -gt 1 ] && exit "$1"\ncp ${results}/failed.json "$EMPORIUM_TEST_JSON"\nexit 1\n`,
      { mode: 0o755 },
    );
    const script = `set -uo pipefail
results=${relative(root, results)}
${step![0]}${suite![0]}
WISH=1 suite good 5 true; echo "good $?"
WISH=2 suite accident 5 ${results}/runner 0; echo "accident $?"
WISH=3 suite broken 5 ${results}/runner 4; echo "broken $?"
WISH=4 suite late 0.2 sleep 5; echo "late $?"`;
    const said = execFileSync("bash", ["-c", script], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    expect(said.match(/^\w+ \d+$/gm)).toEqual(["good 0", "accident 0", "broken 4", "late 124"]);
    const asked = readFileSync(join(results, "asked"), "utf8").trim().split("\n");
    expect(asked).toEqual(["2 0", "2 0 -- test/foundations/ci.test.ts", "3 4", "3 4 -- test/foundations/ci.test.ts"]);
    const steps = readFileSync(join(results, "steps"), "utf8").trimEnd().split("\n");
    expect(steps.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
      ...["good 0", "accident 1", "accident-again 0"],
      ...["broken 1", "broken-again 4", "late 124"],
    ]);
    rmSync(results, { recursive: true });
  });
});

describe("the last steps of .ci/run", () => {
  it("are left out where the time of a run would not do for them on a slow machine, which is told and counted as skipped", () => {
    const results = mkdtempSync(`${tmpdir()}/emporium-fits-`);
    const fits = /^minutes=\d+\nfits\(\) \{\n[\s\S]*?^\}\n/m.exec(readText(".ci/run"))![0];
    const script = `results=${results}
${fits}
echo "data 0 120 200" >"$results/steps"
SECONDS=4000; fits viewer 600 && echo "viewer runs"
SECONDS=5000; fits look 200 || echo "look does not"`;
    const said = execFileSync("bash", ["-c", script], { encoding: "utf8" });
    expect(said.trim().split("\n")).toEqual([
      "viewer runs",
      "look is not run: it would take some 400 s on this machine, and 5000 s of 5280 are over",
      "look does not",
    ]);
    expect(readFileSync(join(results, "steps"), "utf8")).toBe("data 0 120 200\nlook 75 0 0\n");
    rmSync(results, { recursive: true });
    const steps = [
      { name: "data", status: 0, seconds: 120, cpuSeconds: 200 },
      { name: "look", status: 75, seconds: 0, cpuSeconds: 0 },
    ];
    const { ok, lines } = summarise(steps, { data: report(5, 0) });
    expect([ok, lines.at(-2)?.slice(0, 20), lines.at(-1)]).toEqual([
      true,
      "SKIP  look: not run,",
      "5 passed, 0 failed, 1 skipped",
    ]);
  });
});

describe("every run of suites", () => {
  it("(34.26) has folders of its own, and a keeper that ends what it has started however it ends", () => {
    const configurations = readdirSync(root).filter((path) => /^vitest(?:\.\w+)?\.config\.ts$/.test(path));
    expect(configurations.length).toBe(6);
    const keeper = /globalSetup: \[[^\]]*"\.\/test\/temporary(?:-on-disk)?\.ts"\]/;
    expect(configurations.filter((path) => !keeper.test(readText(path)))).toEqual([]);
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
