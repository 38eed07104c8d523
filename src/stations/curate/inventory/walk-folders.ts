import { closeSync, openSync, readSync, writeSync } from "node:fs";
import type { Clock } from "../../../core/clock.js";
import { errnoOf } from "../../../stores/file/errors.js";
import { type BlockRef, blocksOf } from "./block-table.js";
import type { FolderRecord } from "./folder-facts.js";
import { decodeFolder, decodeHead, encodeFolder, type FolderTotals, totalsOf } from "./folder-record.js";
import { type FolderStat, listFolder, statFolder, toUs } from "./list-folder.js";
import type { ThreadSetup, Walked } from "./walk-job.js";

/** After this time a thread returns the folders that it has not listed, so that idle threads get some. */
const SHARE_MS = 25;
const FLUSH_BYTES = 1024 * 1024;

/** The part of a walk that one thread does: lists folders, and those below them, into its own segment. */
export class FolderWalk {
  readonly #setup: ThreadSetup;
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #segment: Segment;
  readonly #known: KnownBlocks;

  constructor(setup: ThreadSetup & { segment: string }, clock: Pick<Clock, "monotonic">) {
    this.#setup = setup;
    this.#clock = clock;
    this.#segment = new Segment(setup.segment);
    this.#known = new KnownBlocks(setup.known);
  }

  walk(folders: readonly string[]): Walked {
    const counts = { files: 0, bytes: 0, ms: 0, reused: 0, links: 0 };
    const walked: Walked = { paths: [], offsets: [], lengths: [], ...counts, failures: [], rest: [...folders] };
    const began = this.#clock.monotonic();
    while (walked.rest.length > 0 && this.#clock.monotonic() < began + SHARE_MS) this.#one(walked.rest.pop()!, walked);
    walked.ms = this.#clock.monotonic() - began;
    return walked;
  }

  close(): void {
    this.#segment.close();
    this.#known.close();
  }

  #one(rel: string, walked: Walked): void {
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
    const known = this.#known.find(rel);
    const same = known?.ref.settled && known.ref.mtimeUs === toUs(stat.mtimeMs) && known.ref.ctimeUs === toUs(stat.ctimeMs);
    const head = known && same && !full ? decodeHead(known.block) : undefined;
    if (known && head) {
      this.#put(rel, known.block, head.totals, walked);
      walked.reused++;
      descend(rel, head.folders, walked.rest);
      return;
    }
    const record = listFolder(path, rel, stat, startedMs, known && decodeFolder(known.block.toString()));
    if (record.failure) walked.failures.push({ path: rel, failure: record.failure });
    this.#put(rel, Buffer.from(encodeFolder(record)), totalsOf(record.files), walked);
    descend(rel, record.folders, walked.rest);
  }

  #put(rel: string, block: Buffer, { files, bytes, links }: FolderTotals, walked: Walked): void {
    walked.paths.push(rel);
    walked.offsets.push(this.#segment.append(block));
    walked.lengths.push(block.length);
    walked.files += files;
    walked.bytes += bytes;
    walked.links += links;
  }
}

/** The thread's file of blocks. */
class Segment {
  readonly #file: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #offset = 0;

  constructor(path: string) {
    this.#file = openSync(path, "wx");
  }

  /** @returns where the block begins */
  append(block: Buffer): number {
    const offset = this.#offset;
    this.#pending.push(block);
    this.#pendingBytes += block.length;
    this.#offset += block.length;
    if (this.#pendingBytes >= FLUSH_BYTES) this.#flush();
    return offset;
  }

  #flush(): void {
    if (this.#pendingBytes > 0) writeSync(this.#file, Buffer.concat(this.#pending));
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }
}

/** Folders of earlier scans. */
class KnownBlocks {
  readonly #known: ThreadSetup["known"];
  readonly #files: (number | undefined)[] = [];

  constructor(known: ThreadSetup["known"]) {
    this.#known = known;
  }

  find(rel: string): { ref: BlockRef; block: Buffer } | undefined {
    const start = `{"p":${JSON.stringify(rel)},`;
    for (const ref of blocksOf({ memory: this.#known.table }, rel)) {
      this.#files[ref.file] ??= openSync(this.#known.files[ref.file]!, "r");
      const block = Buffer.allocUnsafe(ref.length);
      const got = readSync(this.#files[ref.file]!, block, 0, ref.length, ref.offset);
      if (got === ref.length && block.toString("utf8", 0, Buffer.byteLength(start)) === start) return { ref, block };
    }
    return undefined;
  }

  close(): void {
    for (const file of this.#files) if (file !== undefined) closeSync(file);
  }
}

function descend(rel: string, folders: FolderRecord["folders"], stack: string[]): void {
  // the first name is taken first, so that a thread reads neighbouring folders
  for (let at = folders.length - 1; at >= 0; at--) stack.push(rel === "" ? folders[at]! : `${rel}/${folders[at]!}`);
}
