import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { reporters } from "./test/reporters.js";
import { filesOf } from "./test/suites.js";
import { WORKER_FLAGS } from "./test/worker-flags.js";

/** The package of npm first: the demo that it makes is looked at by others, and the guides go on with it (`test/installed/kept-demo.ts`). */
class MakersFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isMaker = ({ moduleId }: TestSpecification) => moduleId.endsWith("/npm.test.ts");
    return (await super.sort(files)).sort((one, other) => Number(isMaker(other)) - Number(isMaker(one)));
  }
}

/** The ways by which people get the program (npm, pip, a container, notebooks), each tried as a stranger would: they install from the registries. */
export default defineConfig({
  test: {
    include: filesOf("installed"),
    testTimeout: 300_000,
    hookTimeout: 600_000,
    pool: "forks",
    execArgv: WORKER_FLAGS,
    globalSetup: ["./test/compile.ts", "./test/temporary-on-disk.ts"],
    setupFiles: "./test/setup.ts",
    sequence: { sequencer: MakersFirst },
    reporters,
    fileParallelism: false, // what they install and run is measured in seconds that are told
  },
});
