/**
 * The clock of `npm run bench:web`, the same for every product: a key or an address goes in through the DevTools protocol, and time stops at the first frame of
 * the screen (`Page.startScreencast`) on which the wanted slice says its number (bench/web-volumes.py). Nothing of a product is asked; frames are read when
 * the measurement is over, in another browser, so that reading costs it nothing.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";
import { findBrowser } from "../scripts/browser-env.mjs";

export const VIEWPORT = { width: 1280, height: 900 };
/**
 * Chromium as it is on a machine without a graphics card: pages are put together by the processor, WebGL is SwiftShader's. Told to do all of its drawing with SwiftShader
 * (`--use-angle=swiftshader`), it shows a third of the frames, whatever the page. Nothing asks the network for itself.
 */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  "--force-color-profile=srgb",
  "--enable-unsafe-swiftshader",
];
/** With the card of the machine, by Vulkan. */
const WITH_GPU = ["--use-angle=vulkan", "--enable-features=Vulkan", "--ignore-gpu-blocklist"];
export const KEYS = {
  PageDown: { key: "PageDown", code: "PageDown", windowsVirtualKeyCode: 34 },
  PageUp: { key: "PageUp", code: "PageUp", windowsVirtualKeyCode: 33 },
  ArrowRight: { key: "ArrowRight", code: "ArrowRight", windowsVirtualKeyCode: 39 },
  ArrowLeft: { key: "ArrowLeft", code: "ArrowLeft", windowsVirtualKeyCode: 37 },
  ".": { key: ".", code: "Period", text: ".", windowsVirtualKeyCode: 190 },
  ",": { key: ",", code: "Comma", text: ",", windowsVirtualKeyCode: 188 },
  " ": { key: " ", code: "Space", text: " ", windowsVirtualKeyCode: 32 },
  End: { key: "End", code: "End", windowsVirtualKeyCode: 35 },
  Enter: { key: "Enter", code: "Enter", text: "\r", windowsVirtualKeyCode: 13 },
  9: { key: "9", code: "Digit9", text: "9", windowsVirtualKeyCode: 57 },
  Home: { key: "Home", code: "Home", windowsVirtualKeyCode: 36 },
};
/** Blocks of a number: eight across, four down; the number's complement in every second row. */
const [COLUMNS, ROWS, BITS] = [8, 4, 16];
/** Greys between a block and its complement below which a picture shows no number. */
const CONTRAST_MIN = 60;

export { sleep };
/** Milliseconds of the wall's clock, as frames are stamped. */
export const now = () => performance.timeOrigin + performance.now();

