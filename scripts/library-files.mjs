/** What `import "em-porium"` loads: little, and in few files (docs/design/decisions/0044-the-library-in-few-files.md).
 *
 * `src/index.ts` is the public library as its readers and its types have it. In `dist/index.js` functions that are `async` load their module when they
 * are first called; all others need theirs at once. Those modules, and what they import, are 300: each takes half a millisecond as a file of its own.
 * So those of a folder are put in one file in `dist/library/`, and a module's own file hands on what is there: it is there once, whoever imports it by
 * whichever name. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { rolldown } from "rolldown";

const EXPORTED = /^export \{ ([\w, ]+) \} from "(\.[^"]+)";$/gm;
const STATIC = /^(?:import|export)\b[^"';]*?\bfrom "(\.[^"]+)"|^import "(\.[^"]+)"/gm;
/** Layers whose modules run in browsers too, where people bundle those that they use: `test/foundations/import-rules.ts` */
const ANYWHERE = /^(?:core|model|formats)\/|^arrays\/(?!(?:stream|loader)\/)|^stores\/(?:store|memory\/store)\.js$/;

const slashes = (path) => path.replaceAll("\\", "/");
const importsOf = (path) =>
  [...readFileSync(path, "utf8").matchAll(STATIC)].map(([, from, alone]) => join(dirname(path), from ?? alone));

/** Has asynchronous functions load what they are in when they are called. @param {string} index `dist/index.js` */
export function makeLate(index) {
  const text = readFileSync(index, "utf8");
  const moduleOf = (place) => join(dirname(index), place);
  const isAsync = (names, module) =>
    names.every((name) => new RegExp(`^export async function ${name}\\b`, "m").test(readFileSync(module, "utf8")));
  const exported = [...text.matchAll(EXPORTED)].map(([, list, place]) => ({ names: list.split(", "), module: moduleOf(place) }));
  const atOnce = reachedFrom(exported.filter(({ names, module }) => !isAsync(names, module)).map(({ module }) => module));
  const late = (name, place) => `export const ${name} = async (...given) => (await import("${place}")).${name}(...given);`;
  const made = text.replace(EXPORTED, (all, list, place) =>
    atOnce.has(moduleOf(place))
      ? all
      : list
          .split(", ")
          .map((name) => late(name, place))
          .join("\n"),
  );
  writeFileSync(index, made);
}

/** Puts the modules that `index` loads at once into few files. @param {string} dist folder of the compiled library */
export async function mergeFiles(dist) {
  const nameOf = (path) => slashes(relative(dist, path));
  const isOurs = (path) => !nameOf(path).startsWith("program/");
  const reached = reachedFrom([join(dist, "index.js")]);
  const paths = [...reached].filter(isOurs);
  const anywhere = reachedFrom(paths.filter((path) => ANYWHERE.test(nameOf(path))));
  const withPackages = new Set(paths.filter((path) => [...reachedFrom([path])].some((one) => !isOurs(one))));

  /** The file of a module. What runs in Node alone is used together; of the others people take some: those of a folder, and without packages unless they ask for one. */
  function fileOf(path) {
    const name = nameOf(path);
    const folder = dirname(name);
    if (folder === "." || !paths.includes(path)) return undefined;
    if (!anywhere.has(path)) return `library/${folder.split("/")[0]}.node`;
    return `library/${folder.replaceAll("/", ".")}${withPackages.has(path) ? ".packages" : ""}`;
  }

  const plugin = {
    name: "library-files",
    // packages, and what is loaded late, are where they are
    resolveId: (id, from, { kind }) =>
      from && (kind === "dynamic-import" || !isOurs(join(dirname(from), id)))
        ? { id: join(dirname(from), id), external: "relative" }
        : undefined,
    // a module keeps its place
    transform(code, path) {
      if (/\bimport\.meta\.(?!url\b)/.test(code)) throw new Error(`${path}: only import.meta.url is known here`);
      const place = `new URL(${JSON.stringify(`../${nameOf(path)}`)}, import.meta.url).href`;
      return fileOf(path) ? code.replaceAll("import.meta.url", place) : undefined;
    },
  };
  const bundle = await rolldown({
    cwd: dirname(dist),
    input: Object.fromEntries(paths.map((path) => [nameOf(path).replace(/\.js$/, ""), path])),
    external: /^node:/,
    preserveEntrySignatures: "allow-extension",
    treeshake: false,
    plugins: [plugin],
    checks: { ineffectiveDynamicImport: false, pluginTimings: false },
  });
  const { output } = await bundle.generate({
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    minifyInternalExports: false,
    codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: fileOf, debugName: "folders" }] },
  });
  await bundle.close();
  refuseCircles(output);
  rmSync(join(dist, "library"), { recursive: true, force: true });
  mkdirSync(join(dist, "library"));
  for (const { fileName, code } of output) writeFileSync(join(dist, fileName), code);
}

/** Modules import each other in no circle, but folders may: then some would run before what they need. */
function refuseCircles(output) {
  const files = new Map(output.map(({ fileName, imports }) => [fileName, imports]));
  const done = new Set();
  const visit = (name, above) => {
    if (above.includes(name)) throw new Error(`dist/library/: ${[...above, name].join(" imports ")}`);
    if (done.has(name)) return;
    for (const one of files.get(name) ?? []) visit(one, [...above, name]);
    done.add(name);
  };
  for (const name of files.keys()) visit(name, []);
}

/** Modules that some load, themselves included. */
function reachedFrom(starts) {
  const reached = new Set(starts);
  for (const path of reached) for (const to of importsOf(path)) reached.add(to);
  return reached;
}
