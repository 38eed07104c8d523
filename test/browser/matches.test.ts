import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { remove } from "../e2e/curate-kit.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { PAYLOADS } from "./payloads.js";
import { expectAccessible, expectForcedColours, expectUsable, focused, SIZES } from "./seen.js";
import { type Desk, desk } from "./workspace-kit.js";

const WAIT = { timeout: 60_000 };
const MATCH = ["curate", "match", "grp_tomo_db1_d1", "grp_tomo_db1_d2", "--runs", "portal-runs.json"];
const [ANN, BOB] = ["a".repeat(43), "b".repeat(43)];
/** A name that a spreadsheet would run, and a page, too. */
const EVE = `=cmd|'/c'!A1"><img/src=x/onerror=window.hit=1>`;
/** The csv module reads; each line by its header. */
const READ_CSV =
  "import csv, json, sys; print(json.dumps(list(csv.DictReader(open(sys.argv[1], encoding='utf-8', newline='')))))";

describe.skipIf(browserPath === undefined)("decisions on matches (needs Chromium)", () => {
  let at: Desk;
  let url: string;
  let ann: Browser;
  let bob: Browser;
  const csv = (name: string) =>
    JSON.parse(execFileSync("python3", ["-c", READ_CSV, join(at.folder, name)], { encoding: "utf8" })) as Record<
      string,
      string
    >[];
  const open = async (who: Browser, end: string) => {
    const watched = await who.open(`${url}/curate/matches${end}`, { width: 1280, height: 900 });
    await watched.page.locator("#matches tbody tr").first().waitFor(WAIT);
    return watched;
  };
  const decided = (page: Page) => page.locator("#matches tbody tr td:nth-child(6)").allInnerTexts();
  const shot = async (page: Page, name: string) => {
    const folder = process.env.EMPORIUM_SHOTS;
    if (folder) await page.screenshot({ path: join(folder, `${name}.png`) });
  };

  beforeAll(async () => {
    at = desk();
    await at.run(...MATCH);
    const tokens = join(at.folder, ".tokens");
    writeFileSync(tokens, `ann review,write ${ANN}\n${EVE} review ${BOB}\n`, { mode: 0o600 });
    url = await at.serve(".", "--write", "--token-file", tokens);
    [ann, bob] = await Promise.all([startBrowser([url]), startBrowser([url])]);
  }, 600_000);
  afterAll(async () => {
    await Promise.all([ann?.close(), bob?.close()]);
    await at?.close();
    if (at) remove(at.folder);
  });

  it("A17 A28: two at once accept, reject and undo by keys; who comes second gets the other's choice; curate match obeys", {
    timeout: 600_000,
  }, async () => {
    const one = await open(ann, `#token=${ANN}`);
    const two = await open(bob, `#token=${BOB}`);
    await one.page.getByRole("button", { name: "accept" }).waitFor(WAIT);
    await two.page.getByRole("button", { name: "accept" }).waitFor(WAIT);
    expect(one.page.url()).not.toContain("token");
    const before = csv("matching_runs.csv");
    expect(before.map(({ status }) => status)).toEqual(["matched", "matched", "matched", "ambiguous", "ambiguous"]);
    // to the rows by Tab alone
    for (let tab = 0; tab < 60 && !(await focused(one.page)).name.startsWith("TR"); tab++) await one.page.keyboard.press("Tab");
    expect(await focused(one.page)).toMatchObject({ name: expect.stringMatching(/^TR/), isSeen: true, isInSight: true });
    for (let row = 0; row < 3; row++) await one.page.keyboard.press("j");
    expect(await focused(one.page)).toMatchObject({ isSeen: true, isInSight: true });
    // (37.9) a tab beside, which nobody looks at, hears of it
    const beside = await open(ann, "");
    await one.page.bringToFront();
    await one.page.keyboard.press("a");
    await expect.poll(() => decided(one.page), WAIT).toContain("✓ accepted · ann");
    await expect.poll(() => decided(beside.page), WAIT).toContain("✓ accepted · ann");
    expect(beside.problems).toEqual([]);
    await beside.page.close();
    await expect
      .poll(() => one.page.locator('aside [role="status"]').innerText(), WAIT)
      .toMatch(/^mk2019-11-19-73 accepted, saved \d\d:\d\d \S+$/);

    await two.page.locator("#matches tbody tr").nth(3).focus();
    await two.page.keyboard.press("r");
    const told = two.page.locator('aside [role="alert"]');
    await told.waitFor(WAIT);
    expect(await told.innerText()).toContain("accepted by ann meanwhile");
    expect((await decided(two.page))[3]).toBe("✓ accepted · ann");
    await shot(two.page, "changed");
    await two.page.keyboard.press("ArrowDown");
    await two.page.keyboard.press("r");
    await expect.poll(async () => (await decided(two.page))[4], WAIT).toBe(`✕ rejected · ${EVE}`);
    for (const key of ["Home", "r"]) await two.page.keyboard.press(key);
    await expect.poll(async () => (await decided(two.page))[0], WAIT).toBe(`✕ rejected · ${EVE}`);
    await two.page.keyboard.press("u");
    await expect.poll(async () => (await decided(two.page))[0], WAIT).toBe(`undone · ${EVE}`);
    expect(await two.page.locator("aside").innerText()).toMatch(/2 rows decided, saved \d\d:\d\d \S+/);
    await shot(two.page, "decided");
    // the first tab hears of it when it is looked at again
    expect((await decided(one.page))[4]).not.toContain("rejected");
    await one.page.evaluate('window.dispatchEvent(new Event("visibilitychange"))');
    await expect.poll(async () => (await decided(one.page))[4], WAIT).toBe(`✕ rejected · ${EVE}`);

    const guarded = `'${EVE}`;
    expect(csv("decisions.csv").map((row) => [row.archive_path, row.portal_run_id, row.decision, row.who])).toEqual([
      [before[3]!.path, "73", "accept", "ann"],
      [before[4]!.path, "74", "reject", guarded],
      [before[0]!.path, "71", "", guarded],
    ]);
    // on its defaults
    const printed = JSON.parse(await at.run(...MATCH, "--json")) as { counts: { rejected: number; ambiguous: number } };
    expect(printed.counts).toMatchObject({ rejected: 1, ambiguous: 0 });
    expect(csv("matching_runs.csv").map(({ status }) => status)).toEqual(["matched", "matched", "matched", "manual", "rejected"]);
    // the table was made anew meanwhile: what was seen is not what is decided about
    await one.page.keyboard.press("r");
    await one.page.locator('aside [role="alert"]').waitFor(WAIT);
    await expect
      .poll(async () => await one.page.locator("#matches tbody tr").nth(3).locator("td").nth(2).innerText(), WAIT)
      .toBe("✓ manual");
    const harmless = ({ problems }: { problems: string[] }) => problems.filter((text) => !text.includes("412"));
    expect([harmless(one), harmless(two), await two.page.evaluate("window.hit")]).toEqual([[], [], undefined]);
    await one.page.close();
    await two.page.close();
  });

  it("A21: without a token decisions are shown, and nothing can be decided", { timeout: 300_000 }, async () => {
    const reader = await startBrowser([url]);
    const { page, problems } = await open(reader, "");
    expect((await decided(page)).slice(3)).toEqual(["✓ accepted · ann", `✕ rejected · ${EVE}`]);
    expect(await page.locator("aside button, aside input, #matches button").count()).toBe(0);
    const file = readFileSync(join(at.folder, "decisions.csv"));
    // (37.4) keys work on arrival
    await page.keyboard.press("j");
    expect(await page.evaluate("document.activeElement.dataset.row")).toBe("1");
    await page.keyboard.press("k");
    for (const key of ["a", "r", "u", "j", "a"]) await page.keyboard.press(key);
    expect(await focused(page)).toMatchObject({ name: expect.stringMatching(/^TR/), isSeen: true });
    expect([readFileSync(join(at.folder, "decisions.csv")).equals(file), problems]).toEqual([true, []]);
    await shot(page, "reading");
    await reader.close();
  });

  it("A27 A29: with decisions, and the pane of a row with its volume: axe, sizes, forced colours", {
    timeout: 600_000,
  }, async () => {
    const { page } = await open(ann, `#token=${ANN}`);
    await page.locator('aside canvas[data-drawn="true"]').waitFor(WAIT);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await shot(page, colorScheme);
      await expectAccessible(page, colorScheme);
    }
    for (const size of SIZES) {
      await page.setViewportSize(size);
      await shot(page, `at-${size.width}`);
      await expectUsable(page, `matches ${size.width}`);
    }
    await expectForcedColours(page, "matches");
    await page.close();
  });

  it("A23: 60 notes by hand that a page would run are text", { timeout: 300_000 }, async () => {
    const path = join(at.folder, "decisions.csv");
    const rows = csv("matching_runs.csv");
    const { page, problems } = await open(ann, `#token=${ANN}`);
    for (let from = 0; from < PAYLOADS.length; from += rows.length) {
      const lines = rows.map(({ path: folder, CZI_run_id }, n) => {
        const payload = PAYLOADS[from + n]?.replaceAll('"', '""');
        return `${folder},${CZI_run_id},accept,"${payload}","${payload}"\n`;
      });
      writeFileSync(path, `archive_path,portal_run_id,decision,who,note\n${lines.join("")}`);
      await page.reload();
      await expect
        .poll(() => decided(page), WAIT)
        .toEqual(PAYLOADS.slice(from, from + rows.length).map((one) => `✓ accepted · ${one} · ${one}`));
    }
    const injected = "document.querySelectorAll('main script, main iframe, main img[src=x], main details, main style').length";
    expect([problems, await page.evaluate("window.hit"), await page.evaluate(injected)]).toEqual([[], undefined, 0]);
    await page.close();
  });
});
