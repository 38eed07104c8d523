import type { FolderFailure } from "./folder-facts.js";
import type { ScanThread, ScanThreads } from "./threads.js";
import type { Walked } from "./walk-job.js";

/**
 * Every folder of a tree, with the position of its block. Parallel arrays, since a million objects would need too much memory.
 */
export interface WalkedTree {
  paths: string[];
  /** Segment, the place in it, and the length, of each path. */
  segments: number[];
  offsets: number[];
  lengths: number[];
  totals: WalkTotals;
  failures: { path: string; failure: FolderFailure }[];
}

export interface WalkTotals {
  folders: number;
  files: number;
  bytes: number;
  /** Links, devices and other special files: recorded, never followed. */
  links: number;
  /** Folders that had not changed since an earlier scan. */
  reused: number;
}

/** Folders per job: so many that a thread is busy for a while, so few that others get some. */
const HANDFUL = 64;

/**
 * Lists a tree with several threads. Each lists some folders and those below them for a while, and returns the rest. So no thread
 * waits for the one with the largest species, and the list of waiting folders stays short.
 */
export async function walkTree(
  threads: ScanThreads,
  signal: AbortSignal | undefined,
  onProgress: (totals: Readonly<WalkTotals>, at: string) => void,
): Promise<WalkedTree> {
  const tree: WalkedTree = {
    paths: [],
    segments: [],
    offsets: [],
    lengths: [],
    totals: { folders: 0, files: 0, bytes: 0, links: 0, reused: 0 },
    failures: [],
  };
  const waiting = [""];
  const pace: Pace = { ms: 0, names: 0 };
  let idle: (() => void)[] = [];
  let busy = 0;
  const wake = () => {
    for (const go of idle) go();
    idle = [];
  };
  const work = async (thread: ScanThread, segment: number): Promise<void> => {
    for (;;) {
      signal?.throwIfAborted();
      if (waiting.length === 0) {
        if (busy === 0) return wake();
        await new Promise<void>((go) => idle.push(go));
        continue;
      }
      const share = Math.max(1, Math.min(HANDFUL, Math.ceil(waiting.length / (2 * threads.all.length))));
      busy++;
      try {
        const answer = await thread.run({ kind: "walk", folders: waiting.splice(-share) });
        if (answer.kind === "walk") {
          take(tree, answer.walked, segment);
          for (const path of answer.walked.rest) waiting.push(path);
          const more = waiting.length > threads.all.length && isSlow(pace, answer.walked) ? threads.grow() : undefined;
          if (more) begin(more);
          onProgress(tree.totals, tree.paths.at(-1) ?? "");
        }
      } finally {
        busy--;
        wake();
      }
    }
  };
  let begin: (thread: ScanThread) => void = () => {};
  await new Promise<void>((resolve, reject) => {
    let [begun, ended] = [0, 0];
    begin = (thread) => {
      work(thread, begun++).then(() => {
        if (++ended === begun) resolve();
      }, reject);
    };
    for (const thread of [...threads.all]) begin(thread);
  });
  await Promise.all(threads.all.map((thread) => thread.run({ kind: "flush" })));
  return tree;
}

/** The time per name so far, without unchanged folders. */
interface Pace {
  ms: number;
  names: number;
}

/** A name takes some microseconds from the file cache, some tens on a busy machine, hundreds from a network drive. */
const SLOW_MS = 0.15;
/** Names between two decisions. */
const SAMPLE = 2_000;

function isSlow(pace: Pace, { ms, files, paths, reused }: Walked): boolean {
  if (reused > 0) return false;
  pace.ms += ms;
  pace.names += files + paths.length;
  if (pace.names < SAMPLE) return false;
  const slow = pace.ms / pace.names > SLOW_MS;
  Object.assign(pace, { ms: 0, names: 0 });
  return slow;
}

function take(tree: WalkedTree, walked: Walked, segment: number): void {
  for (const [at, path] of walked.paths.entries()) {
    tree.paths.push(path);
    tree.segments.push(segment);
    tree.offsets.push(walked.offsets[at]!);
    tree.lengths.push(walked.lengths[at]!);
  }
  const { totals } = tree;
  totals.folders += walked.paths.length;
  totals.files += walked.files;
  totals.bytes += walked.bytes;
  totals.links += walked.links;
  totals.reused += walked.reused;
  for (const failure of walked.failures) tree.failures.push(failure);
}
