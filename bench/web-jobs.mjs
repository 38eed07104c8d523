/**
 * `npm run bench:web -- --only jobs [--tabs 50] [--seen 1] [--pairs 5] [--tasks 40]`: the page of jobs in many tabs while an ingest of many small tasks runs beside them. From the
 * moment of the engine's event to the moment at which the bar in the document shows it, in every tab; connections of the stream; and the seconds of the ingest,
 * beside the same ingest that is not recorded, with server and browser stopped. The two alternate. Of the tabs, `seen` are in front; the others are behind
 * them, as in a person's window, where they draw nothing: `--seen 50` draws in all.
 *
 * Sketch: an event waits 125 ms for the file (250 at most), 50 for the server's look (100), and a few for the stream and 50 tabs: 200 ms, 360 at most. The tabs are
 * told ten times a second at most; React draws one row: 2 ms of a core each, so 50 tabs that draw take a core, where there is one.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generateLab } from "../examples/lab/generate.mjs";
import { built, figure, median, needBuild, program, round, say, table } from "./report.mjs";
import { now, percentile, sleep, startClock } from "./web-clock.mjs";
import { serve } from "./web-views.mjs";

const { values: options } = parseArgs({
  options: {
    tabs: { type: "string", default: "50" },
    seen: { type: "string", default: "1" },
    pairs: { type: "string" },
    tasks: { type: "string", default: "40" },
    rounds: { type: "string", default: "30" },
  },
});
/** Fifty tabs open one after another, on a machine that has other work as well. */
const OPENING_MS = 120_000;

needBuild();
const [tabs, seen, runs, pairs] = [options.tabs, options.seen, options.tasks, options.pairs ?? Math.ceil(options.rounds / 6)].map(
  Number,
);
const { advance, noProgress, viewProgress } = await built("engine/progress.js");
const folder = mkdtempSync(join(tmpdir(), "emporium-bench-web-jobs-"));
const shown = join(folder, "shown");
const hidden = join(folder, "hidden");
mkdirSync(join(folder, "volumes"));
mkdirSync(shown);
mkdirSync(hidden);
// where a file stands in the way of the folder, nothing is recorded
writeFileSync(join(hidden, "runs"), "");
await generateLab({ out: join(folder, "lab"), deposits: ["imod"], runs, shape: [16, 64, 64] });

let server;
const children = new Set();
let clock;
const rows = [["", "p50 ms", "p95 ms", "max ms", "of", "target"]];
try {
  server = await serve([join(folder, "volumes")], shown);
  clock = await startClock();
  await ingest(hidden, "warm");
  const pages = [];
  while (pages.length < tabs) pages.push(await opened(`${server.url}/jobs`, pages.length >= seen));
  const [late, alone, beside, ratios] = [[], [], [], []];
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? ["shown", "hidden"] : ["hidden", "shown"];
    const seconds = {};
    for (const which of order) seconds[which] = await (which === "shown" ? watched(pages, pair, late) : unwatched(pair));
    alone.push(seconds.hidden);
    beside.push(seconds.shown);
    ratios.push(seconds.shown / seconds.hidden);
    say(
      `pair ${pair + 1}: ${round(seconds.hidden, 2)} s alone, ${round(seconds.shown, 2)} s with ${tabs} tabs; load ${loadavg()[0]}`,
    );
  }
  const load = { load_1m: round(loadavg()[0], 1), tabs, seen };
  for (const [name, of] of [
    ["list", late.filter(({ isJob }) => !isJob)],
    ["job", late.filter(({ isJob }) => isJob)],
  ]) {
    const times = of.map(({ ms }) => ms);
    const [p50, p95] = [0.5, 0.95].map((share) => round(percentile(times, share), 0));
    const most = round(
      times.reduce((a, b) => Math.max(a, b), 0),
      0,
    );
    figure(`web.jobs.event_to_bar.${name}`, p95, {
      unit: "ms p95",
      p50_ms: p50,
      max_ms: most,
      of: times.length,
      target_ms: 400,
      ...load,
    });
    rows.push([`event to bar, ${name}`, p50, p95, most, times.length, 400]);
  }
  const share = round(100 * (median(ratios) - 1), 1);
  figure("web.jobs.ingest_slower", share, {
    unit: "% median of pairs",
    alone_s: alone.map((s) => round(s, 2)),
    beside_s: beside.map((s) => round(s, 2)),
    target: 3,
    ...load,
  });
  say(
    `the ingest takes ${share} % longer (target 3): ${round(median(alone), 2)} s alone, ${round(median(beside), 2)} s beside ${tabs} tabs`,
  );
} catch (error) {
  say(`${error.stack}`);
  process.exitCode = 1;
} finally {
  table(rows);
  await clock?.close();
  await server?.close();
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}

