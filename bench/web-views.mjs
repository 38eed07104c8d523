/** The viewers of `npm run bench:web`: where each opens a volume at its middle slice, and how a person steps through slices there. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { built, program, root } from "./report.mjs";
import { now, sleep } from "./web-clock.mjs";

const VOXEL = 10;

/** `emporium serve` of a folder. @returns also the milliseconds until it said its address */
export async function serve(words, workspace, { json = true } = {}) {
  const started = now();
  const all = ["serve", ...words, "--port", "0", "--workspace", workspace, ...(json ? ["--json"] : [])];
  const child = spawn(process.execPath, [program, ...all], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let [text, said] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (piece) => (said += piece));
  const url = await new Promise((resolve, reject) => {
    child.on("exit", () => reject(new Error(`serve has ended: ${text}${said}`)));
    child.stdout.setEncoding("utf8").on("data", (piece) => {
      text += piece;
      const address = json ? text.endsWith("\n}\n") && JSON.parse(text).url : /https?:\/\/\S+\/view\/\S+(?=\s)/.exec(text)?.[0];
      if (address) resolve(address);
    });
  });
  return {
    url: new URL(url).origin,
    /** Without `json`: the page of the one volume, as it is printed. */
    address: url,
    started,
    text: () => text,
    pid: child.pid,
    async close() {
      if (child.exitCode !== null) return;
      child.kill("SIGINT");
      await once(child, "exit");
    },
  };
}

const { printRef } = await built("model/ref.js");

/** @param server its `url` and the `place` that the volumes lie in */
export function viewsOf(server, peers) {
  const refOf = (key) => printRef({ kind: "place", place: server.place, key });
  const fileOf = (key) => `${server.url}/at/${server.place}/${key}`;
  const focus = (selector) => async (page) => await page.locator(selector).first().focus();

  return {
    refOf,
    /** @param at `[z, y, x]` */
    emporium(key, { at, axis = "z", layout = "xy", more = {} }) {
      const p = [...at]
        .reverse()
        .map((index) => index * VOXEL)
        .join(",");
      const pane = `.v-pane[data-axis="${axis}"] .v-canvas`;
      return {
        product: "emporium",
        url: `${server.url}/view/at/${refOf(key)}?${new URLSearchParams({ l: layout, c: "0,1", p, ...more })}`,
        stage: pane,
        focus: focus(pane),
        next: "PageDown",
        back: "PageUp",
        lag: 0,
        isTransposed: axis === "x",
      };
    },
    neuroglancer(source, { at, range, layers = [], type = "zarr2", layout = "xy", image: more = {} }) {
      const image = {
        type: "image",
        name: "slices",
        source: `${type}://${source ?? ""}`,
        shaderControls: { normalized: { range } },
        ...more,
      };
      const state = {
        dimensions: { x: [1e-9, "m"], y: [1e-9, "m"], z: [1e-9, "m"] },
        position: [...at].reverse().map((index) => index + 0.5),
        crossSectionScale: 1.15,
        layers: [image, ...layers],
        layout,
        showAxisLines: false,
        showScaleBar: false,
      };
      return {
        product: "neuroglancer",
        url: `${server.url}/viewer/#!${encodeURIComponent(JSON.stringify(state))}`,
        stage: ".neuroglancer-rendered-data-panel",
        focus: (page) => page.locator(".neuroglancer-rendered-data-panel").first().hover(),
        next: ".",
        back: ",",
        lag: 0,
      };
    },
    vizarr(key, mid) {
      return {
        product: "vizarr",
        url: `${peers.url}/vizarr/?source=${encodeURIComponent(fileOf(key))}`,
        stage: "canvas",
        focus: async () => {},
        // keys move its slider, but not the slice: it commits the value before, and takes that back
        slider: { thumb: `[role="slider"][aria-valuemax="${2 * mid - 1}"]`, last: 2 * mid - 1 },
        lag: 0,
      };
    },
    avivator(key) {
      return {
        product: "avivator",
        url: `${peers.url}/avivator/?image_url=${encodeURIComponent(fileOf(key))}`,
        stage: "canvas",
        focus: focus('input[type="range"][aria-label="z slider"]'),
        next: "ArrowRight",
        back: "ArrowLeft",
        lag: 0,
      };
    },
    fileOf,
  };
}

/**
 * Holds a key: one event each `everyMs`, whether or not the page keeps up.
 *
 * @returns `{ events, frames }`; frames until the screen has been still for a while
 */
export async function hold(tab, view, { steps, everyMs = 33, key = view.next, quietMs = 1200 }) {
  await tab.record();
  const events = [];
  const began = now();
  for (let at = 0; at < steps; at++) {
    const wait = began + at * everyMs - now();
    if (wait > 0) await sleep(wait);
    events.push(tab.press(key, at > 0));
  }
  tab.release(key);
  await tab.quiet(quietMs, 30_000);
  return { events, frames: tab.frames };
}

/** A slider that is clicked: where it lies, and which slice each of its pixels stands for. */
export async function sliderOf(page, { thumb, last }) {
  const rail = page.locator(thumb).first().locator("xpath=..");
  const { x, y, width, height } = await rail.boundingBox();
  return {
    pixels: Math.round(width),
    sliceAt: (pixel) => Math.round((pixel / width) * last),
    /** @returns when */
    click(tab, pixel) {
      const at = now();
      const place = { x: x + pixel, y: y + height / 2, button: "left", clickCount: 1 };
      tab.cdp.send("Input.dispatchMouseEvent", { type: "mousePressed", ...place }).catch(() => {});
      tab.cdp.send("Input.dispatchMouseEvent", { type: "mouseReleased", ...place }).catch(() => {});
      return at;
    },
  };
}

/** Clicks along a slider, a pixel each `everyMs`. @returns also the slices that were asked for */
export async function slide(tab, slider, { from, to, everyMs = 33, quietMs = 1200 }) {
  await tab.record();
  const [events, targets] = [[], []];
  const began = now();
  for (let at = 0; at < Math.abs(to - from); at++) {
    const wait = began + at * everyMs - now();
    if (wait > 0) await sleep(wait);
    const pixel = from + Math.sign(to - from) * (at + 1);
    events.push(slider.click(tab, pixel));
    targets.push(slider.sliceAt(pixel));
  }
  await tab.quiet(quietMs, 30_000);
  return { events, frames: tab.frames, targets };
}
