/**
 * `npm run bench:web -- --only viewer [--rounds 30] [--hours 0.02] [--budget SECONDS] [--rows mrc,blocks,…] [--vizarr GIT] [--avivator GIT]`: slices in our pages beside
 * Neuroglancer, vizarr and avivator, by the clock of web-clock.mjs, in Debian's Chromium with WebGL in software. Rounds alternate between products. A row that fails
 * says so in its figure and leaves the others alone; a row whose time is up stops with the rounds that it has.
 *
 * Ours and Neuroglancer read from `emporium serve`, and so do vizarr and avivator (from their own origin). Requests per second of the server are bench:serve's.
 *
 * Sketch: a key, one plane of 512 x 512 halves (0.5 MiB) from the page cache: 2 ms to cut, 2 ms to send, and in software some 15 ms to draw and as much for the frame.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { built, cache, environmentPython, figure, needBuild, root, round, say, table } from "./report.mjs";
import { now, percentile, sleep, startClock } from "./web-clock.mjs";
import { servePeers } from "./web-peers.mjs";
import { hold, serve, slide, sliderOf, viewsOf } from "./web-views.mjs";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "30" },
    hours: { type: "string", default: "0.02" },
    budget: { type: "string" },
    rows: { type: "string", default: "clock,mrc,blocks,planes,contrast,points,serve,memory,play" },
    edge: { type: "string", default: "1024" },
    vizarr: { type: "string" },
    avivator: { type: "string" },
  },
});
needBuild();
const rounds = Number(options.rounds);
/** Seconds for each of the longer parts: one that takes longer stops with what it has. */
const budget = Number(options.budget ?? 60 + 42 * rounds);
const edge = Number(options.edge);
const mid = edge / 2;
const [starts, holds, STEPS] = [Math.ceil(rounds / 2), Math.ceil(rounds / 10), 200];
const rows = options.rows.split(",");
const summary = [["", "p50 ms", "p95 ms", "of", "target"]];

const home = join(cache, "web");
const volumes = join(home, "volumes");
mkdirSync(home, { recursive: true });
execFileSync(environmentPython("peers"), [join(root, "bench", "web-volumes.py"), volumes, String(edge)], {
  stdio: ["ignore", 2, 2],
});
await precomputePoints();
const peers = await servePeers({
  ...(options.vizarr && { vizarr: options.vizarr }),
  ...(options.avivator && { avivator: options.avivator }),
});
for (const [name, reason] of Object.entries(peers.missing)) figure(`web.peer.${name}`, null, { missing: reason });
const scratch = mkdtempSync(join(tmpdir(), "emporium-bench-web-"));
const server = await serve([volumes, "--cors", peers.url], join(scratch, "workspace"));
server.place = (await (await fetch(`${server.url}/api/v1/server`)).json()).places[0].id;
const views = viewsOf(server, peers);
const clock = await startClock();
/** Where numbers stand on the screen, of each kind of view. */
const areas = new Map();
function shared() {
  return { load_1m: round(loadavg()[0], 1), chromium: clock.version };
}

