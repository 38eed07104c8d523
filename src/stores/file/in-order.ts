import { read, readSync } from "node:fs";
import type { ByteRange } from "../../core/bytes.js";
import type { IoMode } from "../io-mode.js";
import { closeBoth, isRefusal, openBoth, pagesAbove, pagesBelow, readsDirect } from "./direct.js";

/** Bytes of a file in their order: while one window of them is looked at, the next ones are read. */
export interface FileInOrder {
  /**
   * The bytes from a position on that lie in one window with it, until the next call; none where the range or the file has ended. Positions
   * may be passed over, or come again: then nothing of what was read ahead is of use.
   *
   * @throws what the system says of a read
   */
  lend(position: number): Promise<Uint8Array>;
  /** The windows may be used again when this has resolved. */
  close(): Promise<void>;
}

/** Size of a window. A disk is as fast with one such read under way as with more. */
export const IN_ORDER_WINDOW_BYTES = 2 ** 20;
/** Reads of at least so many bytes go past the page cache, shorter ones through it. */
const LONG_BYTES = 4 * 2 ** 20;
const NONE = new Uint8Array(0);

interface Window {
  readonly memory: Uint8Array;
  /** Offset of its first byte in the file. */
  readonly at: number;
  readonly wanted: number;
  /** Bytes that came; undefined where it is not read ahead. */
  readonly coming: Promise<number> | undefined;
}

/**
 * Opens a range of a file. Only what goes past the page cache is read ahead, by Node's own threads: for the rest the kernel does it.
 *
 * @param windows memory that begins on a page, `IN_ORDER_WINDOW_BYTES` each; with one alone nothing is read ahead.
 * @throws what the system says when the file is opened
 */
export function openInOrder(path: string, io: IoMode, range: ByteRange, windows: readonly Uint8Array[]): FileInOrder {
  const { offset, length } = range;
  const end = offset + length;
  const file = openBoth(path, "r", readsDirect(io, path, range, LONG_BYTES));
  let { direct } = file;
  const free = [...windows];
  const ahead: Window[] = [];
  let held: { memory: Uint8Array; at: number; bytes: Uint8Array } | undefined;

  function begin(at: number, isAhead: boolean): Window {
    const memory = free.pop()!;
    const wanted = Math.min(memory.length, pagesAbove(end - at));
    const fd = direct;
    if (!isAhead || fd === undefined) return { memory, at, wanted, coming: undefined };
    const coming = new Promise<number>((resolve, reject) => {
      read(fd, memory, 0, wanted, at, (error, bytes) => (error ? reject(error) : resolve(bytes)));
    });
    coming.catch(() => {}); // told when its turn comes, which may be never
    return { memory, at, wanted, coming };
  }

  async function filled({ memory, at, wanted, coming }: Window): Promise<number> {
    if (direct !== undefined) {
      try {
        return await (coming ?? readSync(direct, memory, 0, wanted, at));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        direct = undefined; // some file systems take the flag, and then refuse the transfer
      }
    }
    await coming?.catch(() => {});
    return readSync(file.fd, memory, 0, wanted, at);
  }

  async function dropAhead(): Promise<void> {
    for (const { memory, coming } of ahead.splice(0)) {
      await coming?.catch(() => {});
      free.push(memory);
    }
  }

  return {
    async lend(position) {
      if (held && position >= held.at && position < held.at + held.bytes.length) return held.bytes.subarray(position - held.at);
      if (held) free.push(held.memory);
      held = undefined;
      if (position >= end) return NONE;
      const isNext = ahead[0] !== undefined && position >= ahead[0].at && position < ahead[0].at + ahead[0].wanted;
      if (!isNext) await dropAhead();
      const window = ahead.shift() ?? begin(pagesBelow(position), false);
      const last = ahead.at(-1) ?? window;
      for (let at = last.at + last.wanted; direct !== undefined && free.length > 0 && at < end; at += ahead.at(-1)!.wanted)
        ahead.push(begin(at, true));
      const { memory, at } = window;
      held = { memory, at, bytes: NONE };
      held.bytes = memory.subarray(0, Math.min(await filled(window), end - at));
      return held.bytes.subarray(position - at);
    },
    async close() {
      await dropAhead();
      closeBoth(file);
    },
  };
}
