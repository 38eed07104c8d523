import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import type { Clock } from "../../../core/clock.js";
import { EmporiumError } from "../../../core/errors.js";
import { fileError } from "../../../stores/file/errors.js";
import { fileSystemSync, syncPath } from "../../../stores/file/sync.js";
import type { ShortWay } from "../../../stores/short-way.js";
import { startThread, type Thread } from "../../../system/threads.js";
import { partPathOf } from "./part-paths.js";
import type { FromSmall, Kept, SmallBatch, SmallFile, SmallJob, SmallOutcome, ToSmall } from "./small-messages.js";

export type SmallRequest = Omit<SmallJob, "way"> & { readonly way: ShortWay };

/** A file that was fetched and checked, and has not got its name yet. */
export interface WrittenFile extends SmallFile {
  /**
   * Gives the file its name. Files that are kept while the disk is busy share one sync.
   *
   * @throws {EmporiumError} DISK_FULL, STORE_FAILED, by the error of the disk
   */
  keep(): Promise<void>;
}

/** A `SmallOutcome` whose file can be kept. */
export type SmallResult = WrittenFile | Exclude<SmallOutcome, SmallFile>;

/** Threads that fetch small files of web servers, each by one request. */
export interface SmallFiles {
  /**
   * Fetches files one after the other; several calls may run at a time. A message each way costs as much as a request, so calls
   * should have several files each.
   *
   * @returns the results in the order of the requests
   */
  fetch(requests: readonly SmallRequest[]): Promise<SmallResult[]>;
  /** Sends no more requests, and breaks off those in progress. Files that have arrived may be kept. */
  stop(): void;
  /** Ends the threads, and removes files that were written and not kept. */
  close(): Promise<void>;
}

export interface SmallFilesOptions {
  /** Folder of the destination; all targets are on its file system. */
  readonly dest: string;
  readonly sync: boolean;
  readonly clock: Clock;
  /** Number of threads. Default: one for each core, at most 4. */
  readonly threads?: number | undefined;
}

const THREADS_MAX = 4;
/** A sync waits for this many files, or this long: it is a process of its own, some 5 ms, and a commit of the file system. */
const GROUP_FILES = 512;
const GATHER_MS = 100;
/**
 * A sync of the whole file system may have to wait for the writes of other programs. After one that takes this long, and so much
 * more for each file, files are synced one by one.
 */
const LONG_SYNC_MS = 1_000;
const LONG_SYNC_MS_PER_FILE = 2;

/** The system's error for a file that could not get its name. */
type Fault = Kept["faults"] extends ReadonlyMap<string, infer F> ? F : never;

interface Waiting {
  readonly target: string;
  over(fault?: Fault | Error): void;
}

interface Sender {
  readonly thread: Thread<ToSmall, FromSmall>;
  readonly ways: Map<ShortWay, number>;
  outbox: { ways: ShortWay[]; batches: SmallBatch[] } | undefined;
  /** Number of files that the thread has been asked for and has not answered. */
  running: number;
}

export function startSmallFiles(options: SmallFilesOptions): SmallFiles {
  const { dest, sync, clock, threads = Math.min(THREADS_MAX, availableParallelism()) } = options;
  const disk = fileSystemSync(dest);
  const written = new Set<string>();
  let toKeep: Waiting[] = [];
  let keeping = false;
  let together = sync;
  let enough = () => {};
  const senders = smallSenders(threads, () => enough());

  function kept(target: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = (fault?: Fault | Error) => {
        if (fault) return reject(fileError(Object.assign(new Error(fault.message), fault), target, "written"));
        written.delete(target);
        resolve();
      };
      toKeep.push({ target, over });
      void keepAll();
      if (toKeep.length >= GROUP_FILES) enough();
    });
  }

  /** Names the files in groups, one after the other. Files that are kept meanwhile form the next group. */
  async function keepAll(): Promise<void> {
    if (keeping) return;
    keeping = true;
    while (toKeep.length > 0) {
      if (together && toKeep.length < GROUP_FILES && senders.isFetching()) await gathered();
      const group = toKeep;
      toKeep = [];
      try {
        const faults = await keepGroup(group.map(({ target }) => target));
        for (const { target, over } of group) over(faults.get(target));
      } catch (error) {
        for (const { over } of group) over(error as Error);
      }
    }
    keeping = false;
  }

  /** Resolves when a group is worth its sync: it has enough files, no other file is being fetched, or `GATHER_MS` have passed. */
  async function gathered(): Promise<void> {
    const over = new AbortController();
    await Promise.race([
      clock.sleep(GATHER_MS, over.signal).catch(() => {}),
      new Promise<void>((resolve) => {
        enough = resolve;
      }),
    ]);
    over.abort();
  }

  async function keepGroup(targets: readonly string[]): Promise<Kept["faults"]> {
    const beganMs = clock.monotonic();
    const synced = together && (await disk.sync());
    together = synced && clock.monotonic() - beganMs < LONG_SYNC_MS + LONG_SYNC_MS_PER_FILE * targets.length;
    const faults = await senders.named(targets, sync && !synced);
    if (sync) for (const folder of new Set(targets.map((target) => dirname(target)))) await syncPath(folder, "folder");
    return faults;
  }

  return {
    async fetch(requests) {
      const outcomes = await senders.fetch(requests);
      return requests.map(({ target }, at) => {
        const outcome = outcomes?.[at] ?? "store";
        if (typeof outcome === "string") return outcome;
        written.add(target);
        return { ...outcome, keep: () => kept(target) };
      });
    },
    stop: senders.stop,
    async close() {
      disk.close();
      await senders.end();
      for (const target of written) await rm(partPathOf(target), { force: true });
    },
  };
}

