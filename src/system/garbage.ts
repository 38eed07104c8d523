import { setFlagsFromString } from "node:v8";
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