/** A browser with a profile of its own, and one beside it that reads frames. `gpu`: with the graphics card of the machine. */
export async function startClock({ gpu = false } = {}) {
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error("no Chromium: node scripts/browser-env.mjs");
  const profile = mkdtempSync(join(tmpdir(), "emporium-bench-web-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: gpu ? [...FLAGS.filter((flag) => !flag.includes("swiftshader")), ...WITH_GPU] : FLAGS,
    deviceScaleFactor: 1,
    viewport: VIEWPORT,
    bypassCSP: false,
  });
  const reader = await chromium.launch({ executablePath, args: FLAGS.filter((flag) => !flag.includes("gl")) });
  const sheet = await (await reader.newContext()).newPage();
  return {
    version: reader.version(),
    profile,
    /** @param {{ cold?: boolean }} [options] `cold`: nothing that was loaded before is kept */
    async open({ cold = false } = {}) {
      const page = await context.newPage();
      const cdp = await context.newCDPSession(page);
      if (cold) await cdp.send("Network.clearBrowserCache");
      return watched(page, cdp, sheet);
    },
    /** Of all processes of the browser of this profile. */
    memory: () => processMemory(profile),
    async close() {
      await context.close();
      await reader.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

function watched(page, cdp, sheet) {
  let frames = [];
  let lastFrame = 0;
  let isOn = false;
  const [requests, problems] = [[], []];
  page.on("pageerror", (error) => problems.push(error.message.slice(0, 160)));
  page.on("console", (message) => {
    const isNews = message.type() === "error" && !message.text().startsWith("Failed to load resource");
    if (isNews) problems.push(message.text().slice(0, 160));
  });
  page.on("request", (request) => requests.push(request.url()));
  cdp.on("Page.screencastFrame", ({ data, metadata, sessionId }) => {
    cdp.send("Page.screencastFrameAck", { sessionId }).catch(() => {});
    lastFrame = now();
    frames.push({ at: metadata.timestamp * 1000, came: lastFrame, data });
  });
  const self = {
    page,
    cdp,
    requests,
    /** What went wrong in the page. */
    problems,
    get frames() {
      return frames;
    },
    async record() {
      // the latest one stands for what is still on the screen
      frames = frames.slice(-1);
      lastFrame = now();
      if (!isOn) await cdp.send("Page.startScreencast", { format: "jpeg", quality: 85, everyNthFrame: 1 });
      isOn = true;
    },
    async stop() {
      if (isOn) await cdp.send("Page.stopScreencast");
      isOn = false;
      return frames;
    },
    /** Until nothing on the screen has changed for a while. */
    async quiet(forMs = 700, mostMs = 20_000) {
      const from = now();
      while (now() - Math.max(lastFrame, from) < forMs && now() - from < mostMs) await sleep(20);
    },
    /** Waits until the latest frame satisfies a question about what is read there. @returns whether it did */
    async until(area, isWanted, mostMs = 20_000) {
      const from = now();
      let asked;
      while (now() - from < mostMs) {
        const latest = frames.at(-1);
        if (latest && latest !== asked && now() - lastFrame > 150) {
          asked = latest;
          const [seen] = await read(sheet, [latest], area);
          if (isWanted(seen)) return true;
        }
        await sleep(40);
      }
      return false;
    },
    read: (some, area) => read(sheet, some, area),
    /** @returns when it was sent; it is not waited for, as a person's keyboard waits for nobody */
    press(name, isRepeat = false) {
      const at = now();
      const type = KEYS[name].text ? "keyDown" : "rawKeyDown";
      cdp.send("Input.dispatchKeyEvent", { type, autoRepeat: isRepeat, ...KEYS[name] }).catch(() => {});
      return at;
    },
    release: (name) => cdp.send("Input.dispatchKeyEvent", { type: "keyUp", ...KEYS[name], text: undefined }).catch(() => {}),
    /**
     * Where the number stands on the screen: what changes between two neighbouring slices, in the part of the screen that the picture has.
     *
     * @param {() => Promise<void>} step from slice `from` to slice `to`; `back`: and from there to `from`
     * @returns also the number that is shown then
     */
    async findCode({ stage, from, to, isTransposed = false, step, back, quietMs = 700 }) {
      // the first picture may be long in coming, and the first key be lost: then the slices are others
      const near = Math.abs(from - to) === 1 ? [0, 1, -1, 2, -2, 3, -3] : [0];
      const pairs = near.flatMap((by) => [
        [from + by, to + by],
        [to + by, from + by],
      ]);
      let isBack = false;
      for (let tries = 0; tries < 10; tries++) {
        await self.quiet(quietMs);
        const before = frames.at(-1);
        await (isBack ? back() : step());
        isBack = !isBack;
        await sleep(300);
        await self.quiet(quietMs);
        const after = frames.at(-1);
        if (!before || !after || before === after) continue;
        const box = await sheet.evaluate(changed, { a: before.data, b: after.data, stage });
        if (process.env.CLOCK_DEBUG) console.error("changed", tries, isBack, JSON.stringify(box));
        for (const [a, b] of box ? pairs : []) {
          const area = wholeArea(box, a, b, isTransposed);
          if (!area) continue;
          const [was, is] = await read(sheet, [before, after], area);
          if (process.env.CLOCK_DEBUG) console.error(a, b, JSON.stringify([area, was, is]));
          if (was.number !== a || is.number !== b || was.level + is.level > 0) continue;
          if (Math.max(a, b) === Math.max(from, to)) return { ...area, number: b };
          // few bits have changed: from where most do it is seen better
          const by = Math.max(from, to) - b;
          for (let at = 0; at < Math.abs(by); at++) await (by * (to - from) > 0 ? step() : back());
          isBack = from < to;
          await sleep(500);
          break;
        }
      }
      return undefined;
    },
    close: () => page.close(),
  };
  return self;
}

/** From the blocks that change between two numbers to all of them. */
function wholeArea({ x, y, width, height }, from, to, isTransposed) {
  let [c0, r0, c1, r1] = [COLUMNS, ROWS, 0, 0];
  for (let bit = 0; bit < BITS; bit++) {
    if (((from ^ to) >> (BITS - 1 - bit)) & 1) {
      const [column, row] = [bit % COLUMNS, 2 * Math.floor(bit / COLUMNS)];
      [c0, r0, c1, r1] = [Math.min(c0, column), Math.min(r0, row), Math.max(c1, column + 1), Math.max(r1, row + 2)];
    }
  }
  const [across, down] = isTransposed ? [height / (c1 - c0), width / (r1 - r0)] : [width / (c1 - c0), height / (r1 - r0)];
  const area = isTransposed
    ? { x: x - r0 * down, y: y - c0 * across, across, down, isTransposed }
    : { x: x - c0 * across, y: y - r0 * down, across, down, isTransposed };
  // blocks are squares, a little more or less
  return across > 2.5 && Math.abs(across / down - 1) < 0.25 ? area : undefined;
}

/** What frames show. `number` is undefined where none can be read; `level` is how many of its last bits are grey: means of so many slices. */
async function read(sheet, frames, area) {
  const found = [];
  for (let from = 0; from < frames.length; from += 16) {
    const some = frames.slice(from, from + 16).map(({ data }) => data);
    found.push(...(await sheet.evaluate(blockMeans, { frames: some, area, columns: COLUMNS, rows: ROWS })));
  }
  return found.map(({ blocks, patch, ground }, i) => {
    const differences = Array.from({ length: BITS }, (_, bit) => {
      const place = 2 * Math.floor(bit / COLUMNS) * COLUMNS + (bit % COLUMNS);
      return blocks[place] - blocks[place + COLUMNS];
    });
    const most = Math.max(...differences.map(Math.abs));
    let level = 0;
    while (level < BITS && Math.abs(differences[BITS - 1 - level]) < most / 2) level++;
    const sure = differences.slice(0, BITS - level);
    const isRead = most >= CONTRAST_MIN && level < 8 && sure.every((value) => Math.abs(value) >= most / 2);
    const number = isRead ? sure.reduce((sum, value) => sum * 2 + (value > 0 ? 1 : 0), 0) * 2 ** level : undefined;
    return { at: frames[i].at, number, level: isRead ? level : undefined, patch, ground, contrast: most };
  });
}

/** In the page that reads. */
async function blockMeans({ frames, area, columns, rows }) {
  const answers = [];
  for (const data of frames) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0);
    const mean = (x0, y0, x1, y1) => {
      const [left, top] = [Math.round(x0), Math.round(y0)];
      const [width, height] = [Math.max(1, Math.round(x1) - left), Math.max(1, Math.round(y1) - top)];
      const { data: pixels } = context.getImageData(left, top, width, height);
      let sum = 0;
      for (let at = 1; at < pixels.length; at += 4) sum += pixels[at];
      return sum / (width * height);
    };
    const { across, down, isTransposed } = area;
    const box = (column, row, wide, high, rim) => {
      const [a0, a1] = [(column + rim) * across, (column + wide - rim) * across];
      const [d0, d1] = [(row + rim) * down, (row + high - rim) * down];
      return isTransposed
        ? mean(area.x + d0, area.y + a0, area.x + d1, area.y + a1)
        : mean(area.x + a0, area.y + d0, area.x + a1, area.y + d1);
    };
    const blocks = [];
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) blocks.push(box(column, row, 1, 1, 0.28));
    answers.push({ blocks, patch: box(0, rows, columns, rows, 0.5), ground: box(columns, 0, columns, rows, 0.8) });
  }
  return answers;
}

