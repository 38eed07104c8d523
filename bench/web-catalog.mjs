/**
 * `npm run bench:web-catalog -- [--runs 20000] [--rounds 30] [--dir DIR] [--keep] [--reuse]`: what the pages ask of a catalogue of 20,000 runs with 1,000,000
 * annotations, whose rows are made by SQL: from the start of `emporium serve` to the first list (Q3) and to the facets beside it, then the list, a facet that is
 * chosen (rows and all counts together), and search by words that nobody asked for before. Over HTTP from another process; median and 95th percentile as JSON
 * lines, with the server's processor time and how long it was held up: the longest of the section, as `/metrics` has it.
 *
 * Sketch: a hundred rows by index and a few hundred related ones: 10 ms. Counts of runs are passes over 27 facets of at most 400,000 positions, 10 ms; where
 * something is asked of annotations, five passes over a million, 30 ms. Reading all sets is a hash over a million rows for each facet, 0.6 s each.
 */
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { built, cache, figure, needBuild, program, round, say } from "./report.mjs";
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
const [{ migrate }, { openDatabase }, { silentLog }, { whereOf }] = await Promise.all(
  ["catalog/migrate.js", "catalog/database.js", "core/log.js", "model/facet-choice.js"].map(built),
);

/** Q3, as `web/queries/runs.graphql` has it. */
const Q3 = `query runs($where: RunWhereClause, $orderBy: [RunOrderByClause!], $offset: Int!, $limit: Int!) {
    runs(where: $where, orderBy: $orderBy, limitOffset: {limit: $limit, offset: $offset}) { id name dataset { id title }
      tomograms(first: 1, where: {isVisualizationDefault: {_eq: true}}, orderBy: [{id: asc}]) {
        edges { node { id keyPhotoUrl keyPhotoThumbnailUrl voxelSpacing sizeX sizeY sizeZ } } }
      tomogramsAggregate { aggregate { count } } tiltseries(first: 1, orderBy: [{id: asc}]) { edges { node { tiltSeriesQuality tiltMin tiltMax } } }
      annotationsAggregate { aggregate { count } } } }`;

const runs = Number(options.runs);
const workspace = options.dir;
if (!options.reuse) rmSync(workspace, { recursive: true, force: true });
// what makes it a tree; its rows are made without it
const tree = join(workspace, "tree");
mkdirSync(join(tree, "10001"), { recursive: true });
writeFileSync(join(tree, "10001", "dataset_metadata.json"), "{}");
const owner = await openDatabase({ workspace, purpose: "benchmark", log: silentLog, role: "owner" });
await migrate(owner);
if (!options.reuse) await fillCatalog(owner.pool, runs, say);
await owner.close(); // the server of the database stops, too: what follows begins with nothing

const started = performance.now();
const server = spawn(
  process.execPath,
  [program, "serve", tree, "--workspace", workspace, "--no-import", "--port", "0", "--json"],
  { stdio: ["ignore", "pipe", "inherit"] },
);
const ended = new Promise((resolve) => server.once("exit", resolve));
const answered = async () => {
  let text = "";
  for await (const line of createInterface(server.stdout)) {
    text += line;
    if (line === "}") return JSON.parse(text);
  }
  throw new Error("serve ended before it told its address");
};
const portal = await answered();

async function list(where, offset) {
  const variables = { where, orderBy: [{ id: "asc" }], offset, limit: 100 };
  const reply = await fetch(`${portal.url}/graphql`, {
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

/** Of the server since the last time that it was asked. */
async function metrics() {
  const text = await (await fetch(`${portal.url}/metrics`)).text();
  const of = (name) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
  return {
    cpu: of("process_cpu_seconds_total"),
    // the clock that measures it ticks every 10 ms
    held: 1000 * of("nodejs_eventloop_lag_max_seconds") - 10,
    rss: of("process_resident_memory_bytes") / 2 ** 20,
  };
}

async function timed(name, rounds, work, limit) {
  const times = [];
  const before = await metrics();
  for (let at = 0; at < rounds; at++) {
    const begun = performance.now();
    await work(at);
    times.push(performance.now() - begun);
  }
  const after = await metrics();
  times.sort((a, b) => a - b);
  const p = (share) => round(times[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)], 1);
  figure(`web-catalog.${name}`, p(0.95), {
    unit: "ms p95",
    p50_ms: p(0.5),
    limit_ms: limit,
    server_cpu_ms: round((1000 * (after.cpu - before.cpu)) / rounds, 1),
    held_up_ms: round(after.held, 1),
    rss_mib: round(after.rss, 0),
    runs,
    rounds,
    load_1m: round(loadavg()[0], 1),
  });
}
/** Since the server was started. */
function since(name, limit) {
  const ms = round(performance.now() - started, 0);
  figure(`web-catalog.start.${name}`, ms, { unit: "ms", limit_ms: limit, runs, load_1m: round(loadavg()[0], 1) });
}

try {
  const rounds = Number(options.rounds);
  since("address");
  let known;
  await timed("list.first", 1, () => list({}, 0), 500);
  since("list");
  await timed("facets.first", 1, async () => {
    known = await facets({});
  });
  since("facets");
  await api("facets?of=annotations"); // the server makes them ready by itself
  await timed("facets.again", rounds, () => facets({}), 150);
  await timed("list", rounds, (at) => list({}, (at * 100) % runs), 150);
  for (const kind of ["sample", "hardware", "object", "objects", "contents"]) {
    const both = async (at) => {
      const where = whereOf("runs", choices(kind, known, at));
      await Promise.all([list(where, 0), facets(where)]);
    };
    await timed(`filter.${kind}`, rounds, both, 150);
  }
  const annotations = (at) => {
    const where = whereOf("annotations", choices(["sample", "hardware", "object"][at % 3], known, at));
    return api(`facets?${new URLSearchParams({ of: "annotations", where: JSON.stringify(where) })}`);
  };
  await timed("annotations.facets", rounds, annotations, 150);
  const words = [
    (at) => `TS_0${100 + at}`,
    (at) => `ribosome ${"ab"[at % 2]}`,
    (at) => `GO:${1000 + at}`,
    (at) => `Author ${String.fromCharCode(65 + (at % 26))}`,
    (at) => `0000-0002-0${100 + at}`,
    (at) => `Escherichia lam ${at}`,
    (at) => `shape-${12345 + at}`,
    (at) => `ribosme${" ".repeat(at % 50)}`,
    (at) => String(10031 + at),
    (at) => `membrne ${at}`,
  ];
  await api("search?q=ribosmoe"); // what misspelt words are compared with is read once
  await timed("search", 5 * rounds, (at) => api(`search?q=${encodeURIComponent(words[at % words.length](at))}`), 100);
} finally {
  server.kill("SIGINT");
  await ended;
  if (!options.keep && !options.reuse) rmSync(workspace, { recursive: true, force: true });
}
