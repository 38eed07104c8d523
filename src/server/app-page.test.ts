import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { PAGES, pageFileOf, pageNameOf } from "../model/pages.js";
import { printRef } from "../model/ref.js";
import { appPage } from "./app-page.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-app-page-"));
afterAll(() => rmSync(folder, { recursive: true }));
const document = '<html><head><base href="/" /></head><body></body></html>';
writeFileSync(join(folder, "index.html"), document);
const pages = {
  "index.html": { file: "assets/index.js", isEntry: true, imports: ["_library.js"], css: ["assets/index.css"] },
  "_library.js": { file: "assets/library.js" },
  "pages/view.tsx": { file: "assets/view.js", imports: ["_viewer.js", "_library.js"] },
  "_viewer.js": { file: "assets/viewer.js", css: ["assets/viewer.css"], imports: ["_planes.js"] },
  "_planes.js": { file: "assets/planes.js", imports: ["_viewer.js"] },
};
writeFileSync(join(folder, "pages.json"), JSON.stringify(pages));
const pageOf = appPage({ base: "/em/", folder });

async function linksOf(path: string, of = pageOf): Promise<string[]> {
  const request = new Request(`http://localhost/${encodeURI(path)}`, { headers: { accept: "text/html" } });
  const text = await (await of(request, path)).text();
  expect(text).toContain('<base href="/em/" />');
  return [...text.matchAll(/<link [^>]*href="([^"]*)"/g)].map(([, href]) => href!);
}

const viewer = ["./assets/view.js", "./assets/viewer.js", "./assets/viewer.css", "./assets/planes.js"];

describe("the document of a page", () => {
  it("links to the files of its page and to what that asks first, each once, and to none that every page has", async () => {
    expect(await linksOf("view/tomogram/12")).toEqual([...viewer, "./api/v1/server", "./api/v1/volumes/tomogram:12"]);
    const ref = printRef({ kind: "place", place: "lab", key: "a b/ü.mrc" });
    for (const path of ["view/at/lab/a%20b/%C3%BC.mrc", `view/at/${ref}/`, `view/at/${ref}`])
      expect((await linksOf(path)).at(-1), path).toBe(`./api/v1/volumes/${ref}`);
    expect(await linksOf("about")).toEqual(["./api/v1/server"]);
    expect(await linksOf("nowhere/at/all")).toEqual(["./api/v1/server"]);
  });

  it("links to no answer where pages ask with tokens: it would be asked for twice", async () => {
    expect(await linksOf("view/tomogram/12", appPage({ base: "/em/", folder, hasTokens: true }))).toEqual(viewer);
  });

  it("links to no volume by what is no reference, and lets nothing out of an attribute", async () => {
    for (const path of ["view/tomogram/x", 'view/tomogram/1"><script>', "view/at/%ff/x", 'view/at/a"b/', "view/at/"])
      expect(await linksOf(path), path).toEqual(expect.not.arrayContaining([expect.stringContaining("volumes")]));
  });
});

it("what asks for no page gets none, and without the built pages nobody does", async () => {
  const empty = mkdtempSync(join(tmpdir(), "emporium-no-pages-"));
  const ask = async (path: string, accept: string, of = pageOf) => {
    const { status, headers } = await of(new Request(`http://localhost/${path}`, { headers: { accept } }), path);
    return [status, headers.get("content-type")?.split(";")[0]];
  };
  expect(await ask("view/tomogram/12", "text/html")).toEqual([200, "text/html"]);
  expect(await ask("view/tomogram/12", "image/png")).toEqual([404, "text/plain"]);
  expect(await ask("favicon.png", "*/*")).toEqual([404, "text/plain"]);
  expect(await ask("view/tomogram/12", "text/html", appPage({ base: "/", folder: empty }))).toEqual([404, "text/plain"]);
  rmSync(empty, { recursive: true });
});

it("each address has a file of web/pages, which exports what its name says", () => {
  const web = fileURLToPath(new URL("../../web/pages", import.meta.url));
  for (const [path, { file }] of Object.entries(PAGES)) {
    const name = pageNameOf(file);
    expect(existsSync(join(web, `${file}.tsx`)), path).toBe(true);
    expect(readFileSync(join(web, `${file}.tsx`), "utf8"), path).toMatch(new RegExp(`export (?:async )?function ${name}\\b`));
    expect(
      pageFileOf(
        path
          .replace("$id", "7")
          .replace("$place", "lab")
          .replace(/\$(?:name)?$/, "x"),
      ),
      path,
    ).toBe(file);
  }
  expect(["home", "view-dropped"].map(pageNameOf)).toEqual(["Home", "ViewDropped"]);
  expect([pageFileOf("/runs/7/8"), pageFileOf("/datasetsx"), pageFileOf("")]).toEqual([undefined, undefined, undefined]);
});
