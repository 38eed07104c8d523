/**
 * `node bench/catalog.mjs [--scale 1] [--frames 10000000] [--rounds 100] [--database URL] [--dir DIR] [--keep] [--reuse] [--only portal|frames]`: a catalogue of
 * 20,000 runs with 1,000,000 annotations, brought in by the importer, and of ten million frames; then what the portal's pages and `catalog query --where` ask,
 * each question in turn to emporium (GraphQL over HTTP, for the frames its query function) and to SQLAlchemy on the same server. Answers are compared.
 *
 * `--scale` shrinks both; `--database` takes an empty database of a server in place of the embedded one, and leaves it full; `--reuse` measures on what `--keep`
 * left.
 *
 * Sketch: a list reads 25 rows and some hundred related ones by index, 10 µs each: 2 ms in the server and as much to plan. Counting a million rows by a column is 60 ns a
 * row: 60 ms, so what is asked of all rows has to be counted before. A filter on frames has 10,000 data sets to choose from and 10 million rows to avoid.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { FRAMES_OF_EACH, fillFrames, uploadRate } from "./catalog-frames.mjs";
import { PORTAL_QUERIES, WHERE_QUERIES } from "./catalog-queries.mjs";
import { virtualTree } from "./catalog-tree.mjs";
import { built, cache, environmentPython, figure, measure, needBuild, root, round, say, table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    scale: { type: "string", default: "1" },
    frames: { type: "string" },
    rounds: { type: "string", default: "100" },
    database: { type: "string" },
    dir: { type: "string", default: join(cache, "catalog") },
    keep: { type: "boolean", default: false },
    reuse: { type: "boolean", default: false },
    only: { type: "string" },
  },
});

const RUNS = 20_000;
const ANNOTATIONS_OF_A_RUN = 50;
const FRAMES = 10_000_000;
/** Where a tree is served unless something else is said: addresses in the rows begin with it. */
const WRITTEN = "http://127.0.0.1:8080";
/** Of one run of a hundred the documents change before the second import. */
const CHANGED = 0.01;
const LIMIT_MS = { list: 20, facet: 50, jsonb: 50 };
const IMPORTER_MIB_MAX = 300;
/** Questions before any counts, and at least as many that do; a slow one is asked no longer than so. */
const WARM = 5;
const ROUNDS_MIN = 10;
const SECONDS_OF_A_QUERY = 20;

needBuild();
const scale = Number(options.scale);
const runs = Math.max(100, Math.round(RUNS * scale));
const datasetsOfFrames = Math.round(Number(options.frames ?? FRAMES * scale) / FRAMES_OF_EACH);
const rounds = Number(options.rounds);
const facts = { runs, annotations: runs * ANNOTATIONS_OF_A_RUN, frames: datasetsOfFrames * FRAMES_OF_EACH };
const wants = (part) => options.only === undefined || options.only === part;

const [
  { migrate },
  { openDatabase },
  { openPortalApi },
  { servePortal },
  { memoryStore },
  { systemClock },
  { silentLog },
  { Secret },
] = await Promise.all(
  [
    "catalog/migrate.js",
    "catalog/database.js",
    "catalog/graphql/open.js",
    "server/portal.js",
    "stores/memory/store.js",
    "core/clock.js",
    "core/log.js",
    "core/redact.js",
  ].map(built),
);
const [{ databaseRepository }, { queryDatasets }, { parseWhere }] = await Promise.all(
  ["stations/catalog/rows/database.js", "stations/catalog/query.js", "stations/catalog/where.js"].map(built),
);

const workspace = options.dir;
const python = environmentPython("catalog");
if (!options.reuse) rmSync(workspace, { recursive: true, force: true });
mkdirSync(workspace, { recursive: true });
const shared = {
  workspace,
  url: options.database && new Secret(options.database),
  purpose: "benchmark",
  clock: systemClock,
  log: silentLog,
};
const owner = await openDatabase({ ...shared, role: "owner" });
try {
  await migrate(owner);
  if (wants("portal")) {
    if (!options.reuse) await importAll();
    await portalQueries();
  }
  if (wants("frames")) {
    if (!options.reuse) await fill();
    await frameQueries();
  }
  await sizes();
} finally {
  await owner.close();
  if (!options.keep && !options.database) rmSync(workspace, { recursive: true, force: true });
}