/** In the page that reads: the box of the largest connected part of the stage that changed by more than half of the most. */
async function changed({ a, b, stage }) {
  const pixelsOf = async (data) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    return context.getImageData(stage.x, stage.y, stage.width, stage.height).data;
  };
  const [before, after] = [await pixelsOf(a), await pixelsOf(b)];
  const count = stage.width * stage.height;
  const by = new Float32Array(count);
  for (let at = 0; at < count; at++) by[at] = Math.abs(before[4 * at + 1] - after[4 * at + 1]);
  const most = by.reduce((x, y) => Math.max(x, y), 0);
  if (most < 60) return undefined;
  const seen = new Uint8Array(count);
  let best;
  for (let start = 0; start < count; start++) {
    if (seen[start] || by[start] <= most / 2) continue;
    const box = { left: stage.width, top: stage.height, right: 0, bottom: 0, count: 0 };
    const queue = [start];
    seen[start] = 1;
    while (queue.length > 0) {
      const at = queue.pop();
      const [x, y] = [at % stage.width, Math.floor(at / stage.width)];
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x + 1);
      box.top = Math.min(box.top, y);
      box.bottom = Math.max(box.bottom, y + 1);
      box.count++;
      // blocks are apart by a line where both sides meet
      for (let dy = -3; dy <= 3; dy++) {
        for (let dx = -3; dx <= 3; dx++) {
          const [nx, ny] = [x + dx, y + dy];
          if (nx < 0 || ny < 0 || nx >= stage.width || ny >= stage.height) continue;
          const next = ny * stage.width + nx;
          if (!seen[next] && by[next] > most / 2) {
            seen[next] = 1;
            queue.push(next);
          }
        }
      }
    }
    if (!best || box.count > best.count) best = box;
  }
  return { x: best.left + stage.x, y: best.top + stage.y, width: best.right - best.left, height: best.bottom - best.top };
}

/** MiB of the browser's processes by their kind: pages, GPU, all; shared pages are counted in parts. */
function processMemory(profile) {
  const sums = { all: 0 };
  const parents = new Map();
  const kinds = new Map();
  for (const name of readdirSync("/proc").filter((one) => /^\d+$/.test(one))) {
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, "utf8");
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      parents.set(name, /^PPid:\s+(\d+)/m.exec(status)?.[1]);
      kinds.set(name, words);
    } catch {
      // it has ended
    }
  }
  const main = [...kinds].find(([, words]) => words.includes(profile) && !words.includes("--type="))?.[0];
  const belongs = (id) => id !== undefined && (id === main || belongs(parents.get(id)));
  for (const [id, words] of kinds) {
    if (main === undefined || !belongs(id)) continue;
    try {
      const kib = Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/smaps_rollup`, "utf8"))?.[1] ?? 0);
      const kind = /--type=([a-z-]+)/.exec(words)?.[1] ?? "browser";
      sums[kind] = (sums[kind] ?? 0) + kib / 1024;
      sums.all += kib / 1024;
    } catch {
      // likewise
    }
  }
  return sums;
}

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