try {
  await row("clock", clockItself);
  await row("mrc", async () => {
    await firstPixels("mrc", mrcViews(), { sharp: true });
    await jumps();
    const [xy, xz] = mrcViews();
    await scrolls("mrc.scroll", [
      { ...xy, target: 40 },
      { ...xz, target: 80 },
    ]);
  });
  await row("blocks", async () => {
    const at = [256, 256, 256];
    const all = [
      { ...views.emporium("blocks.zarr", { at }), mid: 256, target: 40, first: 150 },
      { ...views.neuroglancer(views.fileOf("blocks.zarr"), { at, range: [0, 1] }), mid: 256 },
      ...peersFor("blocks.zarr", 256),
    ];
    await firstPixels("blocks", all, {});
    await scrolls("blocks.scroll", all);
  });
  await row("planes", async () => {
    const emporium = views.emporium("planes.zarr", { at: [128, 512, 512], more: { c: "0,60000" } });
    const all = [{ ...emporium, mid: 128 }, ...peersFor("planes.zarr", 128)];
    await firstPixels("planes", all, {});
    await scrolls("planes.scroll", all, 100);
  });
  await row("contrast", contrastAndSlab);
  await row("points", async () => {
    const at = [256, 256, 256];
    const ref = views.refOf("points/dots.mrc");
    const dots = { type: "annotation", name: "dots", source: `precomputed://${views.fileOf("points/precomputed")}` };
    const zarr = `${server.url}/zarr/${ref}`;
    const all = [
      { ...views.emporium("points/dots.mrc", { at, more: { c: "0,100" } }), mid: 256, target: 60, slower: 3 },
      { ...views.neuroglancer(zarr, { at, range: [0, 100], layers: [dots] }), mid: 256, slower: 3 },
    ];
    await scrolls("points.scroll", all);
  });
  await row("serve", typedToPixels);
  await row("memory", memoryOf2000);
  await row("play", playing);
} finally {
  table(summary);
  await clock.close();
  await server.close();
  peers.close();
  rmSync(scratch, { recursive: true, force: true });
}

async function row(name, work) {
  if (!rows.includes(name)) return;
  say(`${name} …`);
  const began = now();
  try {
    await work();
  } catch (error) {
    say(`${name} failed: ${error.stack}`);
    figure(`web.${name}`, null, { failed: error.message.split("\n")[0], ...shared() });
  }
  say(`${name}: ${round((now() - began) / 1000, 0)} s`);
}

function mrcViews() {
  const key = `mrc/f32-${edge}.mrc`;
  const at = [mid, mid, mid];
  return [
    { ...views.emporium(key, { at }), name: "xy", mid, first: 150, sharp: 400 },
    { ...views.emporium(key, { at, axis: "y", layout: "ortho" }), name: "xz", mid, first: 250, sharp: 800 },
    { ...views.emporium(key, { at, axis: "x", layout: "ortho" }), name: "yz", mid, first: 400, sharp: 1500 },
  ];
}

function peersFor(key, middle) {
  return ["vizarr", "avivator"]
    .filter((name) => !peers.missing[name])
    .map((name) => ({ ...views[name](key, middle), mid: middle }));
}

/** Median, 95th percentile, and how many: one line and one row of the table. */
function told(name, values, { target, ...facts } = {}) {
  const known = values.filter((value) => value !== undefined);
  const [p50, p95] = [0.5, 0.95].map((share) => (known.length > 0 ? round(percentile(known, share), 1) : null));
  const lost = values.length - known.length;
  figure(`web.${name}`, p95, {
    unit: "ms p95",
    p50_ms: p50,
    of: values.length,
    ...(lost > 0 && { never: lost }),
    target_ms: target,
    ...facts,
    ...shared(),
  });
  summary.push([name, p50 ?? "–", p95 ?? "–", `${known.length}/${values.length}`, target ?? ""]);
}

/** Repeats until it was often enough or the time is up, once at least. */
async function repeat(times, seconds, work) {
  const until = now() + seconds * 1000;
  let done = 0;
  for (; done < times && (done === 0 || now() < until); done++) await work(done);
  return done;
}

/** Of a loaded machine everything takes longer to come to rest. */
function calm() {
  return Math.min(Math.max(loadavg()[0] / 2, 1), 6);
}

