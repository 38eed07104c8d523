import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DecodedPng, decode } from "fast-png";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printRef } from "../../src/model/ref.js";
import { pythonWith } from "../python-with-numpy.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { differing, type Picture, readPicture } from "./picture.js";
import { expectAccessible } from "./seen.js";
import { isSharp, pictureOf, type ServedFolder, serveVolumes } from "./slices.js";

interface Case {
  readonly name: string;
  readonly axis: "z" | "y" | "x";
  readonly at: number;
  readonly low: number;
  readonly high: number;
  readonly slab: number;
  readonly rows: number;
  readonly columns: number;
}

const VOXEL = 10;
/** After so long the address follows. */
const LINK_MS = 250;
const SHAPE = [40, 96, 112] as const;
const STAGE = [16, 18, 20];

const python = pythonWith("numpy", "mrcfile", "zarr");

const VIEWPORT = { width: 1280, height: 800 };

describe.skipIf(browserPath === undefined || python === undefined)("the slice viewer", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-view-"));
  const volumes = join(folder, "volumes");
  let cases: readonly Case[];
  let server: ServedFolder;
  let url: string;
  let place: string;
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(volumes);
    const script = fileURLToPath(new URL("volumes.py", import.meta.url));
    cases = JSON.parse(execFileSync(python!, [script, volumes], { encoding: "utf8" })) as readonly Case[];
    server = await serveVolumes(volumes, join(folder, "workspace"));
    ({ url, place } = server);
    browser = await startBrowser([url]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const address = (key: string, search: Readonly<Record<string, string>> = {}) =>
    `${url}/view/at/${printRef({ kind: "place", place, key })}?${new URLSearchParams(search)}`;
  /** Where a voxel's middle lies, x,y,z. */
  const point = (z: number, y: number, x: number) => [x, y, z].map((index) => index * VOXEL).join(",");
  const expected = (number: number, ending: string) => readFileSync(join(volumes, "expected", `${number}.${ending}`));

  it.each(["webgl", "processor"] as const)(
    "A4: each canvas has the greys of NumPy's plane, across all axes, of MRC and OME-Zarr, drawn by %s",
    {
      timeout: 300_000,
    },
    async (drawnBy) => {
      const browser = await startBrowser([url], { drawnBy });
      for (const [number, one] of cases.entries()) {
        const p = point(
          ...(SHAPE.map((size, i) => ("zyx"[i] === one.axis ? one.at : Math.floor(size / 2))) as [number, number, number]),
        );
        const search = { l: "ortho", z: String(VOXEL), p, c: `${one.low},${one.high}`, s: String(one.slab) };
        const { page, problems } = await browser.open(address(one.name, search), { width: 1280, height: 800 });
        await isSharp(page, one.axis);
        const greys = greysOf(await pictureOf(page, one.axis));
        // the yz pane stands beside the xy pane, so its rows run down: y
        const [width, height] = one.axis === "x" ? [one.rows, one.columns] : [one.columns, one.rows];
        expect([one.name, one.axis, greys.width, greys.height]).toEqual([one.name, one.axis, width, height]);
        const wanted = expected(number, "bin");
        let worst = 0;
        for (let row = 0; row < one.rows; row++) {
          for (let column = 0; column < one.columns; column++) {
            const seen = one.axis === "x" ? greys.at(row, column) : greys.at(column, row);
            worst = Math.max(worst, Math.abs(seen - wanted[row * one.columns + column]!));
          }
        }
        expect([one.name, one.axis, one.at, one.slab, worst <= 1 ? "equal" : worst]).toEqual([
          one.name,
          one.axis,
          one.at,
          one.slab,
          "equal",
        ]);
        expect(problems).toEqual([]);
        await page.close();
      }
      await browser.close();
    },
  );

  it("A5: sections that are four times as thick as voxels are wide are drawn so", async () => {
    const { page } = await browser.open(address("flat.mrc", { l: "ortho", z: String(VOXEL), c: "-1,2" }), VIEWPORT);
    for (const [axis, width, height] of [
      ["z", 112, 96],
      ["y", 112, 160],
      ["x", 160, 96],
    ] as const) {
      await isSharp(page, axis);
      const seen = greysOf(await pictureOf(page, axis));
      expect([axis, Math.abs(seen.width - width) <= 1, Math.abs(seen.height - height) <= 1]).toEqual([axis, true, true]);
    }
    await page.close();
  });

  it("A5: a tilt series has the angles of the .tlt beside it, and no planes across its sections", async () => {
    const angles = readFileSync(join(volumes, "tilts.tlt"), "utf8").trim().split("\n");
    const { page, problems } = await browser.open(address("tilts.mrc"), VIEWPORT);
    await isSharp(page, "z");
    expect(await page.locator(".v-pane").count()).toBe(1);
    await page.locator(".v-canvas").focus();
    for (const section of [10, 11, 12]) {
      await expect
        .poll(() => page.locator(".v-tilt-plot figcaption").textContent())
        .toContain(`Section ${section + 1}: ${angles[section]}°`);
      await page.keyboard.press("PageDown");
    }
    expect(problems).toEqual([]);
    await page.close();
  });

  it("A6: a click in xz moves the other planes there; what is under the pointer is what NumPy says", async () => {
    const number = cases.findIndex(({ name, axis }) => name === "float.mrc" && axis === "z");
    const one = cases[number]!;
    const { page } = await browser.open(address("float.mrc", { l: "ortho", z: "5", p: point(one.at, 48, 56) }), VIEWPORT);
    for (const axis of ["z", "y", "x"]) await isSharp(page, axis);
    await page.mouse.click(...(await pixelOf(page, "y", 5, [one.at, 48, 30])));
    await page.waitForSelector('.v-pane[data-axis="x"][data-shown="30"]');
    await page.mouse.click(...(await pixelOf(page, "y", 5, [12, 48, 30])));
    await page.waitForSelector('.v-pane[data-axis="z"][data-shown="12"][data-sharp="true"]');
    expect(await page.locator('.v-pane[data-axis="z"] .v-canvas').getAttribute("aria-label")).toContain("slice 13 of 40");
    await page.locator('.v-pane[data-axis="z"] .v-canvas').focus();
    await page.getByLabel("Slice number of xy").fill(String(one.at + 1));
    await page.getByLabel("Slice number of xy").press("Enter");
    await page.waitForSelector(`.v-pane[data-axis="z"][data-shown="${one.at}"][data-sharp="true"]`);
    const values = new Float64Array(Uint8Array.from(expected(number, "values")).buffer);
    for (const [y, x] of [
      [0, 0],
      [17, 101],
      [95, 111],
    ] as const) {
      await page.mouse.move(...(await pixelOf(page, "z", 5, [one.at, y, x])));
      const said = page.locator(".v-readout");
      await expect.poll(() => said.textContent()).toContain(`voxel ${x} ${y} ${one.at}`);
      const value = Number(/value (\S+?)voxel/.exec((await said.textContent())!)![1]);
      expect(Math.fround(value)).toBeCloseTo(values[y * one.columns + x]!, 5);
    }
    await page.close();
  });

  it("A8: a measured line has its length; the bar of an exported picture, too; numbers are exported as they are", {
    timeout: 300_000,
  }, async () => {
    const number = cases.findIndex(({ name, axis, slab }) => name === "word.mrc" && axis === "z" && slab === 1);
    const one = cases[number]!;
    const { page } = await browser.open(address("word.mrc", { l: "xy", z: "2.5", p: point(one.at, 48, 56) }), VIEWPORT);
    await isSharp(page, "z");
    await page.locator(".v-canvas").focus();
    // the address follows a moment after the last change: here it never does by itself
    await page.evaluate((ms) => {
      const { setTimeout } = window;
      window.setTimeout = ((work: () => void, after?: number) => setTimeout(work, after === ms ? 1e8 : after)) as never;
      navigator.clipboard.writeText = async (text) => void localStorage.setItem("copied", text);
    }, LINK_MS);
    await page.keyboard.press("m");
    await page.mouse.click(...(await pixelOf(page, "z", 2.5, [0, 20, 30])));
    await page.mouse.click(...(await pixelOf(page, "z", 2.5, [0, 50, 70])));
    expect(page.url()).not.toContain("m=");
    const copiedText = () => page.evaluate(() => localStorage.getItem("copied") ?? "");
    await page.keyboard.press("Control+k");
    await page.locator("dialog[open] input").fill("copy the address");
    // the palette comes a moment after its field
    await page.getByRole("option", { name: "Copy the address", selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await expect.poll(() => copiedText(), { timeout: 30_000 }).toMatch(/^http:.*[?&]m=/);
    expect(await copiedText()).toBe(page.url());
    await page.locator(".v-canvas").focus();
    await page.keyboard.press("m");
    await page.mouse.click(...(await pixelOf(page, "z", 2.5, [0, 10, 10])));
    await page.mouse.click(...(await pixelOf(page, "z", 2.5, [0, 10, 20])));
    const copied = await copiedText();
    expect(page.url()).toBe(copied);
    // 30 and 40 voxels of 10 Å: 500 Å
    const said = await page.locator(".v-measures strong").first().textContent();
    expect(Math.abs(Number.parseFloat(said!) / 50 - 1)).toBeLessThan(0.005);
    expect(said).toContain("nm");

    await page.locator(".v-canvas").focus();
    await page.keyboard.press("e");
    const seen = await saved(page);
    const { width, height, text } = seen;
    expect(text.Source).toBe(page.url());
    expect(text.Source).not.toBe(copied);
    expect(text["Voxel size"]).toBe("10 x 10 x 10 angstrom");
    const pixel = Number.parseFloat(text["Pixel size"]!);
    const bar = longestWhite(seen, height - 18);
    const wanted = [1, 2, 5].flatMap((n) => [10, 100, 1000].map((ten) => n * ten)).filter((one) => one <= (width * pixel) / 4);
    expect(Math.abs(bar - Math.max(...wanted) / pixel)).toBeLessThanOrEqual(1);

    await page.locator(".v-canvas").focus();
    await page.keyboard.press("e");
    await page.getByLabel("PNG, 16 bit raw").check();
    const raw = await saved(page);
    expect([raw.width, raw.height, raw.depth, raw.text.Value]).toEqual([one.columns, one.rows, 16, "grey + 0"]);
    const values = new Float64Array(Uint8Array.from(expected(number, "values")).buffer);
    expect(Array.from(raw.data)).toEqual(Array.from(values));
    await page.close();
  });

  it("A9: 200 slices with PgDn held: never a blank, never back, the last one right", { timeout: 300_000 }, async () => {
    const { page, problems } = await browser.open(
      address("barcode.mrc", { l: "xy", z: String(VOXEL), p: point(20, 64, 80), c: "0,255" }),
      VIEWPORT,
    );
    await isSharp(page, "z");
    expect(barcodeOf(await pictureOf(page, "z"))).toBe(20);
    await page.locator(".v-canvas").focus();
    let before = 20;
    for (let step = 1; step <= 200; step++) {
      await page.keyboard.down("PageDown");
      if (step % 40 !== 0) continue;
      const number = barcodeOf(await pictureOf(page, "z"));
      expect(number).toBeGreaterThanOrEqual(before);
      expect(number).toBeLessThanOrEqual(20 + step);
      before = number;
      await page.locator(".v-canvas").focus();
    }
    await page.keyboard.up("PageDown");
    await page.waitForSelector('.v-pane[data-shown="220"][data-sharp="true"]');
    expect(barcodeOf(await pictureOf(page, "z"))).toBe(220);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("keys and clicks count in their order, however many come before a frame is drawn", async () => {
    const { page, problems } = await browser.open(address("float.mrc", { l: "xy" }), VIEWPORT);
    await isSharp(page, "z");
    const planes = await page.evaluate(() => {
      const canvas = document.querySelector<HTMLElement>(".v-canvas")!;
      canvas.focus();
      const slice = () => canvas.getAttribute("aria-label")!.split(",")[1];
      const press = (key: string) => canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
      const { left, top, width, height } = canvas.getBoundingClientRect();
      const pointer = { clientX: left + width / 2, clientY: top + height / 2, pointerId: 1, bubbles: true, cancelable: true };
      canvas.setPointerCapture = () => {};
      const click = () => ["pointerdown", "pointerup"].map((name) => canvas.dispatchEvent(new PointerEvent(name, pointer)));
      const after = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(slice()))));
      return (async () => {
        const before = slice();
        for (let i = 0; i < 3; i++) press("PageDown");
        click();
        const clicked = await after();
        for (let i = 0; i < 3; i++) press("PageDown");
        press("Home");
        return [before, clicked, await after()];
      })();
    });
    expect(planes).toEqual([" slice 21 of 40", " slice 24 of 40", " slice 1 of 40"]);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("A10: the link shows the same in a new profile", { timeout: 300_000 }, async () => {
    const { page } = await browser.open(address("float.mrc"), VIEWPORT);
    await isSharp(page, "z");
    await page.locator('.v-pane[data-axis="z"] .v-canvas').focus();
    for (const key of ["PageDown", "PageDown", "s", "i", "F2", "F4", "+", "ArrowLeft", "m"]) await page.keyboard.press(key);
    const [x, y] = await middleOf(page, "z");
    await page.mouse.click(x, y);
    await page.mouse.click(x + 60, y + 35);
    await page.keyboard.press("Escape");
    await page.mouse.click(x + 10, y - 40);
    const boxes = () =>
      page.locator(".v-pane, .v-foot, .v-bar").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()));
    const before = await boxes();
    await page.keyboard.press("c");
    await page.getByText("Link copied").waitFor();
    // (37.2) it moves nothing
    expect([before.length > 3, await boxes()]).toEqual([true, before]);
    // what is said of the copy lies over the panes, and nobody says it there; by keys, so that the focus is seen in both
    await page.getByRole("button", { name: "Put away" }).press("Enter");
    await page.locator('.v-pane[data-axis="z"] .v-canvas').focus();
    for (const axis of ["z", "y", "x"]) await isSharp(page, axis);
    const link = page.url();
    for (const name of ["p", "v", "z", "c", "s", "m"]) expect(new URL(link).searchParams.get(name), name).not.toBeNull();
    const there = await page.locator(".v-panes").screenshot();
    const other = await startBrowser([url]);
    try {
      const { page: again, problems } = await other.open(link, VIEWPORT);
      for (const axis of ["z", "y", "x"]) await isSharp(again, axis);
      // both have the focus where it is when a page is opened or a canvas was clicked
      await again.locator('.v-pane[data-axis="z"] .v-canvas').focus();
      const here = readPicture(await again.locator(".v-panes").screenshot());
      expect(differing(readPicture(there), here)).toBeLessThanOrEqual(0.001);
      expect(again.url()).toBe(link);
      expect(problems).toEqual([]);
    } finally {
      await other.close();
    }
    await page.close();
  });

  it("A27: axe finds nothing serious, in light and dark, wide and narrow", { timeout: 300_000 }, async () => {
    const { page, problems } = await browser.open(address("float.mrc", { l: "quad", m: "lz100,100,200_200,100,200" }), VIEWPORT);
    await isSharp(page, "z");
    await page.locator('.v-pane[data-axis="z"] .v-canvas').focus();
    await page.keyboard.press("m");
    for (const colorScheme of ["light", "dark"] as const) {
      for (const size of [VIEWPORT, { width: 360, height: 740 }]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(size);
        await expectAccessible(page, `${colorScheme} ${size.width}`);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(size.width);
      }
    }
    expect(problems).toEqual([]);
    await page.close();
  });

  it("A29: draws the same with WebGL2, also after its context was lost, as without", { timeout: 300_000 }, async () => {
    const search = { l: "ortho", z: "4", p: point(20, 48, 56), c: "-2,4" };
    const other = await startBrowser([url], { drawnBy: "webgl" });
    const { page } = await other.open(address("float.mrc", search), VIEWPORT);
    const pictures = async (of = page) => {
      const all: Picture[] = [];
      for (const axis of ["z", "y", "x"]) {
        await isSharp(of, axis);
        all.push(await pictureOf(of, axis));
      }
      return all;
    };
    const drawn = await pictures();
    await page.evaluate(async () => {
      for (const canvas of document.querySelectorAll<HTMLCanvasElement>(".v-canvas")) {
        const context = canvas.getContext("webgl2")!.getExtension("WEBGL_lose_context")!;
        const lost = new Promise((resolve) => canvas.addEventListener("webglcontextlost", resolve, { once: true }));
        context.loseContext();
        await lost;
        const back = new Promise((resolve) => canvas.addEventListener("webglcontextrestored", resolve, { once: true }));
        await new Promise(requestAnimationFrame);
        context.restoreContext();
        await back;
        await new Promise(requestAnimationFrame);
      }
    });
    for (const [i, picture] of (await pictures()).entries()) expect(differing(picture, drawn[i]!, 0)).toBe(0);
    // a choice of the panel, which draws anew at once
    await page.getByLabel("Drawn by").selectOption("processor");
    const hasWebgl = () =>
      page.evaluate(() => document.querySelector<HTMLCanvasElement>(".v-canvas")?.getContext("webgl2") !== null);
    await expect.poll(hasWebgl, { timeout: 30_000 }).toBe(false);
    for (const [i, picture] of (await pictures()).entries()) expect(differing(picture, drawn[i]!, 1)).toBe(0);
    await other.close();

    // where WebGL is a program of the processor, as here, and where there is none
    for (const isThere of [true, false]) {
      const { page: usual, problems } = await browser.open(`${url}/about`, VIEWPORT);
      if (!isThere)
        await usual.addInitScript(() => {
          const get = HTMLCanvasElement.prototype.getContext;
          HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, kind: string, ...more: unknown[]) {
            return kind === "webgl2" ? null : (get as (...all: unknown[]) => unknown).call(this, kind, ...more);
          } as typeof get;
        });
      await usual.goto(address("float.mrc", search));
      for (const [i, picture] of (await pictures(usual)).entries()) expect(differing(picture, drawn[i]!, 1)).toBe(0);
      expect(await usual.evaluate(() => document.querySelector<HTMLCanvasElement>(".v-canvas")!.getContext("webgl2"))).toBe(null);
      expect(problems).toEqual([]);
      await usual.close();
    }
  });
});

