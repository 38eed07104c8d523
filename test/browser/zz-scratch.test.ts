import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, startBrowser } from "./browser.js";
import { type LabTree, makeLabTree } from "./served-tree.js";

describe("scratch", () => {
  let lab: LabTree;
  let url: string;
  let browser: Browser;
  beforeAll(async () => {
    lab = await makeLabTree(["cell"]);
    url = (await lab.serve()).url;
    browser = await startBrowser([url]);
  });
  afterAll(async () => {
    await browser?.close();
    await lab?.close();
  });
  it("looks", { timeout: 600_000 }, async () => {
    const answer = await fetch(`${url}/graphql?query=${encodeURIComponent("{ tomograms { id sizeX sizeY sizeZ run { name } } }")}`);
    const { data } = (await answer.json()) as any;
    const t = data.tomograms.find((one: any) => one.run.name === "cell_01");
    const overlays = (await (await fetch(`${url}/api/v1/overlays/tomogram:${t.id}`)).json()) as any;
    const on = overlays.layers.map((l: any) => l.id).join(",");
    writeFileSync("/tmp/layers.json", JSON.stringify([data, overlays], null, 1));
    let n = 0;
    for (const [search, size, scheme] of JSON.parse(process.env.SHOTS!)) {
      const { page, problems } = await browser.open(`${url}/view/tomogram/${t.id}?${new URLSearchParams({ on, ...search })}`, { width: size[0], height: size[1] });
      await page.emulateMedia({ colorScheme: scheme ?? "light" });
      await page.waitForSelector('.v-space[data-sharp="true"]', { timeout: 60_000 }).catch((e) => problems.push(String(e).slice(0, 100)));
      await page.waitForTimeout(500);
      await page.screenshot({ path: `/tmp/shot-${n++}.png` });
      console.log(n - 1, JSON.stringify(search), problems, await page.locator(".v-space").evaluate((e) => JSON.stringify({ ...(e as HTMLElement).dataset })).catch(() => ""));
      await page.close();
    }
    expect(1).toBe(1);
  });
});
