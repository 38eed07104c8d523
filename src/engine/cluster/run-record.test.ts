import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { manualClock } from "../../core/clock.js";
import { fileStore } from "../../stores/file/store.js";
import { envOf } from "../env.js";
import { beginBlockRun } from "./begin-blocks.js";
import { openRun } from "./run-record.js";

const root = mkdtempSync(join(tmpdir(), "emporium-run-record-"));
afterAll(() => rmSync(root, { recursive: true }));

/** A run of a target, begun at this time. */
async function begin(target: string, name: string, ms: number) {
  const store = fileStore(target, { sync: false });
  const stage = {
    name,
    run: "x",
    params: {},
    needs: [],
    shape: [3, 1, 1],
    block: [1, 1, 1],
    bytes: 1,
    memoryBytes: 0,
    threads: 1,
  };
  const job = {
    ...{ station: "blocks", name, blocks: { createdMs: 0, locks: [name], stages: [stage] }, params: {} },
    ...{ source: store, target: store, outputs: store, anonymous: false, sync: false },
  };
  const place = {
    executor: { name: "slurm", limits: async () => ({ arrayMax: 9 }) },
    resources: { cpus: 1, gpus: 0, memoryBytes: 2 ** 30, walltimeMinutes: 1, words: [] },
    ...{ prologue: [], command: ["x"], program: "1" },
  };
  return (await beginBlockRun(job as never, place as never, envOf({ clock: manualClock(ms) })))!;
}

it("a run is opened by the address of its folder, and the newest of a target by the target's", async () => {
  const [older, newer] = [await begin(root, "first", 1000), await begin(root, "second", 2000)];
  const idOf = async (location: string) => (await openRun(location)).record.id;
  expect([await idOf(root), await idOf(`${root}/`)]).toEqual([newer.record.id, newer.record.id]);
  for (const { record, folder, url } of [older, newer]) {
    expect([await idOf(join(root, folder)), await idOf(`${root}/${folder}`), await idOf(url)]).toEqual(Array(3).fill(record.id));
    expect(await openRun(url)).toMatchObject({ folder, url });
  }
});

it("of a target without runs that is said", async () => {
  await expect(openRun(join(root, ".emporium"))).rejects.toMatchObject({ code: "STORE_ABSENT" });
});
