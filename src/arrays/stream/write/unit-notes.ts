import type { UnitReceipt, WriteVolumeOptions } from "../plan/job.js";
import type { Flusher } from "./flusher.js";
import type { ShardBook } from "./shard-book.js";

/** Passes on the receipts of units. Of shards in the order of the units, since a later attempt resumes behind the last one. */
export class UnitNotes {
  private readonly ready = new Map<number, UnitReceipt>();
  private noting: Promise<void> = Promise.resolve();

  /** @param next the first unit that is not noted */
  constructor(
    private readonly options: WriteVolumeOptions,
    private readonly flusher: Flusher | undefined,
    private readonly shards: ShardBook | undefined,
    private next: number,
  ) {}

  async add(receipt: UnitReceipt): Promise<void> {
    if (!this.shards) return this.note(receipt);
    this.ready.set(receipt.unit, receipt);
    for (let next = this.ready.get(this.next); next; next = this.ready.get(++this.next)) {
      this.ready.delete(next.unit);
      this.noting = this.noting.then(() => this.noteShards(this.shards!, next));
    }
    await this.noting;
  }

  private async noteShards(shards: ShardBook, receipt: UnitReceipt): Promise<void> {
    await shards.keep(receipt.unit);
    await this.note(receipt);
    await shards.noted(receipt.unit);
  }

  private async note(receipt: UnitReceipt): Promise<void> {
    // a receipt must not vouch for pages that the disk has refused
    this.flusher?.check();
    if (this.options.scratch !== undefined) await this.options.onUnit?.(receipt);
  }
}
