/**
 * `npm run bench:web -- --only start [--runs 20000] [--rounds 30] [--budget SECONDS]`: the list of 20,000 runs from the address to its first row that the keyboard
 * can reach, with an empty cache and a full one, beside Datasette on a table of the same runs; what the browser loads for it, and what a volume adds.
 * The catalogue's rows are made once, in `.cache/bench/web-start`.
 *
 * Sketch: 190 KB over loopback, 600 KB of scripts to compile: 150 ms; a page of 100 rows in 10 ms, drawn in one frame.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { built, cache, environmentPython, figure, needBuild, root, round, say, table } from "./report.mjs";
import { fillCatalog } from "./web-catalog-rows.mjs";
import { now, percentile, sleep, startClock } from "./web-clock.mjs";

const { values: options } = parseArgs({
  options: {
    runs: { type: "string", default: "20000" },
    rounds: { type: "string", default: "30" },
    budget: { type: "string" },
    dir: { type: "string", default: join(cache, "web-start") },
  },
});
needBuild();
const rounds = Number(options.rounds);
const until = now() + 1000 * Number(options.budget ?? 30 + 10 * rounds);
const runs = Number(options.runs);
const [
  { migrate },
  { openDatabase },
  { openPortalApi },
  { servePortal },
  { openPlaces },
  { memoryStore },
  { silentLog },
  { printRef },
] = await Promise.all(
  [
    "catalog/migrate.js",
    "catalog/database.js",
    "catalog/graphql/open.js",
    "server/portal.js",
    "server/places.js",
    "stores/memory/store.js",
    "core/log.js",
    "model/ref.js",
  ].map(built),
);

const filled = join(options.dir, `filled-${runs}`);
if (!existsSync(filled)) rmSync(options.dir, { recursive: true, force: true });
mkdirSync(options.dir, { recursive: true });
const shared = { workspace: options.dir, purpose: "benchmark", log: silentLog };
const owner = await openDatabase({ ...shared, role: "owner" });
await migrate(owner);
if (!existsSync(filled)) {
  await fillCatalog(owner.pool, runs, say);
  writeFileSync(filled, "");
}
const reader = await openDatabase({ ...shared, role: "reader", statementTimeoutMs: 60_000 });
const volumes = join(cache, "web", "volumes");
const [folder] = existsSync(volumes) ? await openPlaces([volumes], { anonymous: true }) : [];
const place = {
  id: "tree",
  name: "tree",
  kind: "tree",
  location: { scheme: "file", path: options.dir, url: options.dir },
  store: memoryStore(),
};
const portal = await servePortal({
  places: [place, ...(folder ? [folder] : [])],
  catalogue: {
    place,
    pool: reader.pool,
    api: openPortalApi({ pool: reader.pool, log: silentLog }),
    state: () => ({ place: "tree", state: "ready" }),
  },
  bucket: "portal",
  port: 0,
  version: "benchmark",
  pages: join(root, "dist", "web"),
  log: silentLog,
});
const rows = [["", "p50 ms", "p95 ms", "of", "target"]];
let datasette;
const clock = await startClock();
try {
  datasette = await startDatasette().catch((error) => {
    say(`Datasette cannot be had: ${error.message}`);
    figure("web.peer.datasette", null, { missing: error.message.split("\n")[0] });
    return undefined;
  });
  const pages = [
    { product: "emporium", url: `${portal.url}/runs`, first: '[role="grid"] [tabindex="0"]', targets: { cold: 500, warm: 250 } },
    ...(datasette
      ? [{ product: "datasette", url: `${datasette.url}/runs/run`, first: "table.rows-and-columns tbody a", targets: {} }]
      : []),
  ];
  const found = new Map();
  // once for each, so that the servers' own first time is nobody's
  for (const page of pages) await opening(page, true);
  let done = 0;
  for (; done < rounds && (done === 0 || now() < until); done++) {
    for (const page of pages) {
      for (const state of ["cold", "warm"]) {
        const name = `list.${state}.${page.product}`;
        found.set(name, [...(found.get(name) ?? []), await opening(page, state === "cold")]);
      }
    }
  }
  for (const page of pages) {
    for (const state of ["cold", "warm"]) {
      const times = found.get(`list.${state}.${page.product}`);
      const target = page.targets[state];
      const [p50, p95] = [0.5, 0.95].map((share) => round(percentile(times, share), 0));
      figure(`web.list.${state}`, p95, {
        unit: "ms p95",
        p50_ms: p50,
        target_ms: target,
        product: page.product,
        runs,
        rounds: done,
        load_1m: round(loadavg()[0], 1),
      });
      rows.push([`list, ${state}, ${page.product}`, p50, p95, done, target ?? ""]);
    }
  }
  await weights(pages).catch((error) => figure("web.weight", null, { failed: error.message.split("\n")[0] }));
} finally {
  table(rows);
  await clock.close();
  await datasette?.close();
  await portal.close();
  await reader.close();
  await owner.close();
}

/** Milliseconds from the start of a navigation to the frame after the one in which the first row can be reached by keyboard. */
async function opening({ url, first }, isCold) {
  const tab = await clock.open({ cold: isCold });
  try {
    await tab.page.addInitScript((selector) => {
      const look = () => {
        const row = document.querySelector(selector);
        if (row && /\w/.test(row.textContent)) requestAnimationFrame(() => (window.benchFirstRow = performance.now()));
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    }, first);
    await tab.page.goto(url, { waitUntil: "commit" });
    for (const last = now() + 60_000; now() < last; await sleep(25)) {
      // not by the page's own eval, which its policy forbids
      const { result } = await tab.cdp.send("Runtime.evaluate", { expression: "window.benchFirstRow", returnByValue: true });
      if (typeof result.value === "number") return result.value;
    }
    throw new Error(`${url} showed no row`);
  } finally {
    await tab.close();
  }
}

/** Bytes as they come with gzip, of all requests until nothing more is asked for. */
async function weigh(url) {
  const tab = await clock.open({ cold: true });
  try {
    await tab.cdp.send("Network.enable");
    await tab.cdp.send("Network.setExtraHTTPHeaders", { headers: { "Accept-Encoding": "gzip" } });
    const [addresses, sizes, encodings] = [new Map(), new Map(), new Set()];
    tab.cdp.on("Network.requestWillBeSent", ({ requestId, request }) => addresses.set(requestId, request.url));
    tab.cdp.on("Network.responseReceived", ({ response }) => {
      const encoding = Object.entries(response.headers).find(([name]) => name.toLowerCase() === "content-encoding");
      if (encoding) encodings.add(encoding[1]);
    });
    tab.cdp.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      const address = addresses.get(requestId) ?? "";
      sizes.set(address, (sizes.get(address) ?? 0) + encodedDataLength);
    });
    await tab.page.goto(url, { waitUntil: "load" });
    for (let before = -1; before !== sizes.size; ) {
      before = sizes.size;
      await sleep(2000);
    }
    if (encodings.size > 1) throw new Error(`asked for gzip, and got ${[...encodings].join(", ")}`);
    return sizes;
  } finally {
    await tab.close();
  }
}

