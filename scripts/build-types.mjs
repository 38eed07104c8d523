/** Declarations of what the public modules show of packages (a database's `Kysely`, a schema's `z.ZodType`), one file beside each package's file in
 * `dist/program/packages/`: who uses the library has types without installing those packages. Only names that our own declarations use are kept. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";
import { BUNDLED, fileOfPackage, packageOf } from "./bundled.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "node_modules");
/** `import { A, type B as C } from "x"`, `import x from "x"`, `import("x").A` */
const NAMED = /^(?:import|export) (?:type )?\{([^}]*)\} from "([^"]+)"/gm;
const DEFAULT = /^import (?:type )?(\w+) from "([^"]+)"/gm;
const IMPORTED = /\bimport\("([^"]+)"\)\.(\w+)/g;

/** @param {string[]} files declarations of ours @returns {Map<string, Set<string>>} names by what they are imported from */
function namesUsed(files) {
  const used = new Map();
  const note = (specifier, name) => {
    if (!BUNDLED.includes(packageOf(specifier))) return;
    used.set(specifier, (used.get(specifier) ?? new Set()).add(name));
  };
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    for (const [, names, specifier] of text.matchAll(NAMED))
      for (const name of names.split(","))
        if (name.trim())
          note(
            specifier,
            name
              .trim()
              .replace(/^type /, "")
              .split(" as ")[0],
          );
    for (const [, , specifier] of text.matchAll(DEFAULT)) note(specifier, "default");
    for (const [, specifier, name] of text.matchAll(IMPORTED)) note(specifier, name);
  }
  return used;
}

const OLDER = {
  graphql: "graphql/index.d.ts",
  pg: "@types/pg/index.d.ts",
  "pg-protocol": "pg-protocol/dist/index.d.ts",
  "pg-types": "pg-types/index.d.ts",
};

/** Packages that keep their declarations elsewhere, or say in the old way where they are. */
const older = {
  name: "older",
  resolveId(specifier) {
    return OLDER[specifier] && { id: join(modules, OLDER[specifier]) };
  },
  load(path) {
    if (!/@types.pg.index\.d\.ts$/.test(path)) return undefined;
    return readFileSync(path, "utf8").replace(/^import (\w+) = require\((.*)\);/gm, "import * as $1 from $2;");
  },
};

/** @param files declarations of ours @param out `dist/program/packages` */
export async function bundleTypes(files, out) {
  const entries = join(root, ".cache", "types");
  rmSync(entries, { recursive: true, force: true });
  mkdirSync(entries, { recursive: true });
  const input = {};
  for (const [specifier, names] of namesUsed(files)) {
    const name = fileOfPackage(specifier).replace(/\.js$/, "");
    input[name] = join(entries, `${name}.d.ts`);
    // @types/pg has no default: what stands for the package is the whole of it
    const text = names.has("default")
      ? `import * as all from ${JSON.stringify(specifier)};\nexport default all;\n`
      : `export { ${[...names].sort().join(", ")} } from ${JSON.stringify(specifier)};\n`;
    writeFileSync(input[name], text);
  }
  const plugins = [older, dts({ dtsInput: true, emitDtsOnly: true, resolve: true, tsconfig: false })];
  const bundle = await rolldown({ input, external: [/^node:/], plugins, checks: { pluginTimings: false } });
  await bundle.write({ dir: out, format: "es", chunkFileNames: "types-[hash].js" });
  await bundle.close();
  for (const name of readdirSync(out).filter((one) => one.endsWith(".d.ts"))) withoutComments(join(out, name));
}

/** A text, which is kept, or a comment. */
const COMMENT = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

/** Comments are half of what declarations of other packages are, and their documentation has them. Directives stay. */
function withoutComments(path) {
  const text = readFileSync(path, "utf8");
  if (/^\/\/\//m.test(text)) return;
  writeFileSync(
    path,
    text.replace(COMMENT, (found, kept) => kept ?? (found.includes("@ts-") ? found : "")).replace(/(?:[ \t]*\n){2,}/g, "\n"),
  );
}

/** Declarations that the library's users can reach: those of `exports` in package.json, and what these import. @returns {string[]} */
export function publicDeclarations(dist) {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const seen = new Set();
  const add = (path) => {
    if (seen.has(path) || !existsSync(path)) return;
    seen.add(path);
    for (const [, place] of readFileSync(path, "utf8").matchAll(/(?:\bfrom |\bimport\(|^import )"(\.[^"]+)\.js"/gm)) {
      add(join(dirname(path), `${place}.d.ts`));
    }
  };
  for (const target of Object.values(exports)) {
    const [, folder, name] = /^\.\/dist\/(?:(\w+)\/)?(\*|\w+)\.js$/.exec(target) ?? [];
    if (folder === undefined && name !== undefined) add(join(dist, `${name}.d.ts`));
    else if (name === "*") {
      const names = readdirSync(join(dist, folder), { recursive: true }).filter((one) => one.endsWith(".d.ts"));
      for (const one of names) add(join(dist, folder, one));
    }
  }
  return [...seen].sort();
}
