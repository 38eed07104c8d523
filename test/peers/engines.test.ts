import { describe } from "vitest";
import { commandExecutor } from "../../src/engine/executors/by-command.js";
import { engineCommand } from "../../src/engine/executors/engine-command.js";
import { SLURM } from "../../src/engine/executors/words/slurm.js";
import { engineSuite } from "../conformance/engine-suite.js";
import { hasSlurm, startSlurm } from "./slurm-kit.js";

describe.runIf(hasSlurm())("engines that are really here", () => {
  engineSuite("slurm", async () => {
    const slurm = await startSlurm({ SelectTypeParameters: "CR_Core_Memory" });
    return { executor: commandExecutor(SLURM, engineCommand(slurm.env)), stop: () => slurm.stop() };
  });
});
