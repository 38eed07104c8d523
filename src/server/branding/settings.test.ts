import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isEmporiumError } from "../../core/errors.js";
import { parsePortalSettings, readPortalSettings } from "./settings.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-branding-"));
afterAll(() => rmSync(folder, { recursive: true }));
const own = join(folder, "own");
const file = join(own, "portal.yaml");
const SVG = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><rect width="2" height="2"/></svg>';
// a PNG of one pixel, as the specification of PNG begins one: the signature, then its header
const PNG = Buffer.from(
  "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc000000301010018dd8db00000000049454e44ae426082",
  "hex",
);

beforeAll(() => {
  for (const path of ["own/pictures", "own/..data", "beside"]) mkdirSync(join(folder, path), { recursive: true });
  const put = (name: string, body: string | Uint8Array) => writeFileSync(join(folder, name), body);
  put("own/logo.svg", SVG);
  put("own/pictures/logo.png", PNG);
  put("own/named.png", SVG);
  put("own/..data/mounted.svg", SVG);
  put("own/large.svg", SVG.replace("<rect", `<!--${"x".repeat(256 * 1024)}--><rect`));
  put("own/open.svg", SVG.replace("</svg>", ""));
  put("own/typed.svg", SVG.replace("<svg", '<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg'));
  put("own/page.svg", '<html xmlns="http://www.w3.org/1999/xhtml"/>');
  put("own/bare.svg", "<svg><rect/></svg>");
  put(
    "own/bytes.svg",
    Uint8Array.from({ length: 300 }, (_, at) => at % 256),
  );
  put("own/empty.svg", "");
  put("beside/logo.svg", SVG);
  symlinkSync("../beside/logo.svg", join(own, "linked.svg"));
  symlinkSync("../beside", join(own, "folder"));
  symlinkSync("..data/mounted.svg", join(own, "mounted.svg"));
});

