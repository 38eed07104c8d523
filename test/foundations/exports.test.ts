import { describe, expect, it } from "vitest";
import { pageNameOf } from "../../src/model/pages.js";
import { filesBelow, readText } from "./sources.js";

/** Whose text may name an export: tests, benchmarks and scripts use some that no other module does. */
const files = ["src", "web", "test", "bench", "scripts", "examples"].flatMap((folder) =>
  filesBelow(folder, (path) => /\.m?[jt]sx?$/.test(path) && !path.includes("/assembly/")),
);
const EXPORTED = /^export (?:async )?(?:function\*?|const|let|class|enum) ([A-Za-z_$][\w$]*)/gm;

/** Word → files that have it. */
function wordsOf(texts: ReadonlyMap<string, string>): Map<string, Set<string>> {
  const words = new Map<string, Set<string>>();
  for (const [path, text] of texts) {
    for (const [word] of text.matchAll(/[A-Za-z_$][\w$]*/g)) {
      const paths = words.get(word);
      if (paths) paths.add(path);
      else words.set(word, new Set([path]));
    }
  }
  return words;
}

function unused(texts: ReadonlyMap<string, string>): string[] {
  const words = wordsOf(texts);
  return [...texts]
    .filter(([path]) => /^(?:src|web)\//.test(path) && !/(\.test\.ts|^src\/index\.ts)$/.test(path))
    .flatMap(([path, text]) => [...text.matchAll(EXPORTED)].map(([, name]) => ({ path, name: name! })))
    .filter(({ path, name }) => words.get(name)!.size === 1 && !isPage(path, name))
    .map(({ path, name }) => `${path}: ${name}`);
}

/** Pages are named by their files: `src/model/pages.ts`. */
function isPage(path: string, name: string): boolean {
  const file = /^web\/pages\/([\w-]+)\.tsx$/.exec(path)?.[1];
  return file !== undefined && pageNameOf(file) === name;
}

describe("exports of src/ and web/", () => {
  it("are functions and values that some other file names: what only its own file uses needs no export", () => {
    const texts = new Map(files.map((path) => [path, readText(path)]));
    expect(texts.size).toBeGreaterThan(1000);
    expect(unused(texts)).toEqual([]);
  });

  it("that nobody names are found, and types are left alone", () => {
    const texts = new Map([
      ["src/core/a.ts", "export function used() {}\nexport const alone = used;\nexport interface Shape {}\n"],
      ["src/core/b.ts", `import { used } from "./a.js";\nexport async function* pieces() {}\n`],
      ["test/c.test.ts", "pieces();"],
    ]);
    expect(unused(texts)).toEqual(["src/core/a.ts: alone"]);
  });
});
