import { defineConfig } from "vitest/config";

/** A run like that of `npm test`, of one suite that never ends: `stopped-run.test.ts` stops it. */
export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: "forks",
    maxWorkers: 1,
    globalSetup: ["./test/temporary.ts"],
    setupFiles: "./test/setup.ts",
    // of the names that `npm test` runs; each project asks for its folders
    projects: ["alone", "together"].map((name) => ({
      extends: true,
      test: { name, include: ["test/faults/stopped-run/endless.ts"] },
    })),
  },
});
