import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { memoryStore } from "../stores/memory/store.js";
import { parseLocation } from "../stores/url.js";
import { parsePortalSettings } from "./branding/settings.js";
import type { Place } from "./places.js";
import { type Portal, type PortalOptions, servePortal } from "./portal.js";
import { startOf } from "./sources.js";
import { openTokens } from "./tokens.js";

const open: Portal[] = [];
afterEach(async () => {
  for (const portal of open.splice(0)) await portal.close();
});

async function place(kind: Place["kind"], more: Partial<Place> = {}): Promise<Place> {
  const store = memoryStore({ url: "https://lab.example/x" });
  for (const key of ["a.txt", "a.txt.mrc", "b/c.txt"]) await store.write(key, Buffer.from(key));
  return { id: "here", name: "here", kind, location: parseLocation("https://lab.example/x"), store, ...more };
}
async function served(options: Partial<PortalOptions>) {
  const portal = await servePortal({ places: [], bucket: "b", version: "0", ...options });
  open.push(portal);
  return async (path: string) => {
    const reply = await fetch(`${portal.url}/${path}`);
    return { status: reply.status, text: await reply.text() };
  };
}

describe("a server", () => {
  it("of a tree has its files and a bucket, of another folder its files at their place alone", async () => {
    const tree = await served({ places: [await place("tree")] });
    expect((await tree("")).text).toMatch(/\/files\/ +files of the tree\n.*\/s3 +bucket b, read-only\n/);
    expect(await tree("files/b/c.txt")).toEqual({ status: 200, text: "b/c.txt" });
    expect((await tree("s3/b?list-type=2")).text).toContain("<Key>a.txt</Key>");
    const other = await served({ places: [await place("folder")] });
    expect((await other("")).text).not.toMatch(/files of the tree|bucket/);
    expect([(await other("files/b/c.txt")).status, (await other("s3/b?list-type=2")).status]).toEqual([404, 404]);
    for (const ask of [tree, other]) expect(await ask("at/here/b/c.txt")).toEqual({ status: 200, text: "b/c.txt" });
    expect([(await other("at/none/a.txt")).status, (await other("api/v2/x")).status]).toEqual([404, 404]);
  });

  it("of one file has nothing that lies beside it", async () => {
    const ask = await served({ places: [await place("file", { key: "a.txt" })] });
    expect((await ask("at/here/a.txt")).status).toBe(200);
    for (const path of ["at/here/a.txt.mrc", "at/here/b/c.txt"]) expect([path, (await ask(path)).status]).toEqual([path, 404]);
  });

  it("that works for other machines has no figures for them, and shows them at its own address", async () => {
    const here = await served({ places: [await place("folder")] });
    expect((await here("metrics")).text).toMatch(/^# HELP /m);
    const elsewhere = await served({ places: [await place("folder")], url: "https://lab.example/portal" });
    expect((await elsewhere("metrics")).status).toBe(403);
    expect((await elsewhere("portal/")).text).toContain("https://lab.example/portal/at/here/");
  });
});

it("a page asks for its volume at once, but not where it has to bring a token", async () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-portal-"));
  writeFileSync(join(folder, "index.html"), '<html><head><base href="/" /></head><body></body></html>');
  writeFileSync(join(folder, "tokens"), `ann write ${"a".repeat(43)}\n`, { mode: 0o600 });
  const { tokens } = openTokens(join(folder, "tokens"), () => 0);
  const linksOf = async (options: Partial<PortalOptions>) => {
    const portal = await servePortal({ places: [], bucket: "b", version: "0", pages: folder, ...options });
    open.push(portal);
    const reply = await fetch(`${portal.url}/view/tomogram/12`, { headers: { accept: "text/html" } });
    return [...(await reply.text()).matchAll(/<link [^>]*href="([^"]*)"/g)].map(([, href]) => href);
  };
  expect(await linksOf({})).toEqual(["./api/v1/server", "./api/v1/volumes/tomogram:12"]);
  expect(await linksOf({ writing: { tokens, roots: [] } })).toEqual([]);
  rmSync(folder, { recursive: true });
});

it("the run that stands for a portal without rules is named though no catalogue has it yet: an import may bring it", async () => {
  const ask = await served({ branding: parsePortalSettings("title: Cells\nhero: 7", "portal.yaml") });
  expect(JSON.parse((await ask("api/v1/server")).text).portal).toMatchObject({ title: "Cells", hero: 7 });
});

it("the first page is the picture of the one volume that is served, or the list of what there is", async () => {
  const [tree, file, other] = [await place("tree"), await place("file", { key: "a.mrc" }), await place("folder")];
  expect(startOf([])).toBe("/");
  expect(startOf([tree])).toBe("/");
  expect(startOf([other])).toBe("/browse/here");
  expect(startOf([file])).toMatch(/^\/view/);
  expect(startOf([file, other])).toBe("/");
  expect(startOf([other], true)).toBe("/microscopy");
});
