import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { builtModules } from "./test/built-modules.js";
import LongestFirst from "./test/longest-first.js";
import { PYTHON_CODE } from "./test/python-code.js";
import { realDataFolder } from "./test/real-data-places.js";
import { readers } from "./test/real-data-suites.js";
import { reporters } from "./test/reporters.js";
import { WORKER_FLAGS } from "./test/worker-flags.js";

const folder = realDataFolder();

/** The suites that read files of other people, with the folder where these are: `npm run data` fetches those that are public. */
export default defineConfig({
  plugins: builtModules,
  test: {
    include: readers(),
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: "forks",
    execArgv: WORKER_FLAGS,
    globalSetup: ["./test/compile.ts", "./test/processes.ts", "./test/temporary.ts"],
    setupFiles: "./test/setup.ts",
    env: { ...PYTHON_CODE, ...(folder !== undefined && { EMPORIUM_REAL_DATA: folder }) },
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    reporters,
  },
});
