import { defineConfig } from "vitest/config";
import { builtModules } from "./test/built-modules.js";
import { reporters } from "./test/reporters.js";
import { WORKER_FLAGS } from "./test/worker-flags.js";

/** `npm run look`: sheets of all pages, compared with those that somebody has looked at. */
export default defineConfig({
  plugins: builtModules,
  test: {
    include: ["test/look/sheets.ts"],
    pool: "forks",
    execArgv: WORKER_FLAGS,
    globalSetup: ["./test/compile.ts", "./test/processes.ts", "./test/temporary.ts"],
    setupFiles: "./test/setup.ts",
    reporters,
    experimental: { fsModuleCache: true },
  },
});
