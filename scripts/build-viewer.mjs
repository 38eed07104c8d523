/** Bundles Neuroglancer into `dist/viewer/`, a page that any static server can offer: `node scripts/build-viewer.mjs [--check]`. The same
 * packages give the same bytes. Where the files are there and made of what is installed now, nothing is done; `--check` bundles once more
 * and fails where a byte differs. The page asks nobody but the servers that its state names.
 *
 * What the page loads lies in a folder that is called by its hash, so that browsers may keep it for ever, with compressed copies beside it. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { licencesOf, packagesOf } from "./licences.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const own = join(root, "scripts", "viewer");
const modules = join(root, "node_modules");
const library = join(modules, "neuroglancer", "lib");
const out = join(root, "dist", "viewer");
const stampFile = join(root, ".cache", "viewer.json");

/** The page, the worker that reads, the workers that decode. They look for each other by these names. */
const ENTRIES = ["main.bundle.js", "chunk_worker.bundle.js", "async_computation.bundle.js"];
/** Fetched when the first mesh or volume needs them. */
const DECODERS = ["mesh/draco/neuroglancer_draco.wasm", "sliceview/png/libpng.wasm"];
/** Encodings of volumes that the page cannot read: the decoder of one is larger than all the rest, the other's may not be mixed with it. */
const LEFT_OUT = { jxl: ["decompressJxl"], compresso: ["decompressCompresso"] };
/** Neuroglancer chooses its parts by conditions of its package. */
const CONDITIONS = [
  "neuroglancer/datasource:none_by_default",
  "neuroglancer/datasource/zarr:enabled",
  "neuroglancer/datasource/precomputed:enabled",
  "neuroglancer/kvstore:none_by_default",
  "neuroglancer/kvstore/http:enabled",
  "neuroglancer/kvstore/gzip:enabled",
  "neuroglancer/kvstore/zip:enabled",
  "neuroglancer/kvstore/byte_range:enabled",
  "neuroglancer/layer:none_by_default",
  "neuroglancer/layer/image:enabled",
  "neuroglancer/layer/annotation:enabled",
  "neuroglancer/layer/segmentation:enabled",
];
/** Whose code or pictures the bundles hold, and by that whose licences the page carries. */
const PACKAGES = ["neuroglancer", "codemirror", "core-js", "crc-32", "gl-matrix", "ikonate", "lodash-es", "numcodecs"];

async function check() {
  const files = await makeFiles();
  const other = [...files].filter(([name, bytes]) => sha256(bytes) !== hashOfFile(join(out, name))).map(([name]) => name);
  const strange = filesIn(out).filter((name) => !files.has(name));
  for (const name of [...other, ...strange])
    process.stderr.write(`build-viewer: dist/viewer/${name} is not what these packages give\n`);
  process.exitCode = other.length + strange.length > 0 ? 1 : 0;
}

function write(files) {
  rmSync(out, { recursive: true, force: true });
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(out, name)), { recursive: true });
    writeFileSync(join(out, name), bytes);
  }
  mkdirSync(dirname(stampFile), { recursive: true });
  const hashes = Object.fromEntries([...files].map(([name, bytes]) => [name, sha256(bytes)]));
  writeFileSync(stampFile, JSON.stringify({ stamp, files: hashes }, undefined, 2));
}

