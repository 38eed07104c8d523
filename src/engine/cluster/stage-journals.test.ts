import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { fileStore } from "../../stores/file/store.js";
import { openSegments } from "./segments.js";
import { readJournals } from "./stage-journals.js";

it("reads the journal of a process while that writes it, as often as somebody looks", async () => {
  const folder = await mkdtemp(join(tmpdir(), "emporium-journals-"));
  try {
    const store = fileStore(folder);
    const name = { slice: 0, attempt: 0, token: "a" };
    const segments = await openSegments(store, "run/", "runs", name, () => () => undefined);
    await segments.add(JSON.stringify({ record: "start", task: "0" }), true);
    let isRead = false;
    let lines = 1;
    const writing = (async () => {
      while (!isRead) await segments.add(JSON.stringify({ record: "start", task: String(lines++) }), true);
    })();
    const counts: number[] = [];
    for (let i = 0; i < 100; i++) counts.push((await readJournals(store, "run/", "runs")).deaths.size);
    isRead = true;
    await writing;
    await segments.close();
    expect(counts.every((count, i) => count >= (counts[i - 1] ?? 1))).toBe(true);
    expect((await readJournals(store, "run/", "runs")).deaths.size).toBe(lines);
  } finally {
    await rm(folder, { recursive: true });
  }
});
