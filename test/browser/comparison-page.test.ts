import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compare } from "../../src/stations/harvest/compare/compare.js";
import { comparisonPage } from "../../src/stations/harvest/compare/print/page.js";
import type { NormalisedRecord } from "../../src/stations/harvest/records/record.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-comparison-"));
const base = pathToFileURL(folder).href;
let browser: Browser;
beforeAll(async () => {
  if (browserPath !== undefined) browser = await startBrowser([base]);
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Markup in every place where a document puts text. */
const PAYLOADS = [
  "<script>window.hit=1</script>",
  '"><img src=x onerror="window.hit=1">',
  "'><svg onload=window.hit=1>",
  "</title><script>window.hit=1</script>",
  "</style><script>window.hit=1</script>",
  "</text></svg><iframe src=javascript:window.hit=1>",
  "javascript:window.hit=1",
  "\u202e\u0000\u001b[2J",
  "<a href=javascript:window.hit=1>a</a>",
  "&lt;img src=x onerror=window.hit=1&gt;",
];

function record(name: string, at: number): NormalisedRecord {
  return {
    name,
    format: "zarr",
    shape: [100 + at, 200, 300],
    dtype: name,
    unit: ["nm", "nm", "nm"],
    voxel_size: [4, 2 + at, 2],
    offset: [0, 0, 0],
    channels: 1,
    axes: ["z", "y", "x"],
    contrast: null,
    acquisition: { microscope: name, [name]: name },
    sources: {},
    warnings: [name, `conflict:dtype: ${name}`],
    raw_metadata: {},
  };
}

function pageOf(names: readonly string[]): string {
  const files = names.map((name, at) => ({ record: record(name, at), reference: undefined }));
  const webs = names.map((name) => ({
    name,
    raw_metadata: {},
    download_links: [name, "https://x.test/a.tif"],
    portal: name,
    source_url: name,
    record: { warnings: [name], retrieved_at: name },
  }));
  const file = `page-${names.length}.html`;
  writeFileSync(join(folder, file), comparisonPage(compare(files, webs), "both"));
  return `${base}/${file}`;
}

describe.skipIf(browserPath === undefined)("the page of a comparison, in Chromium", () => {
  it("runs nothing, asks for nothing, and says nothing on the console, whatever names hold", async () => {
    const { page, problems, elsewhere } = await browser.open(pageOf(PAYLOADS));
    expect([problems, elsewhere]).toEqual([[], []]);
    expect(await page.evaluate("window.hit")).toBeUndefined();
    expect(await page.locator("script, img, iframe, object, form").count()).toBe(0);
    expect(await page.locator("tbody th").first().textContent()).toBe(PAYLOADS[0]);
    expect(await page.locator("svg.scale g").count()).toBe(3 * PAYLOADS.length);
    await page.close();
  });

  it("keeps heads and names in sight, and never scrolls sideways as a whole", async () => {
    const names = Array.from({ length: 60 }, (_, at) => `data set ${at}`);
    for (const width of [400, 1200]) {
      const { page } = await browser.open(pageOf(names), { width, height: 700 });
      expect(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")).toBe(true);
      const table = page.locator(".wide").first();
      await table.evaluate("(box) => box.scrollTo(300, 600)");
      const [box, head, name] = await Promise.all([
        table.boundingBox(),
        table.locator("thead th").nth(3).boundingBox(),
        table.locator("tbody th").nth(30).boundingBox(),
      ]);
      expect(Math.abs(head!.y - box!.y)).toBeLessThan(3);
      expect(Math.abs(name!.x - box!.x)).toBeLessThan(3);
      await page.close();
    }
  });

  it("is dark where the reader's screen is", async () => {
    const { page } = await browser.open(pageOf(["a", "b"]));
    const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    await page.emulateMedia({ colorScheme: "light" });
    const light = await background();
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await background()).not.toBe(light);
    await page.close();
  });
});
