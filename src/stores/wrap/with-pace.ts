import type { Clock } from "../../core/clock.js";
import { LIMITS } from "../../core/limits.js";
import { type HostPace, hostPace } from "../../net/pace.js";
import type { Entry, Store, Upload } from "../store.js";

const paces = new WeakMap<Clock, Map<string, HostPace>>();

/** The one pace of a host for all stores on it (for each clock, so that tests do not meet). */
export function storePace(host: string, clock: Clock, connections: number = LIMITS.requestsPerHost): HostPace {
  const hosts = paces.get(clock) ?? new Map<string, HostPace>();
  paces.set(clock, hosts);
  const pace = hosts.get(host) ?? hostPace(clock, { perSecond: Number.POSITIVE_INFINITY, connections });
  hosts.set(host, pace);
  return pace;
}

/** Every call waits for its turn at the host. A listing counts once, whatever its pages. */
export function withPace(store: Store, pace: HostPace): Store {
  const { local } = store;
  const stream = store.stream?.bind(store);
  return {
    url: store.url,
    features: store.features,
    stat: (key, options) => pace.run(() => store.stat(key, options), options?.signal),
    read: (key, range, options) => pace.run(() => store.read(key, range, options), options?.signal),
    write: (key, body, options) => pace.run(() => store.write(key, body, options), options?.signal),
    create: async (key, options) => paceUpload(await pace.run(() => store.create(key, options), options?.signal), pace),
    list: (prefix, options) => paceEntries(() => store.list(prefix, options), pace, options?.signal),
    children: (folder, options) => paceEntries(() => store.children(folder, options), pace, options?.signal),
    remove: (key, options) => pace.run(() => store.remove(key, options), options?.signal),
    openUploads: (key, options) => paceEntries(() => store.openUploads(key, options), pace, options?.signal),
    ...(stream && { stream: (key, from, options) => pace.run(() => stream(key, from, options), options?.signal) }),
    local,
  };
}

function paceUpload(upload: Upload, pace: HostPace): Upload {
  return {
    key: upload.key,
    token: upload.token,
    partBytesMin: upload.partBytesMin,
    parts: upload.parts,
    part: (number, body, options) => pace.run(() => upload.part(number, body, options), options?.signal),
    finish: (options) => pace.run(() => upload.finish(options), options?.signal),
    abort: () => pace.run(() => upload.abort()),
  };
}

/** The consumer may take its time between entries, so the turn is given back as soon as the first is there. */
async function* paceEntries<T extends Entry | { key: string; token: string }>(
  open: () => AsyncIterable<T>,
  pace: HostPace,
  signal?: AbortSignal,
): AsyncGenerator<T> {
  const iterator = open()[Symbol.asyncIterator]();
  try {
    let step = await pace.run(() => iterator.next(), signal);
    while (!step.done) {
      yield step.value;
      step = await iterator.next();
    }
  } finally {
    await iterator.return?.();
  }
}
