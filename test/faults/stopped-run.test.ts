import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import { isRunning } from "../../src/system/process-life.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "stopped-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  /** Of the run itself, in a group of its own, as a shell starts it. */
  readonly id: number;
  readonly processes: number[];
  readonly folders: string[];
  readonly mounts: string[];
  readonly keepers: number[];
  readonly ended: Promise<unknown>;
}

let runs = 0;
/** @param by what is started and gets the signals: vitest, or npm, which starts that */
async function start(base: string, by: "vitest" | "npm" = "vitest"): Promise<Run> {
  const said = join(folder, `said-${++runs}`);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:EMPORIUM_TEST_|VITEST)/.test(name)));
  const more = ["--config", "test/faults/stopped-run/vitest.config.ts", "--root", root];
  const [program, words] =
    by === "vitest"
      ? [process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run", ...more]]
      : // without what is built before it
        ["npm", ["test", "--silent", "--ignore-scripts", "--", ...more]];
  const child = spawn(program, words, {
    cwd: root,
    env: { ...env, TMPDIR: base, STOPPED_RUN: said },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes: Buffer) => {
      output += bytes.toString();
    });
  const ended = once(child, "exit");
  await until(() => existsSync(said) || child.exitCode !== null);
  if (child.exitCode !== null) throw new Error(output);
  await systemClock.sleep(100);
  const { processes, folders, mounts } = JSON.parse(readFileSync(said, "utf8")) as Pick<Run, "processes" | "folders" | "mounts">;
  return { id: child.pid!, processes, folders, mounts, keepers: keepersOf(folders), ended };
}

function keepersOf(folders: readonly string[]): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const words = wordsOf(name);
      return words.some((word) => word.endsWith("/keeper.mjs")) && folders.some((one) => words.includes(one));
    })
    .map(Number);
}

function wordsOf(id: string): string[] {
  try {
    return readFileSync(`/proc/${id}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // has ended
  }
}

async function until(done: () => boolean): Promise<boolean> {
  for (let waited = 0; waited < 20_000; waited += 50) {
    if (done()) return true;
    await systemClock.sleep(50);
  }
  return false;
}
const left = ({ processes, folders, mounts, keepers }: Run) => ({
  processes: [...processes, ...keepers].filter((id) => isRunning(id)),
  folders: folders.filter((one) => existsSync(one)),
  mounts: mounts.filter((path) => readFileSync("/proc/self/mountinfo", "utf8").includes(` ${path.replaceAll(" ", "\\040")} `)),
});
const NOTHING = { processes: [], folders: [], mounts: [] };

describe.skipIf(process.platform !== "linux")("(34.26) a run of the suites with a database that is stopped", () => {
  it.each<[string, (run: Run) => Promise<void> | void, by?: "npm"]>([
    ["by SIGINT", ({ id }) => void process.kill(id, "SIGINT")],
    ["by SIGTERM", ({ id }) => void process.kill(id, "SIGTERM")],
    ["by Ctrl-C, which all of its processes get", ({ id }) => void process.kill(-id, "SIGINT")],
    [
      "by Ctrl-C twice",
      async ({ id }) => {
        process.kill(-id, "SIGINT");
        await systemClock.sleep(20);
        if (isRunning(id)) process.kill(-id, "SIGINT");
      },
    ],
    ["by SIGKILL", ({ id }) => void process.kill(id, "SIGKILL")],
    // as a supervisor stops it, which knows of npm alone: a shell between the two would keep the signal for itself
    ["(35.2) by SIGTERM to `npm test`", ({ id }) => void process.kill(id, "SIGTERM"), "npm"],
    ["(35.2) by SIGINT to `npm test`", ({ id }) => void process.kill(id, "SIGINT"), "npm"],
  ])("%s leaves no process, no folder and no mount", async (_, stop, by) => {
    const base = mkdtempSync(join(tmpdir(), "b-"));
    const run = await start(base, by);
    expect(left(run)).toEqual({ processes: [...run.processes, ...run.keepers], folders: run.folders, mounts: run.mounts });
    expect([run.keepers.length, run.processes.length]).toEqual([1, 4]);
    if (process.getuid?.() === 0) expect(run.mounts.length).toBe(2);
    await stop(run);
    await run.ended;
    await until(() => left(run).processes.length === 0 && left(run).folders.length === 0);
    expect([left(run), readdirSync(base)]).toEqual([NOTHING, []]);
  });

  it("by SIGKILL together with what cleans up after it: the next run does that", async () => {
    const base = mkdtempSync(join(tmpdir(), "b-"));
    const first = await start(base);
    for (const id of [...first.keepers, first.id]) process.kill(id, "SIGKILL");
    await first.ended;
    expect(left(first).folders).toEqual(first.folders);
    expect(left(first).processes).toContain(first.processes[0]);
    const second = await start(base);
    expect(left(first)).toEqual(NOTHING);
    expect(left(second).folders).toEqual(second.folders);
    process.kill(second.id, "SIGTERM");
    await second.ended;
    await until(() => left(second).processes.length === 0 && left(second).folders.length === 0);
    expect(left(second)).toEqual(NOTHING);
  });
});
