import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | undefined;

/**
 * Frees unreferenced buffers now. The JavaScript engine would wait until more have accumulated, and the next task would allocate
 * its own buffers in addition.
 *
 * Cost: some 20 ms.
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
 * Frees them where buffers of so many bytes, in use or not, are held. Memory that threads share does not count: its owner calls
 * {@link freeBuffers}.
 *
 * Cost: 3 µs where there are fewer.
 */
export function freeBuffersAbove(bytes: number): void {
  if (getHeapStatistics().external_memory >= bytes) freeBuffers();
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
