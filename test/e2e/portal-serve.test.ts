import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServerFacts } from "../../src/model/page-api.js";
import { parsePortalSettings, titledPortal } from "../../src/server/branding/settings.js";
import type { Portal, PortalOptions } from "../../src/server/portal.js";
import { type AccessLab, accessLab, DATASETS, RULES } from "./access-kit.js";
import { type Newcomer, newcomer } from "./seams/newcomer.js";

/** A portal of one's own, as it is served: its files, the heads of its documents, and what it tells search engines. */
const START = Date.parse("2026-11-28T12:00:00Z");
const built = new URL("../../dist/web/index.html", import.meta.url);

/** What a person could put into a logo, or somebody else in its place. */
const HOSTILE = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="fetch('/graphql')">
  <script>document.cookie</script><script xlink:href="/assets/index.js"/><a xlink:href="javascript:alert(1)"><rect width="9" height="9"/></a>
  <foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="/"/></foreignObject></svg>`;
const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
const YAML = `title: EM of Cells
accent: "#fff6b3"
about: |
  We serve "all" of <b>cells</b> & more.

  - [mail](mailto:em@example.org)
logo: logo.svg
hero: 11004
`;
/** What nobody in particular sees on that day; 10007 has been released. */
const HIDDEN = [10002, 10003, 10004, 10006];

let lab: AccessLab;
let pages: string;
beforeAll(async () => {
  lab = await accessLab((text) => createHash("sha256").update(text).digest("hex"), START);
  pages = join(lab.folder, "pages");
  mkdirSync(pages);
  copyFileSync(built, join(pages, "index.html"));
  writeFileSync(join(lab.folder, "logo.svg"), HOSTILE);
  writeFileSync(join(lab.folder, "logo.png"), PNG);
  const db = await lab.database.open({ role: "writer" });
  try {
    for (const id of [10001, 10004]) {
      const run = `${id}/TS_${id % 100}/Reconstructions/VoxelSpacing10.000/Images/100/key-photo-snapshot.png`;
      await db.pool.query("update emporium_portal.dataset set key_photo_url = $1, description = $2 where id = $3", [
        `s3://portal/${run}`,
        `Of "cells" </title><script>alert(${id})</script> ${"word ".repeat(80)}`,
        id,
      ]);
      await db.pool.query("update emporium_portal.tomogram set key_photo_url = $1 where run_id = $2", [
        `s3://portal/${run}`,
        1000 + id,
      ]);
    }
  } finally {
    await db.close();
  }
});
afterAll(() => lab?.stop());

const serve = (yaml: string, options: Partial<PortalOptions> & { rules?: string | null } = {}) =>
  lab.serve({ rules: null, pages, branding: parsePortalSettings(yaml, join(lab.folder, "portal.yaml")), ...options });

