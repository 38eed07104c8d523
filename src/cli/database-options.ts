import { z } from "zod";
import type { DatabaseOptions, DatabaseRole } from "../catalog/database.js";
import type { Io } from "./command.js";

/** Options of every command that uses the catalogue's database. */
export const databaseOptions = {
  database: z.string().optional().meta({
    description: "a PostgreSQL server (default: $EMPORIUM_DATABASE_URL, otherwise the workspace's embedded database)",
    value: "URL",
  }),
  login: z.string().optional().meta({ description: "the same from a login file of imagingDB", value: "FILE" }),
};

/**
 * Arguments for `openDatabase` and `openCatalog`, from the command line and the environment. Warns of a password in `--database`.
 */
export async function databaseFor(
  options: { database?: string | undefined; login?: string | undefined },
  io: Io,
  role: DatabaseRole,
  purpose: string,
): Promise<DatabaseOptions> {
  const { chooseDatabase, DATABASE_VARIABLE, holdsPassword } = await import("../catalog/database-url.js");
  const url = await chooseDatabase({ url: options.database, login: options.login, env: io.env });
  if (url && options.database !== undefined && holdsPassword(url)) {
    io.log.warn(
      `--database contains a password, which other users can see in the list of processes; use $${DATABASE_VARIABLE} or ~/.pgpass`,
    );
  }
  return {
    url,
    workspace: io.workspace,
    role,
    purpose,
    log: io.log,
    signal: io.signal,
    binariesFolder: io.env.EMPORIUM_POSTGRES_BIN,
    templateFolder: io.env.EMPORIUM_POSTGRES_TEMPLATE,
  };
}
