import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandExecutor } from "../../src/engine/executors/by-command.js";
import { engineCommand } from "../../src/engine/executors/engine-command.js";
import { SLURM } from "../../src/engine/executors/words/slurm.js";
import { hasSlurm, type Slurm, startSlurm } from "./slurm-kit.js";

const LIMIT = 50;

describe.runIf(hasSlurm())("a Slurm that takes 50 jobs", () => {
  let slurm: Slurm;
  beforeAll(async () => {
    slurm = await startSlurm({ MaxJobCount: LIMIT, MaxArraySize: 1000 });
  });
  afterAll(() => slurm?.stop());

  it("refuses more at once, though sbatch would try again for two minutes; fewer it takes", async () => {
    const executor = commandExecutor(SLURM, engineCommand({ ...process.env, ...slurm.env }));
    const submit = (elements: number) =>
      executor.submit({
        name: `full-${elements}`,
        script: "#!/bin/sh\nsleep 5\n",
        indices: Array.from({ length: elements }, (_, i) => i),
        resources: { cpus: 1, memoryBytes: 2 ** 26, gpus: 0, words: [] },
      });
    await expect(submit(LIMIT + 10)).rejects.toMatchObject({
      code: "ENGINE_REFUSED",
      message: expect.stringContaining("unable to accept job"),
      facts: { hint: expect.stringContaining("no more of your jobs at the moment") },
    });
    expect(await executor.find(`full-${LIMIT + 10}`)).toEqual([]);
    const half = await submit(LIMIT / 2);
    expect(await executor.find(half.name)).toEqual([half]);
    await executor.cancel([half]);
  });
});
