import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import LongestFirst from "./test/longest-first.js";
import { PYTHON_CODE } from "./test/python-code.js";
import { realDataFolder } from "./test/real-data-places.js";
import { reporters } from "./test/reporters.js";
import { filesOf } from "./test/suites.js";

const folder = realDataFolder();

/** The suites that ask other people's programs (Python libraries, an S3 server): `scripts/python-env.mjs peers` makes their environment. */
export default defineConfig({
  test: {
    include: filesOf("peers"),
    testTimeout: 300_000,
    hookTimeout: 600_000,
    pool: "forks",
    globalSetup: ["./test/compile.ts", "./test/certificates.ts", "./test/temporary-on-disk.ts"],
    setupFiles: "./test/setup.ts",
    env: { ...PYTHON_CODE, ...(folder !== undefined && { EMPORIUM_REAL_DATA: folder }) },
    // half of the time these wait for another program
    maxWorkers: availableParallelism() + 2,
    sequence: { sequencer: LongestFirst },
    reporters,
  },
});