/** Each line wrong in one way: what is said, and where. */
const WRONG: readonly [text: string, says: RegExp, line: number, column: number][] = [
  ["", /portal.yaml holds nothing; expected fields such as title, short_title, logo/, 1, 1],
  ["short_title: A", /title is missing \(expected a text\)/, 1, 1],
  [`title: ${"a".repeat(61)}\nshort_title: a`, /title: expected at most 60 letters, found 61/, 1, 8],
  ['title: "a\\nb"', /title: expected one line/, 1, 8],
  ["title: ' '", /title: expected/, 1, 8],
  ["title: The structural biology of our institute", /short_title is missing: the title has 39 letters.*24/, 1, 8],
  [`title: A\nshort_title: ${"é".repeat(25)}`, /short_title: expected at most 24 letters, found 25/, 2, 14],
  ["title: A\ntitel: B", /unknown field "titel".*did you mean title\?/, 2, 1],
  ["title: A\naccent: blue", /accent: expected a colour such as "#0b6285", in quotes: # begins a comment/, 2, 9],
  ["title: A\naccent: #0b6285", /accent: expected a text, found/, 2, 9],
  ['title: A\naccent: "#0b628500"', /accent: expected a colour/, 2, 9],
  [
    "title: A\nlinks:\n  - {label: x, href: 'javascript:alert(1)'}",
    /links.0.href: expected an address that begins with https/,
    3,
    22,
  ],
  ["title: A\nlinks:\n  - {label: x, href: /about}", /links.0.href: expected an address/, 3, 22],
  ["title: A\nlinks:\n  - {label: x, url: 'https://x.org'}", /links.0.href is missing/, 3, 5],
  [`title: A\nlinks: [${"{label: x, href: 'https://x.org'}, ".repeat(5)}]`, /links: expected at most 4/, 2, 8],
  ["title: A\nhero: 1.5", /hero: expected a whole number/, 2, 7],
  ["title: A\nhero: 0", /hero: expected at least 1/, 2, 7],
  ["title: A\nrobots: some", /robots: expected one of allow, none, found "some"/, 2, 9],
  ["title: A\nrobots: none\nsitemap: true", /sitemap: robots: none asks search engines to stay away/, 3, 10],
  ["title: A\nlogo_dark: logo.svg", /logo_dark: there is no logo/, 2, 12],
  [`title: A\ncite: ${"ä".repeat(513)}`, /cite: expected at most 1024 bytes, found 1026/, 2, 7],
  [`title: A\nabout: ${"a".repeat(4097)}`, /about: expected at most 4096 bytes, found 4097/, 2, 8],
  ["title: A\nabout: |\n  One.\n\n  A [link](javascript:alert(1)).", /about: a link leads to "javascript:alert\(1\)"/, 5, 1],
  ['title: A\nabout: "A [link](../x)."', /about: a link leads to "\.\.\/x"; expected https/, 2, 8],
  [
    "title: A\nlinks:\n  - {label: x, href: 'https://x.org', mark: 1}",
    /links.0: unknown field "mark"; known: label, href/,
    3,
    39,
  ],
  ["title: A\nlogo: [", /portal.yaml/, 2, 8],
  ...(
    [
      ["none.svg", "does not exist"],
      ["../beside/logo.svg", "lies outside the folder of this file"],
      ["/etc/hostname", "lies outside the folder"],
      ["linked.svg", "lies outside the folder"],
      ["folder/logo.svg", "lies outside the folder"],
      ["logo.svg/x", "does not exist"],
      ["pictures", "is not a file"],
      [".", "lies outside the folder"],
      ["large.svg", "has .*; a logo has at most 256 KiB"],
      ["open.svg", "is neither a PNG nor a well-formed SVG"],
      ["typed.svg", "is neither a PNG nor a well-formed SVG in its line 2: .*a document type"],
      ["page.svg", "its root is html"],
      ["bare.svg", "is an SVG without xmlns"],
      ["bytes.svg", "is neither a PNG nor an SVG"],
      ["empty.svg", "is neither a PNG nor a well-formed SVG"],
    ] as const
  ).map(([name, says]): (typeof WRONG)[number] => [
    `title: A\nlogo: ${name}`,
    new RegExp(`logo: ${name} .*${says}|logo: ${name} ${says}`),
    2,
    7,
  ]),
];

describe("portal.yaml", () => {
  it.each(WRONG)("%j is told with its place", (text, says, line, column) => {
    let error: unknown;
    try {
      parsePortalSettings(text, file);
    } catch (thrown) {
      error = thrown;
    }
    if (!isEmporiumError(error)) throw new Error(`not refused: ${JSON.stringify(error)}`);
    expect(`${error.message} ${error.facts.hint ?? ""}`).toMatch(says);
    expect([error.facts.place?.file, error.facts.place?.line, error.facts.place?.column]).toEqual([file, line, column]);
    expect(error.code).toMatch(/^CONFIG_/);
    expect(error.facts.hint).toBeTruthy();
  });

  it("has little in it, and the rest follows", () => {
    const { facts, accent, robots, sitemap, files, warnings } = parsePortalSettings("title: ' Our microscopes '", file);
    expect(facts).toEqual({ title: "Our microscopes", shortTitle: "Our microscopes", links: [] });
    expect({ accent, robots, sitemap, files: files.size, warnings }).toEqual({ sitemap: false, files: 0, warnings: [] });
  });

  it("gives pages their facts, and files by what they are", () => {
    const text = `title: Electron microscopy at the Institute of Cells
short_title: EM of Cells
logo: named.png
logo_dark: pictures/logo.png
accent: "#0A7"
about: |
  # Welcome
  See [us](https://example.org).
links: [{label: Contact, href: "mailto:em@example.org"}]
hero: 7
cite: |
  Cite the deposition.
  And us.
robots: allow
sitemap: true
`;
    const { facts, accent, robots, sitemap, files, warnings } = parsePortalSettings(text, file);
    expect(facts).toEqual({
      title: "Electron microscopy at the Institute of Cells",
      shortTitle: "EM of Cells",
      logo: "brand/logo.svg",
      logoDark: "brand/logo-dark.png",
      about: [
        { kind: "paragraph", parts: [{ text: "# Welcome See " }, { text: "us", href: "https://example.org/" }, { text: "." }] },
      ],
      links: [{ label: "Contact", href: "mailto:em@example.org" }],
      hero: 7,
      cite: "Cite the deposition.\nAnd us.",
    });
    expect([...files].map(([key, bytes]) => [key, bytes.length])).toEqual([
      ["brand/logo.svg", SVG.length],
      ["brand/logo-dark.png", PNG.length],
    ]);
    expect([robots, sitemap, accent?.colours.dark["--accent"]]).toEqual(["allow", true, expect.stringMatching(/^#[0-9a-f]{6}$/)]);
    expect(warnings).toEqual([
      `${file}:7: about has paragraphs, lists and links, and shows all else as it is written: # Welcome`,
    ]);
  });

  it("takes a link into its own folder: a mounted folder has nothing else", () => {
    expect(parsePortalSettings("title: A\nlogo: mounted.svg", file).facts.logo).toBe("brand/logo.svg");
  });

  it("that is not there is told", () => {
    expect(() => readPortalSettings(join(own, "other.yaml"))).toThrow(/other.yaml: no file of portal settings: ENOENT/);
  });
});
