import type { BlockLevel, BlockVolume } from "../../../arrays/blocks/volume.js";
import type { BlockTraffic } from "../../../arrays/loader/traffic.js";
import type { Clock } from "../../../core/clock.js";
import type { PhaseSeconds } from "../../../engine/blocks/figures.js";
import type { Operation, Operations } from "../../../engine/task.js";
import type { Store } from "../../../stores/store.js";
import type { Inputs } from "./inputs.js";

/** Measurements in an operation's outcome. */
export interface TimedFacts {
  readonly phases: PhaseSeconds;
  readonly requests: number;
  readonly storedBytes: number;
}

/** Seconds, requests and bytes since the beginning. */
interface Spent {
  readonly reading: number;
  readonly wait: number;
  readonly decode: number;
  readonly requests: number;
  readonly storedBytes: number;
  readonly encode: number;
  readonly store: number;
  /** Answers of stores to tasks that read what others wrote. */
  readonly answers: number;
}

/** Measures what blocks take. Blocks that are computed at the same time would be mixed up. */
export interface Timing {
  /** The same, timed. */
  readonly inputs: Inputs;
  store(store: Store): Store;
  /** Adds the time of some work to a phase. */
  time<T>(phase: "encode" | "store", work: () => Promise<T>): Promise<T>;
  /** Operations whose outcomes tell `facts.phases`, `facts.requests` and `facts.storedBytes`. */
  measured(operations: Operations): Operations;
}

export function timing(inputs: Inputs, clock: Clock): Timing {
  const volumes = new Set<BlockVolume & { readonly traffic?: BlockTraffic }>();
  const spent = { reading: 0, encode: 0, store: 0, answers: 0 };
  async function time<T>(phase: keyof typeof spent, work: () => Promise<T>): Promise<T> {
    const start = clock.monotonic();
    try {
      return await work();
    } finally {
      spent[phase] += (clock.monotonic() - start) / 1000;
    }
  }
  const level = async (name: string, number: number): Promise<BlockLevel> => {
    const volume = await inputs.volume(name);
    volumes.add(volume);
    const found = volume.levels[number]!;
    return { ...found, read: (box, options) => time("reading", () => found.read(box, options)) };
  };
  const sum = (field: keyof BlockTraffic) => [...volumes].reduce((total, volume) => total + (volume.traffic?.[field] ?? 0), 0);
  const now = (): Spent => ({
    ...spent,
    wait: sum("waitSeconds"),
    decode: sum("decodeSeconds"),
    requests: sum("requests"),
    storedBytes: sum("storedBytes"),
  });
  const measure =
    (operation: Operation): Operation =>
    async (task, context) => {
      const [before, start] = [now(), clock.monotonic()];
      const outcome = await operation(task, context);
      const facts = factsBetween(before, now(), (clock.monotonic() - start) / 1000);
      return { ...outcome, facts: { ...outcome.facts, ...facts } };
    };
  return {
    inputs: { ...inputs, level },
    store: (store) => ({ ...store, read: (...words) => time("answers", () => store.read(...words)) }),
    time,
    measured: (operations) => Object.fromEntries(Object.entries(operations).map(([name, one]) => [name, measure(one)])),
  };
}

/** Inputs of graphs decode on one thread. Answers that are waited for at the same time count once, as far as can be told. */
function factsBetween(before: Spent, after: Spent, seconds: number): TimedFacts {
  const between = (field: keyof Spent) => after[field] - before[field];
  const [reading, encode, store] = [between("reading"), between("encode"), between("store")];
  const decode = Math.min(between("decode"), reading);
  const wait = Math.min(between("wait"), reading - decode);
  const left = Math.max(0, seconds - reading - encode - store);
  const answers = Math.min(between("answers"), left);
  const phases: PhaseSeconds = {
    ...{ wait: wait + answers, decode, copy: reading - decode - wait },
    ...{ compute: left - answers, encode, store },
  };
  return { phases, requests: between("requests"), storedBytes: between("storedBytes") };
}

/** Counts what becomes of pieces as storing: from when their consumer has one to when it asks for the next, and from the last one until `end`. */
export function storing(time: Timing["time"]) {
  let end = async () => {};
  const begin = () => {
    let stop = () => {};
    const over = time("store", () => new Promise<void>((resolve) => (stop = resolve)));
    end = () => {
      stop();
      return over;
    };
  };
  async function* pieces(made: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of made) {
      begin();
      try {
        yield piece;
      } finally {
        await end();
      }
    }
    begin();
  }
  return { pieces, end: () => end() };
}
