import { describe, expect, it } from "vitest";
import { parseZarray } from "../../../formats/zarr/metadata.js";
import { memoryStore } from "../../../stores/memory/store.js";
import type { Store } from "../../../stores/store.js";
import type { Job } from "./jobs.js";
import { startWorkers, threadsOf } from "./threads.js";

const MiB = 2 ** 20;

/** Chunks of 16 MiB, by a decoder that takes them whole. */
const meta = parseZarray(
  Buffer.from(
    JSON.stringify({
      ...{ zarr_format: 2, shape: [64, 256, 256], chunks: [64, 256, 256], dtype: "<f4", order: "C", fill_value: 0 },
      ...{ filters: null, compressor: { id: "zlib", level: 1 }, dimension_separator: "/" },
    }),
  ),
);
const sumJob: Job = { kind: "sum", key: "a", offset: 0, length: 1, sha256: false, lines: false };
const wholeJob: Job = {
  ...{ kind: "chunk", key: "0/0/0/0", size: 1, array: { folder: "0/", meta }, position: [0, 0, 0], sha256: false },
};

/** The most reads at one time while six such jobs run. */
async function mostAtOnce(job: Job, memoryBytes: number): Promise<number> {
  let [now, most] = [0, 0];
  const store: Store = {
    ...memoryStore(),
    async read() {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now--;
      return undefined;
    },
  };
  const workers = startWorkers(store, { threads: 6, memoryBytes }, new AbortController().signal);
  await Promise.all(Array.from({ length: 6 }, () => workers.run(job)));
  await workers.end();
  return most;
}

describe("memory", () => {
  it("bounds the threads", () => {
    expect([64, 512, 4096].map((size) => threadsOf({ jobs: 8, memoryBytes: size * MiB }))).toEqual([2, 8, 8]);
    expect(threadsOf({ jobs: 4, memoryBytes: MiB })).toBe(1);
  });

  it("bounds the jobs that run at once, by what they decode", async () => {
    expect(await mostAtOnce(sumJob, 96 * MiB)).toBe(3);
    // four copies of 16 MiB each
    expect(await mostAtOnce(wholeJob, 128 * MiB)).toBe(2);
    expect(await mostAtOnce(wholeJob, 32 * MiB)).toBe(1);
  });
});
