import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { expectAccessible } from "./seen.js";

describe.skipIf(browserPath === undefined)("what axe is asked", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser([]);
  });
  afterAll(() => browser?.close());

  it("finds a button without a name, but where it is not asked for it", async () => {
    const { page } = await browser.open("about:blank");
    await page.setContent(`<html lang="en"><title>t</title><main><h1>A</h1><button></button></main><aside>beside</aside></html>`);
    const nameless = { actual: [expect.any(String), [expect.stringMatching(/^button-name: <button>/)]] };
    await expect(expectAccessible(page, "all")).rejects.toMatchObject(nameless);
    await expect(expectAccessible(page, "all", { within: "main" })).rejects.toMatchObject(nameless);
    await expectAccessible(page, "beside it", { within: "aside" });
    await expectAccessible(page, "but it", { without: "button" });
    await expectAccessible(page, "but its rule", { ignored: ["button-name"] });
    await page.close();
  });
});
