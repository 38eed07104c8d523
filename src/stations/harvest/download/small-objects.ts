import { join } from "node:path";
import { cancelled } from "../../../core/cancel.js";
import type { Clock } from "../../../core/clock.js";
import type { HostPace, Paces } from "../../../net/pace.js";
import { absent, objectName } from "../../../stores/store.js";
import { type SmallFiles, type SmallRequest, type SmallResult, startSmallFiles } from "../transfer/small-files.js";
import { SMALL_BYTES } from "../transfer/small-messages.js";
import type { Manifest } from "./manifest.js";
import type { RemoteObject } from "./objects.js";

/** Number of small files before threads fetch the next ones: to start the threads takes some 50 ms. */
const SMALL_BEFORE_THREADS = 64;
/** Milliseconds in which a server that has asked for fewer requests gets them from its store alone, at the adapted pace. */
const CALM_MS = 30_000;
/** The most files of a host that go to a thread together, and the most bytes of them if they are several. */
const BATCH_FILES = 16;
const BATCH_BYTES = SMALL_BYTES;
/**
 * Batches that may wait for each connection of their host before no further object begins: with fewer a thread would wait for its
 * next batch.
 */
const BATCHES_AHEAD = 2;

const NO_ANSWER: ReadonlySet<SmallResult> = new Set(["store", "throttled", "stopped"]);

interface Asked {
  readonly request: SmallRequest;
  /** Size of the file in the listing, which may be rounded. */
  readonly bytes: number;
  over(result: SmallResult | Promise<never>): void;
}

/** Files that wait to be fetched from a host, and the use of its connections. */
interface Line {
  readonly host: HostPace;
  readonly waiting: Asked[];
  /** Callbacks that let further objects begin, called once there is room in `waiting`. */
  held: (() => void)[];
  /** Number of connections that fetch. */
  busy: number;
  calmUntilMs: number;
}

export interface SmallObjectsOptions {
  readonly dest: string;
  readonly sync: boolean;
  readonly clock: Clock;
  readonly pace: Paces;
  readonly manifest: Manifest;
  /** False: the first failure aborts the signal, and no file may be requested after it. */
  readonly keepGoing: boolean;
  /** After its abort no file is requested; files that had arrived are kept. */
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

  /** Throws the error unless the signal is aborted: a file that has arrived is kept, even if a stop cuts its turn short. */
  function unlessStopped(error: unknown): void {
    if (!signal.aborted) throw error;
  }

  return {
    /** Fetches one object; undefined where the store must do it. @throws {EmporiumError} STORE_ABSENT; CANCELLED; disk errors */
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

/** Queues of the files of each host, which go to the threads in batches as the host's connections are free. */
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
   * Takes the next batch for a thread from the queue. Under a limit of bytes or requests per second files go one by one, since
   * each has its turn. So they do where the first failure ends the run, since a thread does not know which answer is a failure.
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

  /** Fetches over one more connection until nothing waits, if the host has a free one. */
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
