/**
 * `npm run bench:web -- --only space [--turns 200] [--edge 1024]`: a volume in three dimensions, in our page and in Neuroglancer, both from one `emporium serve`: bytes
 * until the picture is at rest, then frames of the screen a second while it is turned by the pointer, and the browser's memory before and after. Where Chromium
 * has a graphics card, `--gpu` draws with it; else WebGL is SwiftShader's, and frames say how the two compare, not what a person sees.
 *
 * Sketch: a level of 64 MiB is 256³ floats; 256 steps a ray over 0.8 megapixels are 2·10⁸ samples, 1 s in software and 5 ms on a card.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cache, environmentPython, figure, needBuild, root, round, say } from "./report.mjs";
import { now, sleep, startClock } from "./web-clock.mjs";
import { serve, viewsOf } from "./web-views.mjs";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "1" },
    turns: { type: "string", default: "200" },
    edge: { type: "string", default: "1024" },
    gpu: { type: "boolean", default: false },
  },
});
needBuild();
const turns = Number(options.turns);
/** Pointer events of one turn, one each 16 ms, as a mouse sends them. */
const [MOVES, EVERY_MS] = [12, 16];

const volumes = join(cache, "web", "volumes");
mkdirSync(volumes, { recursive: true });
execFileSync(environmentPython("peers"), [join(root, "bench", "web-volumes.py"), volumes, options.edge], {
  stdio: ["ignore", 2, 2],
});
const scratch = mkdtempSync(join(tmpdir(), "emporium-bench-space-"));
const server = await serve([volumes], join(scratch, "workspace"));
server.place = (await (await fetch(`${server.url}/api/v1/server`)).json()).places[0].id;
const clock = await startClock({ gpu: options.gpu });
try {
  const views = viewsOf(server);
  const at = [256, 256, 256];
  const ours = { ...views.emporium("blocks.zarr", { at, layout: "3d" }), stage: ".v-space .v-canvas" };
  const peer = views.neuroglancer(views.fileOf("blocks.zarr"), {
    at,
    range: [0, 1],
    layout: "3d",
    image: { volumeRendering: "max", volumeRenderingDepthSamples: 256 },
  });
  for (let done = 0; done < Number(options.rounds); done++) for (const view of [ours, peer]) await turned(view);
} finally {
  await clock.close();
  await server.close();
  rmSync(scratch, { recursive: true, force: true });
}

async function turned({ product, url, stage }) {
  const tab = await clock.open({ cold: true });
  let bytes = 0;
  await tab.cdp.send("Network.enable");
  await tab.cdp.send("Performance.enable");
  tab.cdp.on("Network.dataReceived", ({ dataLength, encodedDataLength }) => (bytes += encodedDataLength || dataLength));
  const began = now();
  await tab.record();
  await tab.page.goto(url);
  await tab.page.locator(stage).first().waitFor({ timeout: 60_000 });
  await tab.quiet(3000, 120_000);
  const facts = { product, turns, gpu: options.gpu, load_1m: round(loadavg()[0], 1), chromium: clock.version };
  figure(`web.space.${product}.open`, round((tab.frames.at(-1)?.at ?? now()) - began, 0), {
    unit: "ms to the last change",
    received_mib: round(bytes / 2 ** 20, 1),
    ...facts,
  });
  const before = await memoryOf(tab);
  const { x, y, width, height } = await tab.page.locator(stage).first().boundingBox();
  const middle = { x: x + width / 2, y: y + height / 2 };
  let [frames, spentMs] = [0, 0];
  for (let turn = 0; turn < turns; turn++) {
    await tab.record();
    const from = now();
    const sent = { button: "left", buttons: 1, clickCount: 1 };
    await tab.cdp.send("Input.dispatchMouseEvent", { type: "mousePressed", ...middle, ...sent });
    for (let move = 1; move <= MOVES; move++) {
      const wait = from + move * EVERY_MS - now();
      if (wait > 0) await sleep(wait);
      const place = { x: middle.x + (turn % 2 === 0 ? 6 : -6) * move, y: middle.y + (turn % 3) * move };
      tab.cdp.send("Input.dispatchMouseEvent", { type: "mouseMoved", ...place, ...sent }).catch(() => {});
    }
    await tab.cdp.send("Input.dispatchMouseEvent", { type: "mouseReleased", ...middle, ...sent, buttons: 0 });
    spentMs += now() - from;
    frames += Math.max(0, tab.frames.length - 1);
  }
  await tab.quiet(2000, 60_000);
  const after = await memoryOf(tab);
  figure(`web.space.${product}.turn`, round((1000 * frames) / spentMs, 1), { unit: "frames/s while turned", ...facts });
  figure(`web.space.${product}.memory`, round(after.browser - before.browser, 1), {
    unit: "MiB more after the turns",
    before_mib: round(before.browser, 0),
    after_mib: round(after.browser, 0),
    script_heap_more_mib: round(after.heap - before.heap, 1),
    problems: tab.problems.slice(0, 3),
    ...facts,
  });
  say(`${product}: ${round((1000 * frames) / spentMs, 1)} frames/s`);
  await tab.close();
}

/** MiB of the script's heap after a collection, and of all processes of the browser. */
async function memoryOf(tab) {
  await tab.cdp.send("HeapProfiler.collectGarbage");
  await sleep(1000);
  const { metrics } = await tab.cdp.send("Performance.getMetrics");
  const heap = metrics.find(({ name }) => name === "JSHeapUsedSize").value / 2 ** 20;
  return { heap, browser: clock.memory().all };
}
