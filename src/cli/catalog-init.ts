import { z } from "zod";
import { command } from "./command.js";
import { databaseFor, databaseOptions } from "./database-options.js";

export default command({
  name: "catalog init",
  summary: "Create the catalogue's database, with all tables and roles",
  details: [
    "Without --database, the command creates an embedded PostgreSQL in the workspace. It needs no administration: the first process that uses it starts it, others connect to it, the last one stops it. Other commands create it when they need it; this one creates it now and prints its location.",
    "On a server the database must exist. The command creates schemas and tables in it, and, if the login may, the roles emporium_writer and emporium_reader.",
  ],
  options: z.object(databaseOptions),
  examples: [
    { run: "emporium catalog init", says: "an embedded database in the workspace" },
    { run: "emporium catalog init --json", says: "for programs" },
  ],
  async run(options, io) {
    const { openDatabase } = await import("../catalog/database.js");
    const { migrate } = await import("../catalog/migrate.js");
    const database = await openDatabase(await databaseFor(options, io, "owner", "catalog init"));
    try {
      const { applied, version, roles } = await database.steady(() => migrate(database));
      if (io.json) io.outJson({ server: database.server, applied, version, roles, errors: [] });
      else {
        const { kind, name, version: server } = database.server;
        io.out(`${kind === "embedded" ? "embedded PostgreSQL" : "PostgreSQL"} ${server} at ${name}`);
        io.out(applied.length === 0 ? `tables at ${version}, nothing to do` : `tables created: ${applied.join(", ")}`);
      }
      return 0;
    } finally {
      await database.close();
    }
  },
});
