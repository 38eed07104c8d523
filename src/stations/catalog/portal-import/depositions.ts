import { EmporiumError } from "../../../core/errors.js";
import type { Counts } from "./counts.js";
import type { ImportFaults } from "./import-faults.js";
import { type RootContext, syncDeposition } from "./root-rows.js";
import { ask } from "./state.js";
import { transactions } from "./transactions.js";

/** Imports each deposition once. A failure is reported once, and makes everything fail that needs the row if there is none. */
export class Depositions {
  readonly #context: RootContext;
  readonly #faults: ImportFaults;
  readonly #known = new Map<number, Promise<EmporiumError | undefined>>();
  /** Changes by the import of each deposition, which no other count includes. */
  readonly counts = new Map<number, Counts>();
  /** Result of each import done here: its error, or undefined. */
  readonly ended = new Map<number, EmporiumError | undefined>();

  /** @param before results of the depositions that this import has done elsewhere */
  constructor(context: RootContext, faults: ImportFaults, before: ReadonlyMap<number, EmporiumError | undefined> = new Map()) {
    this.#context = context;
    this.#faults = faults;
    for (const [id, error] of before) this.#known.set(id, Promise.resolve(error));
  }

  sync(id: number): Promise<EmporiumError | undefined> {
    let known = this.#known.get(id);
    if (!known) {
      known = this.#import(id);
      this.#known.set(id, known);
    }
    return known;
  }

  async #import(id: number): Promise<EmporiumError | undefined> {
    const counts: Counts = new Map();
    this.counts.set(id, counts);
    const context = { ...this.#context, counts, transact: transactions(this.#context.db, counts) };
    const error = await this.#faults.guard(() => syncDeposition(context, id));
    this.ended.set(id, error);
    return error;
  }

  /** @throws {EmporiumError} of the first deposition that cannot be imported and has no row */
  async need(ids: readonly number[]): Promise<void> {
    for (const id of new Set(ids)) {
      if (!this.#context.wanted.has("Deposition") && (await this.#isThere(id))) continue;
      const error = await this.sync(id);
      if (!error || (await this.#isThere(id))) continue;
      throw new EmporiumError(error.code, `deposition ${id} could not be imported: ${error.message}`, error.facts);
    }
  }

  async #isThere(id: number): Promise<boolean> {
    const { rows } = await ask(this.#context.db, "select 1 from emporium_portal.deposition where id = $1", [id]);
    return rows.length > 0;
  }
}
