import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { type LabTree, makeLabTree, type ServedAt } from "./served-tree.js";

/** Rules of the look that a machine can see and no other suite does: those of single pages. `test/look` has those of every page. */

const WAIT = { timeout: 60_000 };
const TOKENS = readFileSync(fileURLToPath(new URL("../../web/tokens.css", import.meta.url)), "utf8");

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const short = hex.length === 4 ? [...hex.slice(1)].map((one) => one + one).join("") : hex.slice(1, 7);
  const [r, g, b] = [0, 2, 4]
    .map((at) => Number.parseInt(short.slice(at, at + 2), 16) / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
function contrast(one: string, other: string): number {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high! + 0.05) / (low! + 0.05);
}
/** Colours of a token, light and dark. */
function coloursOf(token: string): readonly [string, string] {
  const text = new RegExp(`--${token}: ([^;]+);`).exec(TOKENS)![1]!;
  const [light, dark = light] = text.match(/#[\da-f]{3,8}/gi)!;
  return [light!, dark!];
}

describe("colours of the tokens (look.md §10.5)", () => {
  const surfaces = ["bg", "raised", "sunken", "row"];
  const pairs = [
    ...surfaces.flatMap((surface) => [
      ["text", surface, 7],
      ...["muted", "accent", "ok", "warn", "bad"].map((word) => [word, surface, 4.5]),
      ["control", surface, 3],
      ["focus", surface, 3],
    ]),
    ...["ok", "warn", "bad"].map((state) => [state, `${state}-soft`, 4.5]),
    ...[
      "on-accent accent",
      "on-accent accent-strong",
      "accent accent-soft",
      "on-bad bad",
      "stage-text stage",
      "toast-text toast",
    ].map((pair) => [...pair.split(" "), 4.5]),
    ...["axis-x", "axis-y", "axis-z"].map((axis) => [axis, "stage", 3]),
  ] as [string, string, number][];
  it.each(pairs)("%s on %s: at least %d, light and dark", (one, other, least) => {
    for (const theme of [0, 1]) expect(contrast(coloursOf(one)[theme]!, coloursOf(other)[theme]!)).toBeGreaterThanOrEqual(least);
  });
});

describe.skipIf(browserPath === undefined)("single pages (look.md §10, needs Chromium)", () => {
  let lab: LabTree;
  let served: ServedAt;
  let browser: Browser;
  let run: number;
  beforeAll(async () => {
    lab = await makeLabTree(["imod"]);
    served = await lab.serve();
    browser = await startBrowser([served.url]);
    const reply = await fetch(`${served.graphql}?query=${encodeURIComponent("{ runs(orderBy: { name: asc }) { id } }")}`);
    run = ((await reply.json()) as { data: { runs: { id: number }[] } }).data.runs[0]!.id;
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await lab?.close();
  });
  const open = async (path: string, width: number, height: number) => {
    const { page } = await browser.open(`${served.url}${path}`, { width, height });
    return page;
  };

  it("2, 3: of a run the picture is more than half, and the first annotation is seen at once", { timeout: 120_000 }, async () => {
    for (const [width, height] of [
      [1280, 800],
      [2560, 1440],
    ] as const) {
      const page = await open(`/runs/${run}`, width, height);
      await page.locator('.live .v-pane[data-sharp="true"]').waitFor(WAIT);
      const share = await page.evaluate<number>(
        "document.querySelector('.run-hero').getBoundingClientRect().width / document.querySelector('main').getBoundingClientRect().width",
      );
      expect([width, share >= 0.55, share]).toEqual([width, true, share]);
      const row = await page.locator("main tbody tr").first().boundingBox();
      expect(row!.y + row!.height).toBeLessThanOrEqual(height);
      await page.close();
    }
  });

  it("a wheel over the picture of a run scrolls the page, and an address of a volume that it has not is told", {
    timeout: 120_000,
  }, async () => {
    const page = await open(`/runs/${run}?shown=tomogram:999999`, 1280, 500);
    await page.locator(".toasts", { hasText: "shown=tomogram:999999, which this run does not have" }).waitFor(WAIT);
    await page.locator('.live .v-pane[data-sharp="true"]').waitFor(WAIT);
    const before = await page.locator(".live-bar").textContent();
    const box = (await page.locator(".live .v-canvas").boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.wheel(0, 240);
    await expect.poll(() => page.evaluate<number>("scrollY"), WAIT).toBeGreaterThan(100);
    expect(await page.locator(".live-bar").textContent()).toBe(before);
    await page.close();
  });

  it("9: five pages in the header from 1101 px on, nothing fixed at the bottom from 721 px on", {
    timeout: 120_000,
  }, async () => {
    const page = await open("/datasets", 1101, 800);
    await page.locator("[data-row]").first().waitFor(WAIT);
    const links = page.locator("header .pages > a:visible");
    expect(await links.allTextContents()).toEqual(["Datasets", "Runs", "Annotations", "Depositions", "Files"]);
    const fixed = `[...document.querySelectorAll("body *")].filter((one) => one.checkVisibility() && !one.closest(".toasts") &&
      /fixed|sticky/.test(getComputedStyle(one).position) && one.getBoundingClientRect().bottom >= innerHeight - 1 && one.getBoundingClientRect().top > 60)
      .map((one) => one.className)`;
    for (const width of [721, 1280, 2560])
      for (const path of ["/datasets", `/runs/${run}`, "/", "/jobs"]) {
        await page.setViewportSize({ width, height: 800 });
        await page.goto(`${served.url}${path}`);
        await page.locator("h1").first().waitFor(WAIT);
        expect([width, path, await page.evaluate(fixed)]).toEqual([width, path, []]);
      }
    // on a phone they are where a thumb is
    await page.setViewportSize({ width: 390, height: 844 });
    await page.locator(".below").getByText("Runs").click();
    await expect.poll(() => new URL(page.url()).pathname, WAIT).toBe("/runs");
    await page.close();
  });

  it("11, 12: titles of cards end in no dots; a wide screen is filled", { timeout: 120_000 }, async () => {
    const page = await open("/datasets", 2560, 1440);
    await page.locator(".card").first().waitFor(WAIT);
    for (const path of ["/datasets", "/runs", `/runs/${run}`]) {
      await page.goto(`${served.url}${path}`);
      await page.locator(".card, .run-hero").first().waitFor(WAIT);
      const [dots, share] = await page.evaluate<[number, number]>(`(() => {
        const parts = [...document.querySelectorAll("main .list-main, main .facets, main .run-hero, main .facts, main .run-tabs")].map((one) => one.getBoundingClientRect());
        const left = Math.min(...parts.map((one) => one.left)), right = Math.max(...parts.map((one) => one.right));
        return [[...document.querySelectorAll(".card-name")].filter((one) => getComputedStyle(one).textOverflow === "ellipsis").length,
          (right - left) / document.querySelector("main").getBoundingClientRect().width];
      })()`);
      expect([path, dots, share >= 0.85, share]).toEqual([path, 0, true, share]);
    }
    await page.close();
  });
});
