import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { encode } from "fast-png";
import type { Page, Response } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENTITIES, type EntityName } from "../../src/catalog/entities.js";
import { PORTAL_SCHEMA } from "../../src/catalog/portal-rows.js";
import { type PortalRows, randomRows, type TableRow } from "../e2e/graphql-kit.js";
import { type Browser, browserPath, inTabs, startBrowser, type Watched } from "./browser.js";
import { type CataloguePages, cataloguePages } from "./catalogue-pages.js";
import { PAYLOADS } from "./payloads.js";
import { expectAccessible, expectForcedColours, expectUsable, focused, inColours, SIZES, walkByTab } from "./seen.js";

const WAIT = { timeout: 30_000 };
const RUNS = 20_000;
const COUNTS: Partial<Record<EntityName, number>> = {
  Run: RUNS,
  Tomogram: RUNS,
  Tiltseries: RUNS,
  Annotation: 30_000,
  AnnotationShape: 30_000,
};
const ORGANISMS = ["Bacillus subtilis", "Homo sapiens", "Saccharomyces cerevisiae", "Mus musculus"];
const OBJECTS = ["ribosome", "membrane", "vesicle"];
const LISTS = ["/datasets", "/runs", "/depositions", "/annotations"];
const ADDRESSES = [
  "/",
  ...LISTS,
  "/runs?as=table",
  "/datasets?as=table",
  "/runs?organism=Homo%20sapiens&organism=nobody",
  "/no-such-page",
];
/** Beginning of the photos' addresses as somebody else's import wrote them. */
const ELSEWHERE = "http://127.0.0.1:9/files/";

/** Rows of everywhere, with names of organisms and photos that a person would know again. */
function seededRows(): PortalRows {
  const rows = new Map(randomRows(5, (name) => COUNTS[name] ?? 25));
  const photo = (of: string) => (row: TableRow) => ({
    ...row,
    key_photo_thumbnail_url: `${ELSEWHERE}${of}/é ${row.id}.png`,
    key_photo_url: `${ELSEWHERE}${of}/é ${row.id}.png`,
  });
  const datasets = rows.get("Dataset")!.map(photo("datasets"));
  rows.set(
    "Dataset",
    datasets.map((row, at) => ({ ...row, title: `Dataset number ${at}`, organism_name: ORGANISMS[at % ORGANISMS.length]! })),
  );
  rows.set(
    "Annotation",
    rows.get("Annotation")!.map((row, at) => ({ ...row, object_name: OBJECTS[at % OBJECTS.length]! })),
  );
  rows.set(
    "Run",
    rows.get("Run")!.map((row, at) => ({ ...row, name: `TS_${String(at).padStart(5, "0")}` })),
  );
  return rows;
}

