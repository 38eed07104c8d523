// Compiles src/arrays/kernels/assembly (AssemblyScript) to src/arrays/kernels/wasm.ts. The text is committed, so that nobody needs the
// compiler to use the kernels; a test compiles again and compares.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import asc from "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = join(root, "src/arrays/kernels/wasm.ts");

/** The module's bytes. Errors and warnings of the compiler are thrown. */
export async function compileKernels() {
  const folder = mkdtempSync(join(tmpdir(), "kernels-"));
  try {
    const out = join(folder, "kernels.wasm");
    const { error, stderr } = await asc.main([
      join(root, "src/arrays/kernels/assembly/index.ts"),
      ...["--outFile", out, "-O3", "--noAssert", "--runtime", "stub", "--enable", "simd", "--enable", "threads"],
      // One page is all that is asked of a memory; 65536 pages (4 GiB) is what an address can reach.
      ...["--importMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
    ]);
    if (error || stderr.toString()) throw new Error(`${error?.message ?? "the compiler warns"}\n${stderr.toString()}`);
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The text of wasm.ts for a module. */
export function wasmText(bytes) {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,120}/g) ?? [];
  return [
    "// Written by scripts/build-wasm.mjs from the AssemblyScript in assembly/. Do not edit: `npm run build:wasm` makes it anew.",
    "",
    `/** The kernels' WebAssembly module, ${bytes.length} bytes, in base64. */`,
    "export const KERNELS_WASM =",
    `${lines.map((line) => `  "${line}"`).join(" +\n")};`,
    "",
  ].join("\n");
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const bytes = await compileKernels();
  writeFileSync(target, wasmText(bytes));
  process.stderr.write(`${target}: ${bytes.length} bytes of WebAssembly\n`);
}
