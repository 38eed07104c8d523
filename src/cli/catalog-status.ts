import { z } from "zod";
import type { CatalogStatus } from "../catalog/status.js";
import { quoteWord, quoteWords } from "../core/shell.js";
import { formatBytes } from "../core/units.js";
import { command } from "./command.js";
import { databaseFor, databaseOptions } from "./database-options.js";

export default command({
  name: "catalog status",
  summary: "Print which database is used, its contents, and whether its tables have this version",
  details: [
    "The command only reads: it creates no database. It lists the tables that have rows; --json lists all. Row counts above two million are the server's estimate.",
  ],
  options: z.object(databaseOptions),
  examples: [
    { run: "emporium catalog status", says: "the embedded database of the workspace" },
    { run: "emporium catalog status --json", says: "for programs" },
  ],
  async run(options, io) {
    const { openAsItIs } = await import("../catalog/migrate.js");
    const { hasCluster } = await import("../catalog/embedded/cluster.js");
    const { catalogStatus } = await import("../catalog/status.js");
    const chosen = await databaseFor(options, io, "reader", "catalog status");
    if (!chosen.url && !hasCluster(chosen.workspace)) {
      if (io.json) io.outJson({ server: null, schema: null, bytes: 0, tables: [], roles: [], sessions: 0, errors: [] });
      else io.out(`no database in the workspace ${chosen.workspace} yet; emporium catalog init creates one`);
      return 0;
    }
    const database = await openAsItIs({ ...chosen, statementTimeoutMs: 60_000 });
    try {
      const status = await catalogStatus(database);
      if (io.json) io.outJson({ ...status, errors: [] });
      else for (const line of statusText(status)) io.out(line);
      return 0;
    } finally {
      await database.close();
    }
  },
});

function statusText({ server, schema, bytes, tables, roles, sessions }: CatalogStatus): string[] {
  const { pending, unknown, applied } = schema;
  const newer = unknown.length > 0 ? `changed by a newer emporium: ${unknown.join(", ")}` : undefined;
  const state = newer ?? (pending.length > 0 ? `behind: ${pending.join(", ")} pending` : `at ${applied.at(-1)}, up to date`);
  const { host, port } = server.connection;
  const words = ["psql", "-h", host, "-p", String(port), "-U", "emporium_reader", server.database];
  const psql = `PGPASSFILE=${quoteWord(server.passwordFile ?? "")} ${quoteWords(words)}`;
  const row = (name: string, text: string) => `${name.padEnd(10)}${text}`;
  const filled = tables.filter(({ rows }) => rows > 0);
  const empty = tables.length - filled.length;
  return [
    row("server", `${server.kind === "embedded" ? "embedded " : ""}PostgreSQL ${server.version}, ${server.name}`),
    row("database", `${server.database} as ${server.user}, ${formatBytes(bytes)}, ${sessions} other sessions`),
    ...(server.dataFolder === undefined ? [] : [row("data", server.dataFolder), row("psql", psql)]),
    row("tables", state),
    row("roles", roles.length === 0 ? "none: every login keeps its own rights" : roles.join(", ")),
    ...filled.map(
      ({ schema: name, name: table, rows, estimated, bytes: size }) =>
        `  ${`${name}.${table}`.padEnd(52)} ${`${estimated ? "about " : ""}${rows}`.padStart(16)} rows ${formatBytes(size).padStart(12)}`,
    ),
    ...(empty > 0 ? [`  ${filled.length > 0 ? `${empty} other` : `all ${empty}`} tables are empty`] : []),
  ];
}
