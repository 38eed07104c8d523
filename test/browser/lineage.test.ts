import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { crc32 } from "node:zlib";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLog } from "../../src/core/log.js";
import { openJournal } from "../../src/engine/journal.js";
import { printRef } from "../../src/model/ref.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { expectAccessible, expectUsable, SIZES } from "./seen.js";
import { isSharp, type ServedFolder, serveVolumes, wordMrc } from "./slices.js";

const [NZ, NY, NX] = [32, 40, 48] as const;
const EDGE = 10;
/** No two voxels have the same. */
const valueAt = (z: number, y: number, x: number) => z * 2000 + y * NX + x;
const POINTS = [
  { x: 10, y: 20, z: 5 },
  { x: 22, y: 11, z: 14 },
];
const COMMAND = ["ingest", "run", "lab.yaml", "in", "out dir"];
const WAIT = { timeout: 60_000 };

describe.skipIf(browserPath === undefined)("where a number on a page is from (needs Chromium)", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-where-"));
  const volumes = join(folder, "volumes");
  const ramp = wordMrc([NZ, NY, NX], EDGE, valueAt);
  let server: ServedFolder;
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(volumes);
    writeFileSync(join(volumes, "ramp.mrc"), ramp);
    writeFileSync(
      join(volumes, "ramp_points.ndjson"),
      POINTS.map((location) => `${JSON.stringify({ type: "point", location })}\n`).join(""),
    );
    // as a command leaves it
    const journal = await openJournal(join(folder, "workspace/journals"), "j", silentLog);
    await journal.begin({ createdMs: 1, locks: [], tasks: [] }, { target: pathToFileURL(volumes).href });
    await journal.jot({ record: "command", words: COMMAND, folder: "/home/me" });
    const outputs = [{ key: "ramp.mrc", size: ramp.length, crc32: crc32(ramp).toString(16).padStart(8, "0") }];
    const place = { file: "lab.yaml", line: 12, column: 5 };
    await journal.append({
      record: "done",
      receipt: { task: "t1", title: "tomogram 1", inputs: [], outputs, seconds: 0, place },
    });
    await journal.close();
    server = await serveVolumes(volumes, join(folder, "workspace"));
    browser = await startBrowser([server.url]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const open = async (size = SIZES[1] as { width: number; height: number }) => {
    const position = [24, 20, 16].map((index) => index * EDGE).join();
    const ref = printRef({ kind: "place", place: server.place, key: "ramp.mrc" });
    const watched = await browser.open(`${server.url}/view/at/${ref}?p=${position}`, size);
    await isSharp(watched.page, "z");
    return watched;
  };
  const dialogOf = (page: Page) => page.getByRole("dialog", { name: "Where this is from" });
  const rowOf = async (page: Page, name: string) =>
    (await dialogOf(page).locator("dl > div").filter({ has: page.getByText(name, { exact: true }) }).locator("dd").textContent())!; // biome-ignore format: one line
  /** The bytes that the dialog names. */
  const named = async (page: Page) => {
    const range = (await dialogOf(page).locator("dl code").nth(1).textContent())!;
    const [from, to] = range.split("–").map((text) => Number(text.replace(/\D/g, "")));
    const file = (await dialogOf(page).locator("dl code").first().textContent())!;
    return readFileSync(join(volumes, file)).subarray(from, to! + 1);
  };

  it("A28: by W at the crosshair: file, bytes, checksum, line and command; Esc leaves", { timeout: 300_000 }, async () => {
    const { page, problems } = await open();
    await page.keyboard.press("w");
    await dialogOf(page).locator("dl").waitFor(WAIT);
    expect(await dialogOf(page).textContent()).toContain(`Voxel x 24, y 20, z 16 of level 0: ${valueAt(16, 20, 24)}`);
    expect((await named(page)).readUInt16LE()).toBe(valueAt(16, 20, 24));
    expect(await rowOf(page, "Checksum")).toContain("verified");
    expect(await rowOf(page, "Configuration")).toContain("lab.yaml:12:5");
    expect(await rowOf(page, "Command")).toContain("$ emporium ingest run lab.yaml in 'out dir'");
    expect(await rowOf(page, "Receipt")).toContain("tomogram 1");
    await expectAccessible(page, "where a voxel is from", { within: "dialog" });
    await page.keyboard.press("Escape");
    await expect.poll(() => dialogOf(page).count(), WAIT).toBe(0);
    expect(await page.evaluate("document.activeElement.className")).toContain("v-canvas");
    expect(problems).toEqual([]);
    await page.close();
  });

  it("each point of a list by its line, one after another", { timeout: 300_000 }, async () => {
    const { page } = await open();
    await page.locator('.layers [data-loaded="true"]').waitFor(WAIT);
    for (const location of POINTS) {
      await page.locator(".v-canvas").first().focus();
      await page.keyboard.press("]");
      const at = `${location.x.toFixed(2)} ${location.y.toFixed(2)} ${location.z.toFixed(2)}`;
      await page.getByText(at).waitFor(WAIT);
      await page.getByRole("button", { name: "Where the point is from" }).click();
      await dialogOf(page).locator("dl").waitFor(WAIT);
      expect(JSON.parse((await named(page)).toString())).toEqual({ type: "point", location });
      await page.keyboard.press("Escape");
      await expect.poll(() => dialogOf(page).count(), WAIT).toBe(0);
    }
    await page.close();
  });

  it("A29: nothing scrolls sideways or lies over a control, from a phone to a wall", { timeout: 300_000 }, async () => {
    for (const size of SIZES) {
      const { page } = await open(size);
      await page.getByRole("button", { name: "Where from" }).click();
      await dialogOf(page).locator("dl").waitFor(WAIT);
      const [inside, wide] = await page.evaluate<number[]>("[document.querySelector('dialog').scrollWidth, innerWidth]");
      expect([size, inside! <= wide!]).toEqual([size, true]);
      await page.keyboard.press("Escape");
      await expectUsable(page, `${size.width}`);
      await page.close();
    }
  });
});
