import { CompiledQuery, type Kysely } from "kysely";

/** Runs statements one after the other. They are text of a migration's own: nothing from outside is ever part of them. */
export async function runStatements<Tables>(db: Kysely<Tables>, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await db.executeQuery(CompiledQuery.raw(statement));
}
