import { join } from "node:path";
import { cancelled } from "../../../core/cancel.js";
import type { Clock } from "../../../core/clock.js";
import type { HostPace, Paces } from "../../../net/pace.js";
import { absent, objectName } from "../../../stores/store.js";
import { type SmallFiles, type SmallRequest, type SmallResult, startSmallFiles } from "../transfer/small-files.js";
import { SMALL_BYTES } from "../transfer/small-messages.js";
import type { Manifest } from "./manifest.js";
import type { RemoteObject } from "./objects.js";

/** Threads cost some 50 ms, which so many files are worth. */
const SMALL_BEFORE_THREADS = 64;
/** After a server has asked for fewer requests, its store asks, at the adapted pace. */
const CALM_MS = 30_000;
/** So many files of a host go to a thread together, or so many bytes of them. */
const BATCH_FILES = 16;
const BATCH_BYTES = SMALL_BYTES;
/** So many wait for a connection of their host before no further object begins: with fewer a thread would wait for its next batch. */
const BATCHES_AHEAD = 2;

const NO_ANSWER: ReadonlySet<SmallResult> = new Set(["store", "throttled", "stopped"]);

interface Asked {
  readonly request: SmallRequest;
  /** As far as the listing tells. */
  readonly bytes: number;
  over(result: SmallResult | Promise<never>): void;
}

/** What is to be fetched from a host. */
interface Line {
  readonly host: HostPace;
  readonly waiting: Asked[];
  /** Called once there is room in `waiting`. */
  held: (() => void)[];
  /** Connections that fetch. */
  busy: number;
  calmUntilMs: number;
}

export interface SmallObjectsOptions {
  readonly dest: string;
  readonly sync: boolean;
  readonly clock: Clock;
  readonly pace: Paces;
  readonly manifest: Manifest;
  /** False: the first failure aborts the signal, and no file may be asked for after it. */
  readonly keepGoing: boolean;
  /** Nothing is asked for after it; what had come is kept. */
  readonly signal: AbortSignal;
}

export interface SmallFetch {
  /** The object's folder was made in this run. */
  readonly isNewFolder: boolean;
  /** Lets the next object begin before this one is over. */
  free(): void;
}

/** Fetches small files of web servers by threads, once there are some. */
export function smallObjects({ dest, sync, clock, pace, manifest, keepGoing, signal }: SmallObjectsOptions) {
  let files: SmallFiles | undefined;
  let count = 0;
  const lines = hostLines({ clock, pace, keepGoing, signal }, () => (files ??= started()));

  function started(): SmallFiles {
    const started = startSmallFiles({ dest, sync, clock });
    signal.addEventListener("abort", () => started.stop(), { once: true });
    return started;
  }

  /** What has come is kept, however short a stop cuts its turn. */
  function unlessStopped(error: unknown): void {
    if (!signal.aborted) throw error;
  }

  return {
    /** Undefined where the store must fetch it. @throws {EmporiumError} STORE_ABSENT; CANCELLED; what the disk says */
    async fetch(object: RemoteObject, expected: RemoteObject["checksum"], { isNewFolder, free }: SmallFetch) {
      const { store, key, requestLimits, size, roundedSize, rel, modifiedMs } = object;
      const way = store.shortWay;
      const bytes = size ?? roundedSize ?? Number.POSITIVE_INFINITY;
      if (!way || bytes > Math.min(SMALL_BYTES, requestLimits.segmentBytes ?? SMALL_BYTES)) return undefined;
      // an earlier file of that name is another one, or this one: which of them, is to be found out
      if (count++ < SMALL_BEFORE_THREADS || manifest.get(rel)) return undefined;
      const line = lines.of(pace.host(store.url, requestLimits.paceHost));
      if (clock.monotonic() < line.calmUntilMs) return undefined;
      files ??= started();
      const request: SmallRequest = {
        way,
        key,
        name: objectName(store, key),
        target: join(dest, rel),
        isNewFolder,
        size,
        modifiedMs,
        checksum: expected?.value,
        checksumFrom: expected?.from,
      };
      const result = await new Promise<SmallResult>((over) => {
        line.waiting.push({ request, bytes, over });
        if (lines.isFull(line)) line.held.push(free);
        else if (!pace.limited) free();
        void lines.fetchWaiting(line);
      });
      if (result === "absent") throw absent(store, key);
      if (result === "stopped") throw cancelled(signal);
      if (typeof result === "string") return undefined;
      if (pace.limited && !signal.aborted) await pace.take(result.size, signal).catch(unlessStopped);
      free();
      await result.keep();
      return { ...result, status: "fetched" as const };
    },
    close: () => files?.close(),
  };
}

/** What waits for each host, and goes to the threads in batches as its connections are free. */
function hostLines(
  { clock, pace, keepGoing, signal }: Pick<SmallObjectsOptions, "clock" | "pace" | "keepGoing" | "signal">,
  files: () => SmallFiles,
) {
  const lines = new Map<HostPace, Line>();

  function of(host: HostPace): Line {
    const line = lines.get(host) ?? { host, waiting: [], held: [], busy: 0, calmUntilMs: Number.NEGATIVE_INFINITY };
    lines.set(host, line);
    return line;
  }

  const isFull = ({ host, waiting }: Line) => waiting.length > host.connections * BATCH_FILES * BATCHES_AHEAD;

  /**
   * Takes what goes to a thread now. Files of a limited host go one by one: each has its turn. So do files where a failure is the end: a thread does
   * not know which of its answers is one.
   */
  function batchOf(line: Line): Asked[] {
    const { host, waiting } = line;
    const isSingle = !keepGoing || pace.limited || Number.isFinite(host.perSecond);
    const share = isSingle ? 1 : Math.ceil(waiting.length / host.connections);
    let length = 0;
    for (let bytes = 0; length < Math.min(BATCH_FILES, share); length++) {
      bytes += waiting[length]!.bytes;
      if (length > 0 && bytes > BATCH_BYTES) break;
    }
    const batch = waiting.splice(0, length);
    if (!isFull(line)) for (const free of line.held.splice(0)) free();
    return batch;
  }

  async function fetchBatch(line: Line): Promise<void> {
    const { host } = line;
    const release = await host.connect(signal);
    const batch = batchOf(line);
    const replied: (() => void)[] = [];
    try {
      for (const _ of batch) replied.push(await host.request(signal));
      // another batch may have met it while this one waited
      const isCalm = clock.monotonic() < line.calmUntilMs;
      const results = isCalm || batch.length === 0 ? [] : await files().fetch(batch.map(({ request }) => request));
      if (results.includes("throttled")) line.calmUntilMs = clock.monotonic() + CALM_MS;
      if (results.some((result) => !NO_ANSWER.has(result))) host.answered();
      for (const [at, { over }] of batch.entries()) over(results[at] ?? "store");
    } catch (error) {
      for (const { over } of batch) over(Promise.reject(error));
    } finally {
      for (const one of replied) one();
      release();
    }
  }

  /** Fetches by one connection more until nothing waits, if the host has one. */
  async function fetchWaiting(line: Line): Promise<void> {
    if (line.busy >= line.host.connections) return;
    line.busy++;
    while (line.waiting.length > 0) {
      try {
        await fetchBatch(line);
      } catch (error) {
        for (const { over } of line.waiting.splice(0)) over(Promise.reject(error));
      }
    }
    line.busy--;
  }

  return { of, isFull, fetchWaiting };
}
