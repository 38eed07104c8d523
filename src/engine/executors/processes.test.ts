import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ArrayJob } from "./engine-executor.js";
import { processesExecutor } from "./processes.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "emporium-local-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const job = (name: string, lines: readonly string[], more: Partial<ArrayJob> = {}): ArrayJob => ({
  ...{ name, script: ["#!/bin/sh", `cd '${folder}'`, ...lines, ""].join("\n") },
  resources: { cpus: 1, memoryBytes: 1, gpus: 0, words: [] },
  ...more,
});
const over = { waiting: 0, running: 0, held: 0 };
const executor = (slots: number) => processesExecutor({ slots, env: { PATH: process.env.PATH } });

describe("this machine in the place of an engine", () => {
  it("runs each slice of an array, a few at a time, and knows what waits and runs", async () => {
    const engine = executor(2);
    const array = await engine.submit(
      job("array", ['touch "is $EMPORIUM_SLICE"', "while [ ! -e go ]; do sleep 0.01; done"], { indices: [4, 5, 9] }),
    );
    const state = async () => (await engine.states([array])).get(array.id);
    expect(await state()).toEqual({ waiting: 1, running: 2, held: 0 });
    expect(await engine.find("array", "other")).toEqual([array]);
    const last = await engine.submit(job("last", ["touch go"]));
    await expect.poll(() => readdirSync(folder).filter((name) => name.startsWith("is ")).length).toBe(2);
    rmSync(join(folder, "go"), { force: true });
    await engine.cancel([array]);
    await expect.poll(state).toEqual(over);
    // the one that waited has not begun
    expect(readdirSync(folder).filter((name) => name.startsWith("is "))).toEqual(["is 4", "is 5"]);
    await expect.poll(async () => (await engine.states([last])).get(last.id)).toEqual(over);
    expect([readdirSync(folder).includes("go"), await engine.find("array", "last")]).toEqual([true, []]);
    expect((await engine.states([{ name: "x", id: "unknown" }])).get("unknown")).toEqual(over);
    await engine.close();
  });

  it("reads what its processes print, whether it is kept or not", async () => {
    const engine = executor(1);
    // more than a pipe holds
    const loud = ["head -c 300000 /dev/zero | tr '\\0' o", "head -c 300000 /dev/zero | tr '\\0' e >&2"];
    const logs = join(folder, "logs");
    const jobs = [
      await engine.submit(job("loud", loud)),
      await engine.submit(job("kept", loud, { logs })),
      await engine.submit(job("kept", loud, { logs, indices: [3] })),
    ];
    await expect.poll(async () => [...(await engine.states(jobs)).values()], { timeout: 20_000 }).toEqual([over, over, over]);
    await engine.close();
    const text = () => readFileSync(join(logs, "kept.log"), "latin1");
    await expect.poll(() => [text().length, readdirSync(logs).sort()]).toEqual([600_000, ["kept.3.log", "kept.log"]]);
    expect(text().replaceAll("o", "").length).toBe(300_000);
  });

  it("has no job that waits for another", async () => {
    const after = [{ name: "x", id: "1" }];
    await expect(executor(1).submit(job("x", [], { after }))).rejects.toMatchObject({ code: "INTERNAL" });
  });
});
