import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { expectAccessible, expectUsable, SIZES } from "./seen.js";
import { type LabTree, makeLabTree, type ServedAt } from "./served-tree.js";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const WAIT = { timeout: 60_000 };
const TOMOGRAM = "10407/cell_01/Reconstructions/VoxelSpacing10.800/Tomograms/100";

interface Report {
  counts: Record<"passed" | "failed" | "warned" | "skipped", number>;
  findings: { check: string; entity: string; key: string; path?: string; byte?: number; line?: number }[];
}

/** As the program prints a place. */
const placeOf = ({ key, path, byte, line }: Report["findings"][number]) =>
  `${key}${line === undefined ? "" : `:${line}`}${path === undefined ? (byte === undefined ? "" : ` byte ${byte}`) : ` ${path}`}`;

describe.skipIf(browserPath === undefined)("validation pages of a tree with seeded faults", { timeout: 300_000 }, () => {
  let lab: LabTree;
  let served: ServedAt;
  let browser: Browser;
  const reports: Report[] = [];

  const validate = async () => {
    const words = ["ingest", "validate", "standardized", lab.tree, "--json", "--workspace", join(lab.folder, "workspace")];
    const text = await new Promise<string>((resolve) =>
      execFile(process.execPath, [PROGRAM, ...words], (_, out) => resolve(out)),
    );
    reports.push(JSON.parse(text) as Report);
  };

  beforeAll(async () => {
    lab = await makeLabTree(["cell"], { hasRun: true });
    // a wrong voxel size in the header only
    const mrc = join(lab.tree, TOMOGRAM, "cell_01.mrc");
    const whole = readFileSync(mrc);
    const wrong = Buffer.from(whole);
    for (const axis of [0, 4, 8]) wrong.writeFloatLE(8 * wrong.readInt32LE(28 + axis), 40 + axis);
    writeFileSync(mrc, wrong);
    await validate();
    writeFileSync(mrc, whole);
    // and then one section too many, in the metadata only
    const metadata = join(lab.tree, TOMOGRAM, "tomogram_metadata.json");
    const fields = JSON.parse(readFileSync(metadata, "utf8")) as { size: { z: number } };
    fields.size.z++;
    writeFileSync(metadata, JSON.stringify(fields));
    await validate();
    served = await lab.serve();
    browser = await startBrowser([served.url]);
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await lab?.close();
  });

  it("A25: same checks, counts and places as ingest validate --json, and right what changed", async () => {
    const [before, now] = reports as [Report, Report];
    expect(before.findings.map(({ check }) => check)).toContain("scale.truth");
    expect(now.findings.map(({ check }) => check)).toContain("tomogram.size-mrc");
    const { page, problems } = await browser.open(`${served.url}/reports`, { width: 1280, height: 5000 });
    const rows = page.locator("tbody tr");
    await rows.nth(1).waitFor(WAIT);
    expect(await rows.count()).toBe(2);
    const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
    const [names, ...told] = readFileSync(await saved.path(), "utf8")
      .trim()
      .split("\r\n")
      .map((line) => line.split(","));
    const numbers = told.map((line) =>
      ["failed", "warned", "skipped", "passed"].map((name) => Number(line[names!.indexOf(name)])),
    );
    expect(numbers).toEqual(
      [now, before].map(({ counts: { failed, warned, skipped, passed } }) => [failed, warned, skipped, passed]),
    );
    await rows.first().getByRole("link").click();
    await page.locator(".findings li code").first().waitFor(WAIT);
    const head = await page.locator(".page > p").allInnerTexts();
    const { failed, warned, skipped } = now.counts;
    expect(head[0]!.replaceAll("\u2009", "")).toContain(`${failed} error`);
    expect(head[0]).toContain(`${warned} warning`);
    expect(head[0]).toContain(`${skipped} not decided`);
    // grouped by entity each one names its check
    await page.getByLabel("group by").selectOption("entity");
    await page.locator(".findings li > p > code + strong").first().waitFor(WAIT);
    const lines = async () =>
      (
        await page
          .locator(".findings > li")
          .evaluateAll((all: readonly { querySelectorAll(q: string): ArrayLike<{ textContent: string }> }[]) =>
            all.map((one) =>
              Array.from(one.querySelectorAll("p > code, p > strong"), ({ textContent }) => textContent).join(" | "),
            ),
          )
      ).sort();
    const lineOf = (one: Report["findings"][number]) => `${one.check} | ${one.entity} | ${placeOf(one)}`;
    await expect.poll(lines, WAIT).toEqual(now.findings.map(lineOf).sort());
    // the two faults share no finding; everything else was there before
    const seeded = (report: Report, other: Report) =>
      report.findings.filter((one) => !other.findings.some((same) => lineOf(same) === lineOf(one)));
    const [added, gone] = [seeded(now, before), seeded(before, now)];
    expect(added.length * gone.length).toBeGreaterThan(0);
    expect(head.join(" ")).toContain(`${added.length} new, ${gone.length} gone, ${now.findings.length - added.length} unchanged`);
    await page.getByRole("button", { name: /^new/ }).click();
    await expect.poll(lines, WAIT).toEqual(added.map(lineOf).sort());
    await page.getByRole("button", { name: /^gone/ }).click();
    await expect.poll(lines, WAIT).toEqual(gone.map(lineOf).sort());
    expect(page.url()).toContain("change=gone");
    const odd = page.locator(".sources .bad");
    expect(await odd.allInnerTexts()).toEqual([expect.stringMatching(/the MRC header 8\.00 Å odd one out/)]);
    expect(await page.locator(".sources li").count()).toBeGreaterThan(3);
    await page.getByRole("link", { name: "Open in viewer" }).first().click();
    await page.waitForURL((url) => url.pathname === `/view/at/tree/${TOMOGRAM}/cell_01.mrc`, WAIT);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("A25: the whole report is what --json printed", async () => {
    const base = `${served.url}/api/v1/reports`;
    const list = (await (await fetch(base)).json()) as { reports: { id: string }[] };
    const { errors: _, location: __, ...printed } = reports[1] as Report & { errors: unknown; location: string };
    const whole = (await (await fetch(`${base}/${list.reports[0]!.id}/document`)).json()) as object;
    expect(whole).toEqual({ ...printed, location: "tree" });
    for (const path of ["none", "..%2Fsecret", "none/findings", "none/document"])
      expect((await fetch(`${base}/${path}`)).status).toBe(404);
    expect((await fetch(`${base}/${list.reports[0]!.id}/findings?group=none`)).status).toBe(400);
  });

  it.each(["light", "dark"] as const)(
    "A27, A29: axe finds nothing serious, and every size is usable, %s",
    async (colorScheme) => {
      const { page, problems } = await browser.open(`${served.url}/reports`);
      await page.emulateMedia({ colorScheme });
      for (const isOne of [false, true]) {
        if (isOne) await page.locator("tbody").getByRole("link").first().click(WAIT);
        await page
          .locator(isOne ? ".findings li code" : "tbody tr")
          .first()
          .waitFor(WAIT);
        await expectAccessible(page, isOne ? "report" : "reports");
        for (const size of colorScheme === "light" ? SIZES : []) {
          await page.setViewportSize(size);
          await page.evaluate("scrollTo(0, 0)");
          await expectUsable(page, `${isOne ? "report" : "reports"} ${size.width}`);
        }
      }
      expect(problems).toEqual([]);
      await page.close();
    },
  );

  it("says which command makes the first one, and that there are others", async () => {
    const bare = await lab.serve(join(lab.folder, "lab"));
    const other = await startBrowser([bare.url]);
    const { page } = await other.open(`${bare.url}/reports`);
    await page.getByText("emporium ingest validate source CONFIG.yaml lab").waitFor(WAIT);
    await page.getByText("2 reports on other locations").waitFor(WAIT);
    await other.close();
  });
});