/** A tab that notes when a bar changes, and to what. */
async function opened(url, isBehind = false) {
  const tab = await clock.open();
  tab.page.setDefaultTimeout(OPENING_MS);
  // without a screen Chromium takes every tab to be in front
  if (isBehind) await tab.page.addInitScript(() => Object.defineProperty(Document.prototype, "hidden", { get: () => true }));
  await tab.page.addInitScript(() => {
    window.benchBars = [];
    const note = (bar) => {
      const id = bar.closest("[data-job]")?.dataset.job ?? location.pathname.split("/").at(-1);
      window.benchBars.push([id, performance.timeOrigin + performance.now(), Number(bar.getAttribute("value"))]);
    };
    new MutationObserver((changes) => {
      for (const { type, target, addedNodes } of changes) {
        if (type === "attributes" && target.tagName === "PROGRESS") note(target);
        for (const node of addedNodes) if (node.querySelectorAll) for (const bar of node.querySelectorAll("progress")) note(bar);
      }
    }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["value"] });
  });
  await tab.page.goto(url, { waitUntil: "load" });
  await tab.page.getByRole("heading", { level: 1 }).waitFor();
  return tab;
}

/** The ingest while all tabs look on, and one at the run itself. @returns its seconds */
async function watched(pages, pair, late) {
  const known = new Set(existsSync(join(shown, "runs")) ? readdirSync(join(shown, "runs")) : []);
  const running = ingest(shown, `shown-${pair}`);
  let id;
  for (const last = now() + 60_000; id === undefined && now() < last; await sleep(20))
    id = (existsSync(join(shown, "runs")) ? readdirSync(join(shown, "runs")) : []).find((name) => !known.has(name));
  const own = await opened(`${server.url}/jobs/${id}`);
  const openedMs = now();
  const streams = /^emporium_event_streams (\d+)$/m.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1];
  if (pair === 0) figure("web.jobs.streams", Number(streams), { unit: "connections", target: 1, tabs: pages.length + 1 });
  const seconds = await running;
  await sleep(2_000);
  const steps = stepsOf(join(shown, "runs", id));
  for (const tab of [...pages.slice(0, seen), own]) {
    const isJob = tab === own;
    const { result } = await tab.cdp.send("Runtime.evaluate", { expression: "window.benchBars.splice(0)", returnByValue: true });
    const bars = result.value.filter(([of]) => of === id);
    for (const { atMs, fraction } of steps) {
      if (isJob && atMs < openedMs) continue;
      const [, seenMs] = bars.find(([, at, value]) => at >= atMs && value >= fraction - 1e-9) ?? [];
      late.push({ ms: seenMs === undefined ? Number.POSITIVE_INFINITY : seenMs - atMs, isJob });
    }
  }
  await own.close();
  return seconds;
}

/** The same, recorded nowhere, while neither server nor browser does anything. */
async function unwatched(pair) {
  const others = [server.pid, ...browserPids()];
  for (const pid of others) signalled(pid, "SIGSTOP");
  try {
    return await ingest(hidden, `hidden-${pair}`);
  } finally {
    for (const pid of others.reverse()) signalled(pid, "SIGCONT");
    await sleep(1_000);
  }
}

/** Of the browser's processes some end while others are looked at. */
function signalled(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

/** Processes of the browser of this benchmark. */
function browserPids() {
  const children = new Map();
  let main;
  for (const line of execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n")) {
    const [, pid, parent, words] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined) continue;
    children.set(parent, [...(children.get(parent) ?? []), pid]);
    if (words.includes(clock.profile) && !words.includes("--type=")) main = pid;
  }
  const below = (pid) => [pid, ...(children.get(pid) ?? []).flatMap(below)];
  return main === undefined ? [] : below(main).map(Number);
}

/** When the bar should have moved, by the wall's clock, and to what. */
function stepsOf(home) {
  const earlier = join(home, "events.earlier.ndjson");
  const text = readFileSync(existsSync(earlier) ? earlier : join(home, "events.ndjson"), "utf8");
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const begin = lines.find(({ kind }) => kind === "begin");
  let state = noProgress;
  const steps = [];
  for (const line of lines) {
    if (["begin", "state", "told", "heartbeat", "over"].includes(line.kind)) continue;
    state = advance(state, line);
    const { fraction } = viewProgress(state);
    if (line.kind !== "plan" && fraction > (steps.at(-1)?.fraction ?? 0))
      steps.push({ atMs: begin.nowMs + line.atMs - begin.atMs, fraction });
  }
  return steps;
}

/** @returns seconds of the whole command */
async function ingest(workspace, name) {
  const words = ["ingest", "run", join(folder, "lab", "imod.yaml"), join(folder, "lab", "input"), join(folder, name)];
  const more = ["--import-everything", "--no-sync", "-q", "--workspace", workspace];
  const begun = now();
  const child = spawn(process.execPath, [program, ...words, ...more], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  children.add(child);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (said += text));
  const [status] = await once(child, "close");
  children.delete(child);
  if (status !== 0 && status !== 3) throw new Error(`ingest run exits with ${status}: ${said}`);
  rmSync(join(folder, name), { recursive: true, force: true });
  return (now() - begun) / 1000;
}
