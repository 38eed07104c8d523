import { memoryUsage } from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | undefined;

/**
 * Frees unreferenced buffers now. The JavaScript engine would wait until more have accumulated, and the next task would allocate
 * its own buffers in addition.
 *
 * Cost: some 20 ms, more where the process holds many objects (47 MiB of them: 80 to 490 ms on a busy machine). Where buffers may be
 * few, {@link freeBuffersAbove}.
 */
export function freeBuffers(): void {
  collect ??= findCollector();
  collect?.();
}

const TRIES = 1000;

/**
 * The engine's own function. Its flag is of the whole process, so another thread may take it back in the moment between: then once more. It is
 * taken back since code that is compiled with other flags is none to later processes.
 */
function findCollector(): (() => void) | undefined {
  // who starts Node with the flag keeps it
  let found: unknown = (globalThis as { gc?: unknown }).gc;
  for (let one = 0; one < TRIES && typeof found !== "function"; one++) {
    setFlagsFromString("--expose-gc");
    found = runInNewContext("globalThis.gc");
    setFlagsFromString("--no-expose-gc");
  }
  return typeof found === "function" ? (found as () => void) : undefined;
}

/**
 * Frees them where this thread holds buffers of so many bytes, in use or not. Memory that threads share and that of WebAssembly do not
 * count: their owner calls {@link freeBuffers}.
 *
 * The allocator's own count is asked. What the engine says (`external_memory`) still has buffers that are gone, often until it grows.
 *
 * Cost: 15 µs where there are fewer.
 */
export function freeBuffersAbove(bytes: number): void {
  if (memoryUsage().arrayBuffers >= bytes) freeBuffers();
}

/** For loops: called in each turn, and frees buffers once so many bytes more than at the beginning are held, in use or not. */
export function freeingBuffers(bytes: number): () => void {
  const above = memoryUsage().arrayBuffers + bytes;
  return () => freeBuffersAbove(above);
}

const LOOK_MS = 50;

/**
 * Until it is ended, frees objects whenever so many bytes more of them are held than were in use after the last time. By itself the engine lets them grow
 * to several times of what is in use where the machine has memory. For work of many seconds that makes objects and waits often, in between.
 *
 * Cost: 0.1 s for each 100 MiB in use, each time.
 *
 * @returns ends it
 */
export function keepHeapSmall(bytes: number): () => void {
  let least = memoryUsage().heapUsed;
  const timer = setInterval(() => {
    const { heapUsed } = memoryUsage();
    if (heapUsed < least) least = heapUsed;
    if (heapUsed < least + bytes) return;
    freeBuffers();
    least = memoryUsage().heapUsed;
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Points of a batch are objects and texts for a moment: those of so many take some 25 MiB before the engine collects them by itself. */
const POINTS_BETWEEN = 50_000;

/** For readers of point lists: called for each batch, and frees the memory of earlier batches from time to time. */
export function freeingPoints(): (count: number) => void {
  let since = 0;
  return (count) => {
    since += count;
    if (since < POINTS_BETWEEN) return;
    since = 0;
    freeBuffers();
  };
}
