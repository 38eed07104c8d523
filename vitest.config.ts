import { defineConfig } from "vitest/config";

/** The suites of `npm test`. They need nothing but Node; whatever is looked for and absent is skipped with a visible line. */
export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/{conformance,golden,faults,fuzz,e2e}/**/*.test.ts", "examples/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
  },
});