/** The threads, with the requests that they have not answered. @param idle called when no file is being fetched any more */
function smallSenders(threads: number, idle: () => void) {
  const fetching = new Map<number, { sender: Sender; over(outcomes: readonly SmallOutcome[] | undefined): void }>();
  const naming = new Map<number, { sender: Sender; over(faults: Kept["faults"] | Error): void }>();
  let count = 0;
  const senders = Array.from({ length: threads }, (): Sender => {
    const thread = startThread<ToSmall, FromSmall>({ entry: new URL("./small-worker.js", import.meta.url) });
    const sender: Sender = { thread, ways: new Map(), outbox: undefined, running: 0 };
    thread.listen({
      heard({ fetched, kept }) {
        for (const { id, outcomes } of fetched) {
          sender.running -= outcomes.length;
          taken(fetching, id)?.over(outcomes);
        }
        if (fetching.size === 0) idle();
        for (const { id, faults } of kept) taken(naming, id)?.over(faults);
      },
      died(error) {
        senders.splice(senders.indexOf(sender), 1);
        for (const [id, one] of fetching) if (one.sender === sender) taken(fetching, id)!.over(undefined);
        for (const [id, one] of naming) if (one.sender === sender) taken(naming, id)!.over(error);
      },
    });
    return sender;
  });

  /** Sends requests to a thread. Those of one turn of the event loop go in one message. */
  function post(sender: Sender, id: number, requests: readonly SmallRequest[]): void {
    if (!sender.outbox) {
      sender.outbox = { ways: [], batches: [] };
      setImmediate(() => {
        sender.thread.send(sender.outbox!);
        sender.outbox = undefined;
      });
    }
    const { ways, batches } = sender.outbox;
    const jobs = requests.map(({ way, ...job }) => {
      let known = sender.ways.get(way);
      if (known === undefined) {
        known = sender.ways.size;
        sender.ways.set(way, known);
        ways.push(way);
      }
      return { ...job, way: known };
    });
    batches.push({ id, jobs });
  }

  async function named(targets: readonly string[], syncEach: boolean): Promise<Kept["faults"]> {
    const share = Math.ceil(targets.length / senders.length);
    const shares = senders.map((sender, at) => ({ sender, targets: targets.slice(at * share, (at + 1) * share) }));
    if (shares.length === 0) throw new EmporiumError("INTERNAL", "the threads that fetch small files have died");
    const faults = await Promise.all(
      shares.map(
        ({ sender, targets }) =>
          new Promise<Kept["faults"]>((resolve, reject) => {
            const id = count++;
            naming.set(id, { sender, over: (found) => (found instanceof Error ? reject(found) : resolve(found)) });
            sender.thread.send({ keep: { id, targets, sync: syncEach } });
          }),
      ),
    );
    return new Map(faults.flatMap((some) => [...some]));
  }

  return {
    isFetching: () => fetching.size > 0,
    /** @returns undefined where no thread is left */
    fetch(requests: readonly SmallRequest[]): Promise<readonly SmallOutcome[] | undefined> {
      const sender = senders.reduce<Sender | undefined>(
        (least, other) => (least && least.running <= other.running ? least : other),
        undefined,
      );
      return new Promise<readonly SmallOutcome[] | undefined>((over) => {
        if (!sender) return over(undefined);
        const id = count++;
        sender.running += requests.length;
        fetching.set(id, { sender, over });
        post(sender, id, requests);
      });
    },
    named,
    stop() {
      for (const { thread } of senders) thread.send({ stop: true });
    },
    end: () => Promise.all([...senders].map(({ thread }) => thread.end())),
  };
}

function taken<T>(map: Map<number, T>, id: number): T | undefined {
  const found = map.get(id);
  map.delete(id);
  return found;
}