/** The whole tree, then again with nothing changed, then with some runs changed. */
async function importAll() {
  mkdirSync(cache, { recursive: true });
  const changed = Math.max(1, Math.round(runs * CHANGED));
  for (const [name, more] of [
    ["import", { changed: 0, version: 0 }],
    ["import.unchanged", { changed: 0, version: 0 }],
    ["import.changed", { changed, version: 1 }],
  ]) {
    const scratch = mkdtempSync(join(cache, "catalog-import-"));
    const out = join(scratch, "report.json");
    const asked = { workspace, url: options.database, runs, annotations: ANNOTATIONS_OF_A_RUN, out, ...more };
    try {
      const cost = await measure("python3", [process.execPath, join(root, "bench", "catalog-import.mjs"), JSON.stringify(asked)]);
      const report = JSON.parse(readFileSync(out, "utf8"));
      if (report.status !== "done") throw new Error(`the import is ${report.status}: ${JSON.stringify(report.errors)}`);
      const counts = Object.values(report.rows);
      const rows = counts.reduce((sum, { inserted, updated, unchanged }) => sum + inserted + updated + unchanged, 0);
      const mib = Math.round(cost.rss_kib / 1024);
      say(
        `${name}: ${report.seconds.toFixed(1)} s, ${rows} rows of which ${report.rows.Annotation.inserted} new annotations, ${mib} MiB`,
      );
      figure(`catalog.${name}`, round(report.seconds, 2), {
        unit: "s",
        ...facts,
        rows,
        rows_per_s: Math.round(rows / report.seconds),
        annotations_per_s: Math.round((runs * ANNOTATIONS_OF_A_RUN) / report.seconds),
        runs_imported: report.runs.imported,
        cpu_s: round(cost.cpu_s, 1),
        rss_mib: mib,
        rss_mib_max: IMPORTER_MIB_MAX,
      });
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
}

async function portalQueries() {
  const { datasets } = virtualTree({ runs, annotations: ANNOTATIONS_OF_A_RUN });
  const known = { datasets: datasets.map(({ id }) => id), firstRuns: datasets.map(({ first }) => first) };
  const reader = await openDatabase({ ...shared, role: "reader" });
  const { pool } = reader;
  const place = { id: "tree", name: "tree", kind: "tree", location: { url: "memory://" }, store: memoryStore() };
  const api = openPortalApi({ pool, log: silentLog });
  const portal = await servePortal({
    places: [place],
    catalogue: { place, api, pool, state: () => ({ place: place.id, state: "ready" }) },
    bucket: "portal",
    version: "bench",
    port: 0,
    log: silentLog,
  });
  const rival = startRival();
  try {
    const results = [];
    for (const { name, kind, query, args } of PORTAL_QUERIES) {
      const ours = async (at) => {
        const body = JSON.stringify({ query, variables: args(known, at) });
        const begun = performance.now();
        const reply = await fetch(portal.graphql, { method: "POST", headers: { "content-type": "application/json" }, body });
        const text = await reply.text();
        const ms = performance.now() - begun;
        // the server puts its own address in the place of the one that the rows have
        const { data, errors } = JSON.parse(text.replaceAll(`${new URL(portal.graphql).origin}/`, `${WRITTEN}/`));
        return { ms, answer: errors ? { error: errors[0].message } : data };
      };
      results.push(await race(name, kind, ours, (at) => rival.ask(name, args(known, at))));
    }
    tell(results);
  } finally {
    rival.stop();
    await portal.close();
    await reader.close();
  }
}

async function frameQueries() {
  const reader = await openDatabase({ ...shared, role: "reader" });
  const repository = databaseRepository(reader);
  const rival = startRival();
  try {
    const results = [];
    for (const { name, where } of WHERE_QUERIES) {
      const ours = async (at) => {
        const begun = performance.now();
        const answer = await queryDatasets(repository, { where: where(at) }).then(
          ({ datasets }) => datasets.map(({ dataset_serial }) => dataset_serial),
          (error) => ({ error: error.message }),
        );
        return { ms: performance.now() - begun, answer };
      };
      const conditions = (at) =>
        parseWhere(where(at)).all.map(({ subject, operator, value }) => [
          subject.of,
          subject.path ?? [subject.column],
          operator,
          value,
        ]);
      results.push(await race(name, "jsonb", ours, (at) => rival.ask("where_query", { conditions: conditions(at) })));
    }
    tell(results);
  } finally {
    rival.stop();
    await reader.close();
  }
}

async function fill() {
  say(`${facts.frames} frames in ${datasetsOfFrames} data sets`);
  const cost = await fillFrames(owner.pool, datasetsOfFrames, say);
  figure("catalog.frames.fill", round(cost.fill_s, 1), {
    unit: "s",
    ...facts,
    indexes_s: round(cost.index_s, 1),
    says: "by SQL",
  });
  const writer = await openDatabase({ ...shared, role: "writer" });
  try {
    const frames = 20_000;
    const rate = await uploadRate(databaseRepository(writer), frames);
    figure("catalog.frames.upload", Math.round(rate), { unit: "frames/s", ...facts, frames_of_upload: frames });
  } finally {
    await writer.close();
  }
}

/** One question after the other to both, until a slow one has taken its share of time. The first of each is to warm up, and to be compared. */
async function race(name, kind, ours, theirs) {
  const times = { ours: [], theirs: [] };
  let differs;
  const until = performance.now() + SECONDS_OF_A_QUERY * 1000;
  for (let at = 0; at < rounds + WARM && (at < WARM + ROUNDS_MIN || performance.now() < until); at++) {
    const [mine, other] = [await ours(at), await theirs(at)];
    if (mine.answer.error ?? other.answer.error)
      differs ??= `${mine.answer.error ?? "answered"} / ${other.answer.error ?? "answered"}`;
    else if (!isDeepStrictEqual(mine.answer, other.answer)) differs ??= `answers differ at ${at}`;
    if (at < WARM) continue;
    times.ours.push(mine.ms);
    times.theirs.push(other.ms);
  }
  return { name, kind, differs, ours: spread(times.ours), theirs: spread(times.theirs), rounds: times.ours.length };
}

function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => round(sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)], 2);
  return { p50_ms: at(0.5), p95_ms: at(0.95) };
}

