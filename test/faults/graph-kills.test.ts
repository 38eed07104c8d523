import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { THOROUGH } from "../thorough.js";
import { makeScene, resultOf, runKilled } from "./graph-kills.mjs";

/** `npm run bench:blocks faults` kills one run a hundred times. */
const KILLS = THOROUGH ? 20 : 3;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "emporium 'kills' "));
});
/** Processes that work in a folder. */
function livingIn(folder: string): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`).startsWith(folder);
    } catch {
      return false; // gone, or another person's
    }
  });
}

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("worker processes of a run that was killed alone", () => {
  it.runIf(existsSync("/proc/self/cwd"))("end, whatever they were at", async () => {
    makeScene(root, [2, 3, 4]);
    const wanted = THOROUGH ? 8 : 2;
    const { kills } = await runKilled(root, { kills: wanted, seed: 2, step: 9, aloneShare: 1 });
    expect(kills).toBe(wanted);
    while (livingIn(root).length > 0) await new Promise((resolve) => setTimeout(resolve, 200));
  });
});

describe("a graph's run that is killed again and again", () => {
  it("ends with the bytes of a run that nobody killed, and leaves nothing else", async () => {
    // so many blocks that it is not over before the last kill, however late a busy machine looks
    for (const name of ["wanted", "killed"]) makeScene(join(root, name), [3, 4, 5]);
    await runKilled(join(root, "wanted"), { kills: 0, seed: 1, step: 0 });
    const { kills, report } = await runKilled(join(root, "killed"), { kills: KILLS, seed: 3, step: 12 });
    expect(kills).toBe(KILLS);
    expect(report.done + report.already).toBe(report.tasks);
    const wanted = resultOf(join(root, "wanted"));
    expect([...wanted.keys()].filter((name) => name.startsWith("/cc.zarr/0/")).length).toBe(3 * 4 * 5 + 1);
    expect(resultOf(join(root, "killed"))).toEqual(wanted);
  });
});
