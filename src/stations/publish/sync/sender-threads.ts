import { availableParallelism } from "node:os";
import type { Clock } from "../../../core/clock.js";
import { LIMITS } from "../../../core/limits.js";
import type { LearntWay } from "../../../stores/s3/direct-put.js";
import type { S3Credentials } from "../../../stores/s3/sign.js";
import { startThread, type Thread } from "../../../system/threads.js";
import { type FromSender, type SenderJob, type SenderSetup, THREAD_BYTES, type ToSender } from "./sender-messages.js";
import type { WantedFile } from "./wanted.js";

/** Threads that send small files. */
export interface Senders {
  /**
   * Sends a file and returns the object's ETag. Undefined after a failure: the store then sends the file, with its retries and
   * errors.
   */
  send(file: WantedFile): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface SenderOptions extends Omit<SenderSetup, "facts"> {
  readonly clock: Clock;
  /** Number of threads. Default: one for each core, at most 8. */
  readonly threads?: number | undefined;
  /** Limit of all buffers: half of it is for threads. Default 512 MiB. */
  readonly memoryBytes?: number | undefined;
}

/** Milliseconds after a server's request for fewer requests during which the store sends the files, at its adapted pace. */
const CALM_MS = 30_000;
/** Milliseconds for which credentials are used before they are requested again. */
const CREDENTIALS_MS = 30_000;
const THREADS_MAX = 8;

/** @param memoryBytes limit of all buffers; a thread keeps up to `THREAD_BYTES`. */
function threadsFor(memoryBytes: number): number {
  return Math.max(1, Math.min(THREADS_MAX, availableParallelism(), Math.floor(memoryBytes / 2 / THREAD_BYTES)));
}

interface Sender {
  readonly thread: Thread<ToSender, FromSender>;
  outbox: SenderJob[];
  told: S3Credentials | undefined;
  running: number;
}

export function startSenders(
  { facts, credentials }: LearntWay,
  { clock, memoryBytes = LIMITS.memoryBytes, threads = threadsFor(memoryBytes), ...data }: SenderOptions,
): Senders {
  const waiting = new Map<number, (etag: string | undefined) => void>();
  let count = 0;
  let calmAtMs = Number.NEGATIVE_INFINITY;
  let known: { credentials: S3Credentials; untilMs: number } | undefined;
  let over = false;
  const entry = new URL("./sender-worker.js", import.meta.url);
  const senders = Array.from({ length: threads }, (): Sender => {
    const thread = startThread<ToSender, FromSender>({ entry, data: { facts, ...data } satisfies SenderSetup });
    const sender: Sender = { thread, outbox: [], told: undefined, running: 0 };
    thread.listen({
      heard(results) {
        for (const { id, etag, throttled } of results) {
          if (throttled) calmAtMs = clock.monotonic() + CALM_MS;
          settle(sender, id, etag);
        }
      },
      // the files of a thread that dies are sent without threads
      died: () => lose(sender),
    });
    return sender;
  });

  function settle(sender: Sender, id: number, etag: string | undefined): void {
    sender.running--;
    waiting.get(id)?.(etag);
    waiting.delete(id);
  }

  function giveAllBack(): void {
    for (const done of waiting.values()) done(undefined);
    waiting.clear();
  }

  function lose(sender: Sender): void {
    const at = senders.indexOf(sender);
    if (at < 0) return;
    senders.splice(at, 1);
    if (!over) giveAllBack();
  }

  async function flush(sender: Sender): Promise<void> {
    try {
      if (!known || clock.monotonic() >= known.untilMs)
        known = { credentials: await credentials(), untilMs: clock.monotonic() + CREDENTIALS_MS };
    } catch {
      for (const { id } of sender.outbox.splice(0)) settle(sender, id, undefined);
      return;
    }
    const { accessKeyId, secretAccessKey, sessionToken } = known.credentials;
    const fresh = sender.told !== known.credentials;
    const message: ToSender = {
      jobs: sender.outbox,
      ...(fresh ? { credentials: { accessKeyId, secretAccessKey, sessionToken } } : {}),
    };
    sender.told = known.credentials;
    sender.outbox = [];
    sender.thread.send(message);
  }

  return {
    async send({ path, key, size, modifiedMs }) {
      if (senders.length === 0 || over || clock.monotonic() < calmAtMs) return undefined;
      const sender = senders.reduce((least, other) => (other.running < least.running ? other : least));
      const id = count++;
      const done = new Promise<string | undefined>((resolve) => waiting.set(id, resolve));
      sender.running++;
      sender.outbox.push({ id, path, key, size, modifiedMs });
      // files of one turn of the event loop go in one message
      if (sender.outbox.length === 1) setImmediate(() => void flush(sender));
      return done;
    },
    async close() {
      over = true;
      await Promise.all([...senders].map(({ thread }) => thread.end()));
      giveAllBack();
    },
  };
}
