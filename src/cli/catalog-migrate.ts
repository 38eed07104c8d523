import { z } from "zod";
import type { AdoptionReport } from "../catalog/adopt/adopt.js";
import { command } from "./command.js";
import { databaseFor, databaseOptions } from "./database-options.js";

export default command({
  name: "catalog migrate",
  summary: "Migrate the database's tables to this version, and adopt an older catalogue in the same database",
  details: [
    "All steps are one transaction: either all are applied, or nothing has changed. Two simultaneous migrations take turns. Tables that a newer version has changed are refused.",
    "If the database contains imagingDB's tables (data_set, file_global, frames_global, frames, at any version), their rows are copied in one transaction, and the old tables stay unchanged. Rows that break a rule of the new tables are kept unchanged in emporium.adopted_left_over and counted. A second run copies new rows.",
    "Every command migrates the embedded database when it uses it.",
  ],
  options: z.object({
    ...databaseOptions,
    adopt: z.boolean().default(true).meta({ description: "copy the rows of an older catalogue's tables" }),
    adoptSchema: z.string().default("public").meta({ description: "schema of the older catalogue's tables", value: "SCHEMA" }),
  }),
  examples: [
    { run: "emporium catalog migrate", says: "the embedded database of the workspace" },
    { run: "emporium catalog migrate --no-adopt --json", says: "the tables alone, for programs" },
  ],
  async run(options, io) {
    const { openDatabase } = await import("../catalog/database.js");
    const { migrate } = await import("../catalog/migrate.js");
    const { adopt } = await import("../catalog/adopt/adopt.js");
    const database = await openDatabase(await databaseFor(options, io, "owner", "catalog migrate"));
    try {
      const { applied, version, roles } = await database.steady(() => migrate(database));
      const adopted = options.adopt ? await database.steady(() => adopt(database, options.adoptSchema)) : undefined;
      if (io.json) {
        io.outJson({ database: database.server.name, applied, version, roles, adopted: adopted ?? null, errors: [] });
        return 0;
      }
      io.out(
        applied.length === 0
          ? `${database.server.name}: at ${version}, nothing to do`
          : `${database.server.name}: ${applied.join(", ")}`,
      );
      if (roles === "not allowed")
        io.out("roles emporium_writer and emporium_reader not created: this login lacks CREATEROLE; existing rights unchanged");
      if (adopted) for (const line of adoptionText(adopted)) io.out(line);
      return 0;
    } finally {
      await database.close();
    }
  },
});

function adoptionText({ source, revision, adopted, leftOver, derived, before }: AdoptionReport): string[] {
  const taken = Object.entries(adopted).map(([table, rows]) => `${rows} ${table}`);
  return [
    `taken over from ${source}${revision === undefined ? "" : ` (${revision})`}: ${taken.join(", ")}${before > 0 ? `; ${before} data sets before` : ""}`,
    ...derived.map(({ what, rows }) => `  made ${what}: ${rows}`),
    ...leftOver.map(
      ({ table, reason, rows }) => `  left over of ${table}, ${reason}: ${rows} (kept in emporium.adopted_left_over)`,
    ),
  ];
}
