import { defineConfig } from "vitest/config";
import { builtModules } from "./test/built-modules.js";
import { PYTHON_CODE } from "./test/python-code.js";
import { reporters } from "./test/reporters.js";
import { filesOf } from "./test/suites.js";
import { WORKER_FLAGS } from "./test/worker-flags.js";

/** What is seen in a real browser: `scripts/browser-env.mjs` finds or adds one. */
export default defineConfig({
  plugins: builtModules,
  test: {
    include: filesOf("browser"),
    testTimeout: 120_000,
    hookTimeout: 300_000,
    pool: "forks",
    execArgv: WORKER_FLAGS,
    globalSetup: ["./test/compile.ts", "./test/processes.ts", "./test/temporary.ts"],
    setupFiles: "./test/setup.ts",
    env: PYTHON_CODE,
    reporters,
    experimental: { fsModuleCache: true },
    maxWorkers: 2, // a browser draws in software, and half of the time a test waits for it
  },
});