async function weights(pages) {
  const kb = (entries) => round(entries.reduce((sum, [, bytes]) => sum + bytes, 0) / 1000, 1);
  const loaded = new Map();
  for (const { product, url } of pages) {
    const sizes = await weigh(url);
    loaded.set(product, sizes);
    const target = product === "emporium" ? 190 : undefined;
    const largest = [...sizes].sort((a, b) => b[1] - a[1]).slice(0, 3);
    figure("web.weight.list", kb([...sizes]), {
      unit: "KB gzip",
      target,
      product,
      requests: sizes.size,
      largest: largest.map(([address, bytes]) => `${new URL(address).pathname.split("/").at(-1)} ${round(bytes / 1000, 1)}`),
    });
    rows.push([`weight of the list, KB, ${product}`, kb([...sizes]), "", sizes.size, target ?? ""]);
  }
  if (!folder) return say("no volumes yet: the viewer's weight is taken after `--only viewer` made them");
  const key = "points/dots.mrc";
  const sizes = await weigh(`${portal.url}/view/at/${printRef({ kind: "place", place: folder.id, key })}`);
  const isData = ([address]) => /\/plane\?|\/overlays\//.test(address);
  const seen = new Set([...loaded.get("emporium").keys()].filter((address) => address.includes("/assets/")));
  const more = [...sizes].filter((entry) => !isData(entry) && !seen.has(entry[0]));
  figure("web.weight.viewer", kb(more), {
    unit: "KB gzip more than the list",
    target: 60,
    product: "emporium",
    alone_kb: kb([...sizes].filter((entry) => !isData(entry))),
    planes_kb: kb([...sizes].filter(isData)),
  });
  rows.push(["weight of the viewer more, KB", kb(more), "", more.length, 60]);
}

/** The same runs in a table of SQLite, as a laboratory would publish its list. */
async function startDatasette() {
  const python = environmentPython("datasette");
  const file = join(options.dir, "runs.db");
  if (!existsSync(file)) {
    const { rows: all } = await reader.pool.query(
      `select run.id, run.name, dataset.title as dataset, dataset.release_date::date::text as released, tomogram.voxel_spacing, tomogram.size_x, tomogram.size_y,
        tomogram.size_z, tiltseries.tilt_min, tiltseries.tilt_max, tiltseries.tilt_series_quality as quality
       from emporium_portal.run join emporium_portal.dataset on dataset.id = run.dataset_id
        left join emporium_portal.tomogram on tomogram.run_id = run.id and tomogram.is_visualization_default
        left join emporium_portal.tiltseries on tiltseries.run_id = run.id order by run.id`,
    );
    const script = `import json, sqlite3, sys
rows = json.load(sys.stdin)
names = list(rows[0])
db = sqlite3.connect(sys.argv[1])
db.execute("create table run (" + ", ".join(n + (" integer primary key" if n == "id" else "") for n in names) + ")")
db.executemany("insert into run values (" + ",".join("?" * len(names)) + ")", [[r[n] for n in names] for r in rows])
db.commit()`;
    execFileSync(python, ["-c", script, file], { input: JSON.stringify(all), stdio: ["pipe", 2, 2] });
  }
  const words = ["-m", "datasette", "serve", "-i", file, "--port", "0", "--setting", "default_page_size", "100"];
  const child = spawn(python, words, { stdio: ["ignore", "pipe", "pipe"] });
  const url = await new Promise((resolve, reject) => {
    let said = "";
    child.on("exit", () => reject(new Error(`datasette has ended: ${said}`)));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (piece) => {
        said += piece;
        const address = /running on (http:\/\/\S+)/.exec(said)?.[1];
        if (address) resolve(address);
      });
    }
  });
  return {
    url,
    async close() {
      child.kill("SIGINT");
      await once(child, "exit");
    },
  };
}
