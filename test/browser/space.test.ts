import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decode } from "fast-png";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Overlays } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import { pythonWith } from "../python-with-numpy.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { type Colour, differing, type Picture, parseColour, readPicture } from "./picture.js";
import { type ServedFolder, serveVolumes } from "./slices.js";

interface Case {
  readonly name: string;
  readonly mode: "max" | "mean" | "surface";
  readonly dark: boolean;
  readonly turn: number;
  readonly tilt: number;
  readonly zoom: number;
  readonly threshold: number;
}

const CASES: readonly Case[] = [
  { name: "max", mode: "max", dark: false, turn: 30, tilt: -55, zoom: 1, threshold: 0 },
  { name: "max of dark", mode: "max", dark: true, turn: -75, tilt: -120, zoom: 1.6, threshold: 0 },
  { name: "along z", mode: "max", dark: false, turn: 0, tilt: 0, zoom: 1.2, threshold: 0 },
  { name: "mean", mode: "mean", dark: false, turn: 140, tilt: -70, zoom: 1.3, threshold: 0 },
  { name: "surface", mode: "surface", dark: false, turn: 25, tilt: -60, zoom: 1.3, threshold: 0.45 },
  { name: "surface of dark", mode: "surface", dark: true, turn: -160, tilt: -100, zoom: 1, threshold: 0.2 },
];

const VIEWPORT = { width: 860, height: 640 };
const WAIT = { timeout: 90_000 };

const python = pythonWith("numpy", "mrcfile");

