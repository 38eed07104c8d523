import { EmporiumError } from "../../../core/errors.js";
import type { Geometry } from "../plan/geometry.js";
import type { RawVolume, UnitReceipt } from "../plan/job.js";

/** Bytes of one request when steps are read ahead over a network: long enough to be fast, short enough to run in parallel. */
const REQUEST_BYTES = 4 * 2 ** 20;

/** Fills the raw slots, steps ahead of the workers, with parallel range requests. Each source byte is asked for once. */
export async function feedSlots(
  data: { read(offset: number, length: number): Promise<Uint8Array>; offset: number },
  g: Geometry,
  memory: WebAssembly.Memory,
  rowBytes: number,
  source: RawVolume,
  rawSlots: number,
  done: ReadonlyMap<number, UnitReceipt>,
): Promise<void> {
  const words = new Int32Array(memory.buffer);
  const bytes = new Uint8Array(memory.buffer);
  const slots = rawSlots;
  const ny = source.shape[1];
  const skip = new Set(done.keys());
  for (const [index, step] of g.steps.entries()) {
    const before = g.steps[index - slots];
    if (before)
      await reached(words, g.control.read[(index - slots) & 1]!, before.slotStripsBefore + before.strips, g.control.stop);
    if (Atomics.load(words, g.control.stop) !== 0) return;
    if (!skip.has(step.unit.index)) {
      const requests: Promise<void>[] = [];
      const slot = g.rawSlot(index);
      const load = async (at: number, offset: number, length: number) => {
        const piece = await data.read(data.offset + offset, length);
        if (piece.length < length) {
          const byte = data.offset + offset + piece.length;
          throw new EmporiumError("FORMAT_TRUNCATED", `${source.name} ends at byte ${byte}, its header promises more`, {
            place: { file: source.name, byte },
            hint: "copy the file again: it was cut short",
          });
        }
        bytes.set(piece, at);
      };
      // planes that lie together are one run
      const run = step.rows === ny ? step.planes * step.rows * rowBytes : step.rows * rowBytes;
      const runs = step.rows === ny ? 1 : step.planes;
      for (let r = 0; r < runs; r++) {
        const offset = ((step.z0 + r) * ny + step.y0) * rowBytes;
        for (let from = 0; from < run; from += REQUEST_BYTES) {
          requests.push(load(slot + r * run + from, offset + from, Math.min(REQUEST_BYTES, run - from)));
        }
      }
      const results = await Promise.allSettled(requests);
      for (const result of results) if (result.status === "rejected") throw result.reason;
    }
    Atomics.store(words, g.control.filled, index + 1);
    Atomics.notify(words, g.control.filled);
  }
}

async function reached(words: Int32Array, word: number, value: number, stop: number): Promise<void> {
  for (;;) {
    const now = Atomics.load(words, word);
    if (now >= value || Atomics.load(words, stop) !== 0) return;
    const wait = Atomics.waitAsync(words, word, now, 100);
    if (wait.async) await wait.value;
  }
}
