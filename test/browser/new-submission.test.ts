import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NewConfig } from "../../src/stations/ingest/laboratory/new-config.js";
import { LAB_RUNS, writeSubmissionLab } from "../submission-lab.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { BREACHES } from "./laws.js";
import { expectAccessible, inColours } from "./seen.js";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const WAIT = { timeout: 60_000 };
/** Clicks and choices that a curator may need for twelve runs with two contradictions. */
const CLICKS_MAX = 25;
const PICTURES = process.env.PICTURES;
const WIDTHS = [390, 1280, 2560];

describe.skipIf(browserPath === undefined)("New submission (needs Chromium)", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "emporium-submission-")));
  const [data, tokens] = [join(folder, "data"), join(folder, "tokens")];
  const lab = join(data, "lab");
  const token = "t".repeat(43);
  let child: ChildProcess;
  let url: string;
  let browser: Browser;

  beforeAll(async () => {
    writeSubmissionLab(lab);
    writeFileSync(tokens, `ada write ${token}\n`, { mode: 0o600 });
    const words = [
      "serve",
      data,
      "--port",
      "0",
      "--json",
      "--workspace",
      join(folder, "workspace"),
      "--write",
      "--token-file",
      tokens,
    ];
    const server = spawn(process.execPath, [PROGRAM, ...words], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
    child = server;
    let text = "";
    for await (const piece of server.stdout.setEncoding("utf8")) {
      text += piece as string;
      if (text.endsWith("\n}\n")) break;
    }
    ({ url } = JSON.parse(text) as { url: string });
    browser = await startBrowser([url]);
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    if (child && child.exitCode === null) {
      child.kill("SIGINT");
      await once(child, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  });

  /** Shows what is open at all widths, light and dark: no law is broken, and who gives a folder has its pictures. */
  async function look(page: Page, name: string): Promise<void> {
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: width < 720 ? 844 : width < 2000 ? 800 : 1440 });
      for (const colours of ["light", "dark"] as const) {
        await inColours(page, colours);
        expect([name, width, colours, await page.evaluate<string[]>(BREACHES)]).toEqual([name, width, colours, []]);
        if (PICTURES) await page.screenshot({ path: join(PICTURES, `${name}-${width}-${colours}.png`), fullPage: true });
      }
      await expectAccessible(page, `${name} at ${width}`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await inColours(page, "light");
  }

  it("a curator brings twelve runs with two contradictions to a validated tree in at most 25 clicks, and no YAML is touched", async () => {
    const { page, problems } = await browser.open(`${url}/new#token=${token}`, { width: 1280, height: 900 });
    let clicks = 0;
    const click = async (what: Locator) => {
      clicks++;
      await what.click(WAIT);
    };
    const choose = async (what: Locator, value: string) => {
      clicks++;
      await what.selectOption(value);
    };
    const button = (name: string | RegExp, within: Page | Locator = page) =>
      within.getByRole("button", { name, exact: typeof name === "string" });
    await button("lab").waitFor(WAIT);
    await look(page, "choose");
    await click(button("lab"));
    // three questions, the same as in a terminal
    await page.getByText("3 questions to answer").waitFor(WAIT);
    const questions = page.locator(".question");
    await expect.poll(() => page.locator(".question canvas[data-drawn=true]").count(), WAIT).toBe(5);
    await look(page, "known");
    expect(existsSync(join(data, "lab.yaml"))).toBe(false);
    await click(button("13.48", questions.filter({ hasText: "voxel size" }).first()));
    await page.getByText("2 questions to answer").waitFor(WAIT);
    await click(button("1", questions.filter({ hasText: "TS_07" })));
    await page.getByText("1 question to answer").waitFor(WAIT);
    await click(button("tomogram", questions.filter({ hasText: "TS_05" })));
    await page.getByText("All questions are answered").waitFor(WAIT);
    await button("TS_05, tomogram: 1 file").waitFor(WAIT);
    // one file, by its picture
    await click(button("TS_03, raw tilts: 1 file"));
    await click(page.getByLabel("st/TS_03.rawtlt"));
    await choose(page.locator(".decide select"), "left out");
    await click(button("Decide"));
    await button("TS_03, raw tilts: 0 files, others have 1").waitFor(WAIT);
    await click(button("Take back the last decision"));
    await button("TS_03, raw tilts: 1 file").waitFor(WAIT);
    // a group
    await click(button("Leave out", page.getByRole("listitem").filter({ hasText: "notes/reading.txt" })));
    await page.getByText(/not used: a text/).waitFor({ ...WAIT, state: "detached" });
    // the contact sheet of all tomograms
    await click(button(/^tomogram 12/));
    await page.getByRole("heading", { name: "tomogram of all runs" }).waitFor(WAIT);
    await expect.poll(() => page.locator(".files canvas[data-drawn=true]").count(), WAIT).toBe(12);
    await look(page, "sheet");
    await click(button("Close"));
    // facts, once for all
    const typed = {
      ...{ "Number of the deposition at the portal": "10301", "Number of the dataset, which names its folder": "10401" },
      ...{
        Title: "Spores",
        "Description, a few sentences": "Tomograms of spores.",
        "First author, to whom one writes": "Ada Example",
      },
      ...{ "ORCID of the first author": "0000-0002-1825-0097", "Day of the release": "2026-02-01" },
      ...{ "Scientific name of the organism": "Bacillus subtilis", "Number of the organism in NCBI's taxonomy": "1423" },
      ...{
        "Model of the microscope": "Krios G4",
        "Energy filter": "Selectris",
        "Spherical aberration of the objective lens, mm": "2.7",
      },
    };
    for (const [label, value] of Object.entries(typed)) await page.getByLabel(label, { exact: true }).fill(value);
    await choose(page.getByLabel(/^Your mark/), "4");
    await choose(page.getByLabel("Type of the sample"), "organism");
    await page.getByText("14 facts not saved").waitFor(WAIT);
    await click(button("Write both files"));
    await page.getByText(/✓ Written/).waitFor(WAIT);
    const config = join(data, "lab.yaml");
    const decisions = join(data, "lab.decisions.yaml");
    expect([existsSync(config), existsSync(decisions)]).toEqual([true, true]);
    // the terminal, given the file of decisions, has nothing to ask, and finds the same
    const words = ["ingest", "new", "--from", lab, "--decisions", decisions, "--json"];
    const there = JSON.parse(execFileSync(process.execPath, [PROGRAM, ...words], { cwd: folder, encoding: "utf8" })) as NewConfig;
    expect(there.questions.filter(({ isAnswered }) => !isAnswered)).toEqual([]);
    const tomograms = there.files.filter(({ role }) => role === "tomogram").map(({ path, run }) => [path, run]);
    expect(tomograms).toEqual(LAB_RUNS.map((run) => [`rec/${run}.rec`, run]));
    const text = readFileSync(config, "utf8");
    await click(button("Plan the ingest"));
    await page.getByText("Nothing is in the way").waitFor(WAIT);
    await look(page, "planned");
    await click(button("Start ingest"));
    await click(button("Validate the tree"));
    await page.getByRole("heading", { level: 1, name: "Plan of ingest validate" }).waitFor(WAIT);
    await click(button(/^Start/));
    await page.getByText("ended well").waitFor(WAIT);
    expect(readFileSync(config, "utf8")).toBe(text);
    expect(
      readdirSync(join(data, "portal/10401"))
        .filter((name) => name.startsWith("TS_"))
        .sort(),
    ).toEqual(LAB_RUNS);
    expect(problems).toEqual([]);
    expect(clicks).toBeLessThanOrEqual(CLICKS_MAX);
    console.info(`clicks: ${clicks}`);
    await page.close();
  }, 600_000);

  it("a second tab that has not seen a decision decides nothing, and shows it; one may take it back; arrows go through the table", async () => {
    const { page } = await browser.open(`${url}/new#token=${token}`, { width: 1280, height: 900 });
    await page.getByRole("button", { name: "lab", exact: true }).click(WAIT);
    await page.getByText("3 questions to answer").waitFor(WAIT);
    const { page: other } = await browser.open(`${page.url()}#token=${token}`, { width: 1280, height: 900 });
    await other.getByText("3 questions to answer").waitFor(WAIT);
    await page.getByRole("button", { name: "13.48", exact: true }).click(WAIT);
    await page.getByText("2 questions to answer").waitFor(WAIT);
    await other.getByRole("button", { name: "1.348", exact: true }).click(WAIT);
    await other.getByText("somebody has decided something else meanwhile").waitFor(WAIT);
    await other.getByText("2 questions to answer").waitFor(WAIT);
    await other.getByRole("button", { name: "Take back the last decision" }).press("Enter");
    await other.getByText("3 questions to answer").waitFor(WAIT);
    await other.close();
    const cell = page.getByRole("button", { name: "TS_01, tomogram: 1 file" });
    await page.locator("[data-cell='0 1']").focus();
    await page.keyboard.press("ArrowDown");
    expect(await cell.evaluate((one) => one === document.activeElement)).toBe(true);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "tomogram of TS_01" }).waitFor(WAIT);
    await page.goBack();
    await page.getByRole("heading", { name: "tomogram of TS_01" }).waitFor({ ...WAIT, state: "detached" });
    // a fact that will not do is told at its field, and nothing is written
    await page.getByLabel("ORCID of the first author").fill("12");
    await page.getByRole("button", { name: "Write both files" }).click(WAIT);
    await page.getByText("expected an ORCID as 0000-0002-1825-0097").waitFor(WAIT);
    await page.close();
  }, 300_000);

  it("only reads without a token, and says what to do; an unknown submission leads to the choice of a folder", async () => {
    const { page } = await browser.open(`${url}/new`);
    await page.getByText("This page only reads").waitFor(WAIT);
    expect(await page.getByRole("button", { name: /Look at/ }).count()).toBe(0);
    await page.close();
    const { page: gone } = await browser.open(`${url}/new?of=20200101T000000-000000#token=${token}`);
    await gone.getByText("the server was started anew").waitFor(WAIT);
    await gone.getByRole("link", { name: "Choose a folder" }).click(WAIT);
    await gone.getByRole("button", { name: "Look at the folder" }).waitFor(WAIT);
    await gone.close();
  }, 120_000);
});
