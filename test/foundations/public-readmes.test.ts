import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readText, root } from "./sources.js";

/** Public folders: those of the subpaths that `package.json` exports. */
const { exports: subpaths } = JSON.parse(readText("package.json")) as { exports: Record<string, string> };
const folders = Object.keys(subpaths).flatMap((path) => /^\.\/(\w+)\/\*$/.exec(path)?.[1] ?? []);

describe.each(folders)("the README of %s", (folder) => {
  const path = `src/${folder}/README.md`;
  const text = existsSync(join(root, path)) ? readText(path) : "";

  it("is there, and short", () => {
    expect(text).toContain(`# em-porium/${folder}\n`);
    expect(text.split("\n").length).toBeLessThan(20);
  });

  it("imports what is there", () => {
    const imports = [...text.matchAll(/import \{ ([^}]+) \} from "em-porium\/([\w/-]+)"/g)];
    expect(imports.length).toBeGreaterThan(0);
    for (const [, names, module] of imports) {
      const source = readText(`src/${module}.ts`);
      for (const name of names!.split(", "))
        expect(source).toMatch(new RegExp(`^export (?:async )?(?:function|const) ${name}\\b`, "m"));
    }
  });
});
