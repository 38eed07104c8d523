import { threadPool } from "../../../system/threads.js";
import type { Drawing } from "./picture-worker.js";

/** Compressing pictures takes longer than anything else of them, and the main thread has others to serve. */
const pool = threadPool<Drawing, Uint8Array[]>({
  entry: new URL("./picture-worker.js", import.meta.url),
  idleMax: 16,
  // the default is half of what drawing takes
  youngMiB: 8,
});

/** A thread that has drawn a larger section is not kept: what it used would stay in its heap, and count for nobody. */
const KEPT_PIXELS_MAX = 2 ** 18;

/** Draws pictures on a thread of their own. @returns PNG files in the order of the names. */
export function drawOnThread(drawing: Drawing): Promise<Uint8Array[]> {
  return pool.run(drawing, { keep: drawing.section.grey.length <= KEPT_PIXELS_MAX });
}
