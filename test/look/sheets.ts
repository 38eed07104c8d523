import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decode } from "fast-png";
import type { CDPSession, Page, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stepsOf } from "../../scripts/docs-pages.mjs";
import { readersPlace, runSteps } from "../../scripts/run-steps.mjs";
import { recordedPages } from "../../scripts/terminal-svg.mjs";
import { PAGES, pageFileOf } from "../../src/model/pages.js";
import { type Browser, browserPath, settled, startBrowser, type Watched } from "../browser/browser.js";
import { type CataloguePages, cataloguePages } from "../browser/catalogue-pages.js";
import { atRest, makeWholeSite, type WholeSite } from "../browser/whole-site.js";
import { randomRows } from "../e2e/graphql-kit.js";
import { listen, withoutEffect } from "./laws.js";
import { differenceOf, type Profile, parseProfile, printProfile, profileOf } from "./profile.js";
import { terminalPage } from "./terminal-page.js";
import { STEADY_PAGE, STILL, steady } from "./volatile.js";

/** Of `npm run look -- --only WORDS`: pages with this in their names, and no others. */
const ONLY = process.env.EMPORIUM_LOOK_ONLY ?? "";
const isWanted = ({ name }: { readonly name: string }) => name.includes(ONLY);

const root = fileURLToPath(new URL("../../", import.meta.url));
const SHEETS = join(root, ".cache/look");
const APPROVED = join(root, "test/look/approved.txt");

const VARIANTS = {
  "1280 light": { width: 1280, height: 800, colorScheme: "light" },
  "1280 dark": { width: 1280, height: 800, colorScheme: "dark" },
  "390": { width: 390, height: 844, colorScheme: "light" },
  "2560": { width: 2560, height: 1440, colorScheme: "light" },
} as const satisfies Readonly<Record<string, { width: number; height: number; colorScheme: "light" | "dark" }>>;
type Variant = keyof typeof VARIANTS;
/** A page that is longer is looked at down to here. */
const HEIGHT_MAX = 1600;
const TABS = 4;
const SHEET_PAGES = 6;
/** Of two pages beside one another, or of four phones: what is looked at is not made smaller once more. */
const SHEET_WIDTH = 1568;
/** Of the longest sheet, three rows of pages. */
const SHEET_HEIGHT = 3 * (HEIGHT_MAX + 40);
/** Lines of a terminal on one page of a sheet. */
const LINES = 45;
const RUNS = 600;
/** Pictures of one page at most. */
const DRAWN_MOST = 8;
/** Pages that are drawn once more at most, where nobody looks at them: of a change of all pages the rest says enough. */
const AGAIN_MOST = process.env.CI ? 24 : Number.POSITIVE_INFINITY;
/** Pages that keep the size that they had when they were loaded: of cards, and of Neuroglancer's panels. They are loaded at each size, and so is what was opened by hand. */
const OF_THEIR_SIZE = /^(?:\d+ runs )?\/(?:datasets|datasets\/\$id|runs|microscopy\/\$id|neuroglancer\/.*)(?: \d+)?$/;
/** Pages that show more to who may change something. */
const WRITING = /^\/(?:ingest|jobs|curate\/matches)/;
/** Home shows what was looked at last: always the same, whichever tab was faster. */
const SEEN = JSON.stringify([{ title: "Runs › TS_0001", to: "/runs/1" }]);

interface Wanted {
  /** Of the page or its state, the same in each run. */
  readonly name: string;
  readonly url: string;
  readonly variants: readonly Variant[];
  /** Before it is loaded. */
  readonly before?: (page: Page) => Promise<void>;
  /** After it is loaded, instead of a page at rest. */
  readonly wait?: (page: Page) => Promise<unknown>;
}
interface Text {
  readonly name: string;
  readonly text: string;
}
interface Shot {
  readonly name: string;
  readonly png: Buffer;
  readonly profile: Profile;
}

