import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import { importsOf } from "./import-rules.js";
import { filesBelow, readText } from "./sources.js";

const paths = [
  ...filesBelow("src", (path) => /\.ts$/.test(path) && !/\.(test|d)\.ts$/.test(path) && !path.includes("/assembly/")),
  ...filesBelow("web", (path) => /\.tsx?$/.test(path) && !/\.(test|d)\.ts$/.test(path)),
];

/** Modules that nothing reaches, and why they are there. */
const UNREACHED: readonly (readonly [path: RegExp, why: string])[] = [
  [
    /^src\/arrays\/kernels\/plain(-blosc)?\.ts$/,
    "plain twins of the kernels, which tests and a benchmark hold the WebAssembly against",
  ],
  [/^src\/catalog\/(portal-ddl|schema-picture|table-description)\.ts$/, "scripts/ make documents and tables of them"],
  [/^src\/cli\/module-loader\.ts$/, "a hook that main.ts registers by its address"],
];

function reached(): Set<string> {
  const known = new Set(paths);
  // pages are loaded by their names
  const waiting = ["src/index.ts", "src/cli/main.ts", "web/main.tsx", ...paths.filter((path) => path.startsWith("web/pages/"))];
  const seen = new Set(waiting);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const { specifier } of importsOf(readText(path))) {
      if (!specifier.startsWith(".")) continue;
      const stem = posix.join(posix.dirname(path), specifier).replace(/\.js$/, "");
      const target = known.has(`${stem}.tsx`) ? `${stem}.tsx` : `${stem}.ts`;
      if (!known.has(target) || seen.has(target)) continue;
      seen.add(target);
      waiting.push(target);
    }
  }
  return seen;
}

describe("src/ and web/", () => {
  it("has no module that neither the library, a command nor a page reaches, but for those that are named", () => {
    const seen = reached();
    expect(seen.size).toBeGreaterThan(500);
    const unreached = paths.filter((path) => !seen.has(path));
    expect(unreached.filter((path) => !UNREACHED.some(([known]) => known.test(path)))).toEqual([]);
    for (const [known] of UNREACHED)
      expect(
        unreached.some((path) => known.test(path)),
        String(known),
      ).toBe(true);
  });
});