/** Opens a view at its middle slice and waits until its number can be read. @returns the tab, and where the number stands */
async function opened(view, { cold = true } = {}) {
  if (areas.get(idOf(view)) === null) throw new Error(`${view.product} shows no slice's number here, as before`);
  const tab = await clock.open({ cold });
  try {
    await tab.record();
    const at = now();
    // `load` waits for decoders that nobody needs yet
    await tab.page.goto(view.url, { waitUntil: "commit" });
    await tab.page
      .locator(view.stage)
      .first()
      .waitFor({ timeout: 15_000 * calm() });
    const known = areas.get(idOf(view));
    if (known) return { tab, at, area: known };
    await sleep(1500 * (view.slower ?? 1));
    await tab.quiet(1000 * calm(), 60_000);
    await view.focus(tab.page);
    const area = await calibrated(tab, view);
    if (!area) {
      areas.set(idOf(view), null);
      if (process.env.CLOCK_DEBUG) await keepFrame(tab, view);
      throw new Error(`${view.product} shows no slice's number`);
    }
    areas.set(idOf(view), area);
    return { tab, at, area, number: area.number };
  } catch (error) {
    await tab.close();
    if (!areas.get(idOf(view))) areas.set(idOf(view), null);
    throw new Error([error.message.split("\n")[0], ...new Set(tab.problems)].slice(0, 3).join("; "));
  }
}

/** Views of one kind have their numbers at one place. */
function idOf({ product, name, url }) {
  return `${product} ${name ?? ""} ${url.replace(/[?&#](?:p|c)=[^&]*/g, "")}`;
}

async function keepFrame(tab, { product }) {
  const latest = tab.frames.at(-1);
  if (latest) writeFileSync(join(tmpdir(), `bench-web-${product}.jpg`), Buffer.from(latest.data, "base64"));
}

async function calibrated(tab, view) {
  const box = await tab.page.locator(view.stage).first().boundingBox();
  const stage = Object.fromEntries(Object.entries(box).map(([name, value]) => [name, Math.round(value)]));
  if (view.slider) {
    // the two ends of the same distance to the middle have complementary numbers
    const slider = await sliderOf(tab.page, view.slider);
    const [a, b] = [Math.round(slider.pixels / 3), slider.pixels - Math.round(slider.pixels / 3)];
    slider.click(tab, b);
    await sleep(500);
    const click = (pixel) => async () => void slider.click(tab, pixel);
    const [from, to] = [slider.sliceAt(b), slider.sliceAt(a)];
    return await tab.findCode({ stage, from, to, step: click(a), back: click(b), quietMs: 600 * calm() });
  }
  const go = (key) => async () => {
    for (let at = 0; at <= view.lag; at++) {
      tab.press(key);
      await tab.release(key);
      await sleep(60);
    }
  };
  return await tab.findCode({
    stage,
    from: view.mid,
    to: view.mid - 1,
    isTransposed: view.isTransposed,
    step: go(view.back),
    back: go(view.next),
    quietMs: 600 * calm(),
  });
}

/** The clock's own grain: a page that draws the number of keys it got, nothing else. */
async function clockItself() {
  const tab = await clock.open();
  const page = `<body style="margin:0"><canvas width="512" height="256"></canvas><script>
    let n = 256; const c = document.querySelector("canvas").getContext("2d");
    const draw = () => { for (let i = 0; i < 16; i++) for (let j = 0; j < 2; j++) {
      c.fillStyle = ((n >> (15 - i)) & 1) === 1 - j ? "white" : "black"; c.fillRect(64 * (i % 8), 64 * (2 * (i >> 3) + j), 64, 64); } };
    onkeydown = () => { n++; draw(); }; draw();</script>`;
  await tab.page.setContent(page);
  const area = { x: 0, y: 0, across: 64, down: 64 };
  const { events, frames } = await hold(tab, { next: "PageDown" }, { steps: 100, quietMs: 1200 * calm() });
  const seen = await tab.read(frames, area);
  const { latencies } = judged(events, seen, { from: 256, direction: 1, lag: 0 });
  const gaps = seen.slice(2).map(({ at }, i) => at - seen[i + 1].at);
  told("clock.key_to_frame", latencies, {
    frames_per_s: round(1000 / (gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length), 1),
    gap_p50_ms: round(percentile(gaps, 0.5), 1),
  });
  await tab.close();
}