describe.skipIf(browserPath === undefined)("sheets of all pages, to be looked at", () => {
  let site: WholeSite;
  let many: CataloguePages;
  let browser: Browser;
  let terminal: Promise<readonly Text[]>;
  const sessions = new WeakMap<Page, CDPSession>();
  const folder = mkdtempSync(join(tmpdir(), "emporium-look-"));
  /** Laws that pages were seen to break while they were drawn. */
  const broken = new Set<string>();

  beforeAll(async () => {
    terminal = ONLY === "" || ONLY.startsWith("terminal") ? readTerminal(folder) : Promise.resolve([]);
    terminal.catch(() => undefined); // it is awaited by the test
    [site, many] = await Promise.all([makeWholeSite(), manyRuns()]);
    browser = await startBrowser([site.url, site.emptyUrl, many.portal.url], { flags: ["--font-render-hinting=none"] });
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await Promise.all([site?.close(), many?.stop(), terminal?.catch(() => undefined)]);
    rmSync(folder, { recursive: true, force: true });
  });

  it("look as they did when somebody looked last", async () => {
    rmSync(SHEETS, { recursive: true, force: true });
    mkdirSync(SHEETS, { recursive: true });
    const wanted = [...pagesOf(site), ...statesOf(site, many.portal.url)].filter(isWanted);
    const fonts = await fontsOf();
    const tasks = wanted.flatMap((one) => loadsOf(one).map((variants) => (watched: Watched) => shoot(watched, one, variants)));
    const shots = (await inTabs(tasks)).flat();
    const printed = await terminal;
    const texts = await inTabs(printed.map((one) => (watched: Watched) => shootText(watched, one)));
    // a page that was drawn in pieces, as happens after a change of its size, is drawn until it stays the same; one that has changed has done so then, too
    const changed = new Set(changesOf([...shots, ...texts], fonts).map(({ name }) => name));
    const suspect = [
      ...wanted.flatMap((one) =>
        one.variants
          .filter((of) => changed.has(`${one.name} ${of}`))
          .map((of) => async (watched: Watched) => (await shoot(watched, one, [of], true))[0]!),
      ),
      ...printed.filter(({ name }) => changed.has(name)).map((one) => (watched: Watched) => shootText(watched, one, true)),
    ];
    for (const shot of await inTabs(suspect.slice(0, AGAIN_MOST)))
      for (const some of [shots, texts]) {
        const at = some.findIndex(({ name }) => name === shot.name);
        if (at >= 0) some[at] = shot;
      }
    const all = [...Object.keys(VARIANTS).flatMap((of) => shots.filter(({ name }) => name.endsWith(` ${of}`))), ...texts];
    const changes = changesOf(all, fonts);
    const sheets = await writeSheets(all, new Set(changes.map(({ name }) => name)));
    const lines = all.map(({ name, profile }) => `${name}: ${printProfile(profile)}`).sort();
    writeFileSync(join(SHEETS, ONLY === "" ? "seen.txt" : "seen-part.txt"), `${[fonts, ...lines].join("\n")}\n`);
    const told = changes.map(({ name, says }) => `${name}: ${says}${sheets.has(name) ? ` (${sheets.get(name)})` : ""}`);
    writeFileSync(join(SHEETS, "changes.txt"), told.map((line) => `${line}\n`).join(""));
    expect(told).toEqual([]);
  }, 900_000);

  it("have nothing outside of landmarks, cut, covered or over another, no scrolling sideways, no line on the console, and ask nothing twice or of others", () => {
    expect([...broken].sort()).toEqual([]);
  });

  it("are those of every address that the program has", () => {
    for (const [path, { file }] of Object.entries(PAGES))
      for (const address of site.addresses[path as keyof typeof PAGES]) expect(pageFileOf(address.split("?")[0]!)).toBe(file);
  });

  // last, since it presses whatever there is
  it("have no control without an effect, and no link that leads to no page", async () => {
    const addresses = [...pagesOf(site), ...statesOf(site, many.portal.url)]
      .filter((one) => isWanted(one) && !one.before && one.url.startsWith(`${site.url}/`))
      .map(({ url }) => url.slice(site.url.length));
    expect(await withoutEffect(browser, site, addresses)).toEqual([]);
  }, 900_000);

  async function inTabs<T>(tasks: readonly ((watched: Watched) => Promise<T>)[]): Promise<T[]> {
    const found: T[] = [];
    let next = 0;
    const tab = async () => {
      const watched = await browser.open("about:blank");
      const { page } = watched;
      await page.addInitScript((seen) => {
        if (window !== top || !location.protocol.startsWith("http")) return; // a page without an address keeps nothing
        sessionStorage.clear(); // a token of the page before
        localStorage.setItem("emporium.seen", seen);
        // other tabs have the same place: nobody writes into it
        const { setItem } = Storage.prototype;
        Storage.prototype.setItem = function (key, value) {
          if (this !== localStorage) setItem.call(this, key, value);
        };
      }, SEEN);
      while (next < tasks.length) {
        const at = next++;
        found[at] = await tasks[at]!(watched);
      }
      await page.close();
    };
    await Promise.all(Array.from({ length: TABS }, tab));
    return found;
  }

  /** @param variants for which the page is loaded once @param isSteady until two pictures are the same */
  async function shoot(
    watched: Watched,
    { name, url, before, wait }: Wanted,
    variants: readonly Variant[],
    isSteady = false,
  ): Promise<Shot[]> {
    const { page } = watched;
    const shots: Shot[] = [];
    const turn = (variant: Variant) => page.emulateMedia({ colorScheme: VARIANTS[variant].colorScheme, reducedMotion: "reduce" });
    await page.goto("about:blank");
    await before?.(page);
    for (const [at, some] of sizesOf(variants).entries()) {
      const { width, height } = VARIANTS[some[0]!];
      // what is answered otherwise than the server does is no page of its own
      const law = before ? undefined : listen(watched, site);
      await page.setViewportSize({ width, height });
      await turn(some[0]!);
      if (at === 0) await page.goto(url);
      let isAtRest = true;
      if (wait) await wait(page);
      else if (url.includes("/neuroglancer/")) {
        const frame = await (await page.waitForSelector("iframe", { timeout: 60_000 })).contentFrame();
        await settled(frame!);
      } else isAtRest = await atRest(page, 30_000);
      for (const variant of some.slice(1)) {
        await law?.look();
        await turn(variant);
        isAtRest &&= await atRest(page, 30_000);
      }
      for (const text of (await law?.found(isAtRest)) ?? []) broken.add(`${name} ${some.join(", ")}: ${text}`);
      // a page that has more room may ask for more, and be longer then
      for (let shown: number = height, long: number = height; ; shown = Math.min(long, HEIGHT_MAX)) {
        if (shown > height) {
          await page.setViewportSize({ width, height: shown });
          if (!wait) await atRest(page);
        }
        long = await page.evaluate<number>("document.documentElement.scrollHeight");
        if (long <= shown || shown === HEIGHT_MAX) break;
      }
      await page.evaluate(STEADY_PAGE);
      for (const [nth, variant] of [...some].reverse().entries()) {
        if (nth > 0) {
          await turn(variant);
          await atRest(page, 30_000);
        }
        shots.push(shotOf(`${name} ${variant}`, await drawn(page, { isSteady })));
      }
    }
    await page.unrouteAll({ behavior: "ignoreErrors" });
    return shots;
  }

  /** A picture; one that is the same twice, if asked for: after a change of its size, a page is drawn in pieces of the size that it had. */
  async function drawn(page: Page, { isSteady, height }: { isSteady: boolean; height?: number }): Promise<Buffer> {
    const cdp = sessions.get(page) ?? (await page.context().newCDPSession(page));
    sessions.set(page, cdp);
    const { width = 0 } = page.viewportSize() ?? {};
    const clip = height === undefined ? {} : { clip: { x: 0, y: 0, width, height, scale: 1 } };
    let before = "";
    for (let times = 0; ; times++) {
      await page.evaluate(STILL);
      // less work for the browser than a small file, and the same pixels
      const { data } = await cdp.send("Page.captureScreenshot", { format: "png", optimizeForSpeed: true, ...clip });
      if (!isSteady || before === data || times === DRAWN_MOST) return Buffer.from(data, "base64");
      before = data;
      await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    }
  }

  async function shootText({ page }: Watched, { name, text }: Text, isSteady = false): Promise<Shot> {
    await page.setViewportSize({ width: 880, height: HEIGHT_MAX });
    // a page of the server that the tab has shown lets nobody write into it
    await page.goto("about:blank");
    await page.setContent(terminalPage(text));
    const height = Math.max(200, await page.evaluate<number>("document.body.offsetHeight"));
    return shotOf(name, await drawn(page, { isSteady, height }));
  }

  /** Six pages on each; where nobody looks, those with a page that has changed. @returns the sheet of each page */
  async function writeSheets(shots: readonly Shot[], changed: ReadonlySet<string>): Promise<Map<string, string>> {
    const sheets = new Map<string, string>();
    const groups = [...new Set(shots.map(({ name }) => variantOf(name)))].map((of) =>
      shots.filter(({ name }) => variantOf(name) === of),
    );
    const tasks = groups.flatMap((group) =>
      Array.from({ length: Math.ceil(group.length / SHEET_PAGES) }, (_, at) => {
        const some = group.slice(at * SHEET_PAGES, (at + 1) * SHEET_PAGES);
        const file = `${variantOf(some[0]!.name).replace(" ", "-")}-${String(at + 1).padStart(2, "0")}.png`;
        for (const { name } of some) sheets.set(name, file);
        if (process.env.CI && !some.some(({ name }) => changed.has(name))) return async () => undefined;
        return async ({ page }: Watched) => {
          await page.setViewportSize({ width: SHEET_WIDTH, height: SHEET_HEIGHT });
          await page.setContent(sheetPage(some));
          const height = await page.evaluate<number>("document.body.offsetHeight");
          writeFileSync(join(SHEETS, file), await page.screenshot({ clip: { x: 0, y: 0, width: SHEET_WIDTH, height } }));
        };
      }),
    );
    await inTabs(tasks);
    return sheets;
  }

  /** Of what pages are drawn with that is not theirs: the browser, and the fonts of this machine. */
  async function fontsOf(): Promise<string> {
    const { page } = await browser.open("about:blank");
    const widths = await page.evaluate<number[]>(`["ui-monospace, monospace", "system-ui", "sans-serif"].map((font) => {
      const context = document.createElement("canvas").getContext("2d");
      context.font = "100px " + font;
      return Math.round(context.measureText("Å 0123 emporium").width);
    })`);
    await page.close();
    const version = page.context().browser()?.version().split(".")[0] ?? "";
    // one without windows draws letters a little otherwise
    const kind = browserPath?.includes("headless") ? " without windows" : "";
    return `fonts: ${widths.join(" ")}, Chromium ${version}${kind}`;
  }
});

