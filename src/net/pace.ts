import type { Clock } from "../core/clock.js";
import { isEmporiumError } from "../core/errors.js";

/** The limits of requests to one host. All parts of a run that ask it share them. */
export interface HostPace {
  /** Waits for a connection and for the turn of one request, and learns from how that ends: STORE_THROTTLED lowers the pace. */
  run<T>(request: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Waits for one of the host's connections. Call what it gives when the body has ended. */
  connect(signal?: AbortSignal): Promise<() => void>;
  /** Waits for the turn of one request. Call what it gives once the reply's head is there, or the request has failed. */
  request(signal?: AbortSignal): Promise<() => void>;
  /** The host asks to be called less often (429, 503, FTP 421): its pace halves at once, and grows by a tenth each calm 5 s. */
  throttled(retryAfterMs?: number): void;
  /** Notes that something came from the host. */
  answered(): void;
  /** Time at which something came last; `undefined`: never in this run. */
  readonly answeredMs: number | undefined;
  /** Requests in a second that are allowed at this moment. */
  readonly perSecond: number;
  readonly connections: number;
}

/** The paces of one run: requests and connections of each host, bytes of all of them together. */
export interface Paces {
  host(url: string, name?: string): HostPace;
  /** Bytes came: waits until they fit the limit. */
  take(bytes: number, signal?: AbortSignal): Promise<void>;
  /** Whether there is a limit of bytes at all. */
  readonly limited: boolean;
}

export interface PacesOptions {
  clock: Clock;
  /** Limit for all hosts together (`--limit`). Default: none. */
  bytesPerSecond?: number | undefined;
  /** Limit for each host (`--rate`), in place of what is known of it. */
  requestsPerSecond?: number | undefined;
  /** Limit for each host (`--connections`), in place of what is known of it. */
  connectionsPerHost?: number | undefined;
  /** Processes that work side by side, and leave each other their share of all of these. Default 1: this one alone. */
  sharers?: number | undefined;
}

/**
 * Requests in a second that hosts ask of their users, or were seen to bear (spec: IDR and EBI throttle above 4 requests in a
 * second).
 */
export const HOST_PER_SECOND: Readonly<Record<string, number>> = {
  "ftp.ebi.ac.uk": 4,
  "www.ebi.ac.uk": 4,
  "idr.openmicroscopy.org": 4,
};
const CONNECTIONS = 8;
/** Servers that give each connection little, and bear many. */
const HOST_CONNECTIONS: Readonly<Record<string, number>> = { "documents.epfl.ch": 16 };
/** FTP servers count logins, and refuse the third or fifth of one address. */
const FTP_CONNECTIONS = 2;
/** A disk of this machine: only as many reads at a time as help. */
const FILE_CONNECTIONS = 4;

const WINDOW_MS = 1000;
const CALM_MS = 5_000;
const GROWTH = 1.1;
/** Requests that were under way when the pace was halved say nothing about the new one. */
const SETTLE_MS = 1_000;
const PER_SECOND_MIN = 0.5;
/** Requests in a second above which a limit does not matter any more. */
const PER_SECOND_FREE = 2_000;
/** Share of a second's bytes that may come at once. */
const BURST_SHARE = 0.1;

export function makePaces(options: PacesOptions): Paces {
  const { clock, sharers = 1 } = options;
  const bytesPerSecond = (options.bytesPerSecond ?? Number.POSITIVE_INFINITY) / sharers;
  const hosts = new Map<string, HostPace>();
  const limited = Number.isFinite(bytesPerSecond);
  /** Time at which the bytes that came so far would have come at the limit's speed. */
  let paidMs = Number.NEGATIVE_INFINITY;

  return {
    limited,
    host(url, name) {
      const { scheme, host } = placeOf(url);
      const known = name ?? host;
      const key = `${scheme === "ftp" ? "ftp " : ""}${known}`;
      const perSecond =
        options.requestsPerSecond ?? (scheme === "file" ? undefined : HOST_PER_SECOND[known]) ?? Number.POSITIVE_INFINITY;
      const connections = options.connectionsPerHost ?? HOST_CONNECTIONS[known] ?? connectionsOf(scheme);
      const share = { perSecond: perSecond / sharers, connections: Math.max(1, Math.floor(connections / sharers)) };
      const pace = hosts.get(key) ?? hostPace(clock, share);
      hosts.set(key, pace);
      return pace;
    },
    async take(bytes, signal) {
      if (!limited) return;
      const now = clock.monotonic();
      paidMs = Math.max(paidMs, now - WINDOW_MS * BURST_SHARE) + (bytes / bytesPerSecond) * 1000;
      if (paidMs > now) await clock.sleep(paidMs - now, signal);
    },
  };
}

function connectionsOf(scheme: string): number {
  return scheme === "ftp" ? FTP_CONNECTIONS : scheme === "file" ? FILE_CONNECTIONS : CONNECTIONS;
}

function placeOf(url: string): { scheme: string; host: string } {
  if (!URL.canParse(url)) return { scheme: "", host: url };
  const { protocol, host } = new URL(url);
  return { scheme: protocol.slice(0, -1), host };
}

/** The most that a host bears. */
export interface PaceCeiling {
  /** Requests in a second. Infinity: as many as the host takes until it throttles. */
  perSecond: number;
  /** Requests, or bodies, under way. Default: no limit. */
  connections?: number | undefined;
  /** The span in which `perSecond` is held, in milliseconds. A shorter one keeps requests further apart. Default: a second. */
  windowMs?: number | undefined;
}

/**
 * A host gets at most `perSecond` requests in any window of one second. A place in the window is free one second after its reply
 * came: the host has received the request by then.
 */
export function hostPace(
  clock: Clock,
  { perSecond, connections = Number.POSITIVE_INFINITY, windowMs = WINDOW_MS }: PaceCeiling,
): HostPace {
  const places = connectionPlaces(connections);
  const window = requestWindow(clock, perSecond, windowMs, grow);
  let halvedMs = Number.NEGATIVE_INFINITY;
  let calmSinceMs = clock.monotonic();
  let answeredMs: number | undefined;

  function grow(): void {
    const calm = Math.floor((clock.monotonic() - calmSinceMs) / CALM_MS);
    if (calm < 1) return;
    calmSinceMs += calm * CALM_MS;
    window.grow(calm);
    places.grow(calm);
  }

  const pace: HostPace = {
    get perSecond() {
      return window.rate;
    },
    get connections() {
      return places.allowed;
    },
    get answeredMs() {
      return answeredMs;
    },
    answered() {
      answeredMs = clock.monotonic();
    },
    async run(request, signal) {
      const release = await pace.connect(signal);
      try {
        const replied = await pace.request(signal);
        try {
          return await request();
        } catch (error) {
          if (isEmporiumError(error) && error.code === "STORE_THROTTLED") pace.throttled(error.facts.retryAfterMs);
          throw error;
        } finally {
          replied();
        }
      } finally {
        release();
      }
    },
    async connect(signal) {
      grow();
      const release = await places.take(signal);
      return () => {
        grow();
        release();
      };
    },
    request: (signal) => window.request(signal),
    throttled(retryAfterMs) {
      if (retryAfterMs !== undefined) window.pause(retryAfterMs);
      const now = clock.monotonic();
      calmSinceMs = now;
      if (now - halvedMs < SETTLE_MS) return;
      halvedMs = now;
      window.halve();
      places.halve();
    },
  };
  return pace;
}

/** At most `ceiling` connections at once, handed on in turn. */
function connectionPlaces(ceiling: number) {
  let allowed = ceiling;
  let open = 0;
  const waiting: (() => void)[] = [];

  function wake(): void {
    for (let free = allowed - open; free > 0 && waiting.length > 0; free--) waiting.shift()!();
  }

  function turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        const at = waiting.indexOf(go);
        if (at >= 0) waiting.splice(at, 1);
        reject(signal?.reason);
      };
      const go = () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      };
      waiting.push(go);
      signal?.addEventListener("abort", stop, { once: true });
    });
  }

  return {
    get allowed() {
      return allowed;
    },
    async take(signal: AbortSignal | undefined): Promise<() => void> {
      while (open >= allowed) {
        signal?.throwIfAborted();
        await turn(signal);
      }
      open++;
      let over = false;
      return () => {
        if (over) return;
        over = true;
        open--;
        wake();
      };
    },
    grow(steps: number): void {
      allowed = Math.min(ceiling, allowed + steps);
      wake();
    },
    halve(): void {
      allowed = Math.max(1, Math.ceil(Math.min(allowed, Math.max(1, open)) / 2));
    },
  };
}

