import type { Control } from "../plan/geometry.js";

/** Another worker has failed. */
export class Stopped extends Error {}

/** Words of the shared memory by which workers wait for each other. */
export type Signals = ReturnType<typeof signals>;

/** @throws {Stopped} from what blocks, once another worker has failed */
export function signals(words: Int32Array, control: Control) {
  /** Blocks until the word has reached the value. */
  function atLeast(word: number, value: number): void {
    for (let now = Atomics.load(words, word); now < value; now = Atomics.load(words, word)) changed(word, now);
  }
  /** Blocks until the word has another value. Wakes up now and then to see whether another worker has failed. */
  function changed(word: number, value: number): void {
    while (Atomics.load(words, word) === value) {
      if (Atomics.load(words, control.stop) !== 0) throw new Stopped();
      Atomics.wait(words, word, value, 100);
    }
  }
  function set(word: number, value: number): void {
    Atomics.store(words, word, value);
    Atomics.notify(words, word);
  }
  function add(word: number): number {
    const before = Atomics.add(words, word, 1);
    Atomics.notify(words, word);
    return before;
  }
  return { atLeast, changed, set, add };
}
