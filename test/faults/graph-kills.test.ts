import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeScene, resultOf, runKilled } from "./graph-kills.mjs";

/** `npm run bench:blocks faults` kills one run a hundred times. */
const KILLS = 5;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "emporium 'kills' "));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("a graph's run that is killed again and again", () => {
  it("ends with the bytes of a run that nobody killed, and leaves nothing else", async () => {
    for (const name of ["wanted", "killed"]) makeScene(join(root, name), [2, 3, 4]);
    await runKilled(join(root, "wanted"), { kills: 0, seed: 1, step: 0 });
    const { kills, report } = await runKilled(join(root, "killed"), { kills: KILLS, seed: 3, step: 12 });
    expect(kills).toBe(KILLS);
    expect(report.done + report.already).toBe(report.tasks);
    const wanted = resultOf(join(root, "wanted"));
    expect([...wanted.keys()].filter((name) => name.startsWith("/cc.zarr/0/")).length).toBe(2 * 3 * 4 + 1);
    expect(resultOf(join(root, "killed"))).toEqual(wanted);
  });
});
