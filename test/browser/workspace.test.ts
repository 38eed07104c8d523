import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { remove } from "../e2e/curate-kit.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { expectAccessible, expectForcedColours, expectUsable, SIZES } from "./seen.js";
import { type Desk, desk, PAYLOAD } from "./workspace-kit.js";

const WAIT = { timeout: 60_000 };
const COMPARED = ["documents/file_metadata.json", "--web", "documents/web_metadata.json"];
const DRIVES = ["grp_tomo_db1_d1", "grp_tomo_db1_d2"];
/** The csv module reads; each line a list of cells, empty lines stay. */
const READ_CSV = "import csv, json, sys; print(json.dumps(list(csv.reader(open(sys.argv[1], encoding='utf-8', newline='')))))";
const csvLines = (path: string) =>
  JSON.parse(execFileSync("python3", ["-c", READ_CSV, path], { encoding: "utf8" })) as string[][];
const texts = (page: Page, rows: string) =>
  page.evaluate<string[][]>(
    `[...document.querySelectorAll(${JSON.stringify(rows)})].map((row) => [...row.children].map((cell) => cell.innerText.trim()))`,
  );

describe.skipIf(browserPath === undefined)("pages of the workspace (needs Chromium)", () => {
  let at: Desk;
  let browser: Browser;
  let url: string;
  const open = (path: string) => browser.open(`${url}${path}`, { width: 1280, height: 900 });

  beforeAll(async () => {
    at = desk();
    url = await at.serve();
    browser = await startBrowser([url]);
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await at?.close();
    if (at) remove(at.folder);
  });

  /** The lines of the table that the page saves. */
  const savedBy = async (page: Page) => {
    const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
    return csvLines(await saved.path());
  };

  it("A31: before any command, each page says which one fills it", async () => {
    for (const [path, command] of [
      ["/harvest", "emporium harvest compare"],
      ["/harvest/compare", "emporium harvest compare"],
      ["/curate/overlap", "emporium curate match"],
      ["/curate/overlap?by=label", "emporium curate labels"],
      ["/curate/matches", "emporium curate match"],
      ["/curate/labels", "emporium curate labels"],
      ["/curate/batches", "emporium curate collect"],
    ] as const) {
      const { page, problems } = await open(path);
      const panel = page.locator(".empty");
      await panel.waitFor(WAIT);
      expect([path, await panel.locator("code").first().textContent(), problems]).toEqual([
        path,
        expect.stringContaining(command),
        [],
      ]);
      await page.close();
    }
  });

  it("A16: a comparison made by the defaults is shown; CSV from the page has the cells of --json; the contradiction has a sign and a colour", async () => {
    const printed = JSON.parse(await at.run("harvest", "compare", ...COMPARED, "--json")) as {
      images: { columns: string[]; rows: Record<string, unknown>[] };
      acquisition: { columns: string[]; rows: Record<string, unknown>[] };
      conflicts: { dataset: string; field: string; says: string }[];
    };
    expect(printed.conflicts).toHaveLength(1);
    const { page, problems } = await open("/harvest");
    await page.locator("tbody a").click(WAIT);
    const disputed = page.locator("td a.warn");
    await disputed.waitFor(WAIT);
    expect(await disputed.count()).toBe(1);
    expect(await disputed.innerText()).toBe("⚠ FEI Quanta [1]");
    const colours = await page.evaluate<string[]>(
      `["td a.warn", "td:not(:has(a))"].map((one) => getComputedStyle(document.querySelector(one)).color)`,
    );
    expect(colours[0]).not.toBe(colours[1]);
    expect(await page.locator("#contradiction-1").innerText()).toContain(printed.conflicts[0]!.says);

    const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "CSV" }).click()]);
    const path = join(at.folder, "saved.csv");
    await saved.saveAs(path);
    const lines = csvLines(path);
    const plain = (value: unknown): string =>
      typeof value === "number"
        ? String(Number(value.toPrecision(12))) // the table's numbers lack the noise of their last bits
        : value === null || value === undefined
          ? ""
          : Array.isArray(value)
            ? `[${value.map(plain).join(", ")}]`
            : String(value as string);
    const numbers = (cell: string) => cell.replace(/(\d)\.0(?=\D|$)/g, "$1"); // Python's floats
    const { images, acquisition } = printed;
    expect(lines[0]!.slice(0, -1)).toEqual(images.columns);
    expect(lines.slice(1, 1 + images.rows.length).map((cells) => cells.slice(0, -1).map(numbers))).toEqual(
      images.rows.map((row) => images.columns.map((key) => plain(row[key]))),
    );
    const from = 2 + images.rows.length;
    expect(lines[from]).toEqual(acquisition.columns);
    expect(lines.slice(from + 1, from + 1 + acquisition.rows.length)).toEqual(
      acquisition.rows.map((row) => acquisition.columns.map((key) => plain(row[key]))),
    );
    // what is seen is what is saved: marks apart
    const [, ...seen] = await texts(page, '[aria-label="Images"] tr');
    expect(seen.map((cells) => cells.map((cell) => cell.replace("–", "")))).toEqual(
      lines.slice(1, 1 + images.rows.length).map((cells) => cells.slice(0, -1)),
    );
    expect([problems, await page.evaluate("window.hit"), await page.locator(`img[src="x"]`).count()]).toEqual([[], undefined, 0]);
    expect(await page.getByText(PAYLOAD).count()).toBeGreaterThan(0);
    await page.close();
  });

  it("A18: labels have the numbers of --csv, and the picture is the one of --plot", async () => {
    await at.run("curate", "match", ...DRIVES, "--runs", "portal-runs.json");
    await at.run(
      ...["curate", "labels", ...DRIVES, "--matches", "matching_runs.csv"],
      "--csv",
      "labels.csv",
      "--plot",
      "labels.svg",
    );
    const [head, ...lines] = csvLines(join(at.folder, "labels.csv"));
    expect(head).toHaveLength(8);
    const { page, problems } = await open("/curate/labels");
    await page.locator("details > summary").filter({ hasText: "By drive" }).click(WAIT);
    expect(await texts(page, "#files tbody tr")).toEqual(lines);
    const sums = new Map<string, number>();
    for (const [, label, , kind, n] of lines)
      if (kind === "annotation" || kind === "unlisted") sums.set(label!, (sums.get(label!) ?? 0) + Number(n));
    const bars = await texts(page, "#labels tbody tr");
    expect(new Map(bars.map(([label, n]) => [label, Number(n)]))).toEqual(sums);
    expect(sums.get("MS")).toBeGreaterThan(1);
    const picture = await page.locator("main img").getAttribute("src");
    expect(await (await fetch(picture!)).text()).toBe(readFileSync(join(at.folder, "labels.svg"), "utf8"));
    await expect.poll(() => page.evaluate<number>("document.querySelector('main img').naturalWidth"), WAIT).toBeGreaterThan(0);
    const csv = await fetch(picture!.replace(/svg$/, "csv"));
    expect(Buffer.from(await csv.arrayBuffer())).toEqual(readFileSync(join(at.folder, "labels.csv")));
    expect(problems).toEqual([]);
    await page.close();
  });

  it("matches have the rows of the table, with differing letters marked; filters are in the address; overlap leads to its rows", async () => {
    const [head, ...lines] = csvLines(join(at.folder, "matching_runs.csv"));
    const column = (name: string) => head!.indexOf(name);
    const { page, problems } = await open("/curate/matches");
    await page.locator("#matches").waitFor(WAIT);
    const seen = await texts(page, "#matches tbody tr");
    expect(seen.map(([name, run, , rule, score]) => [name, run!.split(" ")[0], rule, Number(score)])).toEqual(
      lines.map((cells) => [
        ...["sc_run_name", "CZI_run_name", "rule"].map((name) => cells[column(name)]),
        Number(cells[column("score")]),
      ]),
    );
    await page.getByRole("button", { name: /ambiguous/ }).click();
    await expect.poll(() => page.url(), WAIT).toContain("status=ambiguous");
    const ambiguous = lines.filter((cells) => cells[column("status")] === "ambiguous");
    expect(ambiguous.length).toBe(2);
    await expect.poll(() => page.locator("#matches tbody tr").count(), WAIT).toBe(ambiguous.length);
    expect(await page.locator("#matches mark").allTextContents()).toEqual(["a", "b"]);
    await page.goto(`${url}/curate/overlap`);
    const cell = page.locator("#overlap tbody tr", { hasText: "d1" }).getByRole("link").first();
    await cell.waitFor(WAIT);
    const drives = (await texts(page, "#overlap tbody tr")).map((cells) => [cells[0], Number(cells.at(-1))]);
    const taken = lines.filter((cells) => ["matched", "manual"].includes(cells[column("status")]!));
    const onDrive = (drive: string) => taken.filter((cells) => cells[column("path")]!.includes(`/${drive}/`)).length;
    expect(drives).toEqual(DRIVES.map((drive) => [drive, onDrive(drive)]));
    const [columns, ...cells] = await savedBy(page);
    expect(columns).toEqual(["drive", "species", "count"]);
    const sum = (drive: string) => cells.reduce((all, [of, , n]) => (of === drive ? all + Number(n) : all), 0);
    expect(DRIVES.map(sum)).toEqual(DRIVES.map(onDrive));
    const number = Number(await cell.innerText());
    await cell.click();
    await expect.poll(() => page.locator("#matches tbody tr").count(), WAIT).toBe(number);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("batches are those of the ledger", async () => {
    await at.run("curate", "batches", "add", "old-d1-MS", "--label", "MS", "--state", "submitted");
    await at.run("curate", "batches", "set", "old-d1-MS", "accepted", "--note", "by telephone");
    const { page } = await open("/curate/batches");
    await page.locator("summary", { hasText: "2 lines" }).click(WAIT);
    expect(await page.locator("#batches tbody tr").innerText()).toMatch(/old-d1-MS\s+✓ accepted/);
    expect(await page.locator("#batches li").nth(1).innerText()).toContain("by telephone");
    // the file has each step of a batch, as the command lists them
    const listed = JSON.parse(await at.run("curate", "batches", "list", "--history", "--json")) as {
      batches: { id: string; state: string; label: string; history: { at: string; state: string; note?: string }[] }[];
    };
    const [columns, ...steps] = await savedBy(page);
    const cellsOf = (line: string[]) => Object.fromEntries(columns!.map((name, i) => [name, line[i]]));
    expect(steps.map(cellsOf)).toEqual(
      listed.batches.flatMap(({ id, state, label, history }) =>
        history.map((step, i) =>
          expect.objectContaining({
            ...{ batch: id, state, label, step: String(i + 1) },
            ...{ step_at: step.at, step_state: step.state, step_note: step.note ?? "" },
          }),
        ),
      ),
    );
    expect(steps.length).toBe(2);
    await page.close();
  });

  it("A27 A29: axe finds nothing serious, light and dark; nothing scrolls sideways or lies over a control", {
    timeout: 600_000,
  }, async () => {
    for (const path of [
      "/harvest",
      "/harvest/compare",
      "/curate/overlap",
      "/curate/matches",
      "/curate/labels",
      "/curate/batches",
    ]) {
      const { page } = await open(path);
      await page.locator("main table").first().waitFor(WAIT);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await expectAccessible(page, `${path} ${colorScheme}`);
      }
      for (const size of SIZES) {
        await page.setViewportSize(size);
        await expectUsable(page, `${path} ${size.width}`);
      }
      await expectForcedColours(page, path);
      await page.close();
    }
  });
});
