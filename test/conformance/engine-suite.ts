import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EngineName } from "../../src/engine/cluster/engine-names.js";
import { type ArrayJob, type EngineExecutor, GONE, isAlive, type JobHandle } from "../../src/engine/executors/engine-executor.js";

import { LACKS, ROWS, type Row } from "./engine-rows.js";

const POLL_MS = 100;
const GONE_MS = 60_000;

export interface EngineUnderTest {
  readonly executor: EngineExecutor;
  stop?(): Promise<void>;
}

/** What every engine must do, whoever plays it. `made` starts one for all tests. */
export function engineSuite(
  engine: EngineName,
  how: "real" | "played",
  made: (folder: string) => Promise<EngineUnderTest>,
): void {
  const lacks = LACKS[engine] ?? [];
  const row = (name: Row, test: () => Promise<void>) => {
    if (!lacks.includes(name)) it(ROWS[name], test);
  };

  describe(`${engine}, ${how}`, { timeout: 120_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), "emporium-engine-"));
    const out = join(folder, "out");
    let engine: EngineUnderTest;
    let executor: EngineExecutor;

    beforeAll(async () => {
      mkdirSync(out);
      engine = await made(folder);
      executor = engine.executor;
    }, 120_000);
    afterAll(async () => {
      await engine?.stop?.();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    });

    const job = (name: string, line: string, more: Partial<ArrayJob> = {}): ArrayJob => ({
      name,
      script: ["#!/bin/sh", "SLICE=$EMPORIUM_SLICE", '[ -n "$SLICE" ] || SLICE=$SLURM_ARRAY_TASK_ID', line, ""].join("\n"),
      resources: { cpus: 1, memoryBytes: 64 * 2 ** 20, gpus: 0, words: [] },
      ...more,
    });
    const slice = "$SLICE"; // as engine work reads it
    const written = (name: string) =>
      readdirSync(out)
        .filter((file) => file.startsWith(`${name}.`))
        .sort();
    async function over(handles: readonly JobHandle[]): Promise<void> {
      for (let waitedMs = 0; waitedMs < GONE_MS; waitedMs += POLL_MS) {
        const states = await executor.states(handles);
        if (handles.every(({ id }) => !isAlive(states.get(id) ?? GONE))) return;
        await sleep(POLL_MS);
      }
      throw new Error("the jobs do not end");
    }

    row("limits", async () => {
      expect((await executor.limits()).arrayMax).toBeGreaterThanOrEqual(10);
    });
    row("list", async () => {
      const handle = await executor.submit(job("list", `echo x >>'${out}'/list.${slice}`, { indices: [2, 5, 6, 7], slots: 2 }));
      await over([handle]);
      expect(written("list")).toEqual(["list.2", "list.5", "list.6", "list.7"]);
      for (const file of written("list")) expect(readFileSync(join(out, file), "utf8"), file).toBe("x\n");
    });
    row("one", async () => {
      await over([await executor.submit(job("one", `echo x >>'${out}'/one.${slice}`, { indices: [3] }))]);
      expect(written("one")).toEqual(["one.3"]);
    });
    row("plain", async () => {
      await over([await executor.submit(job("plain", `echo x >>'${out}'/plain.x`))]);
      expect(written("plain")).toEqual(["plain.x"]);
    });
    row("words", async () => {
      await over([await executor.submit(job("words", `printf '%s' 'it'\\''s "$(id)" \`x\` é 😀 %I %J' >'${out}'/words.x`))]);
      expect(readFileSync(join(out, "words.x"), "utf8")).toBe('it\'s "$(id)" `x` é 😀 %I %J');
    });
    row("logs", async () => {
      const logs = join(folder, "logs of jobs");
      mkdirSync(logs);
      await over([await executor.submit(job("printed", "echo out; echo err >&2", { indices: [4], logs }))]);
      // some engines write their log when the job is over
      for (let waitedMs = 0; waitedMs < GONE_MS && printed(logs) === ""; waitedMs += POLL_MS) await sleep(POLL_MS);
      expect(printed(logs).split("\n").sort()).toEqual(["", "err", "out"]);
    });
    row("find", async () => {
      const handle = await executor.submit(job("found", "exec sleep 60", { indices: [0, 1] }));
      expect(await executor.find("found")).toEqual([handle]);
      expect(await executor.find("other")).toEqual([]);
      const state = (await executor.states([handle])).get(handle.id)!;
      expect(state.waiting + state.running + state.held).toBe(2);
      await executor.cancel([handle]);
      await over([handle]);
      expect(await executor.find("found")).toEqual([]);
    });
    row("cancel", async () => {
      const handle = await executor.submit(job("cancelled", "exec sleep 60", { indices: [0, 1, 2, 3, 4, 5], slots: 1 }));
      await executor.cancel([handle]);
      await over([handle]);
    });
    row("gone", async () => {
      expect(isAlive((await executor.states([{ name: "x", id: "987654" }])).get("987654") ?? GONE)).toBe(false);
    });
    row("after", async () => {
      const first = await executor.submit(job("first", `sleep 1; echo x >>'${out}'/first.${slice}; exit 7`, { indices: [0, 1] }));
      const then = await executor.submit(job("then", `ls '${out}' | grep -c '^first' >'${out}'/then.x`, { after: [first] }));
      await over([first, then]);
      expect(readFileSync(join(out, "then.x"), "utf8").trim()).toBe("2");
    });
    row("refuse", async () => {
      const wrong = job("wrong", "true", {
        resources: { cpus: 1, memoryBytes: 64 * 2 ** 20, gpus: 0, words: [], queue: "nowhere" },
      });
      await expect(executor.submit(wrong)).rejects.toMatchObject({
        code: "ENGINE_REFUSED",
        facts: { hint: expect.stringContaining("--queue") },
      });
      expect(await executor.find("wrong")).toEqual([]);
    });
  });
}

const printed = (folder: string): string =>
  readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("");

/** Puts the programs of an engine that is played into a folder. @returns what a process needs to find them */
export function playerEnvironment(dialect: PlayedDialect, folder: string): NodeJS.ProcessEnv {
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  const player = fileURLToPath(new URL("./engine-player.mjs", import.meta.url));
  for (const program of PROGRAMS[dialect]) {
    writeFileSync(join(bin, program), `#!/bin/sh\nexec '${process.execPath}' '${player}' ${dialect} ${program} "$@"\n`);
    chmodSync(join(bin, program), 0o755);
  }
  return { ...process.env, PATH: `${bin}:${process.env.PATH}`, PLAYER_FOLDER: join(folder, "player") };
}

const PROGRAMS = {
  lsf: ["bsub", "bjobs", "bkill", "bparams"],
  pbs: ["qsub", "qstat", "qdel"],
  sge: ["qsub", "qstat", "qdel", "qconf"],
  slurm: ["sbatch", "squeue", "scancel", "scontrol"],
  kubernetes: ["kubectl"],
};
export type PlayedDialect = keyof typeof PROGRAMS;
