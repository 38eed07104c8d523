import { CompiledQuery } from "kysely";
import type { Database } from "../../../catalog/database.js";
import { PORTAL_SCHEMA } from "../../../catalog/portal-rows.js";
import { asEmporiumError } from "../../../core/errors.js";
import { ask } from "./state.js";
import type { Session } from "./sync.js";

/** Sums up the counts that the import appended for the portal's tables. Counts of other transactions stay. */
export async function compactCounts(session: Session): Promise<void> {
  await ask(session, "select emporium.compact_portal_counts()", []);
}

/** Tables with so many new rows that the planner's statistics are too old. Autovacuum comes a minute later, or is off. */
const CHANGED = `select relname as name from pg_stat_user_tables
  where schemaname = $1 and n_mod_since_analyze > 1000 + 0.1 * n_live_tup order by relname`;

/**
 * Vacuums and analyses the tables: queries need statistics with the new rows, and pages that index-only scans can use. Requires
 * the tables' owner, or since PostgreSQL 17 a right that the writer has; without it the server warns and does nothing until
 * autovacuum runs.
 */
export async function tidyTables({ db, log }: Pick<Database, "db" | "log">, signal: AbortSignal | undefined): Promise<void> {
  try {
    const { rows } = await ask<{ name: string }>(db, CHANGED, [PORTAL_SCHEMA]);
    for (const { name } of rows) {
      signal?.throwIfAborted();
      await db.executeQuery(CompiledQuery.raw(`vacuum (analyze, skip_locked) ${PORTAL_SCHEMA}.${name}`));
    }
  } catch (error) {
    // the rows are imported: slower queries are no failure
    log.debug(`the tables were not tidied: ${asEmporiumError(error).message}`);
  }
}
