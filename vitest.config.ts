import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { builtModules } from "./test/built-modules.js";
import LongestFirst from "./test/longest-first.js";
import { readers } from "./test/real-data-suites.js";
import { reporters } from "./test/reporters.js";
import { filesOf, type Suite } from "./test/suites.js";
import { WORKER_FLAGS } from "./test/worker-flags.js";

/** `.ci/run` has run these with real files, and all that they ask without: `npm test` alone does that again. */
const ran = new Set(process.env.EMPORIUM_TEST_DATA_RAN ? readers() : []);
const suite = (name: Suite, more: { isolate?: false } = {}) => ({
  extends: true as const,
  test: { name, include: filesOf(name).filter((file) => !(name.startsWith("rest") && ran.has(file))), ...more },
});

/**
 * The suites of `npm test` (alone, together, unit) and what `npm run test:all` has beside them (rest, rest-together): `test/suites.ts` says which file is of which.
 * They need nothing but Node; whatever is looked for and absent is skipped with a visible line.
 */
export default defineConfig({
  plugins: builtModules,
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: "forks",
    execArgv: WORKER_FLAGS,
    globalSetup: ["./test/compile.ts", "./test/processes.ts", "./test/temporary.ts"],
    setupFiles: "./test/setup.ts",
    // the same run on every machine, whatever the shell of a developer knows
    env: { EMPORIUM_REAL_DATA: "" },
    // more than vitest's own choice, one less than the cores: many tests wait for a process, a server or a disk
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    reporters,
    // the projects have most modules in common, and `npm run test:rest` has those of `npm test`: each is transformed once, and again when it has changed
    experimental: { fsModuleCache: true },
    projects: [
      suite("alone"),
      suite("rest"),
      suite("together", { isolate: false }),
      suite("rest-together", { isolate: false }),
      suite("unit", { isolate: false }),
    ],
  },
});
