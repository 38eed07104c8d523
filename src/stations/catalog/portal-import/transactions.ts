import type { Kysely } from "kysely";
import type { CatalogTables } from "../../../catalog/database.js";
import { asEmporiumError } from "../../../core/errors.js";
import { addCounts, type Counts } from "./counts.js";
import type { RootContext } from "./root-rows.js";

const ATTEMPTS = 4;

/**
 * Adds the counts of a transaction after its commit. Repeats it after a deadlock, or if another import changed its rows.
 *
 * @param total receives the counts
 */
export function transactions(db: Kysely<CatalogTables>, total: Counts): RootContext["transact"] {
  return async (work) => {
    for (let attempt = 1; ; attempt++) {
      const counts: Counts = new Map();
      try {
        const result = await db.transaction().execute((session) => work(session, counts));
        addCounts(total, counts);
        return result;
      } catch (error) {
        if (attempt === ATTEMPTS || asEmporiumError(error).facts.retry !== "now") throw error;
      }
    }
  };
}
