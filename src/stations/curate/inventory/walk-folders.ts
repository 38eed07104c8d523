import { closeSync, openSync, readSync, writeSync } from "node:fs";
import type { Clock } from "../../../core/clock.js";
import { errnoOf } from "../../../stores/file/errors.js";
import { type BlockRef, blocksOf } from "./block-table.js";
import type { FolderRecord } from "./folder-facts.js";
import { decodeFolder, decodeHead, encodeFolder, type FolderTotals, totalsOf } from "./folder-record.js";
import { type FolderStat, listFolder, statFolder, toUs } from "./list-folder.js";
import type { ThreadSetup, Walked } from "./walk-job.js";

/** A thread gives back what it has not reached after this time, so that idle ones get their share. */
const SHARE_MS = 25;
const FLUSH_BYTES = 1024 * 1024;

/** What one thread does of a walk: lists folders, and those below them for a while, into its own segment. */
export class FolderWalk {
  readonly #setup: ThreadSetup;
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #segment: number;
  readonly #known: (number | undefined)[] = [];
  #pending: (string | Uint8Array)[] = [];
  #pendingBytes = 0;
  #offset = 0;

  constructor(setup: ThreadSetup & { segment: string }, clock: Pick<Clock, "monotonic">) {
    this.#setup = setup;
    this.#clock = clock;
    this.#segment = openSync(setup.segment, "wx");
  }

  walk(folders: readonly string[]): Walked {
    const walked: Walked = {
      paths: [],
      offsets: [],
      lengths: [],
      files: 0,
      bytes: 0,
      ms: 0,
      reused: 0,
      links: 0,
      failures: [],
      rest: [],
    };
    const stack = [...folders];
    const began = this.#clock.monotonic();
    while (stack.length > 0 && this.#clock.monotonic() < began + SHARE_MS) this.#one(stack.pop()!, stack, walked);
    walked.ms = this.#clock.monotonic() - began;
    walked.rest = stack;
    return walked;
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    writeSync(
      this.#segment,
      Buffer.concat(this.#pending.map((piece) => (typeof piece === "string" ? Buffer.from(piece) : piece))),
    );
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  close(): void {
    this.flush();
    closeSync(this.#segment);
    for (const file of this.#known) if (file !== undefined) closeSync(file);
  }

  #one(rel: string, stack: string[], walked: Walked): void {
    const { root, full, startedMs } = this.#setup;
    const path = rel === "" ? root || "/" : `${root}/${rel}`;
    let stat: FolderStat | undefined;
    try {
      stat = statFolder(path, rel === "");
    } catch (error) {
      walked.failures.push({ path: rel, failure: { errno: errnoOf(error) ?? "EIO" } });
      return;
    }
    if (!stat) return;
    const known = this.#find(rel);
    const same = known?.ref.settled && known.ref.mtimeUs === toUs(stat.mtimeMs) && known.ref.ctimeUs === toUs(stat.ctimeMs);
    const head = known && same && !full ? decodeHead(known.block) : undefined;
    if (known && head) {
      this.#put(rel, known.block, head.totals, walked);
      walked.reused++;
      descend(rel, head.folders, stack);
      return;
    }
    const record = listFolder(path, rel, stat, startedMs, known && decodeFolder(known.block.toString()));
    if (record.failure) walked.failures.push({ path: rel, failure: record.failure });
    this.#put(rel, encodeFolder(record), totalsOf(record.files), walked);
    descend(rel, record.folders, stack);
  }

  #put(rel: string, block: string | Uint8Array, { files, bytes, links }: FolderTotals, walked: Walked): void {
    const length = typeof block === "string" ? Buffer.byteLength(block) : block.length;
    walked.paths.push(rel);
    walked.offsets.push(this.#offset);
    walked.lengths.push(length);
    walked.files += files;
    walked.bytes += bytes;
    walked.links += links;
    this.#pending.push(block);
    this.#pendingBytes += length;
    this.#offset += length;
    if (this.#pendingBytes >= FLUSH_BYTES) this.flush();
  }

  #find(rel: string): { ref: BlockRef; block: Buffer } | undefined {
    const { known } = this.#setup;
    const start = `{"p":${JSON.stringify(rel)},`;
    for (const ref of blocksOf({ memory: known.table }, rel)) {
      this.#known[ref.file] ??= openSync(known.files[ref.file]!, "r");
      const file = this.#known[ref.file]!;
      const block = Buffer.allocUnsafe(ref.length);
      const got = readSync(file, block, 0, ref.length, ref.offset);
      if (got === ref.length && block.toString("utf8", 0, Buffer.byteLength(start)) === start) return { ref, block };
    }
    return undefined;
  }
}

function descend(rel: string, folders: FolderRecord["folders"], stack: string[]): void {
  // the first name is taken first: threads then read neighbouring folders
  for (let at = folders.length - 1; at >= 0; at--) stack.push(rel === "" ? folders[at]! : `${rel}/${folders[at]!}`);
}
