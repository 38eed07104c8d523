import { EmporiumError } from "../../../core/errors.js";
import type { ImportFaults } from "./import-faults.js";
import { type RootContext, syncDeposition } from "./root-rows.js";
import { ask } from "./state.js";

/** Imports each deposition once. A failure is reported once, and fails all that needs the row if there is none. */
export class Depositions {
  readonly #context: RootContext;
  readonly #faults: ImportFaults;
  readonly #known = new Map<number, Promise<EmporiumError | undefined>>();

  constructor(context: RootContext, faults: ImportFaults) {
    this.#context = context;
    this.#faults = faults;
  }

  sync(id: number): Promise<EmporiumError | undefined> {
    let known = this.#known.get(id);
    if (!known) {
      known = this.#faults.guard(() => syncDeposition(this.#context, id));
      this.#known.set(id, known);
    }
    return known;
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