/** From the address to the first frame with the slice's number, coarse or sharp, and to the sharp one. */
async function firstPixels(name, all, { sharp = false }) {
  const times = new Map(all.map((view) => [view, { first: [], right: [], sharp: [], memory: [] }]));
  const usable = await calibratedOnes(name, all);
  const done = await repeat(starts, budget / 9, async () => {
    for (const view of usable) {
      const { tab, at, area } = await opened(view);
      const wanted = (seen) =>
        seen.number !== undefined && seen.level === 0 && seen.number === view.mid && (!sharp || isSharp(seen));
      await tab.until(area, wanted, 20_000 * calm());
      const seen = await tab.read(await tab.stop(), area);
      const found = times.get(view);
      const when = (question) => {
        const frame = seen.find(question);
        return frame && frame.at - at;
      };
      found.first.push(when((one) => one.number !== undefined && one.number >> one.level === view.mid >> one.level));
      found.right.push(when((one) => one.number === view.mid && one.level === 0));
      if (sharp) found.sharp.push(when((one) => one.number === view.mid && one.level === 0 && isSharp(one)));
      found.memory.push(clock.memory().all);
      await tab.close();
    }
  });
  for (const view of usable) {
    const { first, right, sharp: whole, memory } = times.get(view);
    const facts = { product: view.product, rounds: done, browser_mib: round(percentile(memory, 0.5), 0), from: "navigation" };
    const title = `${name}.open.${view.name ?? view.product}`;
    told(title, first, { ...facts, target: view.first, shows: "first" });
    if (!sharp) told(`${title}.full`, right, { ...facts, shows: "full resolution" });
    else told(`${title}.sharp`, whole, { ...facts, target: view.sharp, shows: "sharp" });
  }
}

/** All of a patch is 3/4 only where every voxel was read. */
function isSharp({ patch }) {
  return Math.abs(patch - 0.75 * 255) <= 2;
}

/** A product that shows nothing has its own line, and leaves the others their row. */
async function calibratedOnes(name, all) {
  const usable = [];
  for (const view of all) {
    try {
      if (!areas.get(idOf(view))) await (await opened(view)).tab.close();
      usable.push(view);
    } catch (error) {
      say(`${name}, ${view.product}: ${error.message}`);
      figure(`web.${name}.${view.name ?? view.product}`, null, {
        product: view.product,
        failed: error.message.split("\n")[0],
        ...shared(),
      });
    }
  }
  return usable;
}

/** In an open page, the number of a slice that was never shown is typed. */
async function jumps() {
  for (const view of mrcViews()) {
    const { tab, area } = await opened(view);
    await tab.until(area, isSharp, 20_000);
    await view.focus(tab.page);
    const field = tab.page.getByLabel(`Slice number of ${view.name}`);
    const [first, whole] = [[], []];
    await repeat(rounds, budget / 27, async (at) => {
      const wanted = (37 + at * 131) % edge;
      await field.fill(String(wanted + 1));
      await tab.record();
      const typed = now();
      tab.press("Enter");
      await tab.until(area, (seen) => seen.number === wanted && isSharp(seen), 10_000 * calm());
      const seen = await tab.read(tab.frames, area);
      const coarse = seen.find(({ number, at: when }) => number === wanted && when >= typed);
      const sharp = seen.find((one) => one.number === wanted && one.at >= typed && isSharp(one));
      first.push(coarse && coarse.at - typed);
      whole.push(sharp && sharp.at - typed);
    });
    const facts = { product: "emporium", from: "the slice's number, typed", others: "none opens an MRC" };
    told(`mrc.go.${view.name}`, first, { ...facts, target: view.first, shows: "first" });
    told(`mrc.go.${view.name}.sharp`, whole, { ...facts, target: view.sharp, shows: "sharp" });
    await tab.close();
  }
}

