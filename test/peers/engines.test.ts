import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandExecutor } from "../../src/engine/executors/by-command.js";
import { engineCommand } from "../../src/engine/executors/engine-command.js";
import { type EngineExecutor, GONE, isAlive } from "../../src/engine/executors/engine-executor.js";
import { SGE } from "../../src/engine/executors/words/sge.js";
import { SLURM } from "../../src/engine/executors/words/slurm.js";
import { REAL } from "../conformance/engine-rows.js";
import { type EngineUnderTest, engineSuite } from "../conformance/engine-suite.js";
import { type GridEngine, hasGridEngine, startGridEngine } from "./sge-kit.js";
import { hasSlurm, startSlurm } from "./slurm-kit.js";

const STARTED: Readonly<Record<(typeof REAL)[number], { isHere: boolean; start: () => Promise<EngineUnderTest> }>> = {
  slurm: {
    isHere: hasSlurm(),
    async start() {
      const slurm = await startSlurm({ SelectTypeParameters: "CR_Core_Memory" });
      return { executor: commandExecutor(SLURM, engineCommand(slurm.env)), stop: () => slurm.stop() };
    },
  },
  sge: {
    isHere: hasGridEngine(),
    async start() {
      const grid = await startGridEngine();
      return { executor: commandExecutor(SGE, engineCommand(grid.env)), stop: () => grid.stop() };
    },
  },
};
for (const engine of REAL) {
  const { isHere, start } = STARTED[engine];
  describe.runIf(isHere)("engines that are really here", () => engineSuite(engine, "real", start));
}

describe.runIf(hasGridEngine())("Grid Engine's own ways", { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-grid-"));
  const resources = { cpus: 1, memoryBytes: 64 * 2 ** 20, gpus: 0, words: [] };
  let grid: GridEngine;
  let executor: EngineExecutor;

  beforeAll(async () => {
    grid = await startGridEngine();
    executor = commandExecutor(SGE, engineCommand(grid.env));
  }, 120_000);
  afterAll(async () => {
    await grid?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const over = async (id: string) => {
    while (isAlive((await executor.states([{ name: "", id }])).get(id) ?? GONE)) await sleep(200);
  };

  it("a folder of logs may have a colon in its name", async () => {
    const logs = join(folder, "12:30");
    mkdirSync(logs);
    const { id } = await executor.submit({ name: "colon", script: "#!/bin/sh\necho here\n", resources, logs });
    await over(id);
    expect(readdirSync(logs).map((name) => readFileSync(join(logs, name), "utf8"))).toEqual(["here\n"]);
  });
  it("a process is told before the end of its time, with the signal that the program listens to", async () => {
    const script = `#!/bin/sh\nexec node -e 'process.once("SIGUSR2", () => { console.log("told"); process.exit(75); }); setInterval(() => {}, 1000)'\n`;
    const logs = join(folder, "told");
    mkdirSync(logs);
    // a limit of a second: the profile counts minutes
    const { id } = await executor.submit({
      ...{ name: "told", script, logs },
      resources: { ...resources, words: ["-l", "h_rt=0:0:3"] },
    });
    await over(id);
    expect(readdirSync(logs).map((name) => readFileSync(join(logs, name), "utf8"))).toEqual(["told\n"]);
  });
  it("a job that could not be started is held, and waits again when it is released", async () => {
    // no such folder on the node: the state is Eqw
    const gone = join(folder, "later");
    const { id } = await executor.submit({
      ...{ name: "held", script: "#!/bin/sh\ntrue\n" },
      resources: { ...resources, words: ["-wd", gone] },
    });
    const handle = { name: "held", id };
    const held = async () => (await executor.states([handle])).get(id)?.held ?? 0;
    while ((await held()) < 1) await sleep(200);
    mkdirSync(gone);
    await executor.release!([handle]);
    // the node itself takes a minute or so before it tries again
    expect(await held()).toBe(0);
    expect(await executor.find("held")).toEqual([handle]);
    await executor.cancel([handle]);
    await over(id);
  });
  it("a master that does not answer is told apart from one that refuses", async () => {
    const away = commandExecutor(SGE, engineCommand({ ...grid.env, SGE_QMASTER_PORT: "1" }));
    const job = { name: "away", script: "#!/bin/sh\ntrue\n", resources };
    await expect(away.limits()).rejects.toMatchObject({ code: "ENGINE_SILENT" });
    await expect(away.submit(job)).rejects.toMatchObject({ code: "ENGINE_SILENT" });
    await expect(away.states([{ name: "away", id: "1" }])).rejects.toMatchObject({ code: "ENGINE_SILENT" });
    const named = { ...job, name: "1away" };
    await expect(executor.submit(named)).rejects.toMatchObject({ code: "ENGINE_REFUSED" });
  });
});
