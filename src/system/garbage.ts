import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | undefined;

/**
 * Frees the buffers that nobody refers to any more, now. The engine would wait until so many have gathered as it thinks well of, and then the
 * task that comes next has its own buffers beside them.
 *
 * Cost: some 20 ms.
 */
export function freeBuffers(): void {
  if (!collect) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
}

/**
 * Frees them where buffers of so many bytes, in use or not, are held. Memory that threads share does not count: who gives that up calls
 * {@link freeBuffers}.
 *
 * Cost: 3 µs where there are fewer.
 */
export function freeBuffersAbove(bytes: number): void {
  if (getHeapStatistics().external_memory >= bytes) freeBuffers();
}

/** Points of a batch are objects and texts for a moment: those of so many take some 25 MiB before the engine collects them by itself. */
const POINTS_BETWEEN = 50_000;

/** For who reads a list of points: is told of each batch, and frees what earlier ones have left from time to time. */
export function freeingPoints(): (count: number) => void {
  let since = 0;
  return (count) => {
    since += count;
    if (since < POINTS_BETWEEN) return;
    since = 0;
    freeBuffers();
  };
}