/** A held key: forward in a new page, then back. */
async function scrolls(name, all, steps = STEPS) {
  const found = new Map(
    all.map((view) => [
      view,
      { latencies: [], blanks: 0, right: [], shown: 0, frames: 0, memory: 0, requests: 0, errors: new Set() },
    ]),
  );
  const usable = await calibratedOnes(name, all);
  await repeat(holds, budget / 9, async () => {
    for (const view of usable) {
      const sums = found.get(view);
      const { tab, area } = await opened(view);
      if (!(await tab.until(area, ({ number, level }) => number !== undefined && level === 0, 30_000))) {
        await tab.close();
        throw new Error(`${view.product} never showed slice ${view.mid}`);
      }
      await sleep(500 * (view.slower ?? 1));
      await view.focus(tab.page);
      let [{ number: from }] = await tab.read(tab.frames.slice(-1), area);
      for (const [direction, key] of [
        [1, view.next],
        [-1, view.back],
      ]) {
        const before = tab.requests.length;
        const { events, frames, targets } = view.slider
          ? await slid(tab, view, direction)
          : await hold(tab, view, { steps, key, quietMs: 1200 * calm() });
        const seen = await tab.read(frames, area);
        const judgement = judged(events, seen, { from, direction, lag: view.lag, targets });
        sums.latencies.push(...judgement.latencies);
        sums.blanks += judgement.blanks;
        sums.shown += judgement.shown;
        sums.frames += seen.length;
        sums.right.push(judgement.isRight);
        sums.requests += tab.requests.length - before;
        from = seen.at(-1)?.number ?? from + direction * steps;
      }
      sums.memory = clock.memory().all;
      for (const problem of tab.problems) sums.errors.add(problem);
      await tab.close();
    }
  });
  for (const view of usable) {
    const { latencies, blanks, right, shown, frames, memory, requests, errors } = found.get(view);
    told(`${name}.${view.name ?? view.product}`, latencies, {
      target: view.target,
      product: view.product,
      by: view.slider ? "clicks on the pixels of its slider" : `${view.next} held`,
      steps: latencies.length,
      holds: right.length,
      blanks,
      slices_shown: shown,
      frames,
      final_right: round(right.filter(Boolean).length / right.length, 2),
      requests,
      browser_mib: round(memory, 0),
      ...(errors.size > 0 && { page_errors: [...errors].slice(0, 3) }),
    });
  }
}

/** A third of a slider, from its middle and back again. */
async function slid(tab, view, direction) {
  const slider = await sliderOf(tab.page, view.slider);
  const [middle, end] = [Math.round(slider.pixels / 2), Math.round((slider.pixels * 5) / 6)];
  const [from, to] = direction > 0 ? [middle, end] : [end, middle];
  return await slide(tab, slider, { from, to, quietMs: 1200 * calm() });
}

/**
 * From each event to the first frame that shows its slice or a later one; undefined where none did. A slice that is a mean of several, as pyramids of
 * shrinking depth have them, counts for all of them; the last one has to be there itself.
 */
function judged(events, seen, { from, direction, lag, targets }) {
  const latencies = [];
  let frame = 0;
  for (let at = lag; at < events.length; at++) {
    const target = targets?.[at] ?? from + direction * (at + 1 - lag);
    const reaches = ({ number, level, at: when }) =>
      when >= events[at] && number !== undefined && (direction > 0 ? number + 2 ** level - 1 >= target : number <= target);
    while (frame < seen.length && !reaches(seen[frame])) frame++;
    latencies.push(frame < seen.length ? seen[frame].at - events[at] : undefined);
  }
  const during = seen.filter(({ at }) => at >= events[0]);
  const last = seen.at(-1);
  return {
    latencies,
    blanks: during.filter(({ number, contrast }) => number === undefined && contrast < 60).length,
    shown: new Set(during.map(({ number, level }) => `${number} ${level}`)).size,
    isRight: last?.number === (targets?.at(-1) ?? from + direction * (events.length - lag)) && last.level === 0,
  };
}

