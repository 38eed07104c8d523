// Which test files run a module: those that import it, however far, the nearest first.
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { parseSync } from "vite";

/** The suites that need nothing but the sources: the same folders as the project `unit` in vitest.config.ts. */
const UNITS = ["src", "web", "test/golden", "test/fuzz", "test/fixtures"];
/** Suites that take longer: commands in the test's own process, faults, servers. What they start as a program of its own has no mutant. */
const REST = ["test/e2e", "test/faults", "test/conformance"];
const isIn = (folders, file) => folders.some((folder) => file.startsWith(`${folder}/`));
const isTest = (file) => file.endsWith(".test.ts");

/**
 * @param root the repository.
 * @returns for a module, the units that import it, or with `isRest` the other files: that beside it first, then by how many imports are between, then by
 * folder.
 */
export function relatedTests(root) {
  const importers = new Map();
  for (const file of [...UNITS, ...REST].flatMap((folder) => filesIn(join(root, folder))))
    for (const wanted of importsOf(file).flatMap(sourcesOf)) importers.set(wanted, [...(importers.get(wanted) ?? []), file]);
  return (module, milliseconds, isRest = false) => {
    const start = join(root, module);
    const far = new Map([[start, 0]]);
    for (const file of far.keys())
      for (const next of importers.get(file) ?? []) if (!far.has(next)) far.set(next, far.get(file) + 1);
    return [...far]
      .map(([file, distance]) => ({ file: relative(root, file), distance }))
      .filter(({ file }) => isTest(file) && isIn(REST, file) === isRest)
      .sort((a, b) => rank(a, module, milliseconds) - rank(b, module, milliseconds) || a.file.localeCompare(b.file))
      .map(({ file }) => file);
  };
}

function rank({ file, distance }, module, milliseconds) {
  const isBeside = dirname(file) === dirname(module);
  if (isBeside && basename(file, ".test.ts") === basename(module, ".ts")) return 0;
  // tests of other layers and of many cases take long; each second counts as much as an import between
  const isFar = layerOf(file) !== layerOf(module);
  return distance * 4 + (isBeside ? 0 : 1) + (isFar ? 10 : 0) + (milliseconds?.get(file) ?? 0) / 250;
}

const layerOf = (file) => file.split("/").slice(0, 2).join("/");

function filesIn(folder) {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  return names.filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name)).map((entry) => join(entry.parentPath, entry.name));
}

/** A page's part of either kind is imported by the same name; that which is not there is imported by nobody. */
const sourcesOf = (name) => (name.endsWith(".js") ? [name.replace(/js$/, "ts"), name.replace(/js$/, "tsx")] : [name]);

/** What a file loads when it runs: types alone load nothing. */
function importsOf(file) {
  const text = readFileSync(file, "utf8");
  const { staticImports, staticExports, dynamicImports } = parseSync(file, text, {
    lang: file.endsWith("x") ? "tsx" : "ts",
  }).module;
  const names = [];
  for (const { moduleRequest, entries } of staticImports)
    if (entries.length === 0 || entries.some(({ isType }) => !isType)) names.push(moduleRequest.value);
  for (const { entries } of staticExports)
    for (const { moduleRequest, isType } of entries) if (moduleRequest && !isType) names.push(moduleRequest.value);
  for (const { moduleRequest } of dynamicImports) names.push(text.slice(moduleRequest.start + 1, moduleRequest.end - 1));
  return names.filter((name) => name.startsWith(".")).map((name) => join(dirname(file), name));
}
