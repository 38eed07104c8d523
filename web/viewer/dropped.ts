import { decodeOverlay } from "../../src/model/overlay-bytes.js";
import { AnswerError } from "../parts/api.js";
import { trusted } from "../parts/worker-url.js";
import type { CutPlane, DroppedVolume, Question, Reply } from "./dropped-worker.js";
import workerUrl from "./dropped-worker.js?worker&url";
import { type PlaneSource, samplesOf } from "./planes.js";

/**
 * A file that was dropped on the page, or chosen: read in a thread, sent nowhere.
 *
 * @param beside models and tilt angles that were dropped with it
 * @throws {AnswerError}
 */
export async function openDropped(file: File, beside: readonly File[]): Promise<PlaneSource> {
  const worker = new Worker(trusted(workerUrl), { type: "module" });
  try {
    const { facts, layers } = await asked<DroppedVolume>(worker, { file, beside });
    const summary = layers.length === 1 ? "1 layer was dropped" : `${layers.length} layers were dropped`;
    return {
      facts,
      layers: {
        listed: { ref: facts.ref, layers, summary, notices: [] },
        positions: async (id, signal) => decodeOverlay(await asked<ArrayBuffer>(worker, { layer: id }, signal)),
      },
      async read(one, signal) {
        const { axis, at, level, slab, as } = one;
        const [row0, column0, row1, column1] = one.box;
        const box = [column0, row0, column1, row1] as const;
        const plane = await asked<CutPlane>(worker, { choice: { axis, at, level, slab, box }, as, window: one.window }, signal);
        const { rows, columns, dtype, bytes } = plane;
        return { ...one, rows, columns, ...samplesOf(dtype, bytes, rows * columns) };
      },
      close: () => worker.terminate(),
    };
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

async function asked<T>(worker: Worker, question: Question, signal?: AbortSignal): Promise<T> {
  signal?.throwIfAborted();
  const { port1: own, port2: its } = new MessageChannel();
  const over = new AbortController();
  try {
    return await new Promise<T>((resolve, reject) => {
      own.onmessage = ({ data }: MessageEvent<Reply>) => {
        if ("answer" in data) return resolve(data.answer as T);
        const { code, message, file, byte, hint } = data.error;
        reject(new AnswerError({ code, message, path: file, byte, hint }, 422));
      };
      const stop = () => {
        own.postMessage("nobody waits");
        reject(signal!.reason);
      };
      signal?.addEventListener("abort", stop, { signal: over.signal });
      const fail = ({ message }: ErrorEvent) =>
        reject(
          new AnswerError({ code: "PAGE", message: message || "the reader does not start", hint: "load the page again" }, 422),
        );
      worker.addEventListener("error", fail, { signal: over.signal });
      worker.postMessage(question, [its]);
    });
  } finally {
    over.abort();
    own.close();
  }
}
