import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { REDUCTIONS } from "../../src/arrays/operators/reductions/table.js";
import { OPERATORS } from "../../src/arrays/operators/table.js";
import { MENU, PAGES } from "../../src/model/pages.js";
import { RECOGNISERS } from "../../src/stations/ingest/laboratory/recognisers.js";
import { filesBelow, readText, root, withoutComments } from "./sources.js";

/** Tables that a file of its own is only seen by: what is forgotten in one is not missed by the compiler. */
describe("tables have every file that they are of", () => {
  const isUnit = (path: string) => /\/[\w-]+\.ts$/.test(path) && !/\.test\.ts$/.test(path);

  it.each([
    ["src/arrays/operators", "operator(", "OPERATORS", OPERATORS],
    ["src/arrays/operators/reductions", "reduction(", "REDUCTIONS", REDUCTIONS],
  ] as const)("%s: what a file makes by %s) is in %s, and in the guide's table", async (folder, call, _, table) => {
    const files = filesBelow(folder, (path) => isUnit(path) && path.lastIndexOf("/") === folder.length);
    const makers = files.filter((path) => readText(path).includes(`= ${call}{`));
    expect(makers.length).toBeGreaterThan(5);
    const made = await Promise.all(
      makers.map(async (path) => Object.values((await import(pathToFileURL(root + path).href)) as object)),
    );
    const names = made.flat().flatMap((value) => (isNamed(value) ? [value.name] : []));
    expect(table.map(({ name }) => name)).toEqual([...new Set(names)].sort());
    const guide = readText("docs/guides/blocks-graphs.md");
    expect(
      names.filter((name) => !new RegExp(`^\\| .*\`${name}\`.* \\|`, "m").test(guide)),
      "in no row of the table of docs/guides/blocks-graphs.md",
    ).toEqual([]);
  });

  it("each operator's values are compared with SciPy's, or it is said here that they are not", () => {
    const compared = [...readText("test/peers/operators.test.ts").matchAll(/^ {2}(\w+): \(random\) =>/gm)].map(
      ([, name]) => name,
    );
    expect(
      OPERATORS.map(({ name }) => name).filter((name) => !compared.includes(name)),
      "neither in PARAMS of test/peers/operators.test.ts nor in BY_HAND below",
    ).toEqual(BY_HAND);
  });

  it("each recogniser's folder is in RECOGNISERS, and its software in the guide", () => {
    const folder = "src/stations/ingest/laboratory/recognisers";
    const folders = filesBelow(folder, (path) => path.endsWith("/recognise.ts")).map((path) => path.split("/").at(-2));
    expect(RECOGNISERS.map(({ id }) => id).toSorted(), `the folders of ${folder}`).toEqual(folders);
    const [, listed = ""] = /software that worked there \(([^)]*)\)/.exec(readText("docs/guides/new-configuration.md")) ?? [];
    const programs = RECOGNISERS.filter(({ id }) => !NO_PROGRAMS.has(id)).map(({ software }) => software.split(/,| \(/)[0]!);
    expect(
      programs.filter((name) => !listed.split(/,\s/).includes(name)),
      "not in the list that docs/guides/new-configuration.md begins with",
    ).toEqual([]);
  });

  it("each page's file is of an address, and no page but those of a thing is without a menu that leads to it", () => {
    const files = new Set<string>(Object.values(PAGES).map(({ file }) => file));
    const pages = filesBelow("web/pages", (path) => path.endsWith(".tsx")).filter((path) =>
      /export function [A-Z]/.test(readText(path)),
    );
    expect(pages.map((path) => path.slice("web/pages/".length, -".tsx".length)).filter((file) => !files.has(file))).toEqual([]);
    const unnamed = Object.entries<object>(PAGES).filter(
      ([path, page]) => !path.includes("$") && !("menu" in page || "beside" in page),
    );
    expect(
      unnamed.map(([path]) => path),
      "pages without `menu` or `beside`, and LED_TO_BY below, in this order: a line there says which file links to the page",
    ).toEqual(Object.keys(LED_TO_BY));
    for (const [path, from] of Object.entries(LED_TO_BY))
      expect(readText(from), `${from} leads to ${path}`).toMatch(new RegExp(`["\`]${path}[?"\`]`));
  });

  it("there is no other list of pages: none of the pages' sources has names beside addresses", () => {
    const sources = filesBelow("web", (path) => /\.tsx?$/.test(path));
    const listed = sources.flatMap((path) =>
      [...withoutComments(readText(path)).matchAll(/[[{]\s*(?:\w+: )?"(\/[\w/-]*)",\s*(?:\w+: )?"[A-Z][\w ]*"\s*[\]}]/g)].map(
        ([, address]) => `${path}: ${address}`,
      ),
    );
    expect(listed).toEqual([]);
    expect(new Set(MENU.map(([, name]) => name)).size).toBe(MENU.length);
  });
});

/** Operators that take voxels as they are: their own tests have what is wanted. */
const BY_HAND = ["crop", "lut", "mask"];

/** Recognisers that know no program by its files, but what any of them leaves. */
const NO_PROGRAMS = new Set(["configured", "copies", "emdb", "halves", "leavings", "light", "particle-averages", "portal"]);

/** Pages that no menu names, and the file that leads to each. */
const LED_TO_BY = {
  "/jobs/new": "web/pages/jobs.tsx",
  "/harvest/compare": "web/pages/harvest.tsx",
  "/search": "web/parts/header.tsx",
};

const isNamed = (value: unknown): value is { name: string } =>
  typeof value === "object" && value !== null && "name" in value && "version" in value;