/** The part of a picture that is not the stage. Its outermost pixels may belong to what is beside it. */
function greysOf({ width, height, at }: Picture): { width: number; height: number; at(x: number, y: number): number } {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 2; y < height - 2; y++) {
    for (let x = 2; x < width - 2; x++) {
      if (at(x, y).every((value, i) => value === STAGE[i])) continue;
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x + 1), Math.max(bottom, y + 1)];
    }
  }
  return { width: right - left, height: bottom - top, at: (x, y) => at(left + x, top + y)[0] };
}

/** Where the middle of a voxel is on the page, of a volume that lies in the middle of its panes. */
async function pixelOf(
  page: Page,
  axis: "z" | "y" | "x",
  zoom: number,
  [z, y, x]: readonly [number, number, number],
): Promise<[number, number]> {
  const box = (await page.locator(`.v-pane[data-axis="${axis}"] .v-canvas`).boundingBox())!;
  const away = (index: number, count: number) => ((index - (count - 1) / 2) * VOXEL) / zoom;
  const [u, v] = {
    z: [away(x, SHAPE[2]), away(y, SHAPE[1])],
    y: [away(x, SHAPE[2]), away(z, SHAPE[0])],
    x: [away(z, SHAPE[0]), away(y, SHAPE[1])],
  }[axis] as [number, number];
  return [Math.round(box.x + box.width / 2 + u), Math.round(box.y + box.height / 2 + v)];
}

async function middleOf(page: Page, axis: string): Promise<[number, number]> {
  const box = (await page.locator(`.v-pane[data-axis="${axis}"] .v-canvas`).boundingBox())!;
  return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
}

/** Saves what the dialog offers. */
async function saved(page: Page): Promise<DecodedPng> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save picture" }).click(),
  ]);
  return decode(readFileSync(await download.path()));
}

function longestWhite({ width, data, channels }: DecodedPng, row: number): number {
  let [longest, now] = [0, 0];
  for (let x = 0; x < width; x++) {
    now = [0, 1, 2].every((i) => data[(row * width + x) * channels + i] === 255) ? now + 1 : 0;
    longest = Math.max(longest, now);
  }
  return longest;
}

/** The number of a section by its bars. */
function barcodeOf(picture: Picture): number {
  const greys = greysOf(picture);
  if (greys.width !== 160 || greys.height !== 128) throw new Error(`a picture of ${greys.width} by ${greys.height}`);
  return Array.from({ length: 16 }, (_, bit) => (greys.at(8 * bit + 4, 4) > 180 ? 2 ** (15 - bit) : 0)).reduce((a, b) => a + b);
}
