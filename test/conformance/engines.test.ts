import { describe, expect, it } from "vitest";
import { commandExecutor } from "../../src/engine/executors/by-command.js";
import { engineCommand } from "../../src/engine/executors/engine-command.js";
import { processesExecutor } from "../../src/engine/executors/processes.js";
import { templateWords } from "../../src/engine/executors/words/by-template.js";
import { kubernetesWords } from "../../src/engine/executors/words/kubernetes.js";
import { LSF } from "../../src/engine/executors/words/lsf.js";
import { PBS } from "../../src/engine/executors/words/pbs.js";
import { SGE } from "../../src/engine/executors/words/sge.js";
import { SLURM } from "../../src/engine/executors/words/slurm.js";
import type { EngineWords } from "../../src/engine/executors/words/words.js";
import { batchUnderTest } from "./batch-kit.js";
import { guideTemplates } from "./engine-guide.js";
import { PLAYED } from "./engine-rows.js";
import { type EngineUnderTest, engineSuite, type PlayedDialect, playerEnvironment } from "./engine-suite.js";

engineSuite("local", "real", async () => {
  const executor = processesExecutor({ slots: 2, env: process.env });
  return { executor, stop: () => executor.close() };
});

const played = (words: EngineWords, dialect: PlayedDialect) => async (folder: string) => ({
  executor: commandExecutor(words, engineCommand(playerEnvironment(dialect, folder))),
});
const MADE: Readonly<Record<(typeof PLAYED)[number], (folder: string) => Promise<EngineUnderTest>>> = {
  lsf: played(LSF, "lsf"),
  pbs: played(PBS, "pbs"),
  sge: played(SGE, "sge"),
  kubernetes: played(kubernetesWords({ image: "emporium" }), "kubernetes"),
  // Slurm's words, as the guide's templates
  command: played(templateWords(guideTemplates()), "slurm"),
  async "aws-batch"() {
    const { executor, server } = await batchUnderTest({ latencyMs: 20 });
    return { executor, stop: () => server.close() };
  },
};
for (const engine of PLAYED) engineSuite(engine, "played", MADE[engine]);

describe("an engine that is not here", () => {
  it.each([SLURM, LSF, PBS, SGE, templateWords(guideTemplates())])("$name: names the program and what to do", async (words) => {
    const executor = commandExecutor(words, engineCommand({ PATH: "/nowhere" }));
    await expect(executor.limits()).rejects.toMatchObject({
      code: "ENGINE_ABSENT",
      facts: { hint: expect.stringContaining("--executor") },
    });
  });
});
