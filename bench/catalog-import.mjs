/**
 * `node bench/catalog-import.mjs FACTS`: imports a generated tree into a catalogue, as a process of its own whose memory can be measured. FACTS is JSON:
 * `{ workspace, url, runs, annotations, changed, version, out }`; `changed`: of how many runs, evenly spread, the documents are those of `version`.
 */
import { writeFileSync } from "node:fs";
import { virtualTree } from "./catalog-tree.mjs";
import { built } from "./report.mjs";

const { workspace, url, runs, annotations, changed, version, out } = JSON.parse(process.argv[2]);
const [{ openCatalog }, { importTree }, { systemClock }, { silentLog }, { Secret }] = await Promise.all(
  ["catalog/migrate.js", "stations/catalog/portal-import/portal-import.js", "core/clock.js", "core/log.js", "core/redact.js"].map(
    built,
  ),
);
const every = changed > 0 ? Math.max(1, Math.floor(runs / changed)) : 0;
const { store } = virtualTree({ runs, annotations, version: (run) => (every > 0 && run % every === 0 ? version : 0) });
const database = await openCatalog({
  workspace,
  url: url && new Secret(url),
  role: "writer",
  purpose: "catalog import",
  clock: systemClock,
  log: silentLog,
  connections: 10,
});
try {
  const report = await importTree({
    store,
    database,
    prefixes: { s3: "s3://portal", https: "http://127.0.0.1:8080/files" },
    clock: systemClock,
    log: silentLog,
  });
  const { status, runs: counts, rows, seconds, errors, warning_count } = report;
  writeFileSync(out, JSON.stringify({ status, runs: counts, rows, seconds, errors: errors.slice(0, 3), warning_count }));
} finally {
  await database.close();
}
