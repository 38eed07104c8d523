import { load } from "cheerio/slim";
import { describe, expect, it } from "vitest";
import { plainText } from "../../../../core/plain-text.js";
import type { NormalisedRecord } from "../../records/record.js";
import { compare } from "../compare.js";

import { comparisonCsv } from "./csv.js";
import { comparisonDocument } from "./document.js";
import { comparisonMarkdown } from "./markdown.js";
import { comparisonPage } from "./page.js";
import { comparisonText } from "./text.js";

function record(name: string, more: Partial<NormalisedRecord> = {}) {
  const whole: NormalisedRecord = {
    name,
    format: "dm3",
    shape: [16, 5500, 5496],
    dtype: "uint8",
    unit: ["nm", "µm", "µm"],
    voxel_size: [50, 0.008, 0.008],
    offset: [null, 0, -1.5],
    channels: 1,
    axes: ["z", "y", "x"],
    contrast: { min: 0, max: 255 },
    acquisition: {
      beam_energy: { value: 1.9, unit: "keV", si: 3.0441355e-16 },
      beam_current: { value: 0.22, unit: "nA", si: 2.2e-10 },
      microscope: "FEI Quanta",
      stage: { x: { value: 0.0793, unit: "mm", si: 7.93e-5 } },
    },
    sources: { voxel_size: "file", "voxel_size.z": "web", acquisition: "file", "acquisition.beam_current": "web" },
    warnings: ["conflict:microscope: the file FEI Quanta, the portal FEI Magellan400", "stack-gap: no file has the number 3"],
    raw_metadata: {},
    ...more,
  };
  return { record: whole, reference: undefined };
}

const web = (name: string, links: string[], more: Record<string, string> = {}) => ({
  name,
  raw_metadata: {},
  download_links: links,
  portal: "empiar",
  source_url: "https://www.ebi.ac.uk/empiar/EMPIAR-1/",
  record: { retrieved_at: "2026-01-02T03:04:05.000Z", ...more },
});

const comparison = compare([record("retina")], []);

describe("the table for a terminal", () => {
  it("has columns of one width, and what does not agree under them", () => {
    expect(comparisonText(comparison, "acquisition").split("\n")).toEqual([
      "Parameter      | retina",
      "---------------|-----------------------",
      "Beam energy    | 1.9 keV",
      "Beam current   | 220 pA (0.22 nA) (web)",
      "Microscope     | FEI Quanta [1]",
      "Stage position | x 79.3 µm",
      "",
      "Contradictions",
      "  [1] retina, microscope: the file FEI Quanta, the portal FEI Magellan400",
      "",
      "Notes",
      "  retina: stack-gap: no file has the number 3",
    ]);
    expect(comparisonText(comparison, "images")).toContain("[50.0, 0.008, 0.008] (z: web)");
  });

  it("shows what would steer a terminal as escapes", () => {
    const hostile = compare([record("\u001b[2J\u202eevil\nline", { dtype: "a\rb" })], []);
    const text = comparisonText(hostile, "both");
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(text).toContain("\\u001b[2J\\u202eevil\\u000aline");
  });
});

