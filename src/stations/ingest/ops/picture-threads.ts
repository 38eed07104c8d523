import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { PictureName } from "../../../arrays/picture/frame.js";
import type { DiscList } from "../../../arrays/picture/marks.js";
import type { Section } from "../../../arrays/picture/render.js";
import { EmporiumError, type ErrorRecord, fromErrorRecord } from "../../../core/errors.js";

/** Pictures that are drawn of one section. */
export interface Drawing {
  readonly section: Omit<Section, "discs"> & { readonly discs: DiscList };
  readonly names: readonly PictureName[];
}

// A worker thread of Node 20 needs JavaScript, which is in dist/ also when the sources are run.
const ENTRY = import.meta.url.endsWith(".ts")
  ? new URL("../../../../dist/stations/ingest/ops/picture-worker.js", import.meta.url)
  : new URL("./picture-worker.js", import.meta.url);
const IDLE_MAX = 16;
/** A thread that has drawn a larger section is not kept: what it used would stay in its heap, and count for nobody. */
const KEPT_PIXELS_MAX = 2 ** 18;
/** Of the objects of a moment; the default of 48 MiB is half of what drawing takes. */
const RESOURCES = { maxYoungGenerationSizeMb: 8 };

/** Threads that wait for the next tomogram. They keep no process alive. */
const idle: Worker[] = [];

/**
 * Draws pictures on a thread of their own: compressing them takes longer than anything else of them, and the main thread has others to serve.
 *
 * @returns PNG files in the order of the names.
 */
export async function drawOnThread(drawing: Drawing): Promise<Uint8Array[]> {
  const worker = idle.pop() ?? new Worker(fileURLToPath(ENTRY), { execArgv: [], resourceLimits: RESOURCES });
  worker.ref();
  const { files, error } = await new Promise<{ files?: Uint8Array[]; error?: ErrorRecord }>((resolve, reject) => {
    const listen = (answer: { files?: Uint8Array[]; error?: ErrorRecord }) => {
      worker.off("message", listen).off("error", die).off("exit", die);
      resolve(answer);
    };
    const die = (cause: unknown) => reject(new EmporiumError("INTERNAL", `a drawing thread ended: ${String(cause)}`, { cause }));
    worker.on("message", listen).on("error", die).on("exit", die);
    worker.postMessage(drawing);
  });
  worker.unref();
  if (idle.length < IDLE_MAX && drawing.section.grey.length <= KEPT_PIXELS_MAX) idle.push(worker);
  else await worker.terminate();
  if (error) throw fromErrorRecord(error);
  return files!;
}
