import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { EmporiumError, type ErrorRecord, fromErrorRecord } from "../core/errors.js";
import { turns } from "./parallel.js";

export interface ThreadOptions {
  /** The thread's module: `new URL("./worker.js", import.meta.url)`. */
  readonly entry: URL;
  /** `workerData` of the thread. */
  readonly data?: unknown;
  /** MiB for short-lived objects; Node's default is 48. */
  readonly youngMiB?: number | undefined;
  /** A thread may close files that another one has opened: what it has open is not closed when it ends. */
  readonly sharesFiles?: boolean | undefined;
  /** Discards what the thread prints: libraries print pages about faults that they report as well. */
  readonly silent?: boolean | undefined;
}

/** Listener of a thread. `died` is called at most once: INTERNAL, or CANCELLED where the thread was ended. */
interface ThreadListener<Out> {
  heard(message: Out): void;
  died(error: EmporiumError): void;
}

/** A worker thread and its messages. It does not keep the process alive unless `keepProcess` says so. */
export interface Thread<In, Out> {
  /** False after it has died or was ended. */
  readonly isAlive: boolean;
  send(message: In, transfer?: readonly ArrayBufferLike[]): void;
  /** Replaces the listener; undefined removes it. A thread that has died calls `died` at once. */
  listen(listener: ThreadListener<Out> | undefined): void;
  /** Whether the process waits for it. */
  keepProcess(wanted: boolean): void;
  /** Resolves when its memory is free. */
  end(): Promise<void>;
}

const HERE = new URL("../", import.meta.url).href;
const COMPILED = import.meta.url.endsWith(".ts") ? new URL("../../dist/", import.meta.url).href : HERE;

/**
 * Path of the file with which a thread or process is started. A worker of Node 20 needs JavaScript: where the sources run, as in
 * tests, it is the file that was compiled of them when the tests began. Where the program was bundled, it is the bundle, which
 * starts sooner: it opens one file instead of some fifty.
 */
export function compiled(entry: URL): string {
  if (!entry.href.startsWith(HERE)) return fileURLToPath(entry);
  const name = entry.href.slice(HERE.length);
  const bundle = new URL(`program/${name.replaceAll("/", ".")}`, COMPILED);
  return fileURLToPath(existsSync(bundle) ? bundle : new URL(name, COMPILED));
}

/** Starts a thread. Cost: some 40 ms of a core. */
export function startThread<In, Out>({ entry, data, youngMiB, sharesFiles, silent }: ThreadOptions): Thread<In, Out> {
  const worker = new Worker(compiled(entry), {
    workerData: data,
    execArgv: [],
    trackUnmanagedFds: !sharesFiles,
    ...(silent && { stdout: true, stderr: true }),
    ...(youngMiB !== undefined && { resourceLimits: { maxYoungGenerationSizeMb: youngMiB } }),
  });
  worker.unref();
  if (silent) for (const stream of [worker.stdout, worker.stderr]) stream.resume();
  let listener: ThreadListener<Out> | undefined;
  let dead: EmporiumError | undefined;
  let ended: Promise<unknown> | undefined;
  const die = (message: string, cause?: Error) => {
    if (dead || ended) return;
    dead = new EmporiumError("INTERNAL", message, {
      hint: "allow more memory, or use fewer threads: the thread may have run out of memory",
      ...(cause && { cause }),
    });
    listener?.died(dead);
  };
  worker.on("message", (message: Out) => listener?.heard(message));
  worker.on("error", (cause: Error) => die(`a worker thread died: ${cause.message}`, cause));
  worker.on("exit", () => die("a worker thread ended by itself"));
  return {
    get isAlive() {
      return !dead && !ended;
    },
    send: (message, transfer = []) => worker.postMessage(message, transfer as ArrayBuffer[]),
    listen(next) {
      listener = next;
      if (dead) next?.died(dead);
    },
    keepProcess(wanted) {
      if (wanted) worker.ref();
      else worker.unref();
    },
    async end() {
      if (!ended && !dead) listener?.died(new EmporiumError("CANCELLED", "a worker thread was ended in the middle of its work"));
      ended ??= worker.terminate();
      await ended;
    },
  };
}

