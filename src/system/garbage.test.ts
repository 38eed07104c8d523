import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { freeBuffers } from "./garbage.js";

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
