// Prints the statements that make the portal's tables as src/catalog/entities.ts describes them now, for a new migration to hold:
// node scripts/freeze-portal-tables.mjs > src/catalog/migrations/portal-tables-N.ts
const { portalStatements } = await import(new URL("../dist/catalog/portal-ddl.js", import.meta.url).href);
const date = new Date().toISOString().slice(0, 10);
console.log(
  `/** The portal's tables as of ${date}, written by \`scripts/freeze-portal-tables.mjs\`. A migration's own: never changed afterwards. */`,
);
console.log(
  `export const PORTAL_TABLES: readonly string[] = [\n${portalStatements()
    .map((text) => `  \`${text}\`,`)
    .join("\n")}\n];`,
);