/** The reply of `answerJobs` to a job. */
export type JobAnswer<Result> = { readonly result: Result } | { readonly error: ErrorRecord };

interface JobOptions {
  /** An aborted job ends its thread, and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Buffers of the job that are transferred to the thread. */
  readonly transfer?: readonly ArrayBufferLike[];
}

/** A thread that answers each job, one at a time. */
export interface JobThread<Job, Result> {
  readonly isAlive: boolean;
  /** @throws {EmporiumError} what the work throws; INTERNAL for a thread that died; the signal's reason. */
  run(job: Job, options?: JobOptions): Promise<Result>;
  end(): Promise<void>;
}

export function startJobThread<Job, Result>(options: ThreadOptions): JobThread<Job, Result> {
  const thread = startThread<Job, JobAnswer<Result>>(options);
  return {
    get isAlive() {
      return thread.isAlive;
    },
    run(job, { signal, transfer } = {}) {
      signal?.throwIfAborted();
      return new Promise<Result>((resolve, reject) => {
        const stop = () => {
          over();
          void thread.end().finally(() => reject(signal!.reason));
        };
        const over = () => {
          thread.listen(undefined);
          thread.keepProcess(false);
          signal?.removeEventListener("abort", stop);
        };
        thread.keepProcess(true);
        signal?.addEventListener("abort", stop, { once: true });
        thread.listen({
          heard(answer) {
            over();
            if ("error" in answer) reject(fromErrorRecord(answer.error));
            else resolve(answer.result);
          },
          died(error) {
            over();
            reject(error);
          },
        });
        thread.send(job, transfer);
      });
    },
    end: () => thread.end(),
  };
}

export interface PoolOptions extends ThreadOptions {
  /**
   * The most threads that work at once; further jobs are queued. Default: as many as there are jobs; the caller limits their
   * number.
   */
  readonly threadsMax?: number | undefined;
  /** Idle threads that are kept for later jobs. */
  readonly idleMax: number;
}

interface PoolJobOptions<Result = unknown> extends JobOptions {
  /** False for a job whose thread is not to stay, because of the memory it has taken: the answer comes when that is free. */
  readonly keep?: boolean | ((result: Result) => boolean) | undefined;
  /** False for a job whose thread does not stay when it fails. */
  readonly keepFailed?: boolean | undefined;
}

/** Threads of one kind, started when they are needed. */
export interface ThreadPool<Job, Result> {
  /**
   * @throws {EmporiumError} as {@link JobThread}. If a thread dies, only its own job fails.
   */
  run(job: Job, options?: PoolJobOptions<Result>): Promise<Result>;
  /** Ends threads that do nothing just now, with what they keep: later jobs start others. Resolves when their memory is free. */
  rest(): Promise<void>;
  /** Ends all threads. A process does not need it: idle ones do not keep it alive. */
  end(): Promise<void>;
}

export function threadPool<Job, Result>({
  threadsMax = Number.POSITIVE_INFINITY,
  idleMax,
  ...options
}: PoolOptions): ThreadPool<Job, Result> {
  const idle: JobThread<Job, Result>[] = [];
  const busy = new Set<JobThread<Job, Result>>();
  const turn = turns(threadsMax);

  async function release(thread: JobThread<Job, Result>, keep: boolean): Promise<void> {
    if (keep && thread.isAlive && idle.length < idleMax) idle.push(thread);
    else await thread.end();
    busy.delete(thread);
  }
  return {
    async run(job, { keep = true, keepFailed = true, ...jobOptions } = {}) {
      jobOptions.signal?.throwIfAborted();
      const leave = await turn();
      const thread = idle.pop() ?? startJobThread<Job, Result>(options);
      busy.add(thread);
      let stays = keep !== false && keepFailed;
      try {
        const result = await thread.run(job, jobOptions);
        stays = typeof keep === "function" ? keep(result) : keep;
        return result;
      } finally {
        await release(thread, stays);
        leave();
      }
    },
    async rest() {
      await Promise.all(idle.splice(0).map((thread) => thread.end()));
    },
    async end() {
      await Promise.all([...idle.splice(0), ...busy].map((thread) => thread.end()));
    },
  };
}
