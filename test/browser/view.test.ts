import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServerFacts } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import { pythonWith } from "../python-with-numpy.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { type Picture, readPicture } from "./picture.js";

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

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const VOXEL = 10;
const SHAPE = [40, 96, 112] as const;
const STAGE = [16, 18, 20];

const python = pythonWith("numpy", "mrcfile", "zarr");

describe.skipIf(browserPath === undefined || python === undefined)("the slice viewer", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-view-"));
  const volumes = join(folder, "volumes");
  let cases: readonly Case[];
  let server: ChildProcess;
  let url: string;
  let place: string;
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(volumes);
    const script = fileURLToPath(new URL("volumes.py", import.meta.url));
    cases = JSON.parse(execFileSync(python!, [script, volumes], { encoding: "utf8" })) as readonly Case[];
    const words = ["serve", volumes, "--port", "0", "--json", "--workspace", join(folder, "workspace")];
    server = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "pipe", "inherit"] });
    url = await new Promise((resolve, reject) => {
      let text = "";
      server.on("exit", () => reject(new Error(`serve has ended: ${text}`)));
      server.stdout!.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
        if (text.endsWith("\n}\n")) resolve((JSON.parse(text) as { url: string }).url);
      });
    });
    const facts = (await (await fetch(`${url}/api/v1/server`)).json()) as ServerFacts;
    place = facts.places[0]!.id;
    browser = await startBrowser([url]);
  });
  afterAll(async () => {
    await browser?.close();
    if (server?.exitCode === null) {
      server.kill("SIGINT");
      await once(server, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const address = (key: string, search: Readonly<Record<string, string>> = {}) =>
    `${url}/view/at/${printRef({ kind: "place", place, key })}?${new URLSearchParams(search)}`;
  /** Where a voxel's middle lies, x,y,z. */
  const point = (z: number, y: number, x: number) => [x, y, z].map((index) => index * VOXEL).join(",");
  const expected = (number: number, ending: string) => readFileSync(join(volumes, "expected", `${number}.${ending}`));

  it("A4: each canvas has the greys of NumPy's plane, across all axes, of MRC and OME-Zarr", { timeout: 300_000 }, async () => {
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
  });
});

/** Until a pane shows its plane as it is. */
async function isSharp(page: Page, axis: string): Promise<void> {
  await page.waitForSelector(`.v-pane[data-axis="${axis}"][data-sharp="true"]`, { timeout: 60_000 });
}

/** What is drawn of the volume, without what lies over it. */
async function pictureOf(page: Page, axis: string): Promise<Picture> {
  await page.evaluate(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    for (const one of document.querySelectorAll<HTMLElement>(".v-above, .v-name, .v-level, .v-slow"))
      one.style.visibility = "hidden";
  });
  return readPicture(await page.locator(`.v-pane[data-axis="${axis}"] .v-canvas`).screenshot());
}

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