const shotOf = (name: string, png: Buffer): Shot => ({ name, png, profile: profileOf(decode(png)) });
/** By size, the phone first, where a page has least room; colours change while it is there, as they do in the evening. */
function sizesOf(variants: readonly Variant[]): Variant[][] {
  const widths = [...new Set(variants.map((one) => VARIANTS[one].width))].sort((a, b) => a - b);
  return widths.map((width) => variants.filter((one) => VARIANTS[one].width === width));
}
/** What a page is loaded once for: all sizes, as windows have them one after the other, or each. */
const loadsOf = ({ name, variants, wait }: Wanted): Variant[][] =>
  wait || OF_THEIR_SIZE.test(name) ? sizesOf(variants) : [[...variants]];
const variantOf = (name: string): string => Object.keys(VARIANTS).find((variant) => name.endsWith(` ${variant}`)) ?? "terminal";

function pagesOf({ url, token, addresses }: WholeSite): Wanted[] {
  const variants = Object.keys(VARIANTS) as Variant[];
  return Object.entries(addresses).flatMap(([path, some]) =>
    some.map((address, at) => ({
      name: `${path}${at === 0 ? "" : ` ${at + 1}`}`,
      url: `${url}${address}${WRITING.test(path) ? `#token=${token}` : ""}`,
      variants,
    })),
  );
}

