import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { posix } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { filesBelow, readText, root, withoutComments } from "./sources.js";

/** What `import "em-porium"` loads decides how long every program waits that uses the library: scripts/library-files.mjs, and decision 0044. */

/** Files that may be loaded: a hundred empty ones take some 30 ms. */
const FILES_MAX = 50;
/** Modules of ours whose code is run: what needs to be there at once, and what that imports. */
const MODULES_MAX = 330;

/** What a module imports to run, as paths below src/. */
function importsOf(path: string): string[] {
  const text = withoutComments(readText(path));
  const found = text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^"';]*?\bfrom\s+)?"(\.[^"]+)\.js"/gm);
  return [...found].map(([, place]) => `${posix.join(posix.dirname(path), place!)}.ts`);
}

function reachedFrom(paths: Iterable<string>): Set<string> {
  const reached = new Set(paths);
  for (const path of reached) for (const to of importsOf(path)) reached.add(to);
  return reached;
}

/** Values that the library exports, by the module that they are in. */
const exported = [...readText("src/index.ts").matchAll(/^export \{ ([\w, ]+) \} from "\.\/(.+)\.js";$/gm)].map(
  ([, names, place]) => ({ names: names!.split(", "), path: `src/${place}.ts` }),
);
const isAsync = ({ names, path }: (typeof exported)[number]): boolean => {
  const text = readText(path);
  return names.every((name) => new RegExp(`^export async function ${name}\\b`, "m").test(text));
};
const atOnce = exported.filter((one) => !isAsync(one));
const needed = reachedFrom(atOnce.map(({ path }) => path));

/** Most modules first, and how many no other export needs. */
function whoNeedsMost(): string[] {
  const each = atOnce.map(({ names, path }) => ({ names, modules: reachedFrom([path]) }));
  return each
    .map(({ names, modules }) => {
      const own = [...modules].filter((one) => each.filter((other) => other.modules.has(one)).length === 1);
      return { size: modules.size, line: `${names.join(", ")}: ${modules.size} modules, ${own.length} for it alone` };
    })
    .sort((a, b) => b.size - a.size)
    .slice(0, 12)
    .map(({ line }) => line);
}

/** Run by Node itself: this process finds modules in another way. */
const SCRIPT = `
  import { register } from "node:module";
  import { readFileSync, writeFileSync } from "node:fs";
  const list = process.argv[1];
  const hook = "import { appendFileSync } from 'node:fs'; export function load(url, context, next) { appendFileSync(" + JSON.stringify(list) + ", url + '\\\\n'); return next(url, context); }";
  writeFileSync(list, "");
  register("data:text/javascript," + encodeURIComponent(hook));
  const library = await import(process.argv[2]);
  const loaded = readFileSync(list, "utf8").split("\\n").filter((url) => url.startsWith("file:"));
  const kinds = {};
  const differing = [];
  for (const [name, file] of JSON.parse(process.argv[3])) {
    const own = (await import(file))[name];
    kinds[name] = typeof library[name];
    if (library[name] !== own) differing.push(name);
  }
  const { isEmporiumError } = await import(process.argv[4]);
  const refused = await library.readPlan("/nowhere/at/all.json").then(() => false, (error) => isEmporiumError(error) && error instanceof library.EmporiumError);
  console.log(JSON.stringify({ loaded, names: Object.keys(library), kinds, differing, refused }));`;

interface Told {
  readonly loaded: readonly string[];
  readonly names: readonly string[];
  readonly kinds: Readonly<Record<string, string>>;
  /** Whose value is another than that of its own module. */
  readonly differing: readonly string[];
  readonly refused: boolean;
}

describe("the library", () => {
  let told: Told;
  const address = (path: string) => pathToFileURL(`${root}${path}`).href;
  beforeAll(() => {
    const folder = mkdtempSync(`${tmpdir()}/emporium-library-`);
    const files = exported.flatMap(({ names, path }) =>
      names.map((name) => [name, address(path.replace(/^src(.*)\.ts$/, "dist$1.js"))]),
    );
    const words = ["--input-type=module", "-e", SCRIPT, `${folder}/loaded.txt`, address("dist/index.js"), JSON.stringify(files)];
    told = JSON.parse(execFileSync(process.execPath, [...words, address("dist/core/errors.js")], { encoding: "utf8" })) as Told;
    rmSync(folder, { recursive: true });
  });

  it(`is imported in at most ${FILES_MAX} files, with YAML and Zod and no other package`, () => {
    const files = told.loaded.map((url) => url.replace(address(""), "")).filter((path) => path !== "dist/index.js");
    expect(files.length, `too many:\n${files.join("\n")}`).toBeLessThanOrEqual(FILES_MAX);
    const packages = files.flatMap((path) => /^dist\/program\/packages\/(?!chunk-)(.+)\.js$/.exec(path)?.[1] ?? []);
    expect(packages.sort()).toEqual(["yaml", "zod"]);
  });

  it(`needs at most ${MODULES_MAX} modules before it is asked for anything`, () => {
    expect(needed.size).toBeGreaterThan(100);
    expect(needed.size, `who needs most:\n${whoNeedsMost().join("\n")}`).toBeLessThanOrEqual(MODULES_MAX);
  });

  it("exports the values that its types name", () => {
    const typed = [...readText("dist/index.d.ts").matchAll(/^export \{ ([\w, ]+) \} from "/gm)].flatMap(([, names]) =>
      names!.split(", "),
    );
    expect(typed.length).toBeGreaterThan(100);
    expect([...told.names].sort()).toEqual(typed.sort());
    expect(Object.keys(told.kinds).filter((name) => told.kinds[name] === "undefined")).toEqual([]);
  });

  it("answers at once where its functions do: only what is async is loaded by a call", () => {
    const late = exported.filter((one) => isAsync(one) && !needed.has(one.path)).flatMap(({ names }) => names);
    expect(late.length).toBeGreaterThan(50);
    expect([...told.differing].sort()).toEqual(late.sort());
    expect([...new Set(late.map((name) => told.kinds[name]))]).toEqual(["function"]);
  });

  it("has one class of errors, by whichever name it is imported", () => {
    expect(told.refused).toBe(true);
  });

  it("exports the same of a module whose code is in a file with others", () => {
    const handedOn = filesBelow("src", (path) => /\.ts$/.test(path) && !/\.(test|d)\.ts$/.test(path) && needed.has(path));
    expect(handedOn.length).toBe(needed.size);
    for (const path of handedOn) {
      const own = [...readText(path).matchAll(/^export (?:async )?(?:function\*?|const|let|class) (\w+)/gm)].map(
        ([, name]) => name!,
      );
      const text = readText(path.replace(/^src(.*)\.ts$/, "dist$1.js"));
      const listed = [.../^export \{ ([^}]+) \}/m.exec(text)![1]!.split(",")].map((one) => one.trim().split(" as ").at(-1)!);
      expect([path, listed.sort()]).toEqual([path, own.sort()]);
    }
  });
});
