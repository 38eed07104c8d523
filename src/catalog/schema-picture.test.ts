import { XMLParser, XMLValidator } from "fast-xml-parser";
import { describe, expect, it } from "vitest";
import { mermaid, schemaPage, schemaPictures, schemaSvg } from "./schema-picture.js";
import { allTables, microscopyTables, portalTables } from "./table-description.js";

describe("the picture of the schema", () => {
  it("is well-formed, and has every table and column once", () => {
    for (const tables of [microscopyTables(), portalTables()]) {
      const svg = schemaSvg(tables);
      expect(XMLValidator.validate(svg)).toBe(true);
      const parsed = new XMLParser({ ignoreAttributes: false }).parse(svg);
      expect(parsed.svg.g).toHaveLength(tables.length);
      for (const { name, columns } of tables) {
        expect(svg.match(new RegExp(`font-size="12" font-weight="bold">${name}</text>`, "g")), name).toHaveLength(1);
        for (const column of columns) expect(svg).toContain(`>${column.name}${column.required ? " !" : ""}</text>`);
      }
      const keys = tables.flatMap(({ columns }) => columns.filter(({ references }) => references));
      expect(svg.match(/marker-end="url\(#end\)"/g)).toHaveLength(keys.length);
    }
  });

  it("stands each table right of those that it belongs to, and none upon another", () => {
    const boxes = [
      ...schemaSvg(portalTables()).matchAll(/<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)" rx="4" fill="#fff"/g),
    ].map(([, ...numbers]) => numbers.map(Number) as [number, number, number, number]);
    const x = new Map(portalTables().map(({ name }, at) => [name, boxes[at]![0]]));
    for (const { name, columns } of portalTables()) {
      for (const { references } of columns) if (references) expect(x.get(references.table)).toBeLessThan(x.get(name)!);
    }
    for (const [at, a] of boxes.entries()) {
      for (const b of boxes.slice(at + 1)) {
        const apart = a[0] + a[2] <= b[0] || b[0] + b[2] <= a[0] || a[1] + a[3] <= b[1] || b[1] + b[3] <= a[1];
        expect(apart).toBe(true);
      }
    }
  });

  it("is told in Mermaid's words, with one line for each foreign key", () => {
    const text = mermaid(microscopyTables());
    expect(text.split("\n")).toEqual(
      expect.arrayContaining([
        "erDiagram",
        "  data_set {",
        "    integer id PK",
        "    timestamp_without_time_zone date_time",
        "  data_set |o--o{ data_set : parent_id",
        "  data_set ||--o| file_global : dataset_id",
        "  frames_global ||--o{ frames : frames_global_id",
      ]),
    );
    // a type of two words would end the diagram
    for (const line of mermaid(portalTables()).split("\n")) {
      expect(line).toMatch(/^(erDiagram| {2}\w+ \{| {2}\}| {4}\w+ \w+( PK| FK)?| {2}\w+ (\|\||\|o)--(o\||o\{) \w+ : \w+)$/);
    }
  });

  it("has a page with every column, and the pictures that it shows", () => {
    const page = schemaPage();
    for (const { name, columns } of allTables()) {
      expect(page).toContain(`### ${name}\n`);
      for (const column of columns)
        expect(page).toContain(`| \`${column.name}\`${column.required ? " **!**" : ""} | ${column.type} |`);
    }
    for (const name of Object.keys(schemaPictures())) expect(page).toContain(`](${name})`);
  });
});
