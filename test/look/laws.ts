import type { Page } from "playwright-core";
import { groupsOf } from "../../src/core/groups.js";
import { pageFileOf } from "../../src/model/pages.js";
import { askedBy, type Browser, HARMLESS, inTabs, type Watched } from "../browser/browser.js";
import { BREACHES, CHANGED, MARK_CONTROLS, WATCH } from "../browser/laws.js";
import { atRest, type WholeSite } from "../browser/whole-site.js";

/** What holds of every page, whatever it is about: looked at while its sheets are drawn, and at its controls afterwards. */

/** Asked more than once on purpose. */
const ASKED_AGAIN: readonly (readonly [RegExp, string])[] = [
  [/\/(?:files|at|zarr)\//, "pieces of one file, each by its range"],
  [/\/viewer\//, "Neuroglancer's own, each of its workers by itself"],
  [/\/api\/v1\/(?:events|jobs)/, "runs, as they change"],
  [
    /^GET [^?]+\/assets\/[\w.-]+-[\w-]{8}\.(?:js|css) $/,
    "a file that never changes, which the browser fetches ahead: whether the page then waits for that or asks once more is the browser's",
  ],
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
  [
    /^button(?:\.primary)? “(?:Search|Filter|Auto)”/,
    "the page has the answer already: of the same words, of limits that are automatic",
  ],
];

/** What a page asks and writes on the console, from here on until `found` is called. */
export function listen({ page, elsewhere }: Watched, site: Pick<WholeSite, "url" | "emptyUrl">) {
  const asked = new Map<string, number>();
  const breaches = new Set<string>();
  const already = elsewhere.length;
  const ofConsole = (message: { text(): string; location(): { url: string } }) => {
    const at = message.location().url;
    const isHarmless =
      /Failed to load resource/.test(message.text()) &&
      (HARMLESS.test(at.split("?")[0]!) ||
        REFUSED.some(([pattern]) => pattern.test(at)) ||
        // a server of an empty folder has no catalogue, and its pages say so
        at.startsWith(`${site.emptyUrl}/`) ||
        // rows that were made by hand have no volumes: the first page shows a photo in the place of one
        (!at.startsWith(site.url) && /\/api\/v1\/volumes\/tomogram:\d+$/.test(at)));
    // what the player of graphics cards says of its own speed, where pixels are read for the picture of a page
    if (message.text().includes("GL Driver Message (OpenGL, Performance")) return;
    if (!isHarmless && !at.includes("/viewer/")) breaches.add(`console: ${message.text()} ${at.replace(site.url, "")}`);
  };
  const ofError = (error: Error) => breaches.add(`console: ${error.message}`);
  const ofRequest = (request: { method(): string; url(): string; postData(): string | null }) => {
    const what = `${request.method()} ${request.url()} ${request.postData() ?? ""}`;
    if (!/^\w+ (?:data|blob):/.test(what)) asked.set(what, (asked.get(what) ?? 0) + 1);
  };
  page.on("console", ofConsole).on("pageerror", ofError).on("request", ofRequest);
  const look = async () => {
    for (const text of await page.evaluate<string[]>(BREACHES)) breaches.add(text);
  };
  return {
    /** Text outside of landmarks, cut, covered or over another, scrolling sideways: what `found` tells of the page as it is then is noted now as well. */
    look,
    /** And lines on the console, and what was asked twice or of others. */
    async found(isAtRest: boolean): Promise<string[]> {
      page.off("console", ofConsole).off("pageerror", ofError).off("request", ofRequest);
      if (!isAtRest) breaches.add(`does not come to rest, asks ${askedBy(page).join(" ").replaceAll(site.url, "")}`);
      for (const [what, times] of asked)
        if (times > 1 && !ASKED_AGAIN.some(([pattern]) => pattern.test(what)))
          breaches.add(`asked ${times} times: ${what.replaceAll(site.url, "").slice(0, 200)}`);
      for (const to of elsewhere.slice(already)) if (!to.startsWith("about:")) breaches.add(`asks ${to}`);
      await look();
      return [...breaches];
    },
  };
}

/**
 * Controls of these pages that do nothing, and links that lead to no page. A control that a page has at several of its addresses is used at the
 * first of them, and one of the shell on one page.
 *
 * @param addresses with the token that a page wants; of each page the one with most to show first
 */
export async function withoutEffect(browser: Browser, site: WholeSite, addresses: readonly string[]): Promise<string[]> {
  const ofShell = new Set<string>();
  const found: string[] = [];
  const tabs: Tab[] = [];
  // a viewer of tomograms is another page than one of tilt series
  const pages = [...groupsOf(addresses, (address) => new URL(address, site.url).pathname.split("/", 3).join("/")).values()];
  pages.sort((one, other) => other.length - one.length);
  await inTabs(pages, async (ofOne) => {
    const tab = tabs.pop() ?? (await openTab(browser));
    const used = new Set<string>();
    for (const address of ofOne) {
      const lines = await ofPage(tab, address, used).catch((error: unknown) => [String(error)]);
      found.push(...lines.map((text) => `${address.split("#")[0]}: ${text}`));
    }
    tabs.push(tab);
  });
  await Promise.all(tabs.map(({ page }) => page.close()));
  return found.sort();

  async function ofPage(tab: Tab, address: string, used: Set<string>): Promise<string[]> {
    if (address.startsWith("/neuroglancer/")) return [];
    const { page } = tab;
    await page.evaluate("location.protocol === 'http:' && sessionStorage.clear()"); // a token of the page before
    // what a viewer's controls do takes a time that grows with its area
    await page.setViewportSize({ width: 1280, height: address.startsWith("/view/") ? 560 : 800 });
    const load = async () => {
      await page.goto("about:blank");
      await page.goto(site.url + address);
      await atRest(page, 30_000);
      await page.evaluate("window.lawDocument = true");
      return await page.evaluate<string[]>(MARK_CONTROLS);
    };
    /** To the address that a control led away from, as the browser's own button goes there: a page that is still loaded costs a third of a new one. */
    const back = async (to: string) => {
      const goes = `window.lawDocument === true && (history.pushState(null, "", ${JSON.stringify(to)}), dispatchEvent(new PopStateEvent("popstate")))`;
      const isHere = await page.evaluate<boolean>(goes).catch(() => false);
      return isHere && (await atRest(page, 5_000)) ? await page.evaluate<string[]>(MARK_CONTROLS) : await load();
    };
    let names = await load();
    const links = await page.evaluate<string[]>(
      "[...document.querySelectorAll('a')].map((one) => one.href || 'none: ' + one.textContent)",
    );
    const astray = links.filter((to) => to.startsWith("none") || (to.startsWith(site.url) && !leads(new URL(to).pathname)));
    const without: string[] = [];
    for (const [name, nth] of named(names)) {
      if (used.has(`${name} ${nth}`) || WITHOUT_EFFECT.some(([pattern]) => pattern.test(name))) continue;
      const found = () => page.locator(`[data-law="${named(names).findIndex(([one, at]) => one === name && at === nth)}"]`);
      // an earlier one has put it away
      if (!(await found().isVisible())) {
        names = await load();
        if (!(await found().isVisible())) continue;
      }
      // what is said for some seconds may go at this moment, with its button: it is used where it has just been said
      const look = () => found().evaluate(act, undefined, { timeout: 2_000 });
      const { isShell, value } = await look().catch(async () => {
        names = await load();
        return await look();
      });
      if (isShell && ofShell.has(name)) continue;
      if (isShell) ofShell.add(name);
      const before = page.url();
      if (!value) continue; // it may have something to do at another address
      used.add(`${name} ${nth}`);
      const use = async (withinMs: number): Promise<boolean> => {
        const control = found();
        await untilCalm(page);
        tab.requests = 0;
        if ((await control.count()) === 0) return false;
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
        const until = performance.now() + withinMs;
        while (page.url() === before && tab.requests === 0 && !(await page.evaluate<boolean>(CHANGED).catch(() => true))) {
          if (performance.now() >= until) return false;
          await page.waitForTimeout(50);
        }
        return true;
      };
      // a page that nothing else was done to tells what is slow from what an earlier control left to come ("copied" goes after two seconds)
      if (!(await use(300))) {
        names = await load();
        if (!(await use(5_000))) without.push(`${name} has no effect`);
      }
      // an answer may lead to another page, or put the next control away
      if (tab.requests > 0) await atRest(page, 5_000);
      if (page.url() !== before) names = await back(before);
      else await page.keyboard.press("Escape");
    }
    return [...astray.map((to) => `leads to no page: ${to.replace(site.url, "")}`), ...without];
  }
}

/** Where one page after the other is used: a new one would be a new process, which compiles all that it runs. */
interface Tab {
  readonly page: Page;
  /** What was asked, downloaded and opened since somebody set it to 0. */
  requests: number;
}

async function openTab(browser: Browser): Promise<Tab> {
  const { page } = await browser.open("about:blank");
  const tab: Tab = { page, requests: 0 };
  page.on("request", () => tab.requests++).on("download", () => tab.requests++);
  page.on("popup", (other) => {
    tab.requests++;
    void other.close();
  });
  return tab;
}

const leads = (path: string): boolean =>
  pageFileOf(path) !== undefined ||
  /^\/(?:files|at|api\/v1|assets|graphql|viewer|zarr|s3|LICENCES\.md|healthz|metrics)\b/.test(path);

/** Waits until nothing changes by itself, so that what the control before began is not taken for an effect of this one. It is watched from then on. */
async function untilCalm(page: Page): Promise<void> {
  for (let times = 0; times < 20; times++) {
    const changes = `${WATCH}; new Promise((done) => setTimeout(done, 100)).then(() => ${CHANGED})`;
    if (!(await page.evaluate<boolean>(changes).catch(() => true))) return;
  }
}

/** Names with their numbers among equal ones: a page that is loaded again has its controls by these. */
function named(names: readonly string[]): [name: string, nth: number][] {
  const times = new Map<string, number>();
  return names.map((name) => {
    const nth = times.get(name) ?? 0;
    times.set(name, nth + 1);
    return [name, nth];
  });
}

/** How a control is used, and whether it is none of the page's own. Empty: not at all, since its only choice is taken, or the browser itself asks for a field first. Runs in the page. */
function act(one: Element): { value: string; isShell: boolean } {
  const isShell = one.closest("main, dialog") === null;
  const of = (value: string) => ({ value, isShell });
  if (one instanceof HTMLSelectElement) {
    const other = [...one.options].find((option) => option.value !== one.value && !option.disabled);
    return of(other ? `select ${other.value}` : "");
  }
  if (one instanceof HTMLButtonElement && one.type === "submit" && one.form?.checkValidity() === false) return of("");
  if (one.getAttribute("aria-pressed") === "true" || one.getAttribute("aria-selected") === "true") return of("");
  if (one instanceof HTMLTextAreaElement) return of("type");
  if (!(one instanceof HTMLInputElement)) return of("click");
  if (one.type === "radio") return of(one.checked ? "" : "click");
  return of(one.type === "checkbox" ? "click" : one.type === "range" ? "" : "type");
}
