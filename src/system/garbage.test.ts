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

/** Runs a function's body in a thread, whose heap nothing else has filled, and where collections that are asked for are counted. */
async function inThread(body: string): Promise<unknown> {
  const text = `
    const { freeBuffers } = await import(${JSON.stringify(compiled)});
    freeBuffers(); // finds the engine's function
    let asked = 0;
    globalThis.gc = () => void asked++;
    // a module of its own, which finds that function
    const { freeBuffersAbove, freeingBuffers } = await import(${JSON.stringify(`${compiled}?counted`)});
    const MiB = 2 ** 20;
    const heldMiB = () => Math.floor(process.memoryUsage().arrayBuffers / MiB);
    const askedBy = (free) => { asked = 0; free(); return asked; };
    const kept = {};
    const keep = (name, mebibytes) => { kept[name] = new Uint8Array(mebibytes * MiB).fill(1); };
    const run = async () => {${body}};
    postMessage(await run());`;
  const whole = `const { parentPort } = require("node:worker_threads");
    const postMessage = (said) => parentPort.postMessage(said);
    (async () => {${text}})();`;
  const thread = new Worker(whole, { eval: true });
  const [said] = (await once(thread, "message")) as [unknown];
  await thread.terminate();
  return said;
}

it("a collection is asked for where so many bytes are held; that they were there before is no reason", async () => {
  const said = await inThread(`
    keep("large", 60);
    const fewer = askedBy(() => freeBuffersAbove(70 * MiB));
    const more = askedBy(() => freeBuffersAbove(50 * MiB));
    kept.large = undefined;
    // the allocator gives them back on a thread of the engine's, whose own figure has them for longer
    for (let turn = 0; heldMiB() > 0 && turn < 1000; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      freeBuffers();
    }
    return [fewer, more, heldMiB(), askedBy(() => freeBuffersAbove(50 * MiB))];
  `);
  expect(said).toEqual([0, 1, 0, 0]);
});

it("in a loop it is asked for once that holds so many more than when it began", async () => {
  const said = await inThread(`
    keep("before", 20);
    const free = freeingBuffers(8 * MiB);
    keep("one", 4);
    const fewer = askedBy(free);
    keep("other", 4);
    return [fewer, askedBy(free)];
  `);
  expect(said).toEqual([0, 1]);
});

it("objects are freed once so many bytes more are held, until it is ended", async () => {
  const asked = await inThread(`
    const { keepHeapSmall } = await import(${JSON.stringify(`${compiled}?counted`)});
    const wait = () => new Promise((resolve) => setTimeout(resolve, 250));
    const held = [];
    const hold = (mebibytes) => { for (let i = 0; i < mebibytes * 16_384; i++) held.push({ a: i, b: [i], c: "text " + i }); };
    const counts = [];
    const end = keepHeapSmall(32 * MiB);
    await wait(); counts.push(asked); asked = 0;
    hold(32); await wait(); counts.push(asked); asked = 0;
    await wait(); counts.push(asked); asked = 0;
    end();
    hold(32); await wait(); counts.push(asked);
    return counts;`);
  const [before, grown, still, ended] = asked as number[];
  expect({ before, grown: grown! > 0, still, ended }).toEqual({ before: 0, grown: true, still: 0, ended: 0 });
});
