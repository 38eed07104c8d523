// Compiles src/ to dist/ and marks the program as executable. The WebAssembly module is committed as text (src/arrays/kernels/wasm.ts),
// so a bare machine needs nothing but the TypeScript compiler; `npm run build:wasm` makes it anew.
import { execFileSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
if (process.argv.includes("--clean")) rmSync(`${root}dist`, { recursive: true, force: true });
execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", `${root}tsconfig.json`], { stdio: "inherit" });
chmodSync(`${root}dist/cli/main.js`, 0o755);
