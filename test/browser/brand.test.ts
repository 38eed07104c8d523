import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parsePortalSettings } from "../../src/server/branding/settings.js";
import { openPlaces } from "../../src/server/places.js";
import { type Portal, servePortal } from "../../src/server/portal.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";

/** A logo that would tell by its server's paths, and by the page's title, that it has run. */
const HOSTILE = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="99" height="26"
  onload="fetch('/ran-onload'); document.title = 'ran'">
  <style>rect { fill: #f00 }</style><script>fetch("/ran-script"); document.title = "ran"</script><script xlink:href="/ran-elsewhere.js"/>
  <rect width="99" height="26"/><image xlink:href="/ran-image" width="9" height="9"/></svg>`;

describe.skipIf(browserPath === undefined)("a portal of one's own in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-brand-"));
  let portal: Portal;
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data/notes.txt"), "text");
    writeFileSync(join(folder, "logo.svg"), HOSTILE);
    const yaml = 'title: EM of Cells\nlogo: logo.svg\naccent: "#fff6b3"';
    portal = await servePortal({
      places: await openPlaces([join(folder, "data")]),
      bucket: "portal",
      version: "0",
      port: 0,
      pages: fileURLToPath(new URL("../../dist/web", import.meta.url)),
      branding: parsePortalSettings(yaml, join(folder, "portal.yaml")),
    });
    browser = await startBrowser([portal.url]);
  });
  afterAll(async () => {
    await browser?.close();
    await portal?.close();
    rmSync(folder, { recursive: true });
  });

  it("runs nothing of its logo, neither in a page nor when that is opened alone", async () => {
    const alone = await browser.open(`${portal.url}/brand/logo.svg`);
    await alone.page.waitForTimeout(500);
    expect([alone.absent, alone.answered.filter((path) => path.includes("/ran-")), await alone.page.title()]).toEqual([
      [],
      [],
      "",
    ]);
    expect(alone.problems.join("\n")).toMatch(/sandbox|Content Security Policy/);

    // what it is worth: without the server's headers the same file does run
    await alone.page.route("**/control.svg", (route) => route.fulfill({ contentType: "image/svg+xml", body: HOSTILE }));
    await alone.page.goto(`${portal.url}/control.svg`);
    await expect.poll(() => alone.page.title()).toBe("ran");

    const { page, absent, problems } = await browser.open(`${portal.url}/about`);
    const width = await page.evaluate(async () => {
      const image = new Image();
      image.src = "brand/logo.svg";
      await image.decode();
      document.body.append(image);
      return image.naturalWidth;
    });
    await page.waitForTimeout(500);
    expect([width, absent, problems]).toEqual([99, [], []]);
  });

  it("has its colours in the pages, in both themes, without a breach of their policy", async () => {
    const { page, problems } = await browser.open(`${portal.url}/about`);
    const sheet = await (await fetch(`${portal.url}/brand/accent.css`)).text();
    const [, ...wanted] = /--accent: light-dark\((#\w{6}), (#\w{6})\)/.exec(sheet)!;
    const seen: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      seen.push(
        await page.evaluate(() => {
          const probe = document.createElement("span");
          document.body.append(probe);
          probe.style.color = "var(--accent)";
          const [red, green, blue] = getComputedStyle(probe).color.match(/\d+/g)!.map(Number);
          probe.remove();
          return `#${[red, green, blue].map((value) => value!.toString(16).padStart(2, "0")).join("")}`;
        }),
      );
    }
    expect(seen).toEqual(wanted);
    expect(problems).toEqual([]);
  });
});
