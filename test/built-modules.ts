import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vitest/config";

const root = fileURLToPath(new URL("..", import.meta.url));
const [sources, dist] = [join(root, "src/"), join(root, "dist/")];

/**
 * Suites load what was compiled of `src/`, as people run it, where `EMPORIUM_TEST_BUILT` is set, as all suites of package.json do but `test:installed`: a module that Node
 * itself reads costs a tenth of one that is transformed and evaluated anew by each process. `test/compile.ts` has compiled it before.
 * A run of single files loads the sources, so that a failure shows their lines, and so does `--changed`, which follows their imports.
 */
export const builtModules: Plugin[] =
  process.env.EMPORIUM_TEST_BUILT && !process.argv.some((word) => /^--(?:changed|watch|coverage)/.test(word))
    ? [{ name: "built-modules", enforce: "pre", resolveId: builtOf }]
    : [];

/** They share a library with the program: give it what the program has made by it, or change what it does. That of dist/ has a copy of its own. */
const OF_SOURCES = [
  "src/catalog/graphql/schema.test.ts",
  "test/e2e/database-schema.test.ts",
  "test/peers/graphql-client.test.ts",
  "test/foundations/page-queries.test.ts",
];
/** Marks what is loaded for one of these: helpers, sources and all that they import. */
const MARK = "?sources";

function builtOf(id: string, importer: string | undefined): string | { id: string; external: true } | undefined {
  if (importer === undefined || !/^\.{1,2}\/.*\.js$/.test(id)) return undefined;
  const [from = ""] = importer.split("?");
  const module = resolve(dirname(from), id);
  if (importer.endsWith(MARK) || OF_SOURCES.includes(relative(root, from))) return `${module.replace(/js$/, "ts")}${MARK}`;
  if (!module.startsWith(sources) || module.endsWith(".test.js")) return undefined;
  const built = join(dist, module.slice(sources.length));
  return existsSync(built) ? { id: built, external: true } : undefined;
}