function tell(results) {
  table([
    ["", "kind", "p50 ms", "p95 ms", "limit", "SQLAlchemy p50", "p95", ""],
    ...results.map(({ name, kind, differs, ours, theirs }) => [
      name,
      kind,
      ours.p50_ms.toFixed(1),
      ours.p95_ms.toFixed(1),
      LIMIT_MS[kind],
      theirs.p50_ms.toFixed(1),
      theirs.p95_ms.toFixed(1),
      [ours.p95_ms > LIMIT_MS[kind] ? "SLOW" : "", differs ?? ""].filter(Boolean).join(" "),
    ]),
  ]);
  for (const { name, kind, differs, ours, theirs, rounds } of results) {
    figure(`catalog.${kind}.${name}`, ours.p95_ms, {
      unit: "ms p95",
      ...facts,
      limit_ms: LIMIT_MS[kind],
      p50_ms: ours.p50_ms,
      sqlalchemy: theirs,
      rounds,
      load_1m: round(loadavg()[0], 1),
      ...(differs ? { differs } : {}),
    });
  }
  if (results.some(({ differs }) => differs?.startsWith("answers"))) process.exitCode = 1;
}

/** SQLAlchemy in a process of its own, asked a question at a time. */
function startRival() {
  const child = spawn(python, [join(root, "bench", "catalog.py")], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.write(`${rivalAddress()}\n`);
  return {
    async ask(query, args) {
      child.stdin.write(`${JSON.stringify({ query, args })}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error("bench/catalog.py ended");
      return JSON.parse(value);
    },
    stop: () => child.stdin.end(),
  };
}

function rivalAddress() {
  const url = new URL(options.database ?? "postgresql://localhost");
  url.protocol = "postgresql+psycopg:";
  if (options.database) return String(url);
  const { server } = owner;
  const [, , database, user, password] = readFileSync(server.passwordFile, "utf8")
    .split("\n")
    .find((line) => line.includes(":emporium_owner:"))
    .split(":");
  const { host, port } = server.connection;
  return `postgresql+psycopg://${user}:${password}@/${database === "*" ? server.database : database}?host=${encodeURIComponent(host)}&port=${port}`;
}

async function sizes() {
  const { rows } = await owner.pool.query(
    `select schemaname as schema, sum(pg_total_relation_size(relid))::float8 / 2 ^ 20 as mib, sum(pg_indexes_size(relid))::float8 / 2 ^ 20 as index_mib
      from pg_stat_user_tables group by 1 order by 1`,
  );
  for (const { schema, mib, index_mib } of rows) {
    figure(`catalog.size.${schema}`, Math.round(mib), { unit: "MiB", ...facts, index_mib: Math.round(index_mib) });
  }
}
