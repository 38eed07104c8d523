import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SavedViews } from "../../src/model/page-api.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { expectAccessible, expectUsable, inColours } from "./seen.js";
import { type LabTree, makeLabTree } from "./served-tree.js";
import { isSharp } from "./slices.js";
import { PAYLOAD } from "./workspace-kit.js";

const WAIT = { timeout: 60_000 };
const LAPTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

interface Found {
  readonly tomograms: readonly { id: number; run: { id: number; name: string } }[];
}

describe.skipIf(browserPath === undefined)("views and searches that last (needs Chromium)", () => {
  let lab: LabTree;
  let browser: Browser;
  /** Another person, with another profile. */
  let other: Browser;
  let writing: string;
  let reading: string;
  let token: string;
  let tomogram: Found["tomograms"][number];
  beforeAll(async () => {
    lab = await makeLabTree(["imod"]);
    const tokens = join(lab.folder, "tokens");
    ({ url: writing } = await lab.serve("--write", "--token-file", tokens));
    ({ url: reading } = await lab.serve());
    token = /\S+$/m.exec(readFileSync(tokens, "utf8"))![0];
    const query = "{ tomograms(orderBy: [{ id: asc }]) { id run { id name } } }";
    const answer = await fetch(`${reading}/graphql?query=${encodeURIComponent(query)}`);
    [tomogram] = ((await answer.json()) as { data: Found }).data.tomograms as [Found["tomograms"][number]];
    [browser, other] = await Promise.all([startBrowser([writing, reading]), startBrowser([writing, reading])]);
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await other?.close();
    await lab?.close();
  });

  const volume = (search = "") => `/view/tomogram/${tomogram.id}${search}`;
  /** A page that may write. */
  const writer = async (path: string, size = LAPTOP) => {
    const watched = await browser.open(`${writing}/about#token=${token}`, size);
    await watched.page.locator("header", { hasText: "Writing" }).waitFor(WAIT);
    await watched.page.goto(`${writing}${path}`, { waitUntil: "load" });
    return watched;
  };
  const field = (page: Page, name: "Name" | "Note") => page.getByRole("textbox", { name, exact: true });
  const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
  async function saveView(page: Page, name: string, note = ""): Promise<void> {
    await isSharp(page, "z");
    await page.keyboard.press("v");
    await expect.poll(() => page.evaluate("document.activeElement.name"), WAIT).toBe("name");
    await page.keyboard.insertText(name);
    await field(page, "Note").fill(note);
    await button(page, "Save this view").click();
    await page.locator(".toasts", { hasText: `View saved: ${name}` }).waitFor(WAIT);
  }
  const kept = async (): Promise<SavedViews["views"]> =>
    ((await (await fetch(`${reading}/api/v1/views`)).json()) as SavedViews).views;
  const said = (page: Page) => page.locator(".v-readout").textContent();
  const here = (page: Page) =>
    page.evaluate<{ name: string; to: string }[]>("JSON.parse(localStorage.getItem('emporium.saved') ?? '[]')");

  it("37.views: a view that is saved is on the run's page, and brings somebody else the same picture", {
    timeout: 300_000,
  }, async () => {
    const { page, problems } = await writer(volume("?l=xy&m=lz100,100,200_400,100,200"));
    await isSharp(page, "z");
    for (const key of ["PageDown", "PageDown", "i"]) await page.keyboard.press(key);
    await saveView(page, "Doubled membrane", "The upper one.\nAsk about it.");
    const [view] = await kept();
    expect(view).toMatchObject({
      name: "Doubled membrane",
      note: "The upper one.\nAsk about it.",
      ref: `tomogram:${tomogram.id}`,
    });
    expect([...new URL(view!.to, writing).searchParams.keys()].sort()).toEqual(["c", "l", "m", "p"]);
    await expect.poll(() => said(page), WAIT).toContain("value");
    const seen = await said(page);

    const theirs = await other.open(`${reading}/runs/${tomogram.run.id}`, LAPTOP);
    const group = theirs.page.getByRole("region", { name: "Views" });
    await group.waitFor(WAIT);
    expect(await group.innerText()).toMatch(
      new RegExp(
        `Doubled membrane\\n+tomogram ${tomogram.id} of ${tomogram.run.name} · by \\w+ · \\d{4}-.*\\n+The upper one.\\nAsk about it.`,
      ),
    );
    // nothing to change it by
    expect(await group.getByRole("button").count()).toBe(0);
    await group.getByRole("link", { name: "Doubled membrane" }).click();
    await theirs.page.waitForURL(`${reading}${view!.to}`);
    await isSharp(theirs.page, "z");
    await expect.poll(() => said(theirs.page), WAIT).toBe(seen);
    await expect.poll(() => theirs.page.locator(".viewer").innerText(), WAIT).toContain("30.0 nm");

    // from there to another one, and back by the list
    await theirs.page.keyboard.press("Home");
    await expect.poll(() => said(theirs.page), WAIT).not.toBe(seen);
    await theirs.page.getByTitle(/^Save this view/).click();
    await theirs.page.locator("dialog").getByRole("link", { name: "Doubled membrane" }).click();
    await expect.poll(() => said(theirs.page), WAIT).toBe(seen);
    expect([await theirs.page.locator("dialog").count(), problems, theirs.problems]).toEqual([0, [], []]);
    await page.close();
    await theirs.page.close();
  });

  it("37.views: Neuroglancer has them, too; the palette leads to those of the server; a tab beside hears of a new one", {
    timeout: 300_000,
  }, async () => {
    const beside = await browser.open(`${reading}/runs/${tomogram.run.id}`, LAPTOP);
    const ownRun = await browser.open(`${writing}/runs/${tomogram.run.id}`, LAPTOP);
    await ownRun.page.locator("h1").first().waitFor(WAIT);
    const { page, problems } = await writer(`/neuroglancer/tomogram/${tomogram.id}?p=100,200,300`);
    await page.locator("iframe").waitFor(WAIT);
    await button(page, "Views").click(WAIT);
    await field(page, "Name").fill("From Neuroglancer");
    await button(page, "Save this view").click();
    await page.locator(".toasts", { hasText: "View saved: From Neuroglancer" }).waitFor(WAIT);
    const view = (await kept()).find(({ name }) => name === "From Neuroglancer")!;
    expect(view.to).toMatch(new RegExp(`^/view/tomogram/${tomogram.id}\\?p=100,200,300(?:&|$)`));
    // the tab beside was not looked at meanwhile; one of another server is not told
    await ownRun.page.getByRole("link", { name: "From Neuroglancer" }).waitFor(WAIT);
    expect(await beside.page.getByRole("link", { name: "From Neuroglancer" }).count()).toBe(0);

    const theirs = await other.open(`${reading}/neuroglancer/tomogram/${tomogram.id}`, LAPTOP);
    await button(theirs.page, "Views").click(WAIT);
    await theirs.page.locator("dialog").getByRole("link", { name: "From Neuroglancer" }).click(WAIT);
    await theirs.page.waitForURL(`${reading}${view.to.replace("/view/", "/neuroglancer/")}`);
    await theirs.page.locator("iframe").waitFor(WAIT);
    await theirs.page.goto(`${reading}/runs`, { waitUntil: "load" });
    await theirs.page.locator('[data-row="0"]').waitFor(WAIT);
    await theirs.page.keyboard.press("Control+k");
    await theirs.page.getByRole("combobox", { name: /^Search pages/ }).fill("from neuro");
    await theirs.page.getByRole("option", { name: /From Neuroglancer/ }).click(WAIT);
    await theirs.page.waitForURL(`${reading}${view.to}`);
    await isSharp(theirs.page, "z");
    expect([problems, beside.problems, ownRun.problems]).toEqual([[], [], []]);
    for (const one of [page, beside.page, ownRun.page, theirs.page]) await one.close();
  });

  it("37.views: a name and a note are texts, whatever they are", { timeout: 120_000 }, async () => {
    const { page, problems } = await writer(volume());
    await saveView(page, PAYLOAD, `${PAYLOAD}\n<b>bold</b> \u202egnp`);
    for (const path of [`/runs/${tomogram.run.id}`, "/saved", volume()]) {
      await page.goto(`${writing}${path}`, { waitUntil: "load" });
      if (path === volume()) await page.getByTitle(/^Save this view/).click();
      await page.getByRole("link", { name: PAYLOAD }).first().waitFor(WAIT);
      expect(await page.evaluate("[window.hit, document.querySelectorAll('main b, main img[src=x], dialog b').length]")).toEqual([
        undefined,
        0,
      ]);
    }
    expect(problems).toEqual([]);
    await page.close();
  });

  it("37.views: who may write renames and removes; another tab hears of it, and overwrites nothing that it has not seen", {
    timeout: 120_000,
  }, async () => {
    const { page } = await writer(volume("?p=100,100,100"));
    await saveView(page, "To be renamed");
    await page.goto(`${writing}/saved`, { waitUntil: "load" });
    const second = await browser.open(`${writing}/about#token=${token}`, LAPTOP);
    await second.page.locator("header", { hasText: "Writing" }).waitFor(WAIT);
    await second.page.goto(`${writing}/saved`, { waitUntil: "load" });
    await button(second.page, "Rename To be renamed").click();
    await page.bringToFront();
    await button(page, "Rename To be renamed").click();
    await field(page, "Name").fill("Renamed");
    await field(page, "Note").fill("why");
    await button(page, "Rename").click();
    await page.getByRole("link", { name: "Renamed", exact: true }).waitFor(WAIT);
    await field(second.page, "Name").fill("Mine");
    await button(second.page, "Rename").click();
    await second.page.getByRole("alert").filter({ hasText: "renamed meanwhile: it is “Renamed”" }).waitFor(WAIT);
    expect((await kept()).map(({ name }) => name)).toContain("Renamed");
    await button(page, "Remove Renamed").click();
    await button(page, "Keep").click();
    await button(page, "Remove Renamed").click();
    await button(page, "Remove").click();
    await expect.poll(() => page.getByRole("link", { name: "Renamed", exact: true }).count(), WAIT).toBe(0);
    expect((await kept()).map(({ name }) => name)).not.toContain("Renamed");
    await page.close();
    await second.page.close();
  });

  it("37.views: a page that only reads keeps its views in the browser, and says so", { timeout: 120_000 }, async () => {
    const before = await kept();
    const { page, problems } = await other.open(`${reading}${volume("?l=xy")}`, LAPTOP);
    await isSharp(page, "z");
    await page.keyboard.press("v");
    expect(await page.locator("dialog").innerText()).toContain("This page reads only, so the view is kept in this browser");
    await page.keyboard.press("Escape");
    await saveView(page, "Mine", "of this browser");
    expect(await kept()).toEqual(before);
    await page.goto(`${reading}/runs/${tomogram.run.id}`, { waitUntil: "load" });
    const group = page.getByRole("region", { name: "Views" });
    await group.getByRole("link", { name: "Mine" }).waitFor(WAIT);
    expect(await group.innerText()).toMatch(/Mine\n.*kept in this browser/);
    await button(page, "Rename Mine").click();
    await field(page, "Name").fill("Still mine");
    await button(page, "Rename").click();
    await page.reload({ waitUntil: "load" });
    await group.getByRole("link", { name: "Still mine" }).click();
    await page.waitForURL(`${reading}${volume("?l=xy")}`);
    // on the first page, too; somebody else's browser has none
    await page.goto(`${reading}/`, { waitUntil: "load" });
    await page.getByRole("link", { name: "Still mine" }).waitFor(WAIT);
    const theirs = await browser.open(`${reading}/saved`, LAPTOP);
    await theirs.page.getByRole("link", { name: "Doubled membrane" }).waitFor(WAIT);
    expect(await theirs.page.getByRole("link", { name: "Still mine" }).count()).toBe(0);
    await theirs.page.close();
    await page.goto(`${reading}/saved`, { waitUntil: "load" });
    await button(page, "Remove Still mine").click();
    await button(page, "Remove").click();
    await expect.poll(() => here(page), WAIT).toEqual([]);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("37.views: tabs of a browser lose nothing of each other, and a browser that keeps nothing says so", {
    timeout: 120_000,
  }, async () => {
    const [one, two] = [await other.open(`${reading}${volume()}`, LAPTOP), await other.open(`${reading}${volume()}`, LAPTOP)];
    await saveView(one.page, "of one tab");
    await two.page.bringToFront();
    await saveView(two.page, "of another tab");
    expect((await here(one.page)).map(({ name }) => name)).toEqual(["of another tab", "of one tab"]);
    await one.page.evaluate("Storage.prototype.setItem = () => { throw new Error('full'); }");
    await one.page.bringToFront();
    await one.page.keyboard.press("v");
    await field(one.page, "Name").fill("lost");
    await button(one.page, "Save this view").click();
    await one.page.getByRole("alert").filter({ hasText: "This browser keeps nothing" }).waitFor(WAIT);
    await one.page.evaluate("localStorage.removeItem('emporium.saved')");
    await one.page.close();
    await two.page.close();
  });

  it("37.searches: a list with its filters gets a name, and is found again", { timeout: 120_000 }, async () => {
    const { page, problems } = await other.open(`${reading}/runs?object=nucleus&as=table&sort=-name`, LAPTOP);
    await page.locator('[data-row="0"]').waitFor(WAIT);
    const shown = () => page.locator(".tools [role=status]").innerText();
    const count = await shown();
    await button(page, "Save this search").click();
    expect(await field(page, "Name").inputValue()).toBe("Runs: Object: nucleus");
    await field(page, "Name").fill("Nuclei by name");
    await button(page, "Save this search").last().click();
    await page.locator(".toasts", { hasText: "Search saved: Nuclei by name" }).waitFor(WAIT);
    expect(await here(page)).toMatchObject([{ name: "Nuclei by name", to: "/runs?object=nucleus&as=table&sort=-name" }]);
    // by typing
    await page.goto(`${reading}/about`, { waitUntil: "load" });
    await page.getByRole("heading", { name: "Keys" }).waitFor(WAIT);
    await page.keyboard.press("/");
    await page.keyboard.type("nuclei by");
    await page.getByRole("option", { name: /Nuclei by name/ }).waitFor(WAIT);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${reading}/runs?object=nucleus&as=table&sort=-name`);
    await expect.poll(shown, WAIT).toBe(count);
    // from the first page, and from where all are
    for (const path of ["/", "/saved"]) {
      await page.goto(`${reading}${path}`, { waitUntil: "load" });
      await page.getByRole("link", { name: "Nuclei by name" }).click();
      await page.waitForURL(`${reading}/runs?object=nucleus&as=table&sort=-name`);
    }
    await page.goto(`${reading}/saved`, { waitUntil: "load" });
    await button(page, "Remove Nuclei by name").click();
    await button(page, "Remove").click();
    await page.getByText("No searches yet.").waitFor(WAIT);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("37.views: the list and the dialog can be used on a phone, and by everybody", { timeout: 180_000 }, async () => {
    for (const size of [LAPTOP, PHONE]) {
      const { page } = await writer(volume(), size);
      await isSharp(page, "z");
      await page.getByTitle(/^Save this view/).click();
      await page.locator("dialog").getByRole("link", { name: "Doubled membrane" }).waitFor(WAIT);
      for (const colours of ["light", "dark"] as const) {
        await inColours(page, colours);
        await expectAccessible(page, `dialog ${size.width} ${colours}`, { within: "dialog" });
      }
      const box = (await page.locator("dialog").boundingBox())!;
      expect([box.x >= 0, box.x + box.width <= size.width, box.y >= 0, box.y + box.height <= size.height]).toEqual([
        true,
        true,
        true,
        true,
      ]);
      for (const path of ["/saved", `/runs/${tomogram.run.id}`]) {
        await page.goto(`${writing}${path}`, { waitUntil: "load" });
        await page.getByRole("link", { name: "Doubled membrane" }).waitFor(WAIT);
        await expectAccessible(page, `${path} ${size.width}`);
        if (path === "/saved") await expectUsable(page, `${path} ${size.width}`);
      }
      await page.close();
    }
  });
});