/** @returns {Promise<Map<string, Uint8Array>>} */
async function makeFiles() {
  const { build } = await import("esbuild");
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ENTRIES.map((name) => join(library, name)),
    bundle: true,
    format: "esm",
    minify: true,
    outdir: out,
    write: false,
    target: "es2022",
    charset: "utf8",
    conditions: CONDITIONS,
    plugins: [icons, oneFolder, halfMade, leftOut],
    legalComments: "none", // the licences are in a file of their own
    metafile: true,
    logLevel: "warning",
  });
  checkPackages(metafile);
  const loaded = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
  for (const path of DECODERS) loaded.set(basename(path), readFileSync(join(library, path)));
  const folder = hashOf(loaded);
  const page = readFileSync(join(own, "index.html"), "utf8").replace(/(?<=(?:href|src)=")(?=[\w.]+\.bundle\.)/g, `${folder}/`);
  return new Map([
    ["index.html", Buffer.from(page)],
    ["LICENCES.txt", Buffer.from(licences())],
    ...[...loaded].flatMap(([name, bytes]) => compressions(bytes).map(([end, body]) => [`${folder}/${name}${end}`, body])),
  ]);
}

/** @returns {string} of all files, names included: they load each other. */
function hashOf(files) {
  const hash = createHash("sha256");
  for (const [name, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${name} ${bytes.length}\n`).update(bytes);
  return hash.digest("hex").slice(0, 16);
}

/** A file and its compressed copies, by what is put behind its name: as the server looks for them. */
function compressions(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return [
    ["", bytes],
    [".br", brotliCompressSync(bytes, { params })],
    [".gz", gzipSync(bytes, { level: 9 })],
  ];
}

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
}

/**
 * Neuroglancer wants a revision of its icons that lives on a code host only; the release in the registry lacks three, which are drawn anew
 * in scripts/viewer.
 */
const icons = {
  name: "icons",
  setup(build) {
    build.onResolve({ filter: /^ikonate\/icons\/.*\?raw$/ }, ({ path }) => {
      const name = path.replace(/\?raw$/, "");
      const released = join(modules, name);
      return { path: existsSync(released) ? released : join(own, basename(name)), namespace: "icon" };
    });
    build.onLoad({ filter: /.*/, namespace: "icon" }, ({ path }) => ({ contents: readFileSync(path, "utf8"), loader: "text" }));
  },
};

/** The worker of workers is looked for one folder up, as it lies in the package; here all bundles lie in one folder. */
const oneFolder = {
  name: "one-folder",
  setup(build) {
    build.onLoad({ filter: /[\\/]async_computation[\\/]request\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const contents = source.replace('"../async_computation.bundle.js"', '"./async_computation.bundle.js"');
      if (contents === source) throw new Error(`${path} names its worker otherwise than in Neuroglancer 2.41`);
      return { contents, loader: "js" };
    });
  },
};

/** Layers of annotations are written into the page's address while they are still being made, where that takes 400 ms, and lack a list then: the layer
 * before them in the state is lost. */
const halfMade = {
  name: "half-made",
  setup(build) {
    build.onLoad({ filter: /[\\/]layer[\\/]annotation[\\/]index\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const contents = source.replace("  localAnnotationRelationships;\n", '  localAnnotationRelationships = ["segments"];\n');
      if (contents === source) throw new Error(`${path} makes layers otherwise than in Neuroglancer 2.41`);
      return { contents, loader: "js" };
    });
  },
};

const leftOut = {
  name: "left-out",
  setup(build) {
    build.onLoad({ filter: /[\\/]sliceview[\\/](jxl|compresso)[\\/]index\.js$/ }, ({ path }) => {
      const encoding = basename(dirname(path));
      const refusal = `throw new Error("this page has no decoder for volumes encoded as ${encoding}");`;
      const contents = LEFT_OUT[encoding].map((name) => `export async function ${name}() { ${refusal} }`).join("\n");
      return { contents, loader: "js" };
    });
  },
};

/** Nothing may slip in without its licence. */
function checkPackages(metafile) {
  const wanted = [...PACKAGES].sort().join(" ");
  const given = packagesOf(metafile).join(" ");
  if (given !== wanted) throw new Error(`the bundles hold code of ${given}, expected was that of ${wanted}`);
}

function licences() {
  const head =
    "This page is Neuroglancer, bundled with what it uses. The icons code-alt, controls-alt and layers are emporium's (MIT).\n";
  return licencesOf(PACKAGES, [head, readFileSync(join(own, "compiled-in.txt"), "utf8")], ({ name, version }) => {
    throw new Error(`${name} ${version} comes without a licence file`);
  });
}

/** Everything that the bytes depend on. */
function stampOf() {
  const hash = createHash("sha256").update(readFileSync(fileURLToPath(import.meta.url)));
  for (const name of readdirSync(own).sort()) hash.update(`${name}\n`).update(readFileSync(join(own, name)));
  // compressors may be another's on another Node
  hash.update(`${process.versions.zlib} ${process.versions.brotli}\n`);
  for (const name of [...PACKAGES, "esbuild"]) hash.update(readFileSync(join(modules, name, "package.json")));
  return hash.digest("hex");
}

function isUpToDate() {
  if (!existsSync(stampFile)) return false;
  const made = JSON.parse(readFileSync(stampFile, "utf8"));
  const files = Object.entries(made.files);
  return (
    made.stamp === stamp &&
    filesIn(out).length === files.length &&
    files.every(([name, hash]) => hash === hashOfFile(join(out, name)))
  );
}

function hashOfFile(path) {
  return existsSync(path) ? sha256(readFileSync(path)) : undefined;
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

const stamp = stampOf();
if (process.argv.includes("--check")) await check();
else if (!isUpToDate()) write(await makeFiles());
