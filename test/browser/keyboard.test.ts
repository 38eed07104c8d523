import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateMicroscopy } from "../../examples/lab/generate.mjs";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { focused } from "./seen.js";
import { type LabTree, makeLabTree, type ServedAt } from "./served-tree.js";
import { isSharp } from "./slices.js";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const WAIT = { timeout: 60_000 };
const STEPS_MAX = 150;

/** Nothing in this file touches a pointer: `page.mouse`, `click` and `focus` are not used. */
describe.skipIf(browserPath === undefined)(
  "A28: from the first page to every other one by keyboard alone (needs Chromium)",
  () => {
    let lab: LabTree;
    let served: ServedAt;
    let browser: Browser;
    let page: Page;
    let problems: readonly string[];
    const emporium = (...words: string[]) =>
      promisify(execFile)(process.execPath, [PROGRAM, ...words, "--workspace", join(lab.folder, "workspace")], {
        cwd: lab.folder,
      })
        // findings are what the page is to show
        .catch((error: { code?: number }) => expect(error.code).toBe(4));

    beforeAll(async () => {
      lab = await makeLabTree(["cell"], { hasRun: true });
      await generateMicroscopy({ out: join(lab.folder, "microscopy") });
      const [csv, config, storage] = ["files.csv", "frames.json", "storage"].map((name) => `microscopy/${name}`);
      await emporium("catalog", "upload", "--csv", csv!, "--config", config!, "--storage", storage!);
      await emporium("ingest", "validate", "standardized", lab.tree);
      served = await lab.serve(lab.tree, join(lab.folder, storage!));
      browser = await startBrowser([served.url]);
      ({ page, problems } = await browser.open(served.url, { width: 1280, height: 800 }));
      await page.getByRole("heading", { level: 1 }).waitFor(WAIT);
    }, 600_000);
    afterAll(async () => {
      await browser?.close();
      await lab?.close();
    });

    /** What has the focus, which can be seen and is in sight. */
    const stop = async () => {
      const now = await focused(page);
      expect([now.name, now.isSeen, now.isInSight]).toEqual([now.name, true, true]);
      return now.name;
    };
    /** By Tab, until something of this name has the focus. */
    const tabTo = async (name: RegExp) => {
      for (let step = 0; step < STEPS_MAX; step++) {
        await page.keyboard.press("Tab");
        const { name: here } = await focused(page);
        // between the last and the first one the browser has it
        if (here === "") continue;
        await stop();
        const label = await page.evaluate<string>("document.activeElement.closest('label')?.innerText ?? ''");
        if (name.test(here) || name.test(label)) return;
      }
      throw new Error(`Tab does not lead to ${name}`);
    };
    const goTo = async (list: string, path: RegExp) => {
      // a link of the header, or one of a menu of it
      await tabTo(new RegExp(`^(?:A ${list}|SUMMARY (?:Work|Pages))$`));
      if ((await focused(page)).name.startsWith("SUMMARY")) {
        await page.keyboard.press("Enter");
        await tabTo(new RegExp(`^A ${list}$`));
      }
      await page.keyboard.press("Enter");
      await page.waitForURL(({ pathname }) => path.test(pathname), WAIT);
    };
    const press = async (...keys: string[]) => {
      for (const key of keys) {
        await page.keyboard.press(key);
        await stop();
      }
    };
    const parameter = (name: string) => new URL(page.url()).searchParams.get(name);
    /** Of the crosshair. */
    const voxel = async () =>
      /voxel (\d+) (\d+) (\d+)/
        .exec((await page.locator(".v-readout").textContent()) ?? "")
        ?.slice(1)
        .map(Number);

    it("A13: filters by a facet and takes it back", { timeout: 300_000 }, async () => {
      await goTo("Runs", /\/runs$/);
      await page.locator(".facets label.check").first().waitFor(WAIT);
      const before = page.url();
      await tabTo(/Bacillus subtilis|subtilis/);
      await press("Space");
      await expect.poll(() => page.url(), WAIT).not.toBe(before);
      await page.locator(".tools [role=status]").getByText("1 run").waitFor(WAIT);
      await press("Space");
      await expect.poll(() => page.url(), WAIT).toBe(before);
    });

    it("A1, A6, A8: opens a run and its viewer; slice, crosshair, measure, contrast", { timeout: 300_000 }, async () => {
      await tabTo(/cell_01/);
      await page.keyboard.press("Enter");
      await page.waitForURL(({ pathname }) => /\/runs\/\d+$/.test(pathname), WAIT);
      await page.getByRole("heading", { name: "cell_01" }).waitFor(WAIT);
      await tabTo(/Open in viewer/);
      await page.keyboard.press("Enter");
      await page.waitForURL(({ pathname }) => /\/view\//.test(pathname), WAIT);
      await isSharp(page, "z");
      if (!(await focused(page)).name.startsWith("CANVAS")) await tabTo(/^CANVAS xy plane/);
      const live = page.locator(".viewer > [role=status]");
      const slice = () => page.evaluate<string>("document.activeElement.ariaLabel");
      const number = Number(/slice (\d+)/.exec(await slice())![1]);
      await press("PageDown", "PageDown");
      await expect.poll(() => live.textContent(), WAIT).toBe(`xy slice ${number + 2}`);
      await press("PageUp");
      await expect.poll(() => live.textContent(), WAIT).toBe(`xy slice ${number + 1}`);
      await expect.poll(voxel, WAIT).toHaveLength(3);
      const [x, y, z] = (await voxel())!;
      await press("Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown");
      await expect.poll(voxel, WAIT).toEqual([x! + 2, y! + 1, z]);
      await press("m", "Enter");
      for (let i = 0; i < 3; i++) await press("Shift+ArrowRight");
      for (let i = 0; i < 4; i++) await press("Shift+ArrowDown");
      await expect.poll(voxel, WAIT).toEqual([x! + 5, y! + 5, z]);
      await page.keyboard.press("Enter");
      // 3 and 4 voxels of 10.8 Å
      await expect.poll(() => page.locator(".v-measures strong").allTextContents(), WAIT).toEqual(["54.0 Å"]);
      await press("Escape", "a");
      await expect.poll(() => parameter("c"), WAIT).not.toBeNull();
      const auto = parameter("c");
      await press("F2");
      await expect.poll(() => parameter("c"), WAIT).not.toBe(auto);
      // what has no key is reached as every control
      await tabTo(/^DIV Black/);
      const black = parameter("c");
      await press("ArrowRight");
      await expect.poll(() => parameter("c"), WAIT).not.toBe(black);
    });

    it("A20: opens the list of jobs, and one of them", { timeout: 300_000 }, async () => {
      await goTo("Jobs", /\/jobs$/);
      await page.locator("tbody a").first().waitFor(WAIT);
      await tabTo(/^A Ingest: /);
      await page.keyboard.press("Enter");
      await page.waitForURL(({ pathname }) => /\/jobs\/.+/.test(pathname), WAIT);
      await page.locator("[role=status]").getByText("ended well").waitFor(WAIT);
    });

    it("A25: opens a report and chooses what it shows", { timeout: 300_000 }, async () => {
      await goTo("Validation", /\/reports$/);
      await page.locator("tbody a").first().waitFor(WAIT);
      await tabTo(/^A \d{4}-\d{2}-\d{2} \d{2}:\d{2} \S+/);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1 }).waitFor(WAIT);
      await tabTo(/^SELECT/);
      await press("ArrowDown");
      await expect.poll(() => parameter("group"), WAIT).toBe("entity");
    });

    it("A26: searches the microscopy catalogue, and goes over a contact sheet", { timeout: 300_000 }, async () => {
      await goTo("Microscopy", /\/microscopy$/);
      await page.locator("tbody a").first().waitFor(WAIT);
      const search = async (filter: string) => {
        await tabTo(/^INPUT|^Where/);
        while (!(await page.evaluate<boolean>("document.activeElement.name === 'where'"))) await press("Tab");
        await page.keyboard.press("Control+A");
        await page.keyboard.type(filter);
        await page.keyboard.press("Enter");
      };
      await search("nbr_channels > 2");
      await page.getByText("No data set fulfils all of these conditions.").waitFor(WAIT);
      expect(parameter("where")).toBe("nbr_channels > 2");
      await search("nbr_channels = 2");
      await page.locator("tbody a").first().waitFor(WAIT);
      await tabTo(/^A CELLS-/);
      await page.keyboard.press("Enter");
      await page.getByRole("grid").waitFor(WAIT);
      await page.getByRole("gridcell").first().waitFor(WAIT);
      while (!(await page.evaluate<boolean>("document.activeElement.getAttribute('role') === 'grid'"))) {
        await page.keyboard.press("Tab");
        await stop();
      }
      await press("ArrowRight", "ArrowDown");
      await page.getByRole("gridcell", { name: /c 1.*z 1/, selected: true }).waitFor(WAIT);
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor(WAIT);
      await stop();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ ...WAIT, state: "detached" });
      expect(problems).toEqual([]);
    });
  },
);
