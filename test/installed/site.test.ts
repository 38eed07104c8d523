import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type CheerioAPI, load } from "cheerio";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addressOf, anchorsOf, pagesBelow } from "../../scripts/docs-pages.mjs";
import { type Browser, browserPath, startBrowser } from "../browser/browser.js";
import { expectAccessible } from "../browser/seen.js";

/** The documentation's site as a reader gets it: built, served below a path, without any other host. */
const root = fileURLToPath(new URL("../..", import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
const pages = pagesBelow(join(root, "docs"));
const out = mkdtempSync(join(tmpdir(), "emporium-site-"));
/** Where a proxy would serve the site; `out` is what lies there. */
const BASE = "/docs/";

const htmlOf = (page: string) => {
  const address = addressOf(page);
  return address === "" || address.endsWith("/") ? `${address}index.html` : `${address}.html`;
};
const files = () =>
  readdirSync(out, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile()
      ? join(entry.parentPath, entry.name)
          .slice(out.length + 1)
          .replaceAll("\\", "/")
      : [],
  );

beforeAll(async () => {
  // a site that has other versions already, of which one is newer by its letters alone
  for (const old of ["0.0.9", "0.1.0-beta.2"]) mkdirSync(join(out, old));
  await promisify(execFile)(process.execPath, [join(root, "scripts/site.mjs"), "--out", out, "--base", BASE]);
});
const documents = new Map<string, CheerioAPI>();
beforeAll(() => {
  for (const path of files())
    if (path.startsWith(`${version}/`) && path.endsWith(".html"))
      documents.set(path, load(readFileSync(join(out, path), "utf8")));
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

describe("the site", () => {
  it("has a page for every page of docs below its version, and an index that leads to the newest one", () => {
    for (const page of pages) expect(existsSync(join(out, version, htmlOf(page))), page).toBe(true);
    const index = load(readFileSync(join(out, "index.html"), "utf8"));
    expect(index("meta[http-equiv=refresh]").attr("content")).toBe(`0; url=./${version}/`);
    const links = index("a")
      .toArray()
      .map((link) => index(link).attr("href"));
    expect(links).toEqual([`./${version}/`, "./0.1.0-beta.2/", "./0.0.9/"]);
  });

  it("has no link or picture that leads nowhere, and loads nothing from another host", () => {
    const names = new Map(
      [...documents].map(([path, $]) => [
        path,
        new Set(
          $("[id]")
            .toArray()
            .map((element) => $(element).attr("id")!),
        ),
      ]),
    );
    let looked = 0;
    const wrong = [...documents].flatMap(([path, $]) =>
      $("[href], [src], [srcset], [data-src]")
        .toArray()
        .flatMap((element) => {
          const isLink = element.tagName === "a";
          return ["href", "src", "srcset", "data-src"].flatMap((name) => {
            const target = $(element).attr(name);
            if (target === undefined || /^data:/.test(target)) return [];
            looked++;
            const says = (what: string) => [`${path}: <${element.tagName} ${name}="${target}">: ${what}`];
            if (/^(?:[a-z][a-z+.-]*:|\/\/)/.test(target)) return isLink && /^https:/.test(target) ? [] : says("another host");
            const [place = "", anchor] = target.split("#");
            const absolute = posix.join(
              "/",
              posix.resolve(BASE, posix.dirname(path), decodeURIComponent(place)),
              place.endsWith("/") ? "/" : "",
            );
            if (place !== "" && !absolute.startsWith(BASE)) return says("outside of the site");
            const rest = absolute.slice(BASE.length);
            const file = place === "" ? path : rest.endsWith("/") ? `${rest}index.html` : rest;
            if (!existsSync(join(out, file)) || statSync(join(out, file)).isDirectory()) return says("no such file");
            if (anchor && !names.get(file)?.has(decodeURIComponent(anchor))) return says("no such place");
            return [];
          });
        }),
    );
    expect(wrong).toEqual([]);
    expect(looked).toBeGreaterThan(pages.length * 20);
    const styles = files().filter((path) => path.endsWith(".css"));
    expect(
      styles.filter((path) => /(?:url\(|@import)\s*["']?(?:https?:)?\/\//.test(readFileSync(join(out, path), "utf8"))),
    ).toEqual([]);
  });

  it("names headings as GitHub does, so that a link to one works in both", () => {
    for (const page of pages) {
      const $ = documents.get(`${version}/${htmlOf(page)}`)!;
      const ids = $(".vp-doc :is(h1, h2, h3, h4, h5, h6)[id]")
        .toArray()
        .map((heading) => $(heading).attr("id"));
      expect(ids, page).toEqual([...anchorsOf(readFileSync(join(root, "docs", page), "utf8"))]);
    }
  });

  it("shows braces as text: a message that ends with a value has it on the site, too", () => {
    const countOf = (text: string) => text.split("{").length - 1;
    for (const page of pages) {
      const source = readFileSync(join(root, "docs", page), "utf8");
      const shown = source.replace(/^<!--[\s\S]*?-->\n/gm, "").replace(/^```mermaid\n[\s\S]*?^```$/gm, "");
      expect(countOf(documents.get(`${version}/${htmlOf(page)}`)!(".vp-doc").text()), page).toBe(countOf(shown));
    }
  });

  it("has an index of all pages for the search", () => {
    const [index, ...more] = files().filter((path) => /\/@localSearchIndexroot\.[\w-]+\.js$/.test(path));
    expect(more).toEqual([]);
    const text = readFileSync(join(out, index!), "utf8");
    for (const page of pages) expect(text, page).toContain(`${BASE}${version}/${htmlOf(page).replace(/index\.html$/, "")}`);
  });
});

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webp": "image/webp",
};

describe.runIf(browserPath)("the site in a browser", () => {
  let server: Server;
  let browser: Browser;
  let address: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = decodeURIComponent(new URL(request.url!, "http://localhost").pathname);
      const file = join(out, path.slice(BASE.length), path.endsWith("/") ? "index.html" : "");
      if (!path.startsWith(BASE) || !existsSync(file)) response.writeHead(404).end();
      else
        response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain; charset=utf-8" }).end(readFileSync(file));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await startBrowser([address]);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });
  const at = (page: string) => `${address}${BASE}${version}/${htmlOf(page)}`;

  it("leads from its root to the start of the newest version", async () => {
    const { page, problems, elsewhere } = await browser.open(`${address}${BASE}`);
    await page.waitForURL(`${address}${BASE}${version}/`);
    await page.waitForSelector(".vp-doc h1");
    expect([problems, elsewhere]).toEqual([[], []]);
    await page.close();
  });

  it("finds pages about voxel spacing, asking nobody else", async () => {
    const { page, problems, elsewhere, absent } = await browser.open(at("start.md"));
    // keys are heard from when Vue has taken over what the server drew, which a busy machine does after the load
    await page.waitForFunction(() => "__vue_app__" in (document.querySelector("#app") ?? {}));
    await page.keyboard.press("/");
    await page.fill("#localsearch-input", "voxel spacing");
    await page.waitForSelector("#localsearch-list .result");
    expect(await page.locator("#localsearch-list .result").count()).toBeGreaterThan(3);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => !url.pathname.endsWith("/start.html"));
    // what a reader sees of it, once it is drawn: the best page has the words, one behind the other
    await page.waitForFunction(() => /voxel spacing/i.test(document.querySelector(".vp-doc")?.textContent ?? ""));
    expect([problems, elsewhere, absent]).toEqual([[], [], []]);
    await page.close();
  });

  const LOOKED_AT = [
    "index.md",
    "start.md",
    "journeys/curator.md",
    "guides/serve.md",
    "reference/errors.md",
    "design/decisions/README.md",
  ];
  it.each(["light", "dark"] as const)("has nothing serious for axe, %s", async (colorScheme) => {
    const { page, problems, elsewhere } = await browser.open(at("index.md"), { width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme });
    for (const path of LOOKED_AT) {
      await page.goto(at(path), { waitUntil: "load" });
      await page.waitForFunction((dark) => document.documentElement.classList.contains("dark") === dark, colorScheme === "dark");
      await expectAccessible(page, path);
      const shots = process.env.SITE_PICTURES;
      if (shots) writeFileSync(join(shots, `${path.replaceAll("/", "-")}-${colorScheme}.png`), await page.screenshot());
    }
    expect([problems, elsewhere]).toEqual([[], []]);
    await page.close();
  });

  it("fits a phone of 360 pixels on every page", async () => {
    const { page, elsewhere, absent } = await browser.open(at("index.md"), { width: 360, height: 740 });
    await page.route("**/*.js", (route) => route.abort()); // what is laid out is there without them
    const wide: string[] = [];
    for (const path of pages) {
      await page.goto(at(path), { waitUntil: "domcontentloaded" });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > 360) wide.push(`${path}: ${width}`);
    }
    expect(wide).toEqual([]);
    expect([elsewhere, absent]).toEqual([[], []]);
    await page.close();
  });
});