describe("CSV", () => {
  /** Python's csv module reads it so; no field of ours holds a line end. */
  const rows = (csv: string) =>
    csv
      .split("\n")
      .map((line) =>
        [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
          ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain,
        ),
      );

  it("has one field a column, and says in a last one what is not of the file", () => {
    const [head, row, ...rest] = rows(comparisonCsv(comparison, "images"));
    const cells = Object.fromEntries(head!.map((key, at) => [key, row![at]]));
    expect(cells).toMatchObject({
      dataset: "retina",
      voxel_size: "[50.0, 0.008, 0.008]",
      offset: "[null, 0.0, -1.5]",
      channels: "1",
      extent_um: "[0.8, 44.0, 43.968]",
      sources: "voxel_size.z: web; voxel_size_nm.z: web; extent_um.z: web",
    });
    expect(rest[0]).toEqual([""]);
    expect(rest[1]).toEqual(["dataset", "field", "contradiction"]);
  });

  it.each([
    ["=1+1", "'=1+1"],
    ["+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"],
    ["-2+3", "'-2+3"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["＝1", "'＝1"],
    ["a=b", "a=b"],
    ["-1.5e-3", "-1.5e-3"],
    ["+7", "+7"],
    ['say "so", twice', 'say "so", twice'],
  ])("a name %s stands as %s", (name, field) => {
    expect(rows(comparisonCsv(compare([record(name)], []), "images"))[1]![0]).toBe(field);
  });
});

describe("Markdown", () => {
  it("has a row a line, and lists as they are", () => {
    const lines = comparisonMarkdown(compare([record("jrc_mus-nacc-2", { warnings: [] })], []), "images").split("\n");
    expect(lines.slice(0, 4)).toEqual([
      "## Images",
      "",
      expect.stringMatching(/^\| dataset \| dtype \| unit \| voxel_size \|/),
      expect.stringMatching(/^\|(?: --- \|)+$/),
    ]);
    expect(lines[4]).toContain("| jrc_mus-nacc-2 | uint8 | [nm, µm, µm] | [50.0, 0.008, 0.008] (z: web) |");
  });

  it.each([
    ["a|b", "a\\|b"],
    ["[x](http://evil.test)", "[x\\](http://evil.test)"],
    ["![x](y)", "\\![x\\](y)"],
    ["<script>", "&lt;script>"],
    ["&lt;b", "&amp;lt;b"],
    ["*b* _i_ `c` ~~d~~", "\\*b\\* \\_i\\_ \\`c\\` \\~\\~d\\~\\~"],
    ["back\\", "back\\\\"],
    ["two\nlines", "two\\\\u000alines"],
  ])("%j is text", (name, cell) => {
    const [, , , , row] = comparisonMarkdown(compare([record(name)], []), "images").split("\n");
    expect(row!.startsWith(`| ${cell} | uint8 |`)).toBe(true);
  });
});

describe("the document for programs", () => {
  it("has numbers as numbers, quantities in both units, and sources beside the rows", () => {
    const { images, acquisition, conflicts, errors } = JSON.parse(JSON.stringify(comparisonDocument(comparison, "both")));
    expect(images.rows[0]).toMatchObject({
      dataset: "retina",
      shape: [16, 5500, 5496],
      voxel_size: [50, 0.008, 0.008],
      voxel_size_nm: [50, 8, 8],
      offset: [null, 0, -1.5],
      channels: 1,
      contrast: [0, 255],
    });
    expect(images.sources[0]).toEqual({ "voxel_size.z": "web", "voxel_size_nm.z": "web", "extent_um.z": "web" });
    expect(acquisition.rows[1]).toEqual({
      Parameter: "Beam current",
      retina: { value: 0.22, unit: "nA", si: 2.2e-10, si_unit: "A" },
    });
    expect(acquisition.sources[1]).toEqual({ retina: "web" });
    expect(conflicts).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  it("takes any name for a column", () => {
    const document = JSON.parse(
      JSON.stringify(comparisonDocument(compare([record("__proto__"), record("constructor")], []), "acquisition")),
    );
    expect(Object.keys(document.acquisition.rows[2])).toEqual(["Parameter", "__proto__", "constructor"]);
  });
});

const ATTRIBUTES =
  /^(?:lang|charset|name|content|http-equiv|class|id|title|scope|tabindex|rel|href|role|aria-label|viewbox|points|x|y|x1|x2|y1|y2|cx|cy|r|width|height)$/i;

describe("the page", () => {
  const hostile = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style></svg><script>alert(1)</script>",
    "javascript:alert(1)",
    "\u202e\u0000\u001b]8;;http://evil.test\u0007",
    "&lt;script&gt;",
  ];

  it("holds names and texts as text, whatever they are", () => {
    for (const name of hostile) {
      const one = record(name, {
        dtype: name,
        unit: ["nm", name, "nm"],
        acquisition: { microscope: name, [name]: name },
        warnings: [`conflict:${name}`, `conflict:dtype: ${name}`, name],
      });
      const page = comparisonPage(
        compare([one, record("b")], [web(name, [name, `https://x.test/${name}`], { warnings: name })]),
        "both",
      );
      expect(page).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      const elements = load(page)("*")
        .toArray()
        .filter((node) => "attribs" in node);
      expect(elements.length).toBeGreaterThan(100);
      for (const element of elements) {
        expect(["script", "img", "iframe", "object", "form", "base", "link"]).not.toContain(element.name);
        for (const [attribute, value] of Object.entries(element.attribs)) {
          expect(attribute).toMatch(ATTRIBUTES);
          if (attribute === "href") expect(value).toMatch(/^(?:#conflict-\d+$|https:)/);
        }
      }
      expect(load(page)("tbody th").first().text()).toBe(plainText(name));
    }
  });

  it("links addresses of the web alone", () => {
    const links = ["https://x.test/a b.tif", "javascript:alert(1)", "zarr://s3://b/k", "data:text/html,x", "ftp://ftp.x.test/f"];
    const page = comparisonPage(compare([record("a")], [web("a", links)]), "both");
    expect([...page.matchAll(/href="([^"#][^"]*)"/g)].map(([, href]) => href)).toEqual([
      "https://www.ebi.ac.uk/empiar/EMPIAR-1/",
      "https://x.test/a%20b.tif",
      "ftp://ftp.x.test/f",
    ]);
    for (const text of links) expect(page).toContain(text.replaceAll("&", "&#38;"));
  });

  it("loads nothing, and says so", () => {
    const page = comparisonPage(comparison, "both");
    expect(page).toContain("default-src 'none'; style-src 'unsafe-inline'");
    expect(page).not.toMatch(/\s(?:src|srcset|poster)=|url\(|@import/);
  });

  it("is whole without lengths, without anything known, and with one data set", () => {
    const unknown = record("a", { voxel_size: [null, null, null], unit: [null, null, null], acquisition: {}, warnings: [] });
    for (const some of [compare([], []), compare([unknown], []), compare([record("a")], []), compare([], [web("w", [])])]) {
      const page = comparisonPage(some, "both");
      expect(page).not.toMatch(/NaN|Infinity|undefined/);
      expect(page.endsWith("</body></html>\n")).toBe(true);
    }
  });

  it("draws lengths of any size on one scale", () => {
    const tiny = record("tiny", { shape: [1, 1, 1], voxel_size: [1e-6, 1e-6, 1e-6], unit: ["pm", "pm", "pm"] });
    const vast = record("vast", { shape: [1e15, 1e15, 1e15], voxel_size: [1e6, 1e6, 1e6], unit: ["m", "m", "m"] });
    const page = comparisonPage(compare([tiny, vast], []), "both");
    const numbers = [...page.matchAll(/\s(?:x1|x2|y1|y2|cx|cy|x|y|width|height)="([^"]*)"/g)].map(([, number]) => Number(number));
    expect(numbers.length).toBeGreaterThan(20);
    for (const number of numbers) expect(Number.isFinite(number)).toBe(true);
  });
});

describe("seam 41: tables", () => {
  it("seam 41: one text for a 32-bit float, one for the ångström, and no table that says nothing", () => {
    const size = 11.399999618530273;
    const plain = { acquisition: {}, warnings: [], sources: {} };
    const both = compare(
      [
        record("mrc", { ...plain, format: "mrc", voxel_size: [size, size, size], unit: ["Å", "Å", "Å"] }),
        record("zarr", { ...plain, format: "zarr", voxel_size: [1, 1, 1], unit: ["angstrom", "angstrom", "Angstrom"] }),
      ],
      [],
    );
    for (const text of [comparisonText(both, "both"), comparisonMarkdown(both, "both"), comparisonCsv(both, "both")]) {
      expect(text).toContain("[11.4, 11.4, 11.4]");
      expect(text).not.toMatch(/angstrom|Parameter|Acquisition/i);
    }
    expect(comparisonDocument(both, "both")).toHaveProperty("acquisition");
  });
});
