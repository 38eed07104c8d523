import { existsSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorsOf, linksOf, pagesBelow, sidebarOf, slug, titleOf } from "../../scripts/docs-pages.mjs";
import { filesBelow, readText, root } from "./sources.js";

/** Pages that GitHub shows, where each link must lead somewhere without a site as well. */
const isPage = (path: string) => path.endsWith(".md") && !path.startsWith("docs/.vitepress/");
const PAGES = [
  ...["README.md", "CONTRIBUTING.md", "SECURITY.md"],
  ...["docs", "examples", "bench", "python", "src"].flatMap((folder) => filesBelow(folder, isPage)),
];
const pages = new Map(PAGES.map((path) => [path, readText(path)]));
const anchors = new Map([...pages].map(([path, text]) => [path, anchorsOf(text)]));

/** What is wrong with a page's links. `inDocs`: the site has no page for a folder, GitHub has. */
function wrongLinks(path: string, text: string): string[] {
  return linksOf(text).flatMap(({ target, line }) => {
    if (/^(?:https?|mailto):/.test(target)) return [];
    const [place = "", anchor] = target.split("#");
    const file = place === "" ? path : posix.join(posix.dirname(path), decodeURIComponent(place));
    const says = (what: string) => [`${path}:${line}: ${target}: ${what}`];
    if (/^[a-z][a-z+.-]*:|^\//.test(target)) return says("neither a path from this page nor an address of the web");
    if (file.startsWith("..")) return says("leaves the repository");
    if (!existsSync(join(root, file))) return says("there is no such file");
    if (path.startsWith("docs/") && statSync(join(root, file)).isDirectory()) return says("a folder: name its page");
    if (anchor !== undefined && !anchors.get(file)?.has(anchor)) return says("there is no such heading");
    return [];
  });
}

describe("links of pages", () => {
  it("lead to files and headings that are there", () => {
    expect([...pages].flatMap(([path, text]) => wrongLinks(path, text))).toEqual([]);
  });

  it("are found, and told with their lines", () => {
    const all = [...pages.values()].flatMap((text) => linksOf(text));
    expect(all.length).toBeGreaterThan(60);
    expect(all.filter(({ target }) => target.includes("#")).length).toBeGreaterThan(3);
    const text =
      "# A\n\n[x](no.md) `[not](this.md)` and [`y`](serve.md#serve-other-machines), [z](serve.md#nowhere)\n\n```md\n[not](this.md)\n```\n";
    expect(wrongLinks("docs/guides/a.md", text)).toEqual([
      "docs/guides/a.md:3: no.md: there is no such file",
      "docs/guides/a.md:3: serve.md#nowhere: there is no such heading",
    ]);
  });

  it("name headings as GitHub does", () => {
    // the anchors that github.com gives these headings
    expect(slug("`emporium ingest run` & friends: what's *new*?")).toBe("emporium-ingest-run--friends-whats-new");
    expect(slug("Zarr v2, v3 and OME-Zarr (`.zarr`)")).toBe("zarr-v2-v3-and-ome-zarr-zarr");
    expect([...anchorsOf("# A b\n\n```sh\n# no heading\n```\n\n## A b\n")]).toEqual(["a-b", "a-b-1"]);
  });
});

describe("the sidebar", () => {
  const docs = join(root, "docs");

  it("has every page of docs once, under the page's own title", () => {
    const links = sidebarOf(docs).flatMap(({ items }) => items.map(({ link }) => link));
    expect(links.length).toBe(pagesBelow(docs).length);
    expect(new Set(links).size).toBe(links.length);
    const items = sidebarOf(docs).flatMap((group) => group.items);
    for (const { text } of items) expect(text).not.toMatch(/[`*\]]/);
    expect(items).toContainEqual({ text: titleOf(readText("docs/guides/serve.md")), link: "/guides/serve" });
  });

  it("begins with the start, then journeys", () => {
    const groups = sidebarOf(docs);
    expect(groups.slice(0, 2).map(({ text }) => text)).toEqual(["Start", "Journeys"]);
    expect(groups[0]!.items.map(({ link }) => link)).toEqual(["/", "/start"]);
  });

  it("has the guides by station, none of them left over", () => {
    const guides = sidebarOf(docs).filter(({ folder }) => folder === "guides");
    expect(guides.map(({ text }) => text)).toEqual([
      "How to",
      "Harvest",
      "Curate",
      "Ingest",
      "Catalogue",
      "Publish",
      "Blocks",
      "Serve",
      "Clusters",
    ]);
    expect(guides[0]!.items[0]!.link).toBe("/guides/");
    const index = linksOf(readText("docs/guides/index.md")).map(({ target }) => `docs/guides/${target}`);
    const others = filesBelow("docs/guides", isPage).filter((path) => !path.endsWith("/index.md"));
    expect([...new Set(index)].sort()).toEqual(others);
  });
});
