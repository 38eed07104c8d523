import { describe, expect, it } from "vitest";
import { commandExecutor } from "../../src/engine/executors/by-command.js";
import { engineCommand } from "../../src/engine/executors/engine-command.js";
import { processesExecutor } from "../../src/engine/executors/processes.js";
import { templateWords } from "../../src/engine/executors/words/by-template.js";
import { LSF } from "../../src/engine/executors/words/lsf.js";
import { PBS } from "../../src/engine/executors/words/pbs.js";
import { SGE } from "../../src/engine/executors/words/sge.js";
import { SLURM } from "../../src/engine/executors/words/slurm.js";
import { batchUnderTest } from "./batch-kit.js";
import { guideTemplates } from "./engine-guide.js";
import { engineSuite, playerEnvironment } from "./engine-suite.js";

engineSuite(
  "processes of this machine",
  async () => {
    const executor = processesExecutor({ slots: 2, env: process.env });
    return { executor, stop: () => executor.close() };
  },
  { waits: false },
);
const played = { lsf: LSF, pbs: PBS, sge: SGE };
for (const dialect of ["lsf", "pbs", "sge"] as const) {
  engineSuite(`${dialect}, played by its documented words`, async (folder) => ({
    executor: commandExecutor(played[dialect], engineCommand(playerEnvironment(dialect, folder))),
  }));
}
engineSuite("command: Slurm's words as the guide's templates, played", async (folder) => ({
  executor: commandExecutor(templateWords(guideTemplates()), engineCommand(playerEnvironment("slurm", folder))),
}));
engineSuite(
  "aws-batch: a server of ours that runs the commands",
  async () => {
    const { executor, server } = await batchUnderTest({ latencyMs: 20 });
    return { executor, stop: () => server.close() };
  },
  { logs: false }, // Amazon keeps them, in CloudWatch
);

describe("an engine that is not here", () => {
  it.each([SLURM, LSF, PBS, SGE, templateWords(guideTemplates())])("$name: names the program and what to do", async (words) => {
    const executor = commandExecutor(words, engineCommand({ PATH: "/nowhere" }));
    await expect(executor.limits()).rejects.toMatchObject({
      code: "ENGINE_ABSENT",
      facts: { hint: expect.stringContaining("--executor") },
    });
  });
});