describe.skipIf(browserPath === undefined || python === undefined)("the viewer's 3-D pane", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-space-"));
  const volumes = join(folder, "volumes");
  const script = fileURLToPath(new URL("space.py", import.meta.url));
  let server: ServedFolder;
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(volumes);
    execFileSync(python!, [script, "make", volumes]);
    server = await serveVolumes(volumes, join(folder, "workspace"));
    browser = await startBrowser([server.url]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const address = (search: Readonly<Record<string, string>> = {}) =>
    `${server.url}/view/at/${printRef({ kind: "place", place: server.place, key: "blobs.mrc" })}?${new URLSearchParams({ l: "3d", c: "0,1", on: "", ...search })}`;
  const searchOf = ({ mode, dark, turn, tilt, zoom, threshold }: Case) => ({
    t: [turn, tilt, zoom].join(),
    r: `${mode},${dark ? "dark" : "bright"}${mode === "surface" ? `,${threshold}` : ""}`,
    k: "-",
  });
  const sizeOf = (page: Page) =>
    page
      .locator(".v-space .v-canvas")
      .evaluate((canvas) => [(canvas as HTMLCanvasElement).width, (canvas as HTMLCanvasElement).height]);

  it("draws maximum, mean and surface as NumPy does, of voxels twice as thick as wide", { timeout: 600_000 }, async () => {
    let size: readonly number[] = [];
    for (const [i, one] of CASES.entries()) {
      const { page, problems } = await browser.open(address(searchOf(one)), VIEWPORT);
      await isDrawn(page);
      if (i === 0) {
        size = await sizeOf(page);
        execFileSync(python!, [script, "draw", folder, ...size.map(String), JSON.stringify(CASES)]);
      }
      const seen = await bareOf(page);
      expect([seen.width, seen.height]).toEqual(size);
      const { beyond, drawn } = compared(seen, readFileSync(join(folder, `${one.name}.bin`)));
      // all of it would be the stage's grey where nothing was drawn
      expect([one.name, drawn > 0.02 ? "drawn" : drawn]).toEqual([one.name, "drawn"]);
      expect([one.name, beyond <= 0.02 ? "equal" : beyond]).toEqual([one.name, "equal"]);
      expect(problems).toEqual([]);
      await page.close();
    }
  });

  /** Where points are in the picture, x y z in Å, by NumPy. */
  const placesOf = (size: readonly number[], one: Case, points: readonly (readonly number[])[]) =>
    JSON.parse(
      execFileSync(python!, [script, "place", ...size.map(String), JSON.stringify(one), JSON.stringify(points)], {
        encoding: "utf8",
      }),
    ) as [number, number][];

  it("shows points where NumPy projects them, and a plane that moves with its section", { timeout: 300_000 }, async () => {
    const one = CASES[0]!;
    const { layers } = (await (
      await fetch(`${server.url}/api/v1/overlays/${printRef({ kind: "place", place: server.place, key: "blobs.mrc" })}`)
    ).json()) as Overlays;
    const colour = parseColour(layers[0]!.color);
    const { page, problems } = await browser.open(address({ ...searchOf(one), on: layers[0]!.id, p: "0,0,90" }), VIEWPORT);
    await isDrawn(page);
    await page.locator('.layers [data-loaded="true"]').waitFor({ state: "attached", ...WAIT });
    const size = await sizeOf(page);
    const places = placesOf(size, one, POINTS);
    await expect.poll(async () => near(await bareOf(page), places[0]!, colour), WAIT).toBeGreaterThan(20);
    await isDrawn(page);
    const seen = await bareOf(page);
    for (const [i, [u, v]] of places.entries()) {
      const { across, down, count } = middleOf(seen, [u, v], colour);
      expect([i, count > 20, Math.abs(across - u) <= 1.5, Math.abs(down - v) <= 1.5]).toEqual([i, true, true, true]);
    }
    await page.goto(address({ ...searchOf(one), k: "z", p: "0,0,90" }));
    await isDrawn(page);
    const cut = await bareOf(page);
    // the front edge of the section: it is at z 90 Å, and five sections of 18 Å further on
    const front = (z: number) => [265.5, 391.5, z];
    const [before, after] = placesOf(size, one, [front(90), front(180)]);
    expect([near(cut, before!, Z_COLOUR, 2) > 0, near(cut, after!, Z_COLOUR, 2) > 0]).toEqual([true, false]);
    for (let i = 0; i < 5; i++) await page.keyboard.press("PageDown");
    await expect
      .poll(async () => {
        const now = await bareOf(page);
        return [near(now, before!, Z_COLOUR, 2) > 0, near(now, after!, Z_COLOUR, 2) > 0];
      }, WAIT)
      .toEqual([false, true]);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("is turned by pointer and keys; its address and its exported picture are what is seen, also after the context was lost", {
    timeout: 300_000,
  }, async () => {
    const { page, problems } = await browser.open(address(searchOf(CASES[4]!)), VIEWPORT);
    await isDrawn(page);
    const canvas = page.locator(".v-space .v-canvas");
    const { x, y } = (await canvas.boundingBox())!;
    await page.mouse.move(x + 300, y + 200);
    await page.mouse.down();
    await page.mouse.move(x + 360, y + 170, { steps: 5 });
    await page.mouse.up();
    // 60 and -30 pixels of half a degree
    await expect.poll(() => new URL(page.url()).searchParams.get("t"), WAIT).toBe("-5,-75,1.3");
    await canvas.focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("+");
    await expect.poll(() => new URL(page.url()).searchParams.get("t"), WAIT).toBe("0,-75,1.625");
    expect(await canvas.getAttribute("aria-label")).toBe("3-D view, surface at 0.45, turned 0°, tilted 75°");
    await isDrawn(page);
    await page.keyboard.press("e");
    await page.getByLabel("Scale bar").uncheck();
    await page.getByLabel("Box and axes").uncheck();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save picture" }).click(),
    ]);
    const saved = readFileSync(await download.path());
    await isDrawn(page);
    const seen = await bareOf(page);
    expect(differing(readPicture(saved), seen)).toBe(0);
    expect(decode(saved).text.Plane).toBe("surface at 0.45, turned 0°, tilted 75°");

    // the rough picture stands for less time than there is between two looks from out here
    await page.evaluate(async () => {
      const space = document.querySelector(".v-space")!;
      const isRough = new Promise<void>((resolve) => {
        const isSeen = () => space.getAttribute("data-sharp") === "false" && resolve();
        new MutationObserver(isSeen).observe(space, { attributeFilter: ["data-sharp"] });
      });
      const gl = document.querySelector<HTMLCanvasElement>(".v-space .v-canvas")!.getContext("webgl2")!;
      const lose = gl.getExtension("WEBGL_lose_context")!;
      lose.loseContext();
      setTimeout(() => lose.restoreContext(), 300);
      await isRough;
    });
    await isDrawn(page);
    expect(differing(await bareOf(page), seen)).toBe(0);
    const again = await browser.open(page.url(), VIEWPORT);
    await isDrawn(again.page);
    expect(differing(await bareOf(again.page), seen)).toBe(0);
    await again.page.locator(".v-space .v-canvas").dblclick();
    await expect.poll(() => new URL(again.page.url()).searchParams.get("t"), WAIT).toBe("30,-55,1");
    expect([...problems, ...again.problems].filter((text) => !text.includes("CONTEXT_LOST"))).toEqual([]);
    await page.close();
    await again.page.close();
  });

  it("is a still maximum projection where there is no WebGL2, and says so", { timeout: 300_000 }, async () => {
    const other = await startBrowser([server.url], { flags: ["--disable-3d-apis"] });
    const { page, problems } = await other.open(address(searchOf(CASES[0]!)), VIEWPORT);
    await page.getByText("This browser has no WebGL2").waitFor(WAIT);
    await isDrawn(page);
    const size = await sizeOf(page);
    execFileSync(python!, [script, "draw", folder, ...size.map(String), JSON.stringify(CASES.slice(0, 1))]);
    const { beyond } = compared(await bareOf(page), readFileSync(join(folder, "max.bin")), 40);
    // fewer pixels, nearest voxels: edges are elsewhere by a part of a voxel
    expect(beyond).toBeLessThan(0.03);
    expect(problems).toEqual([]);
    await other.close();
  });
});

