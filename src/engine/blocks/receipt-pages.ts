import type { Log } from "../../core/log.js";
import { objectName, type Store } from "../../stores/store.js";
import { receiptsKey } from "../cluster/run-files.js";
import {
  type BlockReceipt,
  bitmapBytes,
  emptyPage,
  hasBit,
  PAGE_ROWS,
  parsePage,
  type ReceiptPage,
  receiptOfRow,
  rowRange,
} from "./receipt-table.js";

/** A stage of blocks, as its receipts know it. */
export interface ReceiptStage {
  readonly name: string;
  /** Blocks. */
  readonly count: number;
}

/** Pages in memory at once: 50 MiB. */
const PAGES_OPEN = 8;

/** The receipts of a stage for somebody who changes them. */
export interface ReceiptPages {
  /** The page with a block, and the block's row in it. Valid until the next call: pages come and go. */
  at(block: number): Promise<{ page: ReceiptPage; row: number }>;
  /** A page that was changed. */
  changed(block: number): void;
  /** Writes what was changed. */
  flush(): Promise<void>;
}

export function openPages(store: Store, folder: string, stage: ReceiptStage, log: Log): ReceiptPages {
  const pages = new Map<number, ReceiptPage>();
  const dirty = new Set<number>();
  async function flush(): Promise<void> {
    for (const number of dirty) await store.write(`${folder}${receiptsKey(stage.name, number)}`, pages.get(number)!.encode());
    dirty.clear();
  }
  return {
    async at(block) {
      const number = Math.floor(block / PAGE_ROWS);
      if (!pages.has(number)) {
        if (pages.size >= PAGES_OPEN) {
          await flush();
          pages.clear();
        }
        pages.set(number, await readPage(store, folder, stage, number, log));
      }
      return { page: pages.get(number)!, row: block % PAGE_ROWS };
    },
    changed: (block) => dirty.add(Math.floor(block / PAGE_ROWS)),
    flush,
  };
}

async function readPage(store: Store, folder: string, stage: ReceiptStage, number: number, log: Log): Promise<ReceiptPage> {
  const key = `${folder}${receiptsKey(stage.name, number)}`;
  const rows = rowsOf(stage, number);
  const bytes = await store.read(key);
  if (!bytes) return emptyPage(rows);
  const page = parsePage(bytes, rows);
  if (!page) log.warn(`${objectName(store, key)} is damaged: what it proved is done again`, { code: "JOURNAL_DAMAGED" });
  return page ?? emptyPage(rows);
}

const rowsOf = ({ count }: ReceiptStage, page: number) => Math.min(PAGE_ROWS, count - page * PAGE_ROWS);

/** Which blocks of a stage are done, and their receipts one by one. */
export interface ReceiptIndex {
  readonly done: number;
  has(block: number): boolean;
  /** Reads the block's row from the store. */
  load(block: number): Promise<BlockReceipt | undefined>;
}

/** Memory: a bit a block. */
export async function readReceipts(store: Store, folder: string, stage: ReceiptStage, log: Log): Promise<ReceiptIndex> {
  const bits = new Uint8Array(bitmapBytes(stage.count));
  let done = 0;
  for (let number = 0; number * PAGE_ROWS < stage.count; number++) {
    const page = await readPage(store, folder, stage, number, log);
    for (let row = 0; row < page.rows; row++) {
      if (!page.has(row)) continue;
      const block = number * PAGE_ROWS + row;
      bits[block >>> 3]! |= 1 << (block & 7);
      done++;
    }
  }
  const has = (block: number) => block < stage.count && hasBit(bits, block);
  return {
    done,
    has,
    async load(block) {
      if (!has(block)) return undefined;
      const number = Math.floor(block / PAGE_ROWS);
      const range = rowRange(rowsOf(stage, number), block % PAGE_ROWS);
      const row = await store.read(`${folder}${receiptsKey(stage.name, number)}`, range);
      return row && receiptOfRow(Buffer.from(row.buffer, row.byteOffset, row.byteLength));
    },
  };
}
