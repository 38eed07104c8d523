import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { remove } from "../e2e/curate-kit.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { type Desk, desk } from "./workspace-kit.js";

const WAIT = { timeout: 60_000 };

describe.skipIf(browserPath === undefined)("A22: the token of a page (needs Chromium)", () => {
  let at: Desk;
  let browser: Browser;
  let url: string;
  let token: string;
  beforeAll(async () => {
    at = desk();
    url = await at.serve("--write", "--token-file", "tokens");
    token = readFileSync(join(at.folder, "tokens"), "utf8").trim();
    browser = await startBrowser([url]);
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await at?.close();
    if (at) remove(at.folder);
  });

  it("leaves the address before anything else, stays in its tab, and goes nowhere but into a header to this server", async () => {
    const { page, problems, elsewhere } = await browser.open(`${url}/about`);
    const asked: { url: string; referer: string; sent: boolean }[] = [];
    page.on("request", (request) => {
      const { referer = "", authorization } = request.headers();
      asked.push({ url: request.url(), referer, sent: authorization === `Bearer ${token}` });
    });
    const badge = page.locator("header .row .wide", { hasText: /Writing|Reading/ });
    await expect.poll(() => badge.textContent(), WAIT).toBe("Reading");
    await page.goto(`${url}/jobs#token=${token}`);
    await expect.poll(() => badge.textContent(), WAIT).toBe("Writing");
    expect(page.url()).toBe(`${url}/jobs`);
    await page.reload();
    await expect.poll(() => badge.textContent(), WAIT).toBe("Writing");
    await page.getByRole("link", { name: "emporium" }).click();
    await page.waitForURL(`${url}/`);
    expect(
      await page.evaluate(() => [document.cookie, localStorage.length >= 0 && JSON.stringify(localStorage), location.hash]),
    ).toEqual(["", expect.not.stringContaining(token), ""]);
    await page.goBack();
    expect(page.url()).toBe(`${url}/jobs`);
    expect(asked.filter((one) => one.url.includes(token) || one.referer.includes(token))).toEqual([]);
    expect(asked.some(({ sent, url: to }) => sent && to.startsWith(`${url}/api/v1/`))).toBe(true);
    expect([problems, elsewhere]).toEqual([[], []]);
    await page.close();
  });

  it("can be given by hand, and put away; one that is wrong changes nothing", async () => {
    const { page } = await browser.open(`${url}/about`);
    const badge = page.locator("header .row .wide", { hasText: /Writing|Reading/ });
    const field = page.getByLabel("Token");
    await field.fill("x".repeat(43));
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("main").innerText(), WAIT).toContain("this page has none");
    expect(await badge.textContent()).toBe("Reading");
    await field.fill(token);
    await page.keyboard.press("Enter");
    await expect.poll(() => badge.textContent(), WAIT).toBe("Writing");
    await page.getByRole("button", { name: "Put the token away" }).click();
    await expect.poll(() => badge.textContent(), WAIT).toBe("Reading");
    expect(await page.evaluate(() => Object.values(sessionStorage))).toEqual([""]);
    await page.close();
  });
});
