import type { Database } from "../../../catalog/database.js";
import { asEmporiumError, type EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";

export const WARNINGS = 100;

/** Codes of failures that end an import. */
const ENDING: readonly string[] = ["DATABASE_UNAVAILABLE", "DATABASE_DENIED", "DATABASE_VERSION", "DISK_FULL", "CANCELLED"];

/** Collects the errors and warnings of an import. */
export class ImportFaults {
  readonly errors: ErrorRecord[] = [];
  /** The first hundred; `warningCount` counts all. */
  readonly warnings: string[] = [];
  warningCount = 0;
  /** The error that ends the import. */
  fatal: EmporiumError | undefined;
  readonly #database: Database;
  readonly #signal: AbortSignal | undefined;

  constructor(database: Database, signal: AbortSignal | undefined) {
    this.#database = database;
    this.#signal = signal;
  }

  /**
   * Reports failures and lets the import continue; errors of the database and cancellation end it. After an outage of the server
   * the work is done again, which changes nothing if the lost reply was a success.
   */
  async guard(work: () => Promise<void>): Promise<EmporiumError | undefined> {
    try {
      this.#signal?.throwIfAborted();
      await this.#database.steady(work);
      return undefined;
    } catch (thrown) {
      const error = asEmporiumError(thrown, this.#signal?.aborted ? "CANCELLED" : "INTERNAL");
      if (this.#signal?.aborted || ENDING.includes(error.code)) this.fatal ??= error;
      else this.fail(error);
      return error;
    }
  }

  throwFatal(): void {
    if (this.fatal) throw this.fatal;
  }

  fail(error: EmporiumError): void {
    const record = toErrorRecord(error);
    const known = this.errors.some(({ message, code }) => message === record.message && code === record.code);
    if (!known || error.facts.place?.path) this.errors.push(record);
  }

  warn(message: string): void {
    this.warningCount++;
    if (this.warnings.length < WARNINGS) this.warnings.push(message);
  }
}
