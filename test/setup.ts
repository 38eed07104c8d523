// This file runs before each test file; what it imports once in each process.
import { appendFileSync, readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, expect } from "vitest";
import { forgetSecrets } from "../src/core/redact.js";
import "./equal-bytes.js";

forgetSecrets();

/** Suites of what is collected, in this process. What memory the program takes is measured on processes of its own. */
const OF_MEMORY = /\/(?:garbage|block-array|compressed)\.test\.ts$/;
/** Buffers of a process, in use or not, above which they are freed when the code under test asks for it. */
const BUFFERS_MAX = 128 * 2 ** 20;

/**
 * Code asks the engine to free buffers after each large task (`src/system/garbage.ts`). In a process that holds all modules, the tools and the code of
 * earlier files, that takes 0.2 to 1 s each time, and made a fifth of what some suites took: here it is done where there are many.
 */
const shared = globalThis as { gc?: () => void; emporiumTestCost?: { ticks: number; ms: number } };
shared.gc ??= sparingly();

function sparingly(): () => void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("globalThis.gc") as () => void;
  setFlagsFromString("--no-expose-gc");
  return () => {
    if (OF_MEMORY.test(expect.getState().testPath ?? "") || process.memoryUsage().arrayBuffers >= BUFFERS_MAX) collect();
  };
}

/** Suites of what goes past the page cache, and of what a disk does: not in memory. */
const OF_DISKS =
  /\/(?:src\/stores\/file\/|src\/system\/|test\/(?:conformance|faults)\/|.*\/(?:write-shards|write-volume|crash-loop|publish-kill|publish-tree|transfer-crash|verify)\.test\.ts$)/;
const { EMPORIUM_TEST_DISK: disk, EMPORIUM_TEST_MEMORY: memory } = process.env;
if (disk && memory) process.env["TMPDIR"] = OF_DISKS.test(expect.getState().testPath ?? "") ? disk : memory;

/** What a file took of the processors, its ended children included, and of time, for whoever asks where that of a run went (`scripts/ci-summary.mjs`). */
const { EMPORIUM_TEST_JSON: json } = process.env;
if (json && process.platform === "linux") {
  // files that share a process come after one another in it
  const ticks = () =>
    readFileSync("/proc/self/stat", "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")
      .slice(11, 15)
      .reduce((sum, field) => sum + Number(field), 0);
  afterAll(() => {
    const { ticks: ticksBefore, ms: msBefore } = shared.emporiumTestCost ?? { ticks: 0, ms: 0 };
    const now = { ticks: ticks(), ms: performance.now() };
    shared.emporiumTestCost = now;
    const [processors, time] = [(now.ticks - ticksBefore) / 100, Math.round((now.ms - msBefore) / 1000)];
    appendFileSync(`${json}.cpu`, `${processors} ${time} ${expect.getState().testPath}\n`);
  });
}