describe.skipIf(browserPath === undefined)("lists of the catalogue", () => {
  let pages: CataloguePages;
  let browser: Browser;
  beforeAll(async () => {
    pages = await cataloguePages(seededRows());
    const folder = join(pages.folder, "datasets");
    mkdirSync(folder);
    const picture = encode({ width: 4, height: 4, channels: 3, data: new Uint8Array(48).fill(200) });
    for (let id = 100; id < 125; id++) writeFileSync(join(folder, `é ${id}.png`), picture);
    browser = await startBrowser([pages.portal.url]);
  });
  afterAll(async () => {
    await browser?.close();
    await pages?.stop();
  });

  const open = (path: string, size = { width: 1280, height: 800 }) => browser.open(`${pages.portal.url}${path}`, size);
  const total = (page: Page) => page.locator(".tools [role=status]");
  const counted = async (page: Page) => Number((await total(page).textContent())!.replace(/[^\d]/g, ""));
  const sql = async (text: string) => {
    const { rows } = await pages.database.reader.pool.query<{ n: string }>(
      `select count(*) as n from ${PORTAL_SCHEMA}.run ${text}`,
    );
    return Number(rows[0]!.n);
  };

  it("A1: the first page has places, datasets with photos and how to connect, all of it from this server", async () => {
    const watched = await open("/about");
    const { page } = watched;
    // nothing but this server can be reached
    await page.context().route(
      (url) => url.protocol.startsWith("http") && url.origin !== pages.portal.url,
      (route) => route.abort(),
    );
    await page.goto(pages.portal.url);
    await page.locator(".foot", { hasText: "portal · catalogue of" }).waitFor(WAIT);
    expect(await page.locator(".figures").textContent()).toContain("20\u2009000");
    const photos = page.locator(".newest img");
    await expect.poll(() => photos.count(), WAIT).toBe(5);
    await expect
      .poll(
        () => photos.evaluateAll((all) => all.every((one) => (one as unknown as { naturalWidth: number }).naturalWidth === 4)),
        WAIT,
      )
      .toBe(true);
    for (const [tab, line] of [
      ["Python client", `Client("${pages.portal.graphql}")`],
      ["boto3", `endpoint_url="${pages.portal.s3}"`],
      ["AWS", `--endpoint-url ${pages.portal.s3} s3://portal/`],
      ["copick", `catalog export copick ${pages.portal.url}`],
    ]) {
      await page.getByRole("tab", { name: tab! }).click();
      expect(await page.getByRole("tabpanel").textContent()).toContain(line);
    }
    // rows alone are there, and no volume of the newest run: its photo stands in the place of a section, whenever that is known
    isClean({ ...watched, absent: watched.absent.filter((path) => !/^\/api\/v1\/volumes\/tomogram:\d+$/.test(path)) });
    await page.close();
  });

  it("A13: two choices narrow rows and counts as SQL counts them; the address alone gives them back, and back undoes one", async () => {
    const watched = await open("/runs");
    const { page } = watched;
    await expect.poll(() => counted(page), WAIT).toBe(RUNS);
    const facet = (title: string) => page.locator(".facets fieldset", { has: page.getByText(title, { exact: true }) });
    const value = (title: string, name: string) => facet(title).locator("label.check", { hasText: name });
    const countOf = async (title: string, name: string) =>
      Number((await value(title, name).locator(".muted").textContent())!.replace(/[^\d]/g, ""));
    const ofOrganism = (name: string) =>
      `dataset_id in (select id from ${PORTAL_SCHEMA}.dataset where organism_name = '${name}')`;
    const ribosomes = `exists (select from ${PORTAL_SCHEMA}.annotation where run_id = run.id and object_name = 'ribosome')`;

    await value("Organism", "Homo sapiens").click();
    const human = await sql(`where ${ofOrganism("Homo sapiens")}`);
    await expect.poll(() => counted(page), WAIT).toBe(human);
    // its own values stay, counted as if it had no choice
    expect(await countOf("Organism", "Mus musculus")).toBe(await sql(`where ${ofOrganism("Mus musculus")}`));

    await value("Object", "ribosome").click();
    const both = await sql(`where ${ofOrganism("Homo sapiens")} and ${ribosomes}`);
    expect(both).toBeGreaterThan(0);
    await expect.poll(() => counted(page), WAIT).toBe(both);
    await expect
      .poll(() => countOf("Organism", "Mus musculus"), WAIT)
      .toBe(await sql(`where ${ofOrganism("Mus musculus")} and ${ribosomes}`));
    expect((await page.locator(".chips li").allTextContents()).map((text) => text.trim())).toEqual([
      "Organism: Homo sapiens",
      "Object: ribosome",
      "Clear all",
    ]);

    const other = await open(page.url().slice(pages.portal.url.length));
    await expect.poll(() => counted(other.page), WAIT).toBe(both);
    expect(await other.page.locator(".chips li").count()).toBe(3);
    isClean(other);
    await other.page.close();

    await value("Organism", "Homo sapiens").click();
    await expect.poll(() => counted(page), WAIT).toBe(await sql(`where ${ribosomes}`));
    await page.goBack();
    await expect.poll(() => counted(page), WAIT).toBe(both);
    await page.goBack();
    await expect.poll(() => counted(page), WAIT).toBe(human);
    await page.goBack();
    await expect.poll(() => counted(page), WAIT).toBe(RUNS);
    isClean(watched);
    await page.close();
  });

  it("A13: what nothing has is said, with the choice that would bring most back", async () => {
    const { page } = await open("/runs?name=TS_00001&organism=nobody");
    const way = page.getByRole("button", { name: "Without Organism: nobody: 1" });
    await way.click(WAIT);
    await expect.poll(() => counted(page), WAIT).toBe(1);
    await page.close();
  });

  it("A28: rows of 20,000 are gone through by keys, opened, selected and taken along", async () => {
    const { page } = await open("/runs?as=table&sort=-name");
    const row = (index: number) => page.locator(`[data-row="${index}"]`);
    await expect.poll(() => row(0).textContent(), WAIT).toContain("TS_19999");
    await row(0).focus();
    await page.keyboard.press("End");
    await expect.poll(() => row(RUNS - 1).textContent(), WAIT).toContain("TS_00000");
    await expect.poll(() => page.evaluate<string>("document.activeElement.dataset.row"), WAIT).toBe(String(RUNS - 1));
    await expect.poll(() => new URL(page.url()).searchParams.get("row"), WAIT).toMatch(/^19\d{3}$/);
    await page.keyboard.press("k");
    await page.keyboard.press("x");
    await page.keyboard.press("k");
    await page.keyboard.press("Shift+X");
    await page.getByText("2 selected").waitFor(WAIT);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
    const lines = readFileSync((await download.path())!, "utf8").split("\r\n");
    expect(lines[0]).toMatch(/^id,name,/);
    expect(
      lines
        .slice(1, 3)
        .map((line) => line.split(",")[1])
        .sort(),
    ).toEqual(["TS_00001", "TS_00002"]);
    await page.keyboard.press("Escape");
    await row(RUNS - 3).focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => new URL(page.url()).pathname, WAIT).toMatch(/^\/runs\/\d+$/);
    await page.goBack();
    await expect.poll(() => row(RUNS - 1).textContent(), WAIT).toContain("TS_00000");
    await page.close();
  });

  it("a list is taken along whole, also the rows that the page has not loaded", async () => {
    const { page, problems } = await open("/annotations?as=table");
    await page.locator('[data-row="0"]').waitFor(WAIT);
    const total = await counted(page);
    const [download] = await Promise.all([
      page.waitForEvent("download", WAIT),
      page.getByRole("button", { name: "CSV" }).click(),
    ]);
    const lines = readFileSync((await download.path())!, "utf8").split("\r\n");
    expect([lines.length - 2, new Set(lines.slice(1).map((line) => line.split(",")[0])).size - 1]).toEqual([total, total]);
    expect(await page.getByText("⚠ The file has").count()).toBe(0);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("(37.3) a choice of each facet is a step without a notice, and so is taking it back", { timeout: 300_000 }, async () => {
    const { page, problems } = await open("/runs?row=40");
    await expect.poll(() => counted(page), WAIT).toBe(RUNS);
    await page.locator("aside.facets label.check").first().waitFor(WAIT);
    const openAll = () =>
      page.evaluate("document.querySelectorAll('details.facet-group').forEach((one) => { one.open = true; })");
    await openAll();
    const titles = await page.locator("aside.facets fieldset:has(label.check) legend").allTextContents();
    expect(titles.length).toBeGreaterThan(8);
    for (const title of titles) {
      const box = page
        .locator("aside.facets fieldset", { has: page.getByText(title, { exact: true }) })
        .locator("label.check input")
        .first();
      for (const isOn of [true, false]) {
        await openAll(); // one of which nothing is chosen any more is closed
        await box.click(WAIT);
        await expect.poll(() => new URL(page.url()).search === "", WAIT).toBe(!isOn);
        expect([title, await page.locator(".toasts").textContent()]).toEqual([title, ""]);
      }
    }
    expect(problems).toEqual([]);
    await page.close();
  });

  it("A27: axe finds nothing serious on lists and the first page, light and dark", { timeout: 300_000 }, async () => {
    await inTabs(ADDRESSES, async (path) => {
      const { page } = await open(path);
      await shown(page);
      for (const colorScheme of ["light", "dark"] as const) {
        await inColours(page, colorScheme);
        await expectAccessible(page, `${path} ${colorScheme}`);
      }
      await page.close();
    });
  });

  it("A29: nothing scrolls sideways or lies over a control, at 360, 1280 and 3840 px and at 200 % zoom; forced colours keep every sign", {
    timeout: 600_000,
  }, async () => {
    await inTabs(ADDRESSES, async (path) => {
      const { page } = await open(path);
      await shown(page);
      for (const size of SIZES) {
        await page.setViewportSize(size);
        await shown(page);
        await expectUsable(page, `${path} ${size.width}`);
      }
      await expectForcedColours(page, path);
      await page.close();
    });
  });

  it("A28: the first page and facets by keyboard alone, the focus seen at every step", { timeout: 300_000 }, async () => {
    const home = await open("/");
    await shown(home.page);
    const names = await walkByTab(home.page);
    for (const name of [
      "BUTTON To the content",
      "A Datasets",
      "SUMMARY Work",
      "INPUT Search",
      "A Browse datasets",
      "BUTTON Python client",
    ])
      expect(names).toContain(name);
    expect(new Set(names).size).toBeGreaterThan(15);
    await home.page.close();

    const { page } = await open("/runs?as=table");
    await expect.poll(() => counted(page), WAIT).toBe(RUNS);
    await page.locator(".facets label.check", { hasText: "Homo sapiens" }).waitFor(WAIT);
    const to = async (name: string) => {
      for (let step = 0; step < 120; step++) {
        await page.keyboard.press("Tab");
        const now = await focused(page);
        expect([now.name, now.isSeen, now.isInSight]).toEqual([now.name, true, true]);
        const label = await page.evaluate<string>("document.activeElement.closest('label')?.innerText ?? ''");
        if (now.name.includes(name) || label.includes(name)) return;
      }
      throw new Error(`Tab does not lead to ${name}`);
    };
    await to("Homo sapiens");
    await page.keyboard.press("Space");
    const human = await sql(`where dataset_id in (select id from ${PORTAL_SCHEMA}.dataset where organism_name = 'Homo sapiens')`);
    await expect.poll(() => counted(page), WAIT).toBe(human);
    await page.keyboard.press("Space");
    await expect.poll(() => counted(page), WAIT).toBe(RUNS);
    await page.close();
  });

  // as §10 weighs what it lists
  it("§10: all styles are at most 12 KiB, minified and gzip", () => {
    const assets = fileURLToPath(new URL("../../dist/web/assets/", import.meta.url));
    const styles = readdirSync(assets).filter((name) => name.endsWith(".css"));
    const sum = styles.reduce((all, name) => all + gzipSync(readFileSync(join(assets, name)), { level: 9 }).length, 0);
    expect([styles.length > 2, sum <= 12 * 1024, sum]).toEqual([true, true, sum]);
  });

  it("§12: the first list weighs at most 190 kB, gzip, all requests", async () => {
    const { page } = await browser.open("about:blank");
    const parts: { path: string; bytes: number }[] = [];
    const wait: Promise<void>[] = [];
    const weigh = (response: Response) => {
      const measure = async () => {
        const body = await response.body();
        const isPacked = /^(?:image|font)\//.test(response.headers()["content-type"] ?? "");
        parts.push({
          path: new URL(response.url()).pathname,
          bytes: isPacked ? body.length : gzipSync(body, { level: 9 }).length,
        });
      };
      wait.push(measure());
    };
    page.on("response", weigh);
    await page.goto(`${pages.portal.url}/runs`);
    await shown(page);
    await page.locator('[data-row="0"]').getByText("TS_").first().waitFor(WAIT);
    // what comes later is not of the first list, and its body would be gone with the page
    page.off("response", weigh);
    await Promise.all(wait);
    const sum = parts.reduce((all, { bytes }) => all + bytes, 0);
    for (const part of parts.sort((a, b) => b.bytes - a.bytes)) console.log(part.bytes, part.path);
    console.log(`first list: ${sum} bytes gzip, ${parts.length} requests`);
    expect(parts.map(({ path }) => path)).toEqual(expect.arrayContaining(["/runs", "/graphql", "/api/v1/facets"]));
    expect([sum <= 190_000, parts.sort((a, b) => b.bytes - a.bytes).slice(0, 6)]).toEqual([true, expect.anything()]);
    await page.close();
  });
});

describe.skipIf(browserPath === undefined)("an empty catalogue", () => {
  it("A31: each list says that there is nothing, why, and the command that brings some", async () => {
    const pages = await cataloguePages(randomRows(1, () => 0));
    const browser = await startBrowser([pages.portal.url]);
    try {
      for (const [path, says, command] of [
        ["/", "No datasets: the tree has none yet.", "emporium ingest run"],
        ["/datasets", "No datasets. The catalogue has none", "emporium ingest run"],
        ["/runs", "No runs. The catalogue has none", "emporium ingest run"],
        ["/annotations", "No annotations. No run of the catalogue has one.", "--import-annotations"],
        ["/browse/portal", "portal is empty", "emporium ingest run"],
      ] as const) {
        const { page } = await browser.open(`${pages.portal.url}${path}`);
        const panel = page.locator(".empty", { hasText: says });
        await panel.waitFor(WAIT);
        expect([path, await panel.locator("code").textContent()]).toEqual([path, expect.stringContaining(command)]);
        await page.close();
      }
    } finally {
      await browser.close();
      await pages.stop();
    }
  });

  it("a tree that is newer than its catalogue is told, with the command; the foot says since when", async () => {
    const pages = await cataloguePages(randomRows(1, () => 2));
    const browser = await startBrowser([pages.portal.url]);
    try {
      const { page } = await browser.open(`${pages.portal.url}/about`);
      const changed = new Date(Date.now() - 180_000).toISOString();
      await page.route("**/api/v1/server", async (route) => {
        const facts = (await (await route.fetch()).json()) as { catalogue: object };
        await route.fulfill({ json: { ...facts, catalogue: { ...facts.catalogue, treeChangedAt: changed } } });
      });
      await page.goto(`${pages.portal.url}/runs`);
      await page.locator(".notices", { hasText: "The tree is newer than its catalogue: it changed 3 min ago" }).waitFor(WAIT);
      expect(await page.locator(".notices code").textContent()).toBe("emporium catalog import portal");
      expect(await page.locator(".foot").textContent()).toMatch(
        /bring up to date tree changed 3 min ago · portal · catalogue of /,
      );
      await page.close();
    } finally {
      await browser.close();
      await pages.stop();
    }
  });
});

describe.skipIf(browserPath === undefined)("hostile texts", () => {
  let pages: CataloguePages;
  let browser: Browser;
  beforeAll(async () => {
    pages = await cataloguePages(hostileRows(), { name: PAYLOADS[1]! });
    const names = PAYLOADS.filter((payload) => !payload.includes("/"));
    for (const name of [...names, ...names.map((one) => `${one}.mrc`)]) writeFileSync(join(pages.folder, name), "no volume");
    writeFileSync(join(pages.folder, "evil.svg"), `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`);
    writeFileSync(join(pages.folder, "evil.html"), "<script>alert(1)</script><img src=x onerror=alert(1)>");
    browser = await startBrowser([pages.portal.url]);
  });
  afterAll(async () => {
    await browser?.close();
    await pages?.stop();
  });

  /** Opens a page and says what of it was not text. @param act with the page before it is judged */
  const judged = async (path: string, act?: (page: Page) => Promise<void>) => {
    const { page, problems, elsewhere } = await browser.open("about:blank");
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await page.addInitScript(
      "globalThis.reports = []; addEventListener('securitypolicyviolation', (event) => reports.push(event.violatedDirective + event.blockedURI));",
    );
    await page.goto(`${pages.portal.url}${path}`);
    await shown(page);
    await act?.(page);
    const injected = await page.evaluate<string[]>(
      `[...document.querySelectorAll(${JSON.stringify(INJECTED)})].map((node) => node.outerHTML)`,
    );
    const reports = await page.evaluate<string[]>("reports");
    // an answer that refuses the address's own id is told by the page
    const broken = problems.filter((text) => !/^[45]\d\d http/.test(text) && !/Failed to load resource/.test(text));
    expect([path, dialogs, injected, reports, elsewhere, broken]).toEqual([path, [], [], [], [], []]);
    const text = (await page.locator("body").textContent())!;
    await page.close();
    return text;
  };
  const isSeen = (text: string) => PAYLOADS.filter((payload) => !text.includes(payload));

  it("A23: are texts in every list and page, in addresses, names of files and dialogs", { timeout: 900_000 }, async () => {
    expect(new Set(PAYLOADS).size).toBe(60);
    const hostile = encodeURIComponent(PAYLOADS[1]!);
    const seen: string[] = [];
    const paths = [
      "/",
      ...LISTS.flatMap((path) => [`${path}?as=table`, `${path}?as=grid`]),
      `/runs?organism=${hostile}&object=${encodeURIComponent(PAYLOADS[2]!)}`,
      `/runs?${hostile}=${hostile}&sort=${hostile}`,
      "/about",
      `/search?q=${hostile}`,
      "/search?q=alert",
      "/browse",
      "/browse/portal",
      `/browse/${hostile}`,
      `/browse/portal/${hostile}`,
      `/view/at/portal/${hostile}`,
      `/view/tomogram/100?c=${hostile}&p=${hostile}`,
      `/neuroglancer/tomogram/100?p=${hostile}`,
      `/${hostile}`,
      ...LISTS.map((path) => `${path}/${hostile}`),
    ];
    await inTabs(paths, async (path) => {
      seen.push(await judged(path));
    });
    seen.push(
      await judged("/", async (page) => {
        await page.keyboard.press("/");
        await page.getByRole("combobox").fill("alert", WAIT);
        await page.getByRole("option", { name: "Runs" }).first().waitFor(WAIT);
      }),
    );
    // names of files have no slashes
    const names = PAYLOADS.filter((payload) => !payload.includes("/"));
    expect(names.filter((name) => !seen.join("\n").includes(name))).toEqual([]);
  });

  it("A23: are texts in every field of one thing: each field with each way to run, and with all of them", {
    timeout: 900_000,
  }, async () => {
    // the first twelve are all ways, the last row has all payloads in every field
    const things = [...Array.from({ length: 12 }, (_, at) => 100 + at), ALL].flatMap((id) => LISTS.map((kind) => ({ id, kind })));
    await inTabs(things, async ({ id, kind }) => {
      const text = await judged(`${kind}/${id}`, id === ALL && kind !== "/depositions" ? downloads : undefined);
      if (id === ALL) expect([kind, isSeen(text)]).toEqual([kind, []]);
    });
    await inTabs(["frames", "alignment", "files"], async (tab) => {
      await judged(`/runs/${ALL}?tab=${tab}`);
    });
  });

  it("A23: are texts in what a server says of its errors", { timeout: 900_000 }, async () => {
    const all = PAYLOADS.join(" ");
    const refused = async (page: Page) => {
      await page.route(/\/(?:api\/v1\/(?!server)|graphql)/, (route) =>
        route.fulfill({ status: 500, json: { code: PAYLOADS[1], message: all, path: all, hint: all } }),
      );
      await page.reload();
      await shown(page);
      await page.getByRole("alert").first().waitFor(WAIT);
    };
    const paths = [...LISTS.flatMap((kind) => [kind, `${kind}/100`]), "/search?q=alert", "/browse/portal", "/view/tomogram/100"];
    await inTabs(paths, async (path) => {
      expect([path, isSeen(await judged(path, refused))]).toEqual([path, []]);
    });
  });

  it("A23: SVG and HTML of the archive run nothing, and read nothing of the pages", async () => {
    for (const name of ["evil.svg", "evil.html"]) {
      const { page, problems } = await browser.open("about:blank");
      const dialogs: string[] = [];
      page.on("dialog", (dialog) => {
        dialogs.push(dialog.message());
        void dialog.dismiss();
      });
      for (const at of ["files", "at/portal"]) {
        const url = `${pages.portal.url}/${at}/${name}`;
        const { status, headers } = await fetch(url);
        expect([at, name, status, headers.get("content-security-policy")]).toEqual([
          at,
          name,
          200,
          expect.stringContaining("sandbox"),
        ]);
        await page.goto(url).catch(() => undefined); // it may be a download
      }
      expect([name, dialogs, problems.filter((text) => text.includes("alert"))]).toEqual([name, [], []]);
      await page.close();
    }
  });
});

/** Tabs of the download dialog. */
async function downloads(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Download", exact: true }).click();
  const tabs = page.getByRole("dialog").getByRole("tab");
  await tabs.first().waitFor(WAIT);
  for (const tab of await tabs.all()) await tab.click();
  await page.keyboard.press("Escape");
}

/** What only a text that was taken for HTML brings into a page. */
const INJECTED =
  '[onerror], [onload], [ontoggle], [srcdoc], #page script, #page style, #page iframe:not([title^="Neuroglancer"]), [href^="javascript:"], [href^="data:text"], [src^="data:text"]';
/** The row whose texts are all payloads at once. */
const ALL = 160;

/** Each text of a row is another payload; each field has each of them in one row, and all of them in the last. Children are of the parent of their number. */
function hostileRows(): PortalRows {
  const rows = randomRows(3, () => PAYLOADS.length + 1);
  return new Map(
    ENTITIES.map(({ name, fields, keys }) => [
      name,
      rows.get(name)!.map((row, at) => ({
        ...row,
        ...Object.fromEntries(keys.map(({ column }) => [column, row.id])),
        ...Object.fromEntries(
          fields
            .filter(({ type }) => type === "text")
            .map(({ column }, field) => [
              column,
              row.id === ALL ? PAYLOADS.join(" ") : PAYLOADS[(at + field) % PAYLOADS.length]!,
            ]),
        ),
      })),
    ]),
  );
}

/** The page has said what it is, and waits for nothing. */
async function shown(page: Page): Promise<void> {
  await page.locator("h1").first().waitFor(WAIT);
  await expect.poll(() => page.locator("[aria-busy=true], .waits").count(), WAIT).toBe(0);
}

function isClean({ problems, elsewhere, absent }: Watched): void {
  expect([problems, elsewhere, absent]).toEqual([[], [], []]);
}
