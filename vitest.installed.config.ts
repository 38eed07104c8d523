import { defineConfig } from "vitest/config";
import { reporters } from "./test/reporters.js";
import { filesOf } from "./test/suites.js";

/** The ways by which people get the program (npm, pip, a container, notebooks), each tried as a stranger would: they install from the registries. */
export default defineConfig({
  test: {
    include: filesOf("installed"),
    testTimeout: 300_000,
    hookTimeout: 600_000,
    pool: "forks",
    globalSetup: ["./test/compile.ts", "./test/temporary-on-disk.ts"],
    setupFiles: "./test/setup.ts",
    reporters,
    fileParallelism: false, // what they install and run is measured in seconds that are told
  },
});
