import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

it("wasm.ts is what the AssemblyScript compiles to", async () => {
  // The script is plain JavaScript without types, so its shape is stated here.
  const script = new URL("../../../scripts/build-wasm.mjs", import.meta.url).href;
  const build: { compileKernels(): Promise<Uint8Array>; wasmText(bytes: Uint8Array): string } = await import(script);
  const committed = readFileSync(new URL("wasm.ts", import.meta.url), "utf8");
  expect(committed === build.wasmText(await build.compileKernels()), "run `npm run build:wasm`").toBe(true);
}, 60_000);