/** What is opened over a page by hand. */
const opened: Readonly<Record<string, { path: keyof WholeSite["addresses"]; open: (page: Page) => Promise<void> }>> = {
  palette: {
    path: "/runs",
    async open(page) {
      await page.keyboard.press("Control+k");
      await page.locator("dialog[open] [role=option]").first().waitFor();
    },
  },
  commands: {
    path: "/runs/$id",
    async open(page) {
      await page.locator(".command summary").click();
      await page.locator(".command .floating pre").waitFor();
    },
  },
  views: {
    path: "/view/tomogram/$id",
    async open(page) {
      await page.locator("button:has(.lucide-bookmark)").click();
      await page.locator("dialog[open]").waitFor();
    },
  },
  download: {
    path: "/runs/$id",
    async open(page) {
      await page.getByRole("button", { name: "Download" }).first().click();
      await page.locator("dialog[open]").waitFor();
    },
  },
};

/** What pages are seldom in. */
function statesOf({ url, emptyUrl, addresses }: WholeSite, manyUrl: string): Wanted[] {
  const variants: Variant[] = ["1280 light", "390"];
  const of = (state: string, path: keyof WholeSite["addresses"], more: Omit<Wanted, "name" | "url" | "variants">): Wanted => ({
    ...{ name: `${state} ${path}`, url: url + addresses[path][0], variants },
    ...more,
  });
  const asked = ["/", "/runs", "/runs/$id", "/browse/$place/$", "/view/tomogram/$id", "/reports/$id"] as const;
  const answers = (answer: (route: Route) => Promise<void>) => async (page: Page) => {
    await page.route(/\/graphql$|\/api\/v1\/(?!server)/, answer);
  };
  const broken = { code: "CATALOG", message: "the database does not answer", hint: "emporium doctor says what is wrong with it" };
  const catalogue = (change: object) => async (page: Page) => {
    await page.route(/\/api\/v1\/server$/, async (route) => {
      const facts = (await (await route.fetch()).json()) as { catalogue: object };
      await route.fulfill({ json: { ...facts, catalogue: { ...facts.catalogue, ...change } } });
    });
  };
  return [
    ...["/browse", "/jobs", "/reports", "/curate/overlap", "/curate/matches", "/harvest", "/runs", "/microscopy", "/"].map(
      (path) => ({
        ...{ name: `empty ${path}`, url: emptyUrl + path, variants },
      }),
    ),
    { name: "empty list", url: `${url}/runs?organism=nobody`, variants },
    { name: "empty search", url: `${url}/search?q=zzzzz`, variants },
    { name: "no such run", url: `${url}/runs/999999`, variants },
    { name: "no such page", url: `${url}/no-such-page`, variants },
    ...asked.map((path) =>
      of("loading", path, { before: answers(() => new Promise(() => {})), wait: (page) => page.waitForTimeout(3_500) }),
    ),
    ...asked.map((path) => of("error", path, { before: answers((route) => route.fulfill({ status: 500, json: broken })) })),
    { ...of("notice", "/runs", { wait: held }), url: `${url}/runs?nonsense=1` },
    { ...of("notice", "/view/tomogram/$id", { wait: held }), url: `${url}${addresses["/view/tomogram/$id"][0]}&nonsense=1` },
    ...(["max", "surface"] as const).map((mode) => ({
      name: `3-D ${mode} /view/tomogram/$id`,
      url: `${url}${addresses["/view/tomogram/$id"][0].split("?")[0]}?l=3d&r=${mode}`,
      variants,
      wait: async (page: Page) => void (await page.waitForSelector('.v-space[data-sharp="true"]', { timeout: 60_000 })),
    })),
    // what lies over a page is under no law of pages
    ...Object.entries(opened).map(([state, { path, open }]) =>
      of(`opened ${state}`, path, {
        before: async () => {},
        wait: async (page) => {
          await atRest(page, 30_000);
          await open(page);
          await atRest(page, 30_000);
        },
      }),
    ),
    of("failed", "/", { before: catalogue({ state: "failed", error: broken }) }),
    of("other datasets", "/runs", { before: catalogue({ otherDatasets: [10001, 10002] }) }),
    ...(["/", "/runs", "/view/tomogram/$id"] as const).map((path) =>
      of("importing", path, { before: catalogue({ state: "importing" }) }),
    ),
    ...["/runs", "/runs?as=table", "/datasets", "/"].map((path) => ({
      name: `${RUNS} runs ${path}`,
      url: manyUrl + path,
      variants,
    })),
  ];
}

