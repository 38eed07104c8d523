import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printRef } from "../../src/model/ref.js";
import { writeFiles, zarrFiles } from "../zarr-volume.js";
import { askedBy, type Browser, browserPath, startBrowser } from "./browser.js";
import { isSharp, pictureOf, type ServedFolder, serveVolumes, wordMrc } from "./slices.js";

const VIEWPORT = { width: 1280, height: 800 };
const SIDE = 64;
/** More than are fetched before they are asked for. */
const SECTIONS = 96;

describe.skipIf(browserPath === undefined)("A30: what goes wrong while one looks", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-faults-"));
  const volumes = join(folder, "volumes");
  let server: ServedFolder;
  let browser: Browser;
  const serve = (port?: number) => serveVolumes(volumes, join(folder, "workspace"), port);
  beforeAll(async () => {
    mkdirSync(volumes);
    for (const name of ["away.mrc", "replaced.mrc"]) writeFileSync(join(volumes, name), mrc(60));
    writeFiles(
      join(volumes, "lost.zarr"),
      zarrFiles({ shape: [8, SIDE, SIDE], chunk: [8, 32, 32], scale: [1, 1, 1], value: () => 60 }),
    );
    server = await serve();
    browser = await startBrowser([server.url]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const open = async (key: string) => {
    const ref = printRef({ kind: "place", place: server.place, key });
    const { page } = await browser.open(`${server.url}/view/at/${ref}?l=xy&c=0,255`, VIEWPORT);
    await isSharp(page, "z");
    return page;
  };
  /** Of the upper left and the lower right quarter of the volume. */
  const greysOf = async (page: Page) => {
    const { width, height, at } = await pictureOf(page, "z");
    return [-40, 40].map((away) => at(width / 2 + away, height / 2 + away)[0]);
  };
  const last = `.v-pane[data-axis="z"][data-shown="${SECTIONS - 1}"][data-sharp="true"]`;

  it("a server that goes away leaves the picture, and is told of; when it is back, the slice comes by itself", {
    timeout: 300_000,
  }, async () => {
    const page = await open("away.mrc");
    const port = Number(new URL(server.url).port);
    // of a page that has not got all of its answers yet nothing is promised
    await expect.poll(() => askedBy(page), { timeout: 30_000 }).toEqual([]);
    await server.close();
    await page.locator(".v-canvas").focus();
    for (let i = 0; i < SECTIONS; i++) await page.keyboard.press("PageDown");
    await page.getByText("The server does not answer. What you see stays").waitFor();
    expect(await greysOf(page)).toEqual([60, 60]);
    server = await serve(port);
    await page.waitForSelector(last, { timeout: 60_000 });
    await page.getByText("The server does not answer. What you see stays").waitFor({ state: "detached" });
    expect(await page.locator('[role="alert"]').count()).toBe(0);
    await page.close();
  });

  it("a chunk that is gone is named, and drawn as the fill value", { timeout: 300_000 }, async () => {
    rmSync(join(volumes, "lost.zarr", "0", "0", "0", "0"));
    const page = await open("lost.zarr");
    await page.getByText("not stored, drawn as the fill value: lost.zarr/0/0/0/0").waitFor();
    expect(await greysOf(page)).toEqual([0, 60]);
    await page.close();
  });

  it("of a file that was replaced no slice stands beside the older ones", { timeout: 300_000 }, async () => {
    const page = await open("replaced.mrc");
    writeFileSync(join(folder, "new.mrc"), mrc(200));
    renameSync(join(folder, "new.mrc"), join(volumes, "replaced.mrc"));
    await page.locator(".v-canvas").focus();
    await page.keyboard.press("End");
    await page.getByText("has changed since it was opened").waitFor();
    for (const key of ["PageUp", "Home", "PageDown", "End"]) {
      await page.locator(".v-canvas").focus();
      await page.keyboard.press(key);
      expect(await greysOf(page)).toEqual([60, 60]);
    }
    await page.getByRole("button", { name: "Reload" }).click();
    await expect
      .poll(async () => (await page.locator(last).count()) === 1 && (await greysOf(page)), { timeout: 60_000 })
      .toEqual([200, 200]);
    expect(await page.getByText("has changed since it was opened").count()).toBe(0);
    await page.close();
  });
});

/** Bytes of one value. */
const mrc = (value: number) => wordMrc([SECTIONS, SIDE, SIDE], 0, () => value);
