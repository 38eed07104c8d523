import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import browser from "../../vitest.browser.config.js";
import main from "../../vitest.config.js";
import installed from "../../vitest.installed.config.js";
import peers from "../../vitest.peers.config.js";
import { globsOfSuites, QUICK, suiteOf } from "../suites.js";
import { readText, root } from "./sources.js";

type Included = { readonly name?: unknown; readonly include?: string[] };
const projects = (main.test!.projects as { test: Included }[]).map(({ test }) => test);
/** What each command runs, apart from `npm run test:data`, which runs some of them once more with files of other people. */
const runs: Included[] = [...projects, ...[peers, browser, installed].map(({ test }) => test as Included)];

const NOT_OURS = /^(?:node_modules|dist|site|demo-out|build|\..*)$/;
const testsBelow = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return NOT_OURS.test(entry.name) ? [] : testsBelow(path);
    return /\.test\.[cm]?[jt]sx?$/.test(entry.name) ? [path] : [];
  });
const scripts = JSON.parse(readText("package.json")).scripts as Record<string, string>;
const projectsIn = (script: string) => [...script.matchAll(/--project (\S+)/g)].map(([, name]) => name!).sort();

describe("(35.2) a file of tests", () => {
  it("is run by exactly one suite, wherever it lies", () => {
    const files = testsBelow("").sort();
    expect(files.length).toBeGreaterThan(700);
    const times = new Map<string, number>();
    for (const { include } of runs) for (const path of include!) times.set(path, (times.get(path) ?? 0) + 1);
    expect(files.filter((path) => times.get(path) !== 1)).toEqual([]);
    expect([...times.keys()].filter((path) => !files.includes(path))).toEqual([]);
  });

  it("of units, foundations and conformance is of `npm test`", () => {
    const every = testsBelow("").filter((path) => /^(?:src|web|test\/(?:foundations|conformance))\//.test(path));
    expect(every.filter((path) => !(QUICK as readonly (string | undefined)[]).includes(suiteOf(path)))).toEqual([]);
  });

  it("is named where a list names it: no list has a name of a file that is gone", () => {
    const files = testsBelow("");
    const names = globsOfSuites().flatMap(([glob, pattern]) => (files.some((path) => pattern.test(path)) ? [] : [glob]));
    expect(names).toEqual([]);
  });
});

describe("(35.2) the commands of the suites", () => {
  it("`npm test` and `npm run test:rest` together are `npm run test:all`", () => {
    expect(projectsIn(scripts.test!)).toEqual([...QUICK].sort());
    const both = [...projectsIn(scripts.test!), ...projectsIn(scripts["test:rest"]!)];
    expect(both.sort()).toEqual(projects.map(({ name }) => String(name)).sort());
    expect(scripts["test:all"]).toMatch(/exec vitest run$/);
  });

  it("are all run by .ci/run", () => {
    const script = readText(".ci/run");
    const wanted = [
      "npm test",
      ...["rest", "data", "peers", "installed", "browser"].map((name) => `npm run --silent test:${name}`),
    ];
    for (const command of wanted) expect(script).toContain(command);
    const known = Object.keys(scripts)
      .filter((name) => /^test(?::|$)/.test(name))
      .sort();
    expect(known).toEqual(["test", "test:all", "test:browser", "test:data", "test:installed", "test:peers", "test:rest"]);
  });

  it("take the place of their shell, so that a signal to npm reaches the run", () => {
    for (const name of Object.keys(scripts).filter((one) => /^test(?::|$)/.test(one))) {
      expect(scripts[name], name).toMatch(/(?:^|&& )(?:EMPORIUM_TEST_BUILT=1 )?exec vitest run\b[^&|;]*$/);
    }
  });
});
