/** Makes scripts (CommonJS) of the modules that a command loads: Node 20 keeps compiled code of scripts only, and finding and linking a module costs
 * three times as much (docs/design/decisions/0030-the-program-in-few-files.md). Each is one that Node's own `require` loads as well.
 *
 * Names of other scripts stay relative; what is imported when it is wanted is asked for by `requireLater`, or `importLater` where it is a module. Both are what
 * `src/cli/compile-cache.ts` hands over: so it knows where a command begins. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { transform } from "esbuild";

const STATIC = /(?:\bfrom |^import )"(\.[^"]+\.js)"/gm;
const LATE = /\bimport\("(\.\/[^"]+\.js)"\)/g;
/** The file of a package; those with a digest in their names are its parts. */
const isPackage = (path) => /[\\/]packages[\\/][^\\/]+$/.test(path) && !/-[A-Z0-9]{8}\.js$/.test(path);

const read = (path) => readFileSync(path, "utf8");
const placesIn = (path, ...patterns) =>
  patterns.flatMap((pattern) => [...read(path).matchAll(pattern)].map(([, place]) => join(dirname(path), place)));

/** Files that modules load, themselves included. Packages that are imported late stay as they are: few commands want them, and some are no scripts. */
function reachedFrom(paths, isLate = () => true) {
  const reached = new Set();
  const add = (path) => {
    if (reached.has(path) || !existsSync(path)) return;
    reached.add(path);
    for (const to of placesIn(path, STATIC)) add(to);
    for (const to of placesIn(path, LATE)) if (isLate(to)) add(to);
  };
  for (const path of paths) add(path);
  return reached;
}

/** @param {string} start the module that the program begins with @param {ReadonlySet<string>} plain packages that stay modules as well: people bundle them for browsers */
export async function makeScripts(start, plain) {
  const scripts = [...reachedFrom([start], (path) => !isPackage(path))].sort();
  const isScript = (path) => scripts.includes(path);
  const made = await Promise.all(scripts.map(async (path) => [path, await scriptOf(path, isScript)]));
  const digest = createHash("sha256");
  for (const [path, { code }] of made) digest.update(`\0${basename(path)}\0`).update(code);
  // by the digest a program tells whether compiled code is of its scripts
  const id = digest.digest("hex");
  for (const [path, { code, map }] of made) {
    const script = path.replace(/\.js$/, ".cjs");
    writeFileSync(script, `${path === start ? `/*${id}*/` : ""}${code}//# sourceMappingURL=${basename(script)}.map\n`);
    writeFileSync(`${script}.map`, map);
  }
  for (const path of scripts.filter((one) => isPackage(one) && !plain.has(one))) writeFileSync(path, moduleAround(path));
  // threads, processes and the library begin with modules, and what these load stays one
  const folder = dirname(start);
  const others = readdirSync(folder, { recursive: true }).map((name) => join(folder, name));
  const kept = reachedFrom(others.filter((path) => path.endsWith(".js") && (!isScript(path) || isPackage(path))));
  for (const path of scripts.filter((one) => !kept.has(one)))
    for (const name of [path, `${path}.map`]) rmSync(name, { force: true });
}

async function scriptOf(path, isScript) {
  const source = read(path)
    .replace(/^import \{ createRequire as requireOf \} from "node:module"; const require = [^\n]*$/m, "")
    .replace(LATE, (all, place) => (isScript(join(dirname(path), place)) ? `requireLater("${place}")` : all));
  const map = existsSync(`${path}.map`) ? Buffer.from(read(`${path}.map`)).toString("base64") : undefined;
  const withMap = source.replace(
    /^\/\/# sourceMappingURL=.*$/m,
    map ? `//# sourceMappingURL=data:application/json;base64,${map}` : "",
  );
  const transformed = await transform(withMap, {
    format: "cjs",
    platform: "node",
    target: "node20.19",
    charset: "ascii", // a text of single bytes is read sooner
    legalComments: "none",
    define: { "import.meta.url": "importMetaUrl" },
    banner: `"use strict";${source.includes("import.meta.url") ? 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' : ""}${
      source.includes("requireLater(") ? "const requireLater = require.later ?? (async (name) => require(name));" : ""
    }`,
    sourcemap: "external",
    sourcesContent: false,
    sourcefile: basename(path),
  });
  // what a module has of `import.meta` and a script has not would be undefined
  const [, lacking] = /\bimport_meta\d*(\.\w+)/.exec(transformed.code) ?? [];
  if (lacking) throw new Error(`${path} cannot be a script: it uses import.meta${lacking}`);
  const code = transformed.code
    .replace(/\brequire\("(\.[^"]+)\.js"\)/g, 'require("$1.cjs")')
    // Node 20 forgets whose `import()` it is where code came compiled
    .replace(/\bimport\(/g, "importLater(")
    .replace(/^"use strict";(?=.*$)/m, (strict) =>
      /\bimport\(/.test(transformed.code) ? `${strict}const importLater = require.module ?? ((name) => import(name));` : strict,
    )
    .replace(/\brequireLater\("(\.[^"]+)\.js"\)/g, 'requireLater("$1.cjs")')
    // a script of ours, or a module of Node of which names are taken, is what it exports; a copy for `default` costs time
    .replace(/^var (\w+) = __toESM\(require\(("(?:node:|\.)[^"]*")\)\);$/gm, (all, name, of) =>
      of.startsWith('".') || !transformed.code.includes(`${name}.default`) ? `var ${name} = require(${of});` : all,
    )
    .replace(/^module\.exports = __toCommonJS\((\w+)\);$/m, "module.exports = $1;");
  return { code, map: transformed.map };
}

/** What threads and the library import of a package is the script as well: it is there once. */
function moduleAround(path) {
  const names = /^export \{\n([\s\S]*?)^\};$/m
    .exec(read(path))[1]
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);
  const exported = names.map((one) => one.split(" as ").at(-1));
  const own = exported
    .filter((name) => name !== "default")
    .map((name) => `const own_${name} = all.${name}; export { own_${name} as ${name} };`);
  return [
    `import all from "./${basename(path).replace(/\.js$/, ".cjs")}";`,
    ...own,
    ...(exported.includes("default") ? ["export default all.default;"] : []),
    "",
  ].join("\n");
}