/** Black is dragged on the histogram; nine slices in place of one. */
async function contrastAndSlab() {
  const view = mrcViews()[0];
  const { tab, area } = await opened(view);
  await tab.until(area, isSharp, 20_000);
  await sleep(1500);
  const handle = await tab.page.getByRole("slider", { name: "Black", exact: true }).boundingBox();
  const [x, y] = [handle.x + handle.width / 2, handle.y + handle.height / 2];
  const mouse = (type, by) =>
    tab.cdp.send("Input.dispatchMouseEvent", { type, x: x + by, y, button: "left", buttons: 1, clickCount: 1 });
  await mouse("mousePressed", 0);
  await tab.quiet(300);
  const [drag, requests] = [[], tab.requests.length];
  for (let step = 1; step <= Math.min(30, 10 + rounds); step++) {
    const before = tab.frames.length;
    const [was] = await tab.read(tab.frames.slice(-1), area);
    const at = now();
    mouse("mouseMoved", 4 * step).catch(() => {});
    for (const last = now() + 3000; tab.frames.length === before && now() < last; ) await sleep(10);
    await tab.quiet(100 * calm(), 4000);
    const seen = (await tab.read(tab.frames.slice(before), area)).find(
      (one) => one.at >= at && Math.abs(one.ground - was.ground) > 0.6,
    );
    drag.push(seen && seen.at - at);
  }
  await mouse("mouseReleased", 4 * drag.length);
  if (process.env.CLOCK_DEBUG) await keepFrame(tab, { product: "contrast" });
  told("contrast.drag", drag, { target: 20, product: "emporium", requests: tab.requests.length - requests });

  const slab = [];
  const field = tab.page.getByRole("spinbutton", { name: /^Slab/ });
  let asked = 0;
  for (let at = 0; at < Math.max(3, starts); at++) {
    await tab.page.getByLabel("Slice number of xy").fill(String(200 + 10 * at));
    await tab.page.keyboard.press("Enter");
    await tab.until(area, (seen) => seen.number === 199 + 10 * at && isSharp(seen), 10_000);
    await field.focus();
    await field.selectText();
    await tab.record();
    const before = tab.requests.length;
    const pressed = now();
    tab.press("9");
    await tab.until(area, isMean, 10_000);
    await tab.quiet(300);
    asked += tab.requests.length - before;
    const frame = (await tab.read(tab.frames, area)).find((one) => one.at >= pressed && isMean(one));
    slab.push(frame && frame.at - pressed);
    await field.fill("1");
    await tab.quiet(500);
  }
  told("contrast.slab", slab, { target: 120, product: "emporium", slices: 9, requests: round(asked / slab.length, 1) });
  await tab.close();
}

/** The last bit is a grey of several slices. */
function isMean({ contrast, level }) {
  return contrast >= 60 && level !== 0;
}

/** From the command to the first frame with a slice, the browser being there. */
async function typedToPixels() {
  const view = mrcViews()[0];
  // as it opens by itself: at the middle, in the layout of the window
  const usual = { ...view, name: "usual", url: view.url.replace(/\?.*/, "") };
  if (!areas.has(idOf(usual))) await (await opened(usual)).tab.close();
  const area = areas.get(idOf(usual));
  const [times, said] = [[], []];
  await repeat(starts, budget / 12, async (at) => {
    const workspace = join(scratch, `typed-${at}`);
    const one = await serve([join(volumes, "mrc", `f32-${edge}.mrc`)], workspace, { json: false });
    try {
      said.push(now() - one.started);
      const tab = await clock.open({ cold: true });
      await tab.record();
      await tab.page.goto(one.address, { waitUntil: "commit" });
      await tab.until(area, (seen) => seen.number === mid, 20_000 * calm());
      const frame = (await tab.read(await tab.stop(), area)).find(({ number }) => number === mid);
      times.push(frame && frame.at - one.started);
      await tab.close();
    } finally {
      await one.close();
    }
  });
  told("serve.typed_to_pixels", times, {
    target: 1500,
    product: "emporium",
    address_printed_ms: round(percentile(said, 0.5), 0),
  });
}

