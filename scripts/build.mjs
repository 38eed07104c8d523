// Compiles src/ to dist/ and bundles the program unless dist/ is of these sources already (`--clean`: from nothing), removes what has no source any more and marks
// the program as executable. The WebAssembly module is committed as text (src/arrays/kernels/wasm.ts), so a bare machine needs nothing but
// the TypeScript compiler; `npm run build:wasm` makes it anew.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isCompiled, noteCompiled, sourcesDigest } from "./compiled.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
if (process.argv.includes("--clean")) rmSync(dist, { recursive: true, force: true });
const digest = sourcesDigest();
const isNew = !isCompiled(digest);
if (isNew) {
  try {
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", join(root, "tsconfig.json")], {
      stdio: "inherit",
    });
  } catch (error) {
    process.exit(error.status ?? 1); // the compiler has said why
  }
}
// bundles have no source in src/ and are made below
const isBundle = (name) => /^(?:program|viewer|web)[\\/]/.test(name);
for (const name of existsSync(dist) ? readdirSync(dist, { recursive: true }) : []) {
  if (isBundle(name)) continue;
  const stem = /^(.*?)\.(?:js|d\.ts)(?:\.map)?$/.exec(name)?.[1];
  if (stem !== undefined && !existsSync(join(root, "src", `${stem}.ts`))) rmSync(join(dist, name));
}
chmodSync(join(dist, "cli", "main.js"), 0o755);
const bundles = [...(isNew ? ["build-program.mjs"] : []), "build-viewer.mjs", "build-web.mjs"];
for (const script of bundles) execFileSync(process.execPath, [join(root, "scripts", script)], { stdio: "inherit" });
// another build may be reading it
if (isNew) noteCompiled(digest);
