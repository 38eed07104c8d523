import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSync } from "vite";
import { describe, expect, it } from "vitest";
import * as zod from "zod";
import * as zodV4 from "zod/v4";
import { filesBelow } from "./sources.js";

const MODULES: Readonly<Record<string, object>> = { zod: zod.z, "zod/v4": zodV4.z };

/** What a compiled module takes of the `z` that it imports, as a parser reads it. */
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
    const wanted: Record<string, Set<string>> = { zod: new Set(), "zod/v4": new Set() };
    for (const path of filesBelow("src", (name) => /^(?!.*(?:\.test|\.d)\.ts$|.*\/assembly\/).*\.ts$/.test(name))) {
      const compiled = fileURLToPath(new URL(`../../${path.replace(/^src/, "dist").replace(/\.ts$/, ".js")}`, import.meta.url));
      const text = readFileSync(compiled, "utf8");
      const from = /^import \{ z \} from "[./]+program\/packages\/(zod(?:\.v4)?)\.js";$/m.exec(text)?.[1]?.replace(".", "/");
      // a `z` may be a coordinate
      if (from) for (const name of namesIn(compiled, text)) if (name in MODULES[from]!) wanted[from]!.add(name);
    }
    expect(wanted.zod!.size).toBeGreaterThan(20);
    expect(wanted["zod/v4"]!.size).toBeGreaterThan(5);
    for (const [module, names] of Object.entries(wanted)) {
      const bundle = new URL(`../../dist/program/packages/${module.replaceAll("/", ".")}.js`, import.meta.url);
      const { z } = (await import(bundle.href)) as { z: object };
      expect([...names].filter((name) => !(name in z))).toEqual([]);
    }
  });
});
