// Compiles src/ to dist/ and bundles the program (build-program.mjs) unless dist/ is of these sources already (`--clean`: from nothing), and marks the program as
// executable. The WebAssembly module is committed as text (src/arrays/kernels/wasm.ts), so a bare machine needs nothing but
// the TypeScript compiler; `npm run build:wasm` makes it anew.
import { spawn } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isCompiled, noteCompiled, sourcesDigest } from "./compiled.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
if (process.argv.includes("--clean")) rmSync(dist, { recursive: true, force: true });
const digest = sourcesDigest();
const isNew = !isCompiled(digest);
const bundles = [...(isNew ? ["build-program.mjs"] : []), "build-viewer.mjs", "build-web.mjs"];
// beside one another: none reads what another makes
const statuses = await Promise.all(bundles.map(statusOf));
const failed = statuses.find((status) => status !== 0);
if (failed !== undefined) process.exit(failed); // the script has said why
chmodSync(join(dist, "cli", "main.js"), 0o755);
// another build may be reading it
if (isNew) noteCompiled(digest);

/** @param {string} script @returns {Promise<number>} how it ended: a signal counts as 1 */
function statusOf(script) {
  const child = spawn(process.execPath, [join(root, "scripts", script)], { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve(status ?? 1));
  });
}
