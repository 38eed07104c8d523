import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printRef } from "../../src/model/ref.js";
import { pythonWith } from "../python-with-numpy.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { type Picture, readPicture } from "./picture.js";
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
      console.info(`${one.name}: ${(100 * beyond).toFixed(3)} % of the pixels differ by more than ${TOLERANCE}`);
      expect(problems).toEqual([]);
      await page.close();
    }
  });
});

/** Levels of 255 that a pixel may be off: the card weighs neighbouring voxels in 256 steps. */
const TOLERANCE = 3;

function compared({ width, height, at }: Picture, wanted: Uint8Array): { beyond: number; drawn: number } {
  let [beyond, drawn] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const place = 3 * (y * width + x);
      const colour = at(x, y);
      if (colour.some((value, i) => Math.abs(value - wanted[place + i]!) > TOLERANCE)) beyond++;
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
