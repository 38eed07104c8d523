import { parseSync } from "vite";
import { describe, expect, it } from "vitest";
import { z as zod } from "zod";
import { filesBelow, readText } from "./sources.js";

/** What a module takes of the `z` that it imports, as a parser reads it. */
function namesIn(path: string, text: string): string[] {
  const names: string[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const { type, object, property, computed } = node as Record<string, { type?: string; name?: string }>;
    if ((type as unknown) === "MemberExpression" && object?.name === "z") names.push(computed ? "[…]" : property!.name!);
    for (const inner of Object.values(node)) visit(inner);
  };
  visit(parseSync(path, text).program);
  return names;
}

/** The program is bundled with those names of Zod alone that the build finds in it (scripts/build-program.mjs). */
describe("the Zod that the program is bundled with", () => {
  it("has each name that a module takes of it", async () => {
    const wanted = new Set<string>();
    for (const path of filesBelow("src", (name) => /^(?!.*(?:\.test|\.d)\.ts$|.*\/assembly\/).*\.ts$/.test(name))) {
      const text = readText(path);
      if (!/^import \{ z \} from "zod";$/m.test(text)) continue;
      // a `z` may be a coordinate
      for (const name of namesIn(path, text)) if (name in zod) wanted.add(name);
    }
    expect(wanted.size).toBeGreaterThan(20);
    const { z } = (await import(new URL("../../dist/program/packages/zod.js", import.meta.url).href)) as { z: object };
    expect([...wanted].filter((name) => !(name in z))).toEqual([]);
  });

  it("is there once: another name of its modules would be another copy", () => {
    const named = filesBelow("src", (name) => name.endsWith(".ts")).filter((path) => /from "zod\//.test(readText(path)));
    expect(named).toEqual([]);
  });
});
