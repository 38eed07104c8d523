import type { Metafile } from "esbuild";
import { describe, expect, it } from "vitest";
import { mergedImports } from "../../scripts/merge-chunks.mjs";

const KIB = 1024;

/** A bundle of the entries `start`, `a`, `b` and `c`, and of files that some of them import. */
function bundle(files: Record<string, { bytes: number; by: string[]; imports?: string[] }>) {
  const statement = (path: string) => ({
    path,
    kind: "import-statement" as const,
    ...(!path.startsWith("out/") && { external: true }),
  });
  const output = (entryPoint: string | undefined, module: string, bytes: number, imports: string[]) => ({
    bytes,
    entryPoint,
    imports: imports.map(statement),
    inputs: { [module]: { bytesInOutput: bytes } },
    exports: [],
  });
  const names = Object.keys(files);
  const outputs: Record<string, unknown> = {};
  for (const entry of ["start", "a", "b", "c"]) {
    const own = names.filter((name) => files[name]!.by.includes(entry)).map((name) => `out/${name}.js`);
    outputs[`out/${entry}.js`] = output(`dist/${entry}.js`, `dist/${entry}.js`, KIB, own);
  }
  for (const name of names) {
    outputs[`out/${name}.js`] = output(undefined, `dist/${name}.js`, files[name]!.bytes, files[name]!.imports ?? []);
  }
  return Object.fromEntries(mergedImports({ outputs: outputs as Metafile["outputs"] }, "dist/start.js"));
}

describe("files of the bundle", () => {
  it("are merged where two entries save a file each, and the third reads 1 KiB for nothing", () => {
    expect(bundle({ x: { bytes: KIB, by: ["a", "b", "c"] }, y: { bytes: KIB, by: ["a", "b"] } })).toEqual({
      "dist/c.js": ["dist/y.js"],
    });
  });

  it("stay where the third would read more than two files cost: 2 × 10 KiB", () => {
    const of = (bytes: number) => bundle({ x: { bytes: KIB, by: ["a", "b", "c"] }, y: { bytes, by: ["a", "b"] } });
    expect(of(20 * KIB - 1)).toEqual({ "dist/c.js": ["dist/y.js"] });
    expect(of(20 * KIB)).toEqual({});
  });

  it("stay where a package, or a module that Node loads first for them, would come along", () => {
    const of = (name: string) =>
      bundle({ x: { bytes: KIB, by: ["a", "b", "c"] }, y: { bytes: KIB, by: ["a", "b"], imports: [name] } });
    expect(of("./packages/undici.js")).toEqual({});
    expect(of("node:tls")).toEqual({});
    expect(of("node:fs")).toEqual({ "dist/c.js": ["dist/y.js"] });
  });

  it("bring along what they import, which counts as well", () => {
    const of = (bytes: number) =>
      bundle({
        x: { bytes: KIB, by: ["a", "b", "c"] },
        y: { bytes: KIB, by: ["a", "b"], imports: ["out/z.js"] },
        z: { bytes, by: ["a"] },
      });
    // a and b save two files each; c reads y and z
    expect(of(KIB)).toEqual({ "dist/c.js": ["dist/y.js", "dist/z.js"] });
    expect(of(60 * KIB)).toEqual({});
  });

  it("give the start of every process nothing more to read", () => {
    expect(bundle({ x: { bytes: KIB, by: ["start", "a", "b", "c"] }, y: { bytes: KIB, by: ["a", "b", "c"] } })).toEqual({});
  });
});
