import { appendFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PAGES, pageFileOf } from "../../src/model/pages.js";
import { askedBy, type Browser, browserPath, HARMLESS, startBrowser } from "./browser.js";
import { BREACHES, CHANGED, MARK_CONTROLS, WATCH } from "./laws.js";
import { atRest, makeWholeSite, type WholeSite } from "./whole-site.js";

const SIZES = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
  { width: 2560, height: 1440 },
];
const WRITING = /^\/(?:new|ingest|jobs|curate\/matches)/;
/** Asked more than once on purpose. */
const ASKED_AGAIN: readonly (readonly [RegExp, string])[] = [
  [/\/(?:files|at|zarr)\//, "pieces of one file, each by its range"],
  [/\/viewer\//, "Neuroglancer's own, each of its workers by itself"],
  [/\/api\/v1\/(?:events|jobs)/, "runs, as they change"],
];
/** Answers that a browser writes on the console because the server refuses: each is what the page is about. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/broken\.mrc|bWl4ZWQ6YnJva2VuLm1yYw/, "a file that is no volume"],
  [
    /\/zarr\/[\w:-]+\/(?:\.zarray|\d+\/\.zattrs)$/,
    "what Neuroglancer looks for in the Zarr that the server makes of other formats",
  ],
];
/** Controls without an effect that can be seen where they are pressed. */
const WITHOUT_EFFECT: readonly (readonly [RegExp, string])[] = [
  [/^input “Search”|^button\.skip/, "Search waits for Enter; the way to the content moves the focus"],
  [/file|^button “Open volume\.mrc”/, "opens the system's choice of a file"],
  [/^button\.primary “Search”/, "the page has the answer already"],
];

describe.skipIf(browserPath === undefined)("laws of all pages (needs Chromium)", () => {
  let site: WholeSite;
  let browser: Browser;
  const addresses: string[] = [];
  beforeAll(async () => {
    site = await makeWholeSite();
    browser = await startBrowser([site.url, site.emptyUrl]);
    const all = [...Object.values(site.addresses).flat(), "/no-such-page", "/runs/999999", "/runs?organism=nobody"];
    addresses.push(...all.filter((address) => new RegExp(process.env.EMPORIUM_LAWS_ONLY ?? "").test(address)));
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const url = (address: string) => `${site.url}${address}${WRITING.test(address) ? `#token=${site.token}` : ""}`;
  const rest = async (page: Page, address: string) => {
    // what is in the frame has tests of its own
    if (address.startsWith("/neuroglancer/")) await page.waitForSelector("iframe", { timeout: 60_000 });
    return await atRest(page, 30_000);
  };
  /** In several tabs at once, since most of a page's time is waiting. */
  async function each(act: (address: string) => Promise<readonly string[]>): Promise<string[]> {
    const found: string[] = [];
    let next = 0;
    const tab = async () => {
      while (next < addresses.length) {
        const address = addresses[next++]!;
        const lines = (await act(address).catch((error: unknown) => [String(error)])).map((text) => `${address}: ${text}`);
        if (process.env.EMPORIUM_LAWS_LOG)
          appendFileSync(process.env.EMPORIUM_LAWS_LOG, [`-- ${address}`, ...lines, ""].join("\n"));
        found.push(...lines);
      }
    };
    await Promise.all([tab(), tab(), tab(), tab()]);
    return found.sort();
  }

  it("has an address of every page", () => {
    for (const [path, { file }] of Object.entries(PAGES))
      for (const address of site.addresses[path as keyof typeof PAGES]) expect(pageFileOf(address.split("?")[0]!)).toBe(file);
  });

  /** Requests by what they ask, with their numbers; each line of the console is told. */
  function listen(page: Page, tell: (line: string) => void): ReadonlyMap<string, number> {
    const asked = new Map<string, number>();
    page.on("console", (message) => {
      const at = message.location().url;
      const isHarmless =
        /Failed to load resource/.test(message.text()) &&
        (HARMLESS.test(at.split("?")[0]!) || REFUSED.some(([pattern]) => pattern.test(at)));
      if (!isHarmless && !at.includes("/viewer/")) tell(`console: ${message.text()} ${at.replace(site.url, "")}`);
    });
    page.on("pageerror", (error) => tell(`console: ${error.message}`));
    page.on("request", (request) => {
      const what = `${request.method()} ${request.url()} ${request.postData() ?? ""}`;
      if (!/^\w+ (?:data|blob):/.test(what)) asked.set(what, (asked.get(what) ?? 0) + 1);
    });
    return asked;
  }

  it("nothing outside of landmarks, cut, covered or over another, no scrolling sideways, no line on the console, nothing asked twice or of others: on a phone, a laptop and a wall, light and dark", async () => {
    const found = await each(async (address) => {
      const breaches = new Set<string>();
      for (const size of SIZES) {
        const { page, elsewhere } = await browser.open("about:blank", size);
        const asked = listen(page, (line) => breaches.add(line));
        await page.goto(url(address));
        if (!(await rest(page, address)))
          breaches.add(`${size.width}: does not come to rest, asks ${askedBy(page).join(" ").replaceAll(site.url, "")}`);
        for (const [what, times] of asked)
          if (times > 1 && !ASKED_AGAIN.some(([pattern]) => pattern.test(what)))
            breaches.add(`asked ${times} times: ${what.replaceAll(site.url, "").slice(0, 200)}`);
        for (const to of elsewhere) if (!to.startsWith("about:")) breaches.add(`asks ${to}`);
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          for (const text of await page.evaluate<string[]>(BREACHES)) breaches.add(`${size.width}: ${text}`);
        }
        await page.close();
      }
      return [...breaches];
    });
    expect(found).toEqual([]);
  }, 900_000);

  it("a notice leaves the bars of the viewer in sight", async () => {
    const [address] = site.addresses["/view/tomogram/$id"];
    for (const size of SIZES) {
      const { page } = await browser.open(`${site.url}${address}&nonsense=1`, size);
      await page.getByText("nonsense=1").waitFor();
      await rest(page, address);
      expect([size.width, await page.evaluate<string[]>(BREACHES)]).toEqual([size.width, []]);
      await page.close();
    }
  }, 120_000);

  it("every control has an effect, and every link leads to a page", async () => {
    const ofShell = new Set<string>();
    const found = await each(async (address) => {
      if (address.startsWith("/neuroglancer/")) return [];
      const { page } = await browser.open("about:blank", SIZES[0]);
      let requests = 0;
      page.on("request", () => requests++);
      page.on("download", () => requests++);
      page.on("popup", () => requests++);
      const load = async () => {
        await page.goto("about:blank");
        await page.goto(url(address));
        await rest(page, address);
        return await page.evaluate<string[]>(MARK_CONTROLS);
      };
      let names = await load();
      const links = await page.evaluate<string[]>(
        "[...document.querySelectorAll('a')].map((one) => one.href || 'none: ' + one.textContent)",
      );
      const astray = links.filter((to) => to.startsWith("none") || (to.startsWith(site.url) && !leads(new URL(to).pathname)));
      const without: string[] = [];
      for (const [name, nth] of named(names)) {
        if (WITHOUT_EFFECT.some(([pattern]) => pattern.test(name))) continue;
        const found = () => page.locator(`[data-law="${named(names).findIndex(([one, at]) => one === name && at === nth)}"]`);
        // an earlier one has put it away
        if (!(await found().isVisible())) names = await load();
        const control = found();
        if (!(await control.isVisible())) continue;
        const isShell = await control.evaluate((one) => one.closest("main, dialog") === null);
        if (isShell && ofShell.has(name)) continue;
        if (isShell) ofShell.add(name);
        const before = page.url();
        const value = await control.evaluate(act);
        if (!value) continue;
        requests = 0;
        await page.evaluate(WATCH);
        // whether a pointer reaches it is another law
        if (value === "click")
          await control.evaluate((one: HTMLElement) => {
            one.dispatchEvent(new MouseEvent("mousedown", { bubbles: true, cancelable: true, button: 0 })); // tabs act on this
            one.click();
          });
        else if (value === "type") {
          await control.fill("5");
          await control.press("Enter");
        } else await control.selectOption(value.slice("select ".length));
        const until = performance.now() + 5_000;
        const hasEffect = async () =>
          page.url() !== before || requests > 0 || (await page.evaluate<boolean>(CHANGED).catch(() => true));
        while (!(await hasEffect()) && performance.now() < until) await page.waitForTimeout(50);
        if (!(await hasEffect())) without.push(`${name} has no effect`);
        // an answer may lead to another page, or put the next control away
        if (requests > 0) await atRest(page, 5_000);
        if (page.url() !== before) names = await load();
        else await page.keyboard.press("Escape");
      }
      await page.close();
      return [...astray.map((to) => `leads to no page: ${to.replace(site.url, "")}`), ...without];
    });
    expect(found).toEqual([]);
  }, 900_000);

  const leads = (path: string): boolean =>
    pageFileOf(path) !== undefined ||
    /^\/(?:files|at|api\/v1|assets|graphql|viewer|zarr|s3|LICENCES\.md|healthz|metrics)\b/.test(path);
});

/** Names with their numbers among equal ones: a page that is loaded again has its controls by these. */
function named(names: readonly string[]): [name: string, nth: number][] {
  const times = new Map<string, number>();
  return names.map((name) => {
    const nth = times.get(name) ?? 0;
    times.set(name, nth + 1);
    return [name, nth];
  });
}

/** How a control is used. Empty: not at all, since its only choice is taken, or the browser itself asks for a field first. Runs in the page. */
function act(one: Element): string {
  if (one instanceof HTMLSelectElement) {
    const other = [...one.options].find((option) => option.value !== one.value && !option.disabled);
    return other ? `select ${other.value}` : "";
  }
  if (one instanceof HTMLButtonElement && one.type === "submit" && one.form?.checkValidity() === false) return "";
  if (one.getAttribute("aria-pressed") === "true" || one.getAttribute("aria-selected") === "true") return "";
  if (one instanceof HTMLTextAreaElement) return "type";
  if (!(one instanceof HTMLInputElement)) return "click";
  if (one.type === "radio") return one.checked ? "" : "click";
  return one.type === "checkbox" ? "click" : one.type === "range" ? "" : "type";
}
