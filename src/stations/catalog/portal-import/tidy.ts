import { CompiledQuery } from "kysely";
import type { Database } from "../../../catalog/database.js";
import { PORTAL_SCHEMA } from "../../../catalog/portal-rows.js";
import { asEmporiumError } from "../../../core/errors.js";
import { ask } from "./state.js";
import type { Session } from "./sync.js";

/** Sums up what the import's statements appended to the counts of the portal's tables. What other transactions append meanwhile stays as it is. */
export async function compactCounts(session: Session): Promise<void> {
  await ask(session, "select emporium.compact_portal_counts()", []);
}

/** Tables of which so much is new that the planner knows too little of them. The server's own turn comes a minute later, or is switched off. */
const CHANGED = `select relname as name from pg_stat_user_tables
  where schemaname = $1 and n_mod_since_analyze > 1000 + 0.1 * n_live_tup order by relname`;

/**
 * Leaves the tables as queries want them: statistics that know of the new rows, and pages marked that every reader may trust, so that indexes answer
 * alone. Needs the tables' owner, or since PostgreSQL 17 a right that the writer has; without it the server warns and does nothing, and its own turn comes.
 */
export async function tidyTables({ db, log }: Pick<Database, "db" | "log">, signal: AbortSignal | undefined): Promise<void> {
  try {
    const { rows } = await ask<{ name: string }>(db, CHANGED, [PORTAL_SCHEMA]);
    for (const { name } of rows) {
      signal?.throwIfAborted();
      await db.executeQuery(CompiledQuery.raw(`vacuum (analyze, skip_locked) ${PORTAL_SCHEMA}.${name}`));
    }
  } catch (error) {
    // the rows are in: slower answers are no reason to call the import failed
    log.debug(`the tables were not tidied: ${asEmporiumError(error).message}`);
  }
}