/** What is said for some seconds stays while the focus is in it. */
async function held(page: Page): Promise<void> {
  await page.locator(".toasts button").focus();
  await atRest(page, 30_000);
}

async function manyRuns(): Promise<CataloguePages> {
  const counts: Readonly<Record<string, number>> = { Run: RUNS, Tomogram: RUNS, Annotation: 1200 };
  const rows = new Map(randomRows(5, (name) => counts[name] ?? 25));
  rows.set(
    "Run",
    rows.get("Run")!.map((row, at) => ({ ...row, name: `TS_${String(at).padStart(5, "0")}` })),
  );
  return await cataloguePages(rows);
}

/** What the README's command and those of the journeys print, in their order, cut into pages. */
async function readTerminal(folder: string): Promise<Text[]> {
  const venv = join(root, ".cache/venv-peers/bin/python");
  const env = {
    ...readersPlace(folder, existsSync(venv) ? venv : undefined),
    EMPORIUM_PYTHON: "false",
    FORCE_COLOR: "1",
    NO_COLOR: undefined,
  };
  const demo = spawn("emporium", ["demo", "--once"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let text = "$ emporium demo --once\n";
  for (const stream of [demo.stdout, demo.stderr]) stream.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  const [status] = (await once(demo, "close")) as [number];
  if (status !== 0) throw new Error(`the demo ended with ${status}: ${text.slice(-2000)}`);
  const pages = [{ name: "terminal README", text }];
  for (const { name, path } of recordedPages(join(root, "docs"))) {
    rmSync(join(folder, ".emporium/catalog"), { recursive: true, force: true });
    const steps = stepsOf(readFileSync(path, "utf8")).filter(
      (step) => !("command" in step && step.command.includes("demo --once")),
    );
    const done = await runSteps(steps, { folder, env });
    const wrong = done.find(({ status: wanted, ended }) => wanted !== ended);
    if (wrong) throw new Error(`${path}: ${wrong.command} ended with ${wrong.ended}: ${wrong.output}`);
    pages.push({ name: `terminal ${name}`, text: done.map(({ command, output }) => `$ ${command}\n${output}`).join("\n") });
  }
  return pages.flatMap((page) => {
    // lines of progress, which a terminal overwrites, come as often as the machine is slow
    const lines = steady(
      page.text
        .replaceAll(folder, "~")
        .replaceAll(root, "emporium/")
        .replace(/^\d+% {2}.*\n/gm, ""),
    ).split("\n");
    return Array.from({ length: Math.ceil(lines.length / LINES) }, (_, at) => ({
      name: `${page.name} ${at + 1}`,
      text: lines.slice(at * LINES, (at + 1) * LINES).join("\n"),
    }));
  });
}

const sheetPage = (shots: readonly Shot[]): string => `<!doctype html><style>
  body { margin: 4px; display: flex; flex-wrap: wrap; gap: 4px; align-items: start; background: #888; font: 14px sans-serif }
  figure { margin: 0; max-width: 776px } img { display: block; max-width: 100% }
  .narrow { max-width: 385px }
</style>${shots
  .map(
    ({ name, png }) =>
      `<figure class="${variantOf(name) === "390" ? "narrow" : ""}"><figcaption>${name}</figcaption><img src="data:image/png;base64,${png.toString("base64")}"></figure>`,
  )
  .join("")}`;

function changesOf(shots: readonly Shot[], fonts: string): { name: string; says: string }[] {
  const [head = "", ...lines] = existsSync(APPROVED) ? readFileSync(APPROVED, "utf8").trimEnd().split("\n") : [];
  const before = new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(": ")), line.slice(line.lastIndexOf(": ") + 2)]));
  if (head !== fonts && head !== "") console.warn(`drawn with ${fonts}; approved with ${head}: only what is far from it is told`);
  const changed = shots.flatMap(({ name, profile }) => {
    const approved = before.get(name);
    if (approved === undefined) return [{ name, says: "is new" }];
    const says = differenceOf(parseProfile(approved), profile, head === fonts);
    return says ? [{ name, says }] : [];
  });
  const names = new Set(shots.map(({ name }) => name));
  const gone = ONLY === "" ? [...before.keys()].filter((name) => !names.has(name)) : [];
  return [...changed, ...gone.map((name) => ({ name, says: "is gone" }))];
}
