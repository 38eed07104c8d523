import { MICROSCOPY_SCHEMA } from "./microscopy-rows.js";
import { PORTAL_SCHEMA } from "./portal-rows.js";
import { type ColumnDescription, microscopyTables, portalTables, type TableDescription } from "./table-description.js";

/** The reference page of the database: pictures, diagrams that a Markdown page draws, and every column. */
export function schemaPage(): string {
  const part = (title: string, schema: string, tables: readonly TableDescription[], picture: string) => [
    `## ${title}`,
    "",
    `Schema \`${schema}\`. An arrow leads from a foreign key to the row that it belongs to; rows go with what they belong to, except`,
    "where a dashed line says that they stay.",
    "",
    `![Tables of ${schema}](${picture})`,
    "",
    "```mermaid",
    mermaid(tables),
    "```",
    "",
    ...tables.flatMap(columnsText),
  ];
  return [
    "# Tables of the catalogue",
    "",
    "Written by `scripts/generate-docs.mjs` from `src/catalog/entities.ts` and `src/catalog/table-description.ts`, which a test holds against a",
    "migrated database. **!** marks what is never null.",
    "",
    ...part("Microscopy catalogue", MICROSCOPY_SCHEMA, microscopyTables(), "catalog-microscopy.svg"),
    ...part("Portal", PORTAL_SCHEMA, portalTables(), "catalog-portal.svg"),
  ].join("\n");
}

/** Files beside the page. */
export function schemaPictures(): Record<string, string> {
  return { "catalog-microscopy.svg": schemaSvg(microscopyTables()), "catalog-portal.svg": schemaSvg(portalTables()) };
}

function columnsText({ name, about, columns, unique }: TableDescription): string[] {
  const rows = columns.map(({ name: column, type, required, references, indexed, values }) => {
    const notes = [
      references && `→ ${references.table}${references.onDelete === "cascade" ? "" : ", stays"}`,
      indexed && `${indexed} index`,
      values?.join(", "),
    ];
    return `| \`${column}\`${required ? " **!**" : ""} | ${type} | ${notes.filter(Boolean).join("; ")} |`;
  });
  const once = unique.map((set) => `Once only: ${set.map((column) => `\`${column}\``).join(", ")}.`);
  return [`### ${name}`, "", [about, ...once].join(" "), "", "| column | type | |", "|---|---|---|", ...rows, ""];
}

/** An entity-relationship diagram in Mermaid's language. */
export function mermaid(tables: readonly TableDescription[]): string {
  const type = (column: ColumnDescription) => (column.values ? "enum" : column.type.replaceAll(" ", "_"));
  const boxes = tables.flatMap(({ name, columns }) => [
    `  ${name} {`,
    ...columns.map((column) => `    ${type(column)} ${column.name}${keyMark(column)}`),
    "  }",
  ]);
  const lines = tables.flatMap(({ name, columns, unique }) =>
    columns.flatMap(({ name: column, references, required }) => {
      if (!references) return [];
      const single = unique.some((set) => set.length === 1 && set[0] === column);
      return [`  ${references.table} ${required ? "||" : "|o"}--${single ? "o|" : "o{"} ${name} : ${column}`];
    }),
  );
  return ["erDiagram", ...boxes, ...lines].join("\n");
}

function keyMark({ identity, references }: ColumnDescription): string {
  return identity ? " PK" : references ? " FK" : "";
}

const BOX = { width: 250, header: 24, row: 14, gap: 22, lane: 90, margin: 16 };

interface Placed {
  readonly table: TableDescription;
  readonly lane: number;
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/** The tables as boxes in lanes: each stands right of all that it belongs to. */
export function schemaSvg(tables: readonly TableDescription[]): string {
  const placed = place(tables);
  const byName = new Map(placed.map((box) => [box.table.name, box]));
  const width = Math.max(...placed.map(({ x }) => x)) + BOX.width + BOX.margin;
  const height = Math.max(...placed.map((box) => box.y + box.height)) + BOX.margin;
  const arrows = placed.flatMap((box) => arrowsOf(box, byName));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="10">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    '<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#58a"/></marker></defs>',
    ...arrows,
    ...placed.flatMap(boxText),
    "</svg>",
    "",
  ].join("\n");
}

function place(tables: readonly TableDescription[]): Placed[] {
  const lanes = new Map<string, number>();
  const bottoms: number[] = [];
  return tables.map((table) => {
    const parents = table.columns.flatMap(({ references }) =>
      references && references.table !== table.name ? [references.table] : [],
    );
    const lane = Math.max(-1, ...parents.map((parent) => lanes.get(parent) ?? 0)) + 1;
    lanes.set(table.name, lane);
    const y = bottoms[lane] ?? BOX.margin;
    const height = BOX.header + table.columns.length * BOX.row + 6;
    bottoms[lane] = y + height + BOX.gap;
    return { table, lane, x: BOX.margin + lane * (BOX.width + BOX.lane), y, height };
  });
}

function boxText({ table, x, y, height }: Placed): string[] {
  const rows = table.columns.map((column, at) => {
    const top = y + BOX.header + 11 + at * BOX.row;
    const weight = column.identity || column.references ? ' font-weight="bold"' : "";
    const name = `<text x="${x + 8}" y="${top}"${weight}>${column.name}${column.required ? " !" : ""}</text>`;
    return `${name}<text x="${x + BOX.width - 8}" y="${top}" text-anchor="end" fill="#777">${column.values ? "enum" : shortType(column.type)}</text>`;
  });
  return [
    `<g><title>${escaped(table.about)}</title><rect x="${x}" y="${y}" width="${BOX.width}" height="${height}" rx="4" fill="#fff" stroke="#345"/>`,
    `<rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.header - 4}" rx="4" fill="#345"/>`,
    `<text x="${x + 8}" y="${y + 14}" fill="#fff" font-size="12" font-weight="bold">${table.name}</text>`,
    ...rows,
    "</g>",
  ];
}

function arrowsOf(box: Placed, byName: ReadonlyMap<string, Placed>): string[] {
  return box.table.columns.flatMap(({ references }, at) => {
    const target = references && byName.get(references.table);
    if (!target) return [];
    const y = box.y + BOX.header + 8 + at * BOX.row;
    const dash = references.onDelete === "cascade" ? "" : ' stroke-dasharray="4 3"';
    const line = (path: string) =>
      `<path d="${path}" fill="none" stroke="#58a"${dash} stroke-opacity="0.6" marker-end="url(#end)"/>`;
    const targetY = target.y + 10;
    if (target === box) {
      const right = box.x + BOX.width;
      return [line(`M${right} ${y} C${right + 40} ${y} ${right + 40} ${targetY} ${right} ${targetY}`)];
    }
    const [from, to] = [box.x, target.x + BOX.width];
    const bend = Math.min(60, (from - to) / 2 + 20);
    return [line(`M${from} ${y} C${from - bend} ${y} ${to + bend} ${targetY} ${to} ${targetY}`)];
  });
}

function shortType(type: string): string {
  return type
    .replace("timestamp with time zone", "timestamptz")
    .replace("timestamp without time zone", "timestamp")
    .replace("double precision", "double");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
