import { closeSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import type { BlockTableBuilder } from "./block-table.js";
import type { FolderRecord } from "./folder-facts.js";
import { decodeFolder, decodeHead } from "./folder-record.js";
import type { WalkedTree } from "./walk.js";

/** Files of folder blocks: lines of text, read and written in large pieces. */

const READ_BYTES = 1024 * 1024;
const WRITE_BYTES = 4 * 1024 * 1024;
const LINE_END = 0x0a;

interface Line {
  /** With its end. Valid until the next line is requested. */
  bytes: Buffer;
  offset: number;
}

/** The lines of a file. A last line without an end is incomplete and left out. */
function* readLines(path: string): Generator<Line> {
  const file = openSync(path, "r");
  try {
    let buffer = Buffer.allocUnsafe(READ_BYTES);
    let [filled, base] = [0, 0];
    for (;;) {
      if (filled === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)]);
      const got = readSync(file, buffer, filled, buffer.length - filled, base + filled);
      if (got === 0) return;
      filled += got;
      let from = 0;
      for (let end = buffer.indexOf(LINE_END); end >= 0 && end < filled; end = buffer.indexOf(LINE_END, from)) {
        yield { bytes: buffer.subarray(from, end + 1), offset: base + from };
        from = end + 1;
      }
      buffer.copyWithin(0, from, filled);
      filled -= from;
      base += from;
    }
  } finally {
    closeSync(file);
  }
}

export interface Block {
  /** All lines of one folder, each with its end. */
  bytes: Buffer;
  offset: number;
}

/** The lines of a file, grouped by folder. A block is valid until the next one is requested. */
export function* readBlocks(path: string): Generator<Block> {
  let held: Buffer | undefined;
  let further: Buffer[] = [];
  let offset = 0;
  const block = (): Block => ({ bytes: further.length === 0 ? held! : Buffer.concat([held!, ...further]), offset });
  for (const line of readLines(path)) {
    if (isFirst(line.bytes) || held === undefined) {
      if (held !== undefined) yield block();
      // the memory of a line is reused, and a block is complete only when the next one begins
      held = Buffer.from(line.bytes);
      further = [];
      offset = line.offset;
    } else further.push(Buffer.from(line.bytes));
  }
  if (held !== undefined) yield block();
}

/** Further parts of a folder have no times. */
function isFirst(line: Buffer): boolean {
  const files = line.indexOf(',"e":[');
  const times = line.indexOf(',"m":');
  return times >= 0 && times < files;
}

export async function* readFolders(path: string, signal?: AbortSignal): AsyncGenerator<FolderRecord> {
  for (const { bytes } of readBlocks(path)) {
    signal?.throwIfAborted();
    const record = decodeFolder(bytes.toString());
    if (record) yield record;
  }
}

/**
 * Adds the folders of a file to a table.
 *
 * @param whole false for a file of a killed process: its blocks are decoded, and incomplete ones are left out
 */
export function addToTable(builder: BlockTableBuilder, path: string, file: number, whole: boolean): void {
  for (const { bytes, offset } of readBlocks(path)) {
    if (!whole && !decodeFolder(bytes.toString())) continue;
    const head = decodeHead(bytes);
    if (!head) continue;
    const { mtimeUs, ctimeUs, settled } = head;
    builder.add(head.path, { file, offset, length: bytes.length, mtimeUs, ctimeUs, settled });
  }
}

/** Writes a new file in large pieces. */
export function openWriter(path: string): { write(piece: Uint8Array): void; close(): void } {
  const file = openSync(path, "w");
  let pending: Uint8Array[] = [];
  let bytes = 0;
  const flush = () => {
    const all = Buffer.concat(pending);
    for (let at = 0; at < all.length; ) at += writeSync(file, all, at);
    pending = [];
    bytes = 0;
  };
  return {
    write(piece) {
      pending.push(piece);
      bytes += piece.length;
      if (bytes >= WRITE_BYTES) flush();
    },
    close() {
      flush();
      fsyncSync(file);
      closeSync(file);
    },
  };
}

/** Merges the blocks of all segments in the order of their paths, so the result does not depend on the threads. */
export function mergeSegments(tree: WalkedTree, segments: readonly string[], out: string): void {
  // a folder comes before its contents, neighbours by name: "a", "a/b", "a b"
  const keys = tree.paths.map((path) => path.replaceAll("/", "\u0000"));
  const order = new Uint32Array(keys.length)
    .map((_, at) => at)
    .sort((a, b) => (keys[a]! < keys[b]! ? -1 : keys[a]! > keys[b]! ? 1 : 0));
  const files = segments.map((segment) => openSync(segment, "r"));
  const writer = openWriter(out);
  const copy = (segment: number, offset: number, length: number) => {
    for (let at = 0; at < length; ) {
      const piece = Buffer.allocUnsafe(Math.min(READ_BYTES, length - at));
      const got = readSync(files[segment]!, piece, 0, piece.length, offset + at);
      if (got === 0) throw new Error(`${segments[segment]} ends early`);
      writer.write(piece.subarray(0, got));
      at += got;
    }
  };
  try {
    let [segment, offset, length] = [0, 0, 0];
    for (const at of order) {
      // blocks that are adjacent in both files are copied in one piece
      if (tree.segments[at] === segment && tree.offsets[at] === offset + length) length += tree.lengths[at]!;
      else {
        copy(segment, offset, length);
        [segment, offset, length] = [tree.segments[at]!, tree.offsets[at]!, tree.lengths[at]!];
      }
    }
    copy(segment, offset, length);
  } finally {
    writer.close();
    for (const file of files) closeSync(file);
  }
}
