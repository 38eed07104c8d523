import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateBadInput } from "../../examples/bad-input/generate.mjs";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { type LabTree, makeLabTree, type ServedAt } from "./served-tree.js";

/** What visitors come for, with as many clicks as it may take. Seconds are printed, not judged. */

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const WAIT = { timeout: 60_000 };
const LIVE = '.live .v-pane[data-sharp="true"]';
const SHARP = '.viewer .v-pane[data-sharp="true"]';

describe.skipIf(browserPath === undefined)("tasks of visitors, in clicks (needs Chromium)", () => {
  let lab: LabTree;
  let served: ServedAt;
  let browser: Browser;
  beforeAll(async () => {
    lab = await makeLabTree(["imod", "cell"]);
    // one of its tomograms was cut short
    const bad = await generateBadInput({ out: join(lab.folder, "bad") });
    const words = ["ingest", "run", bad.configs.truncated, bad.input, join(lab.folder, "out"), "--import-everything"];
    const run = spawnSync(process.execPath, [PROGRAM, ...words, "--workspace", join(lab.folder, "workspace")]);
    expect(run.status).toBe(3);
    served = await lab.serve();
    browser = await startBrowser([served.url]);
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await lab?.close();
  });

  const tasks: readonly [
    task: string,
    clicks: number,
    done: (page: Page, click: (selector: string, text?: string) => Promise<void>) => Promise<void>,
    size?: { width: number; height: number },
  ][] = [
    [
      "find the ribosomes, and see a tomogram with some",
      2,
      async (page, click) => {
        await click('[aria-labelledby="objects"] a', "cytosolic ribosome");
        await click("[data-row] .card-name");
        await page.locator(LIVE).waitFor(WAIT);
        await page.locator("main tbody tr", { hasText: "cytosolic ribosome" }).first().waitFor(WAIT);
      },
    ],
    [
      "only the annotations of a dataset",
      2,
      async (page, click) => {
        await click(".newest .card-name", "a cell");
        await click("main a", "Annotations of it");
        await page.getByRole("button", { name: /^Remove Dataset: 10/ }).waitFor(WAIT);
        const runs = page.locator('[data-row] td:not(:first-child):has-text("cell_01")');
        await expect.poll(() => runs.count(), WAIT).toBeGreaterThan(3);
        expect(await page.locator("[data-row]", { hasText: "TS_0001" }).count()).toBe(0);
      },
    ],
    [
      "compare two tomograms of different runs",
      2,
      async (page, click) => {
        await click(".home-hero a", "Open in viewer");
        await page.locator(SHARP).first().waitFor(WAIT);
        await click(".v-bar button", "compare");
        // the run has no other volume: the field is there at once
        await page.getByLabel("Compare with").fill("TS_0001");
        const option = page.locator('datalist option[value*="TS_0001"]').first();
        await page.getByLabel("Compare with").fill((await option.getAttribute("value", WAIT))!);
        await page.locator('.v-pane[data-pane="z2"][data-sharp="true"]').waitFor(WAIT);
      },
    ],
    [
      "share a view",
      2,
      async (page, click) => {
        await click(".home-hero a", "Open in viewer");
        await page.locator(SHARP).first().waitFor(WAIT);
        await click("button", "Copy link");
        await page.locator(".toasts", { hasText: /Link copied|address bar/ }).waitFor(WAIT);
      },
    ],
    [
      "where this voxel is from",
      2,
      async (page, click) => {
        await click(".home-hero a", "Open in viewer");
        await page.locator(SHARP).first().waitFor(WAIT);
        await click("button", "Where from");
        await page.getByRole("dialog", { name: "Where this is from" }).waitFor(WAIT);
      },
    ],
    [
      "why a job has failed",
      3,
      async (page, click) => {
        await click("summary:visible", "Work");
        await click("a:visible", "Jobs");
        await click("main a", "Ingest: truncated");
        const part = page.getByRole("region", { name: "Not done" });
        await part.getByText(/run_2\.rec: the header promises/).waitFor(WAIT);
        await page
          .getByRole("status")
          .getByText(/done in part: 1 failed/)
          .waitFor(WAIT);
        expect(await page.locator("main progress").evaluate((bar) => (bar as HTMLProgressElement).value)).toBeLessThan(1);
      },
    ],
    [
      "take a run along: its files, with their bytes",
      2,
      async (page, click) => {
        await click(".home-hero a", "cell_01");
        await click("main button", "Download");
        await page.getByRole("dialog").waitFor(WAIT);
      },
    ],
    [
      "go on where one was",
      2,
      async (page, click) => {
        await click(".home-hero a", "cell_01");
        await page.locator(LIVE).waitFor(WAIT);
        await page.goto(served.url);
        await click('[aria-labelledby="go-on"] a', "cell_01");
        await page.locator(LIVE).waitFor(WAIT);
      },
    ],
    [
      "the first section, on a phone",
      0,
      async (page) => void (await page.locator(LIVE).waitFor(WAIT)),
      { width: 390, height: 844 },
    ],
    [
      "the tilt series of a run, tilt by tilt, on a phone",
      2,
      async (page, click) => {
        await page.goto(`${served.url}/runs`);
        await click(".card-name", "TS_0001");
        await click(".volume-card", "tilt series");
        await page.locator(".live-bar", { hasText: "tilts" }).waitFor(WAIT);
      },
      { width: 390, height: 844 },
    ],
    [
      "how a program reads all of this",
      1,
      async (page, click) => {
        await click('[role="tab"]', "AWS");
        await page.locator('.connect [role="tabpanel"]', { hasText: "aws s3 ls" }).waitFor(WAIT);
      },
    ],
  ];

  it.each(tasks)(
    "%s: %d clicks from the first page",
    async (task, most, done, size = { width: 1280, height: 800 }) => {
      const { page, problems } = await browser.open(served.url, size);
      await page.locator("h1").first().waitFor(WAIT);
      let clicks = 0;
      const since = performance.now();
      await done(page, async (selector, text) => {
        const part = text === undefined ? page.locator(selector) : page.locator(selector, { hasText: text });
        await part.first().click(WAIT);
        clicks++;
      });
      console.log(`${task}: ${clicks} clicks, ${((performance.now() - since) / 1000).toFixed(1)} s`);
      expect([task, clicks, problems]).toEqual([task, most, []]);
      await page.close();
    },
    180_000,
  );
});
