import type pg from "pg";
import { describe, expect, it } from "vitest";
import { memoryStore } from "../../stores/memory/store.js";
import { parseLocation } from "../../stores/url.js";
import type { Place } from "../places.js";
import { brandedPages, openBrand } from "./brand.js";
import { parsePortalSettings } from "./settings.js";

const place: Place = { id: "tree", name: "tree", kind: "tree", location: parseLocation("/tree"), store: memoryStore() };
const poolOf = (query: () => Promise<unknown>) => ({ query }) as unknown as pg.Pool;
const request = new Request("http://localhost/sitemap.xml");

const brand = await openBrand({
  settings: parsePortalSettings("title: Cells & co\nsitemap: true\nhero: 7", "portal.yaml"),
  url: "https://lab.example.org/",
  base: "/",
  hasRules: false,
});

describe("a database that cannot be asked", () => {
  const pool = poolOf(() => Promise.reject(new Error("gone")));

  it("leaves documents with the portal's own words", async () => {
    const told: unknown[] = [];
    const pages = brandedPages(brand, { place, pool }, (error) => told.push(error));
    for (const path of ["datasets/1", "runs/1", ""]) {
      const head = await pages.headOf(path);
      expect(head).toContain("<title>Cells &amp; co</title>");
      expect(head).toContain(`<meta property="og:url" content="https://lab.example.org/${path}" />`);
    }
    expect(told).toHaveLength(3);
    // and is not asked for pages without rows of their own
    await pages.headOf("annotations");
    expect(told).toHaveLength(3);
  });

  it("leaves a sitemap for later: an empty one would take pages out of indexes", async () => {
    const answer = await brand.sitemap!(pool)(request, "");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
  });
});

describe("a picture for previews", () => {
  it("is one of the tree that is served: not of another tree, nor of another server", async () => {
    const rowsFor = (photo: string | null) => (statement: string) =>
      Promise.resolve({
        rows: /import_prefix/.test(statement) ? [{ prefix: "s3://portal" }] : [{ title: "One", description: null, photo }],
      });
    const imageOf = async (photo: string | null) => {
      const pool = { query: rowsFor(photo) } as unknown as pg.Pool;
      const head = await brandedPages(brand, { place, pool }, () => {}).headOf("datasets/1");
      expect(head).toContain("<title>One · Cells &amp; co</title>");
      return /property="og:image" content="([^"]*)"/.exec(head)?.[1];
    };
    await place.store.write("1/a b&c.png", new Uint8Array(1));
    expect(await imageOf("s3://portal/1/a b&c.png")).toBe("https://lab.example.org/files/1/a%20b%26c.png");
    for (const photo of ["s3://portal/2/other.png", "https://elsewhere.example/x.png", "s3://portal/../x", "s3://portal/", null])
      expect(await imageOf(photo), `${photo}`).toBeUndefined();
  });
});
