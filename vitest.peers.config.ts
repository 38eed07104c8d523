import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { builtModules } from "./test/built-modules.js";
import LongestFirst from "./test/longest-first.js";
import { PYTHON_CODE } from "./test/python-code.js";
import { realDataFolder } from "./test/real-data-places.js";
import { reporters } from "./test/reporters.js";
import { filesOf } from "./test/suites.js";
import { WORKER_FLAGS } from "./test/worker-flags.js";

const folder = realDataFolder();

/** The suites that ask other people's programs (Python libraries, an S3 server): `scripts/python-env.mjs peers` makes their environment. */
export default defineConfig({
  plugins: builtModules,
  test: {
    include: filesOf("peers"),
    testTimeout: 300_000,
    hookTimeout: 600_000,
    pool: "forks",
    execArgv: WORKER_FLAGS,
    globalSetup: ["./test/compile.ts", "./test/processes.ts", "./test/temporary.ts"],
    setupFiles: "./test/setup.ts",
    env: { ...PYTHON_CODE, ...(folder !== undefined && { EMPORIUM_REAL_DATA: folder }) },
    // half of the time these wait for another program
    maxWorkers: availableParallelism() + 2,
    sequence: { sequencer: LongestFirst },
    reporters,
  },
});
