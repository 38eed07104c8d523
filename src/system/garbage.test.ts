import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { freeBuffers, freeBuffersAbove, freeingBuffers } from "./garbage.js";

const compiled = new URL("../../dist/system/garbage.js", import.meta.url).href;

it("buffers are freed by any number of threads at once", async () => {
  // each looks for the engine's function by a flag that all of them share: at the same moment, as a volume's threads do
  const THREADS = 12;
  const text = `import(${JSON.stringify(compiled)}).then(({ freeBuffers }) => {
    const { workerData: ready } = require("node:worker_threads");
    Atomics.add(ready, 0, 1);
    Atomics.notify(ready, 0);
    for (let count = 0; (count = Atomics.load(ready, 0)) < ${THREADS}; ) Atomics.wait(ready, 0, count);
    freeBuffers();
  })`;
  for (let round = 0; round < 3; round++) {
    const workerData = new Int32Array(new SharedArrayBuffer(4));
    const threads = Array.from({ length: THREADS }, () => new Worker(text, { eval: true, workerData }));
    // a thread that fails rejects
    const ended = await Promise.all(threads.map(async (thread) => (await once(thread, "exit"))[0] as number));
    expect(ended).toEqual(threads.map(() => 0));
  }
});

it("what nobody refers to is gone at once", () => {
  const kept = new WeakRef({});
  return new Promise<void>((resolve) => setTimeout(resolve)).then(() => {
    freeBuffers();
    expect(kept.deref()).toBeUndefined();
  });
});

const MiB = 2 ** 20;
const turn = () => new Promise<void>((resolve) => setTimeout(resolve));
/** In functions of their own: what a function has made may live as long as it runs. */
const forgetBuffer = (bytes: number): void => void new Uint8Array(bytes).fill(1);
const forgetObject = () => new WeakRef({});

it("they are freed where so many bytes are held; that they were there before is no reason", async () => {
  freeBuffers();
  const before = process.memoryUsage().arrayBuffers;
  const held = () => process.memoryUsage().arrayBuffers - before;
  forgetBuffer(40 * MiB);
  await turn();
  freeBuffersAbove(before + 60 * MiB);
  expect(held()).toBeGreaterThanOrEqual(40 * MiB);
  freeBuffersAbove(before + 30 * MiB);
  expect(held()).toBeLessThan(MiB);

  // the engine's own figure still has them now
  const kept = forgetObject();
  await turn();
  freeBuffersAbove(before + 30 * MiB);
  expect(kept.deref()).toBeDefined();
});

it("and in a loop where it has left so many since it began, whatever was held then", async () => {
  const kept = new Uint8Array(40 * MiB).fill(1);
  const free = freeingBuffers(8 * MiB);
  const first = forgetObject();
  forgetBuffer(4 * MiB);
  await turn();
  free();
  expect(first.deref()).toBeDefined();
  forgetBuffer(16 * MiB);
  await turn();
  free();
  expect([first.deref(), kept.length]).toEqual([undefined, 40 * MiB]);
});
