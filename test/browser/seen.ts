import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** What a page has to be usable at: a phone, a laptop, a wall, and the laptop at 200 % zoom. */
export const SIZES = [
  { width: 360, height: 740 },
  { width: 1280, height: 800 },
  { width: 3840, height: 2160 },
  { width: 640, height: 400 },
] as const;

/** Scrolls each control into view and asks what lies at its middle. In strings: they run in the page. */
const UNREACHABLE = `(() => {
  const all = document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']");
  const shown = [...all].filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".hidden, .skip, [inert]"));
  return shown.slice(0, 120).flatMap((one) => {
    one.scrollIntoView({ block: "center", inline: "center" });
    const box = one.getBoundingClientRect();
    const x = Math.min(Math.max(box.x + box.width / 2, 0), innerWidth - 1);
    const y = Math.min(Math.max(box.y + box.height / 2, 0), innerHeight - 1);
    const hit = document.elementFromPoint(x, y);
    const isHit = hit !== null && (one.contains(hit) || hit.contains(one) || hit.closest("label")?.contains(one));
    return box.width > 0 && box.height > 0 && isHit ? [] : [(one.ariaLabel ?? one.textContent ?? one.tagName).slice(0, 40) + " under " + (hit?.className || hit?.tagName)];
  });
})()`;

/** Nothing scrolls sideways, and nothing lies over a control. */
export async function expectUsable(page: Page, what: string): Promise<void> {
  const [wide, inner] = await page.evaluate<number[]>("[document.documentElement.scrollWidth, innerWidth]");
  expect([what, wide! <= inner!, await page.evaluate<string[]>(UNREACHABLE)]).toEqual([what, true, []]);
}

/** Shows a page in light or dark, and waits until its colours have changed. */
export async function inColours(page: Page, colorScheme: "light" | "dark"): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await page.evaluate(
    `Promise.all(document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime < 5000).map((one) => one.finished.catch(() => {}))).then(() => {})`,
  );
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** axe finds nothing serious in a page, or in one element of it. @param options `without` some elements, or the `ignored` rules */
export async function expectAccessible(
  page: Page,
  what: string,
  { within, without, ignored = [] }: { within?: string; without?: string; ignored?: readonly string[] } = {},
): Promise<void> {
  await page.evaluate(`if (!window.axe) { ${AXE} }`);
  const context = { ...(within && { include: [within] }), ...(without && { exclude: [without] }) };
  const options = { resultTypes: ["violations"], rules: Object.fromEntries(ignored.map((rule) => [rule, { enabled: false }])) };
  const asked = [...(within || without ? [context] : []), options].map((one) => JSON.stringify(one)).join(", ");
  const found = await page.evaluate<string[]>(
    `axe.run(${asked}).then(({ violations }) => violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html.slice(0, 200))))`,
  );
  expect([what, found]).toEqual([what, []]);
}

/** What has the focus, whether that can be seen, and whether all of it is in sight. */
const FOCUSED = `(() => {
  const one = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(one);
  const { top, bottom, left, right } = one.getBoundingClientRect();
  return {
    name: one === document.body ? "" : one.tagName + " " + (one.ariaLabel ?? one.innerText ?? "").slice(0, 30),
    isSeen: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
    isInSight: bottom > 0 && top < innerHeight && right > 0 && left < innerWidth,
  };
})()`;
export const focused = (page: Page) => page.evaluate<{ name: string; isSeen: boolean; isInSight: boolean }>(FOCUSED);

/** Goes through the page by Tab until it begins again. @returns what had the focus */
export async function walkByTab(page: Page, most = 80): Promise<string[]> {
  const names: string[] = [];
  for (let step = 0; step < most; step++) {
    await page.keyboard.press("Tab");
    const { name, isSeen, isInSight } = await focused(page);
    if (name === "") break;
    expect([name, isSeen, isInSight]).toEqual([name, true, true]);
    names.push(name);
  }
  return names;
}

/** With the system's colours: what is chosen still has a sign, colours that mean something are kept, the focus is seen. */
export async function expectForcedColours(page: Page, what: string): Promise<void> {
  await page.emulateMedia({ forcedColors: "active" });
  const unmarked = await page.evaluate<string[]>(
    `[...document.querySelectorAll("[aria-pressed=true], [role=tab][aria-selected=true], tr[aria-selected=true], .primary")]
      .filter((one) => one.checkVisibility() && getComputedStyle(one).outlineStyle === "none").map((one) => one.outerHTML.slice(0, 80))`,
  );
  const dots = await page.evaluate<string[]>(
    `[...new Set([...document.querySelectorAll(".dot[style]")].map((one) => getComputedStyle(one).backgroundColor))]`,
  );
  expect([what, unmarked]).toEqual([what, []]);
  if (dots.length > 0) expect(dots).not.toEqual([await page.evaluate("getComputedStyle(document.body).backgroundColor")]);
  await page.emulateMedia({ forcedColors: "none" });
}
