/**
 * `npm run bench:web -- [--runs 20000] [--rounds 30] [--dir DIR] [--keep] [--reuse]`: what the pages ask of a catalogue of 20,000 runs with 1,000,000
 * annotations, whose rows are made by SQL: the first page of runs (Q3), a facet that is chosen (rows and all counts together), and search. Over HTTP; median and
 * 95th percentile as JSON lines.
 *
 * Sketch: a hundred rows by index and a few hundred related ones: 10 ms. A choice asks for the set of one condition, at most some 200,000 numbers of four bytes:
 * 50 ms by index; the counts are a pass over 5 million numbers, 20 ms.
 */
import { mkdirSync, rmSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cache, figure, needBuild, round, say } from "./report.mjs";
import { fillCatalog } from "./web-catalog-rows.mjs";

const { values: options } = parseArgs({
  options: {
    runs: { type: "string", default: "20000" },
    rounds: { type: "string", default: "30" },
    dir: { type: "string", default: join(cache, "web-catalog") },
    keep: { type: "boolean", default: false },
    reuse: { type: "boolean", default: false },
  },
});
needBuild();
const built = (path) => import(new URL(`../dist/${path}`, import.meta.url).href);
const [{ migrate }, { openDatabase }, { openPortalApi }, { servePortal }, { memoryStore }, { silentLog }, { whereOf }] =
  await Promise.all(
    [
      "catalog/migrate.js",
      "catalog/database.js",
      "catalog/graphql/answer.js",
      "server/portal.js",
      "stores/memory/store.js",
      "core/log.js",
      "model/facet-choice.js",
    ].map(built),
  );
const { runsQuery } = await import(new URL("../web/queries/generated.ts", import.meta.url).href).catch(() => ({}));

/** Q3, as `web/queries/runs.graphql` has it. */
const Q3 =
  runsQuery ??
  `query runs($where: RunWhereClause, $orderBy: [RunOrderByClause!], $offset: Int!, $limit: Int!) {
    runs(where: $where, orderBy: $orderBy, limitOffset: {limit: $limit, offset: $offset}) { id name dataset { id title }
      tomograms(first: 1, where: {isVisualizationDefault: {_eq: true}}, orderBy: [{id: asc}]) {
        edges { node { id keyPhotoUrl keyPhotoThumbnailUrl voxelSpacing sizeX sizeY sizeZ } } }
      tomogramsAggregate { aggregate { count } } tiltseries(first: 1, orderBy: [{id: asc}]) { edges { node { tiltSeriesQuality tiltMin tiltMax } } }
      annotationsAggregate { aggregate { count } } } }`;

const runs = Number(options.runs);
const workspace = options.dir;
if (!options.reuse) rmSync(workspace, { recursive: true, force: true });
mkdirSync(workspace, { recursive: true });
const shared = { workspace, purpose: "benchmark", log: silentLog };
const owner = await openDatabase({ ...shared, role: "owner" });
await migrate(owner);
if (!options.reuse) await fillCatalog(owner.pool, runs, say);
const reader = await openDatabase({ ...shared, role: "reader", statementTimeoutMs: 60_000 });
const store = memoryStore();
const place = { id: "tree", name: "tree", kind: "tree", location: { scheme: "file", path: workspace, url: workspace }, store };
const portal = await servePortal({
  places: [place],
  catalogue: {
    place,
    pool: reader.pool,
    api: openPortalApi({ pool: reader.pool, log: silentLog }),
    state: () => ({ place: "tree", state: "ready" }),
  },
  bucket: "portal",
  port: 0,
  version: "benchmark",
  log: silentLog,
});

async function list(where, offset) {
  const variables = { where, orderBy: [{ id: "asc" }], offset, limit: 100 };
  const reply = await fetch(portal.graphql, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: Q3, variables }),
  });
  const { data, errors } = await reply.json();
  if (errors) throw new Error(errors[0].message);
  return data.runs;
}
async function api(path) {
  const reply = await fetch(`${portal.url}/api/v1/${path}`);
  const answer = await reply.json();
  if (!reply.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  return answer;
}
const facets = (where) => api(`facets?${new URLSearchParams({ of: "runs", where: JSON.stringify(where) })}`);

/** Choices of one or two values by turns, each other than the one before. */
const pick = (values, at) => values[at % values.length].value;
function choices(kind, known, at) {
  const of = (id) => known.facets.find((facet) => facet.id === id).values;
  if (kind === "sample") return { organism: [pick(of("organism"), at)], ...(at % 2 ? { sample: [pick(of("sample"), at)] } : {}) };
  if (kind === "hardware") return { camera: [pick(of("camera"), at)], voxel: { min: 5 + (at % 7) } };
  if (kind === "object") return { object: [pick(of("object"), at)] };
  if (kind === "objects") return { object: [pick(of("object"), at), pick(of("object"), at + 3)], shape: [pick(of("shape"), at)] };
  return { contents: [pick(of("contents"), at)], author: [pick(of("author"), at)] };
}

async function timed(name, rounds, work, limit) {
  const times = [];
  for (let at = 0; at < rounds; at++) {
    const begun = performance.now();
    await work(at);
    times.push(performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  const p = (share) => round(times[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)], 1);
  figure(`web-catalog.${name}`, p(0.95), {
    unit: "ms p95",
    p50_ms: p(0.5),
    limit_ms: limit,
    runs,
    rounds,
    load_1m: round(loadavg()[0], 1),
  });
}

try {
  const rounds = Number(options.rounds);
  let known;
  await timed("facets.first", 1, async () => {
    known = await facets({});
  });
  await timed("facets.again", rounds, () => facets({}), 150);
  await timed("list", rounds, (at) => list({}, (at * 100) % runs), 150);
  for (const kind of ["sample", "hardware", "object", "objects", "contents"]) {
    const both = async (at) => {
      const where = whereOf("runs", choices(kind, known, at));
      await Promise.all([list(where, 0), facets(where)]);
    };
    await timed(`filter.${kind}`, rounds, both, 150);
  }
  const words = [
    "TS_0012",
    "ribosome",
    "GO:0022626",
    "Author B",
    "0000-0002-0017",
    "Escherichia lam",
    "shape-12345",
    "ribosme",
    "10031",
    "membrane",
  ];
  await timed("search", 5 * rounds, (at) => api(`search?q=${encodeURIComponent(`${words[at % words.length]}`)}`), 100);
} finally {
  await portal.close();
  await reader.close();
  await owner.close();
  if (!options.keep && !options.reuse) rmSync(workspace, { recursive: true, force: true });
}
