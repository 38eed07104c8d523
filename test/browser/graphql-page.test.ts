import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { postsTo } from "../../src/server/bodies.js";
import { GRAPHQL_POSTS, graphqlRoute, withGraphql } from "../../src/server/graphql.js";
import { refusal } from "../../src/server/handler.js";
import { type Listening, listen } from "../../src/server/listen.js";
import { type PortalDatabase, portalDatabase, randomRows } from "../e2e/graphql-kit.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";

describe.skipIf(browserPath === undefined)("the page to ask the API from", () => {
  let portal: PortalDatabase;
  let server: Listening;
  let browser: Browser;
  beforeAll(async () => {
    const rows = randomRows(9, () => 8);
    const named = rows.get("Run")!.map((row) => ({ ...row, name: "<img src=x onerror=alert(1)>" }));
    portal = await portalDatabase(new Map([...rows, ["Run", named]]));
    const route = graphqlRoute({ api: portal.api() });
    server = await listen(
      withGraphql(route, async () => refusal(404, "not found")),
      { bodies: postsTo(GRAPHQL_POSTS) },
    );
    browser = await startBrowser([server.url]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await portal?.stop();
  });

  it("lists what can be asked, asks it, and shows answers as text", async () => {
    const { page, problems, elsewhere } = await browser.open(`${server.url}/graphql`);
    await page.getByRole("button", { name: "runs", exact: true }).click();
    const answer = page.locator("#answer");
    await expect.poll(() => answer.textContent(), { timeout: 10_000 }).toContain("<img src=x onerror=alert(1)>");
    expect(await answer.locator("*").count()).toBe(0);
    await page.locator("#query").fill("query ($id: Int) { runs(where: {id: {_eq: $id}}) { id } }");
    await page.locator("#variables").fill('{"id": 103}');
    await page.getByRole("button", { name: "Ask" }).click();
    await expect
      .poll(() => answer.textContent(), { timeout: 10_000 })
      .toBe(JSON.stringify({ data: { runs: [{ id: 103 }] } }, null, 2));
    expect([problems, elsewhere]).toEqual([[], []]);
  });
});
