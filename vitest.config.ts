import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { reporters } from "./test/reporters.js";

/** The suites of `npm test`. They need nothing but Node; whatever is looked for and absent is skipped with a visible line. */
export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/{foundations,conformance,golden,faults,fuzz,e2e}/**/*.test.ts", "examples/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    // one less than the cores, which is vitest's own choice, leaves half of a machine with two idle
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters,
  },
});