/** Colour of the edges of an xy plane, in all panes. */
const Z_COLOUR: Colour = parseColour("#56b4e9");
/** x y z of the points that `space.py` writes. */
const POINTS = [
  [90, 90, 90],
  [450, 297, 234],
  [126, 315, 360],
] as const;
/** Pixels about a point of the picture that are looked at: more than a point's radius. */
const REACH = 60;

/** Middle of what has a hue like a colour's about a place: half way between its outermost pixels. */
function middleOf({ at, width, height }: Picture, [u, v]: readonly [number, number], colour: Colour, reach = REACH) {
  const [across, down]: [number[], number[]] = [[], []];
  for (let y = Math.max(Math.floor(v - reach), 0); y < Math.min(v + reach, height); y++) {
    for (let x = Math.max(Math.floor(u - reach), 0); x < Math.min(u + reach, width); x++) {
      if (!isLike(at(x, y), colour)) continue;
      across.push(x + 0.5);
      down.push(y + 0.5);
    }
  }
  const middle = (all: readonly number[]) => (Math.min(...all) + Math.max(...all)) / 2;
  return { across: middle(across), down: middle(down), count: across.length };
}

const near = (picture: Picture, place: readonly [number, number], colour: Colour, reach = REACH) =>
  middleOf(picture, place, colour, reach).count;

/** Whether the parts of two colours beyond grey point the same way. */
function isLike(one: Colour, other: Colour): boolean {
  const hue = (colour: Colour) => colour.map((value) => value - Math.min(...colour));
  const [a, b] = [hue(one), hue(other)];
  const dot = (p: readonly number[], q: readonly number[]) => p.reduce((sum, value, i) => sum + value * q[i]!, 0);
  return Math.max(...a) > 24 && dot(a, b) > 0.97 * Math.sqrt(dot(a, a) * dot(b, b));
}

/** Levels of 255 that a pixel may be off: the card weighs neighbouring voxels in 256 steps. */
const TOLERANCE = 3;

function compared({ width, height, at }: Picture, wanted: Uint8Array, tolerance = TOLERANCE): { beyond: number; drawn: number } {
  let [beyond, drawn] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const place = 3 * (y * width + x);
      const colour = at(x, y);
      if (colour.some((value, i) => Math.abs(value - wanted[place + i]!) > tolerance)) beyond++;
      if (wanted[place]! > 24) drawn++;
    }
  }
  return { beyond: beyond / (width * height), drawn: drawn / (width * height) };
}

async function isDrawn(page: Page): Promise<void> {
  await page.waitForSelector('.v-space[data-sharp="true"]', WAIT);
}

/** What is drawn of the volume, without what lies over it. */
async function bareOf(page: Page): Promise<Picture> {
  await page.evaluate(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    for (const one of document.querySelectorAll<HTMLElement>(".v-space > :not(.v-canvas)")) one.style.visibility = "hidden";
  });
  return readPicture(await page.locator(".v-space .v-canvas").screenshot());
}