/** MiB of a page: JavaScript's heap and what it holds outside of it, and how much the GPU's process has grown. */
async function memoryOf(tab, gpuBefore) {
  await tab.cdp.send("HeapProfiler.collectGarbage");
  const heap = await tab.cdp.send("Runtime.getHeapUsage");
  const mib = (bytes) => (bytes ?? 0) / 2 ** 20;
  const all = clock.memory();
  const script = mib(heap.usedSize) + mib(heap.backingStorageSize) + mib(heap.embedderHeapUsedSize);
  return {
    script,
    heap: mib(heap.usedSize),
    buffers: mib(heap.backingStorageSize),
    gpu: (all["gpu-process"] ?? 0) - gpuBefore,
    renderer: all.renderer ?? 0,
  };
}

async function memoryOf2000() {
  const blank = await clock.open();
  await blank.page.goto("about:blank");
  await sleep(1000);
  const before = clock.memory()["gpu-process"] ?? 0;
  await blank.close();
  const view = mrcViews()[0];
  const { tab, area } = await opened(view);
  await tab.until(area, isSharp, 20_000);
  await view.focus(tab.page);
  await tab.stop();
  let steps = 0;
  for (const key of ["PageDown", "PageUp", "PageUp", "PageDown"]) {
    for (let at = 0; at < 500; at++, steps++) {
      tab.press(key, at > 0);
      await sleep(20);
    }
    await tab.release(key);
    await sleep(1000 * calm());
  }
  const { script, heap, buffers, gpu, renderer } = await memoryOf(tab, before);
  const facts = {
    js_heap_mib: round(heap, 1),
    buffers_mib: round(buffers, 1),
    gpu_mib: round(gpu, 1),
    renderer_mib: round(renderer, 0),
    slices: steps,
  };
  figure("web.memory", round(script + gpu, 0), { unit: "MiB", target: 450, ...facts, ...shared() });
  summary.push(["memory after 2,000 slices, MiB", round(script + gpu, 0), "", "", 450]);
  await tab.close();
}

/** Plays for `--hours`; how much the heap grows in an hour, by the line through all samples. */
async function playing() {
  const view = mrcViews()[0];
  const { tab, area } = await opened(view);
  await tab.until(area, isSharp, 20_000);
  await view.focus(tab.page);
  await tab.stop();
  tab.press(" ");
  await tab.release(" ");
  // the cache of planes fills at first, which is no growth
  await sleep(45_000);
  const samples = [];
  const began = now();
  const lasts = Number(options.hours) * 3_600_000;
  while (now() - began < lasts || samples.length < 3) {
    const { script, gpu } = await memoryOf(tab, 0);
    samples.push({ hours: (now() - began) / 3_600_000, script, all: script + gpu });
    await sleep(Math.max(2000, lasts / 60));
  }
  figure("web.play.slope", round(slope(samples, "script"), 1), {
    unit: "MiB/h",
    target: 5,
    with_gpu: round(slope(samples, "all"), 1),
    hours: round(samples.at(-1).hours, 4),
    samples: samples.length,
    from_mib: round(samples[0].script, 1),
    to_mib: round(samples.at(-1).script, 1),
    ...(Number(options.hours) < 1 && { note: "a short time says little of an hour: --hours 1" }),
    ...shared(),
  });
  await tab.close();
}

function slope(samples, name) {
  const mean = (of) => samples.reduce((sum, one) => sum + of(one), 0) / samples.length;
  const [t, m] = [mean(({ hours }) => hours), mean((one) => one[name])];
  return mean((one) => (one.hours - t) * (one[name] - m)) / mean(({ hours }) => (hours - t) ** 2);
}

/** The million points as Neuroglancer's own format. */
async function precomputePoints() {
  const folder = join(volumes, "points", "precomputed");
  const list = join(volumes, "points", "dots.csv.f32");
  if (existsSync(join(folder, "info"))) return;
  const { AnnotationCollection } = await built("formats/precomputed/annotations.js");
  const bytes = readFileSync(list);
  const xyz = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const all = new AnnotationCollection("point", { voxelSpacingAngstrom: 10, objectName: "dots" });
  all.add({ count: xyz.length / 3, positions: Float64Array.from(xyz) });
  for (const file of all.files()) {
    const path = join(folder, file.key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, Buffer.concat([...file.body()]));
  }
}