async function ask(of: Portal, path: string, headers: Record<string, string> = {}, init: RequestInit = {}) {
  const response = await fetch(`${of.url}${path}`, { redirect: "manual", ...init, headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The head of a document as a browser would take it: its title, and its `meta` by name. */
async function headOf(of: Portal, path: string, headers: Record<string, string> = {}) {
  const { text, headers: got } = await ask(of, path, { accept: "text/html", ...headers });
  const head = /<head>(.*?)<\/head>/s.exec(text)![1]!;
  expect(head.match(/<title>/g)).toHaveLength(1);
  const plain = (text: string) =>
    text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
  const meta = [...head.matchAll(/<meta (?:name|property)="([^"]+)" content="([^"]*)" \/>/g)];
  return {
    text,
    got,
    title: plain(/<title>([^<]*)<\/title>/.exec(head)![1]!),
    meta: Object.fromEntries(meta.map(([, name, content]) => [name!, plain(content!)])),
  };
}

describe("the files of a portal", () => {
  it("run nothing, also when somebody opens them alone, and are those of their address", async () => {
    const portal = await serve(YAML);
    const logo = await ask(portal, "/brand/logo.svg");
    expect([logo.status, logo.text]).toEqual([200, HOSTILE]);
    expect(Object.fromEntries(logo.headers)).toMatchObject({
      "content-type": "image/svg+xml",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-cache",
    });
    const policy = logo.headers.get("content-security-policy")!.split("; ");
    // a sandbox without a word lets no script run, and puts what is opened into an origin of its own
    expect(policy).toEqual(expect.arrayContaining(["default-src 'none'", "sandbox", "frame-ancestors 'none'"]));
    expect(policy.filter((rule) => /script|unsafe-eval|allow-|frame-src|connect/.test(rule))).toEqual([]);
    const etag = logo.headers.get("etag")!;
    expect((await ask(portal, "/brand/logo.svg", { "if-none-match": etag })).status).toBe(304);
    expect((await ask(portal, "/brand/logo.svg", {}, { method: "HEAD" })).headers.get("content-length")).toBe(
      `${HOSTILE.length}`,
    );
    for (const path of [
      "/brand/logo.png",
      "/brand/",
      "/brand/portal.yaml",
      "/brand/%2e%2e/portal.yaml",
      "/brand/..%2fportal.yaml",
    ])
      expect((await ask(portal, path)).status, path).toBeGreaterThanOrEqual(400);
    // another one at the same address, of a server that was started anew
    writeFileSync(join(lab.folder, "logo.svg"), HOSTILE.replace("9", "8"));
    const again = await serve(YAML);
    expect((await ask(again, "/brand/logo.svg", { "if-none-match": etag })).status).toBe(200);
    writeFileSync(join(lab.folder, "logo.svg"), HOSTILE);
  });

  it("have the colours in a stylesheet of their own, behind that of the pages", async () => {
    const portal = await serve(YAML);
    const sheet = await ask(portal, "/brand/accent.css");
    expect([sheet.status, sheet.headers.get("content-type")]).toEqual([200, "text/css; charset=utf-8"]);
    expect(sheet.text.match(/--[\w-]+: light-dark\(#[0-9a-f]{6}, #[0-9a-f]{6}\);/g)).toHaveLength(5);
    const { text, got } = await headOf(portal, "/datasets");
    expect([...text.matchAll(/<link rel="stylesheet"[^>]* href="([^"]+)"/g)].map(([, href]) => href)).toEqual([
      expect.stringMatching(/^\.\/assets\/index-.*\.css$/),
      "./brand/accent.css",
    ]);
    expect(got.get("content-security-policy")).toContain("style-src 'self';");
    const plain = await serve("title: A");
    expect((await ask(plain, "/brand/accent.css")).status).toBe(404);
    expect((await headOf(plain, "/datasets")).text).not.toContain("accent.css");
  });
});

describe("the document of a page", () => {
  it("has the portal's title and words, and lets nothing out of them", async () => {
    const title = `</title><script>alert("x")</script> $& $' '`;
    const about = `<script>alert(1)</script> $\` "quoted" & 'more'`;
    const portal = await serve(`title: ${JSON.stringify(title)}\nshort_title: A</title>\nabout: ${JSON.stringify(about)}`);
    const before = await headOf(await serve("title: A"), "/datasets");
    const { title: shown, meta, text } = await headOf(portal, "/datasets");
    expect(shown).toBe(title);
    expect(meta).toMatchObject({
      description: about,
      "og:type": "website",
      "og:title": title,
      "og:site_name": title,
      "og:description": about,
    });
    expect(text.match(/<script/g)).toHaveLength(before.text.match(/<script/g)!.length);
    expect(meta).not.toHaveProperty("og:image");
    const other = await headOf(portal, '/datasets/1"><script>');
    expect(other.text.match(/<script/g)).toHaveLength(before.text.match(/<script/g)!.length);
  });

  it("of a dataset or run has its title and its picture, under the address that people use", async () => {
    const url = "https://lab.example.org/em";
    const portal = await serve(`${YAML.replace("logo.svg", "logo.png")}sitemap: true`, { url });
    const photo = "10001/TS_1/Reconstructions/VoxelSpacing10.000/Images/100/key-photo-snapshot.png";
    const word = lab.things.find(({ kind, id }) => kind === "dataset" && id === 10001)!.word;
    for (const prefix of ["", "/em"]) {
      const dataset = await headOf(portal, `${prefix}/datasets/10001`);
      expect(dataset.title).toBe(`Cells with ${word} · EM of Cells`);
      expect(dataset.text).toContain('<base href="/em/" />');
      expect(dataset.meta).toMatchObject({
        "og:title": `Cells with ${word}`,
        "og:site_name": "EM of Cells",
        "og:image": `${url}/files/${photo}`,
        "og:url": `${url}/datasets/10001`,
      });
      expect(dataset.meta["og:description"]).toMatch(/^Of "cells" <\/title><script>alert\(10001\)<\/script> word .* …$/);
      expect(dataset.meta["og:description"]!.length).toBeLessThan(210);
      expect((await ask(portal, `${prefix}/files/${photo}`)).status).toBe(200);
      expect((await headOf(portal, `${prefix}/runs/11001`)).meta).toMatchObject({
        "og:title": `TS_1 · Cells with ${word}`,
        "og:image": `${url}/files/${photo}`,
      });
      const home = await headOf(portal, `${prefix}/`);
      expect(home.meta).toMatchObject({
        "og:title": "EM of Cells",
        "og:description": 'We serve "all" of <b>cells</b> & more.',
        "og:image": expect.stringMatching(/\/files\/10004\/.*key-photo-snapshot.png$/),
      });
      // nothing that is known of them, but the portal's own
      for (const path of ["datasets/10005", "datasets/99", "annotations", "datasets/99999999999999"])
        expect((await headOf(portal, `${prefix}/${path}`)).meta["og:image"], path).toBe(`${url}/brand/logo.png`);
      expect((await ask(portal, `${prefix}/brand/logo.png`)).headers.get("content-type")).toBe("image/png");
      expect((await ask(portal, `${prefix}/robots.txt`)).text).toContain(`Sitemap: ${url}/sitemap.xml`);
      expect((await ask(portal, `${prefix}/robots.txt`)).text).toContain("Disallow: /em/s3\n");
      expect(locationsOf((await ask(portal, `${prefix}/sitemap.xml`)).text)).toEqual([
        `${url}/`,
        ...DATASETS.map(({ id }) => `${url}/datasets/${id}`),
      ]);
    }
  });

  it("is as it was where nobody has said anything", async () => {
    const portal = await lab.serve({ rules: null, pages });
    const { title, meta, text } = await headOf(portal, "/datasets/10001");
    expect([title, Object.keys(meta)]).toEqual(["emporium", ["viewport"]]);
    expect(text).not.toContain("brand");
    for (const path of ["/robots.txt", "/sitemap.xml", "/brand/logo.svg"]) expect((await ask(portal, path)).status).toBe(404);
    expect(JSON.parse((await ask(portal, "/api/v1/server")).text)).not.toHaveProperty("portal");
  });
});

/** The addresses of a sitemap, by number, its first one first. */
function locationsOf(text: string): string[] {
  expect(XMLValidator.validate(text)).toBe(true);
  const { urlset } = new XMLParser({ ignoreAttributes: false }).parse(text) as {
    urlset: { "@_xmlns": string; url: { loc: string } | { loc: string }[] };
  };
  expect(urlset["@_xmlns"]).toBe("http://www.sitemaps.org/schemas/sitemap/0.9");
  const [first, ...others] = [urlset.url].flat().map(({ loc }) => loc);
  return [first!, ...others.sort()];
}

describe("what search engines and previews are told with rules of access", () => {
  const url = "https://lab.example.org";
  const cases = [
    ["nobody", () => ({})],
    ["ada, who sees more", () => ({ authorization: `Bearer ${lab.tokens.ada}` })],
    ["root, who sees all", () => ({ authorization: `Bearer ${lab.tokens.root}` })],
    ["a user of the proxy", () => ({ "x-forwarded-user": "max" })],
  ] as const;

  it.each(cases)("is what everybody sees, also when it is %s who asks", async (_, headers) => {
    const portal = await serve(`${YAML}sitemap: true`, { url, rules: RULES });
    const { text } = await ask(portal, "/sitemap.xml", headers());
    expect(locationsOf(text)).toEqual([`${url}/`, ...[10001, 10005, 10007].map((id) => `${url}/datasets/${id}`)]);
    for (const id of HIDDEN) expect(text).not.toContain(`${id}`);
    expect((await ask(portal, "/robots.txt", headers())).text).toContain("Sitemap:");
  });

  it("is nothing of a dataset or run that somebody may not see", async () => {
    const portal = await serve(YAML, { url, rules: RULES });
    const nobody = await headOf(portal, "/datasets/10004");
    expect(nobody.meta).toEqual({ ...(await headOf(portal, "/datasets/99")).meta, "og:url": `${url}/datasets/10004` });
    expect(nobody.title).toBe("EM of Cells");
    expect((await headOf(portal, "/runs/11004")).title).toBe("EM of Cells");
    expect((await headOf(portal, "/")).meta).not.toHaveProperty("og:image");
    const eve = { authorization: `Bearer ${lab.tokens.eve}` };
    expect((await headOf(portal, "/datasets/10004", eve)).meta["og:image"]).toContain("/files/10004/");
    // and the run that the first page begins with is not named to who may not see it
    const heroOf = async (headers = {}) =>
      (JSON.parse((await ask(portal, "/api/v1/server", headers)).text) as ServerFacts).portal!.hero;
    expect([await heroOf(), await heroOf(eve)]).toEqual([undefined, 11004]);
  });

  it("is to stay away, where nothing else was chosen", async () => {
    const without = await serve("title: A", { rules: RULES });
    expect((await ask(without, "/robots.txt")).text).toBe("User-agent: *\nDisallow: /\n");
    expect((await headOf(without, "/")).got.get("x-robots-tag")).toBe("noindex, nofollow");
    expect((await ask(without, "/sitemap.xml")).status).toBe(404);
    const invited = await serve("title: A\nrobots: allow", { rules: RULES });
    expect((await ask(invited, "/robots.txt")).text).not.toMatch(/^Disallow: \/$/m);
    expect((await headOf(invited, "/")).got.get("x-robots-tag")).toBeNull();
    const open = await serve("title: A");
    expect((await ask(open, "/robots.txt")).text).toMatch(
      /^User-agent: \*\nAllow: \/files\/\*\.png\$\n[\s\S]*Disallow: \/files\/\n/,
    );
    const closed = await serve("title: A\nrobots: none", { url: "https://lab.example.org/em" });
    expect((await ask(closed, "/robots.txt")).text).toBe("User-agent: *\nDisallow: /em/\n");
  });
});

it("the pages get the facts; a title alone is enough", async () => {
  const factsOf = async (of: Portal) => (JSON.parse((await ask(of, "/api/v1/server")).text) as ServerFacts).portal;
  expect(await factsOf(await serve(YAML))).toEqual({
    title: "EM of Cells",
    shortTitle: "EM of Cells",
    logo: "brand/logo.svg",
    about: [
      { kind: "paragraph", parts: [{ text: 'We serve "all" of <b>cells</b> & more.' }] },
      { kind: "list", items: [[{ text: "mail", href: "mailto:em@example.org" }]] },
    ],
    links: [],
    hero: 11004,
  });
  const titled = await lab.serve({ rules: null, pages, branding: titledPortal("Cells") });
  expect(await factsOf(titled)).toEqual({ title: "Cells", shortTitle: "Cells", links: [] });
  expect((await headOf(titled, "/")).title).toBe("Cells");
});

describe("emporium serve --portal", () => {
  let person: Newcomer;
  beforeAll(() => {
    person = newcomer();
    mkdirSync(person.at("none"));
    const put = (name: string, text: string) => writeFileSync(person.at(name), text);
    put("portal.yaml", `title: Cells\naccent: "#fff6b3"\nhero: 7\nrobots: none\nabout: |\n  # Hello\n`);
    put("wrong.yaml", "title: Cells\nlogo: ../logo.svg\n");
    put("map.yaml", "title: Cells\nsitemap: true\n");
  });
  afterAll(() => person?.leave());

  it("says at its start what is not as it was written", async () => {
    const words = ["--portal", "portal.yaml", "--port", "0", "--url", "https://lab.example.org/em"];
    const { printed, stop } = await person.start(/Ctrl-C stops/, "serve", "none", ...words);
    for (const says of [
      /warning: portal.yaml: accent #fff6b3 cannot be read in the light theme; #[0-9a-f]{6} is used there/,
      /warning: portal.yaml: hero: no catalogue is served; the first page begins with another one/,
      /warning: portal.yaml:6: about has paragraphs, lists and links, and shows all else as it is written: # Hello/,
      /warning: search engines read only https:\/\/lab.example.org\/robots.txt, which this server does not answer/,
    ])
      await expect.poll(printed).toMatch(says);
    expect(await stop()).toBe(0);
  }, 60_000);

  it("is refused before anything is opened", async () => {
    const wrong = await person.run("serve", "none", "--portal", "wrong.yaml", "--port", "0");
    expect([wrong.status, wrong.out]).toEqual([2, ""]);
    expect(wrong.err).toMatch(/logo: \.\.\/logo.svg lies outside the folder of this file\n {2}at wrong.yaml:2:7/);
    for (const [words, says] of [
      [["--portal", "map.yaml"], /map.yaml: sitemap needs --url/],
      [["--portal", "portal.yaml", "--title", "A"], /--title cannot be combined with --portal/],
      [["--portal", "none.yaml"], /none.yaml: no file of portal settings/],
      [["--logo", "logo.svg"], /serve has no option --logo\n {2}hint: write logo into the file of --portal/],
      [["--short-title", "A"], /no option --short-title\n {2}hint: write short_title into the file of --portal/],
      [["--title", "a".repeat(25)], /--title.*at most 24 letters/],
    ] as const) {
      const { status, err } = await person.run("serve", "none", ...words, "--port", "0");
      expect([status, err]).toEqual([2, expect.stringMatching(says)]);
    }
  }, 60_000);
});