/** @param grow called before a turn is given: the rate may have to grow. */
function requestWindow(clock: Clock, ceiling: number, windowMs: number, grow: () => void) {
  let rate = ceiling;
  /** Requests whose reply has not come, and when the last replies came, oldest first: together what a window holds. */
  let asked = 0;
  let replies: number[] = [];
  let lastStartMs = Number.NEGATIVE_INFINITY;
  let notBeforeMs = Number.NEGATIVE_INFINITY;
  let queue: Promise<unknown> = Promise.resolve();
  let queued = 0;
  let onReply: (() => void) | undefined;

  /** Milliseconds until the next request may start; Infinity: until a reply comes. */
  function waitMs(): number {
    grow();
    const now = clock.monotonic();
    if (notBeforeMs > now) return notBeforeMs - now;
    if (!Number.isFinite(rate)) return 0;
    const inWindow = (rate * windowMs) / 1000;
    const spacingMs = inWindow < 1 ? 1000 / rate : 0;
    if (lastStartMs + spacingMs > now) return lastStartMs + spacingMs - now;
    while (replies.length > 0 && replies[0]! <= now - windowMs) replies.shift();
    const room = Math.max(1, Math.floor(inWindow)) - asked - replies.length;
    if (room > 0) return 0;
    return replies.length > 0 ? replies[0]! + windowMs - now : Number.POSITIVE_INFINITY;
  }

  function begin(): () => void {
    asked++;
    lastStartMs = clock.monotonic();
    let over = false;
    return () => {
      if (over) return;
      over = true;
      asked--;
      replies.push(clock.monotonic());
      if (replies.length > 2 * PER_SECOND_FREE) replies = replies.slice(-PER_SECOND_FREE);
      onReply?.();
    };
  }

  /** Resolves when a reply comes, or the work is cancelled. */
  function nextReply(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        signal?.removeEventListener("abort", go);
        resolve();
      };
      onReply = go;
      signal?.addEventListener("abort", go, { once: true });
    });
  }

  async function takeTurn(signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const ms = waitMs();
      if (ms <= 0) return;
      if (Number.isFinite(ms)) await clock.sleep(Math.ceil(ms), signal);
      else await nextReply(signal);
    }
  }

  return {
    get rate() {
      return rate;
    },
    async request(signal: AbortSignal | undefined): Promise<() => void> {
      signal?.throwIfAborted();
      if (queued === 0 && waitMs() <= 0) return begin();
      queued++;
      const mine = queue.then(() => takeTurn(signal)).then(begin);
      queue = mine.catch(() => {});
      try {
        return await mine;
      } finally {
        queued--;
      }
    },
    pause(ms: number): void {
      notBeforeMs = Math.max(notBeforeMs, clock.monotonic() + ms);
    },
    grow(steps: number): void {
      if (rate >= ceiling) return;
      rate = Math.min(ceiling, rate * GROWTH ** Math.min(steps, 200));
      if (rate > PER_SECOND_FREE) rate = ceiling;
    },
    halve(): void {
      const now = clock.monotonic();
      const lastSecond = replies.filter((at) => at > now - 1000).length + asked;
      rate = Math.max(PER_SECOND_MIN, Math.min(rate, Math.max(1, lastSecond)) / 2);
    },
  };
}
