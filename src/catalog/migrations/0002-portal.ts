import { type Kysely, type Migration, sql } from "kysely";
import { PORTAL_TABLES } from "./portal-tables-1.js";
import { runStatements } from "./statements.js";

/** The portal's tables. */
export const portal: Migration = {
  async up(db: Kysely<unknown>) {
    await runStatements(db, ["create schema emporium_portal", ...PORTAL_TABLES]);
    await sql`comment on schema emporium_portal is 'Entities of the CryoET Data Portal'`.execute(db);
  },
  async down(db: Kysely<unknown>) {
    await sql`drop schema emporium_portal cascade`.execute(db);
  },
};
