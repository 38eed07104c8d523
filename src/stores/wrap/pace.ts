import type { Clock } from "../../core/clock.js";
import { isEmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import type { Entry, Store, Upload } from "../store.js";

/** How fast one host may be called: shared by every store on it. */
export interface Pacer {
  /** Waits for its turn, then runs the request and learns from how it ends. */
  run<T>(request: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Requests a second allowed now; Infinity until the host has ever throttled. */
  readonly perSecond: number;
}

export interface PaceOptions {
  clock: Clock;
  /** Requests in flight. */
  inFlight?: number | undefined;
  /** Requests a second to begin with. Default: no limit. */
  perSecond?: number | undefined;
}

/** A pause without throttling after which the rate grows by a tenth. */
const CALM_MS = 5_000;
/** Requests that were on their way when the rate was halved say nothing about the new rate. */
const SETTLE_MS = 1_000;
const PER_SECOND_MIN = 0.5;
/** Above this the limit does not matter any more. */
const PER_SECOND_FREE = 2_000;

export function makePacer({
  clock,
  inFlight = LIMITS.requestsPerHost,
  perSecond = Number.POSITIVE_INFINITY,
}: PaceOptions): Pacer {
  let rate = perSecond;
  let running = 0;
  let nextMs = 0;
  let halvedMs = Number.NEGATIVE_INFINITY;
  let calmSinceMs = clock.monotonic();
  let starts: number[] = [];
  const waiting: (() => void)[] = [];

  async function enter(signal: AbortSignal | undefined): Promise<void> {
    while (running >= inFlight) await new Promise<void>((wake) => waiting.push(wake));
    running++;
    try {
      grow();
      const now = clock.monotonic();
      const startMs = Math.max(now, nextMs);
      nextMs = Number.isFinite(rate) ? startMs + 1000 / rate : startMs;
      if (startMs > now) await clock.sleep(startMs - now, signal);
      starts.push(clock.monotonic());
      if (starts.length > 4 * PER_SECOND_FREE) starts = starts.slice(-PER_SECOND_FREE);
    } catch (error) {
      leave();
      throw error;
    }
  }

  function leave(): void {
    running--;
    waiting.shift()?.();
  }

  function grow(): void {
    const calm = Math.floor((clock.monotonic() - calmSinceMs) / CALM_MS);
    if (!Number.isFinite(rate) || calm < 1) return;
    rate *= 1.1 ** Math.min(calm, 200);
    calmSinceMs += calm * CALM_MS;
    if (rate > PER_SECOND_FREE) rate = Number.POSITIVE_INFINITY;
  }

  function halve(retryAfterMs: number | undefined): void {
    const now = clock.monotonic();
    if (retryAfterMs !== undefined) nextMs = Math.max(nextMs, now + retryAfterMs);
    calmSinceMs = now;
    if (now - halvedMs < SETTLE_MS) return;
    const lastSecond = starts.filter((start) => start > now - 1000).length;
    rate = Math.max(PER_SECOND_MIN, Math.min(rate, Math.max(lastSecond, 1)) / 2);
    halvedMs = now;
    nextMs = Math.max(nextMs, now + 1000 / rate);
  }

  return {
    get perSecond() {
      return rate;
    },
    async run(request, signal) {
      await enter(signal);
      try {
        return await request();
      } catch (error) {
        if (isEmporiumError(error) && error.code === "STORE_THROTTLED") halve(error.facts.retryAfterMs);
        throw error;
      } finally {
        leave();
      }
    },
  };
}

const pacers = new WeakMap<Clock, Map<string, Pacer>>();

/** The one pacer of a host (for each clock, so that tests do not meet). */
export function pacerOf(host: string, options: PaceOptions): Pacer {
  const hosts = pacers.get(options.clock) ?? new Map<string, Pacer>();
  pacers.set(options.clock, hosts);
  const pacer = hosts.get(host) ?? makePacer(options);
  hosts.set(host, pacer);
  return pacer;
}

/** Every call waits for its turn at the host. A listing counts once, whatever its pages. */
export function withPace(store: Store, pacer: Pacer): Store {
  const { local } = store;
  const stream = store.stream?.bind(store);
  return {
    url: store.url,
    features: store.features,
    stat: (key, options) => pacer.run(() => store.stat(key, options), options?.signal),
    read: (key, range, options) => pacer.run(() => store.read(key, range, options), options?.signal),
    write: (key, body, options) => pacer.run(() => store.write(key, body, options), options?.signal),
    create: async (key, options) => paceUpload(await pacer.run(() => store.create(key, options), options?.signal), pacer),
    list: (prefix, options) => paceEntries(() => store.list(prefix, options), pacer, options?.signal),
    children: (folder, options) => paceEntries(() => store.children(folder, options), pacer, options?.signal),
    remove: (key, options) => pacer.run(() => store.remove(key, options), options?.signal),
    openUploads: (key, options) => paceEntries(() => store.openUploads(key, options), pacer, options?.signal),
    ...(stream && { stream: (key, from, options) => pacer.run(() => stream(key, from, options), options?.signal) }),
    local,
  };
}

function paceUpload(upload: Upload, pacer: Pacer): Upload {
  return {
    key: upload.key,
    token: upload.token,
    partBytesMin: upload.partBytesMin,
    parts: upload.parts,
    part: (number, body, options) => pacer.run(() => upload.part(number, body, options), options?.signal),
    finish: (options) => pacer.run(() => upload.finish(options), options?.signal),
    abort: () => pacer.run(() => upload.abort()),
  };
}

/** The consumer may take its time between entries, so the turn is given back as soon as the first is there. */
async function* paceEntries<T extends Entry | { key: string; token: string }>(
  open: () => AsyncIterable<T>,
  pacer: Pacer,
  signal?: AbortSignal,
): AsyncGenerator<T> {
  const iterator = open()[Symbol.asyncIterator]();
  try {
    let step = await pacer.run(() => iterator.next(), signal);
    while (!step.done) {
      yield step.value;
      step = await iterator.next();
    }
  } finally {
    await iterator.return?.();
  }
}
