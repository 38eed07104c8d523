import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import LongestFirst from "./test/longest-first.js";
import { reporters } from "./test/reporters.js";

/** The suites of `npm test`. They need nothing but Node; whatever is looked for and absent is skipped with a visible line. */
export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: "forks",
    globalSetup: "./test/compile.ts",
    setupFiles: "./test/setup.ts",
    // more than vitest's own choice, one less than the cores: many tests wait for a process, a server or a disk
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    reporters,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{src,web}/**/*.test.ts", "test/{golden,fuzz}/**/*.test.ts"],
          // a process for each of these files costs more than most of them: units keep nothing that another file could see
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: "suites", include: ["test/{foundations,conformance,faults,e2e}/**/*.test.ts", "examples/**/*.test.ts"] },
      },
    ],
  },
});
