import { cursorOf, type Page } from "./page.js";
import type { ConnectionField, PageInfoField, Shape, ShapedField, ValueKind } from "./shape.js";

/** One row from the database: a value for each slot of its plan. */
export type Row = readonly unknown[];

/** Path of a value in the answer, from the innermost key outwards. */
export interface Path {
  readonly above: Path | undefined;
  readonly key: string | number;
}

/** A value that cannot be represented; the answer has null in its place. */
export interface FieldError {
  readonly message: string;
  readonly path: readonly (string | number)[];
}

/** Callbacks for writing rows. */
export interface Writing {
  /** Called for values that the answer cannot represent. */
  readonly report: (error: FieldError) => void;
  /** Converts the document of a view to the form in which it is answered. */
  readonly view: (text: string) => string;
}

const INT_MAX = 2 ** 31 - 1;

/**
 * A row as JSON in the selected shape. The text is concatenated directly: answers are large, and objects would be made only to be
 * printed.
 */
export function rowText(fields: readonly ShapedField[], row: Row, path: Path, writing: Writing): string {
  let text = "{";
  for (const [at, { name, shape }] of fields.entries()) {
    text += `${at > 0 ? "," : ""}"${name}":${shapeText(shape, row, path, name, writing)}`;
  }
  return `${text}}`;
}

function shapeText(shape: Shape, row: Row, above: Path, key: string, writing: Writing): string {
  switch (shape.kind) {
    case "constant":
      return shape.text;
    case "value":
      return valueText(row[shape.at], shape.as, above, key, writing);
    case "globalId":
      return `"${Buffer.from(`${shape.type}:${row[shape.at]}`).toString("base64")}"`;
    case "fields":
      return rowText(shape.fields, row, { above, key }, writing);
    case "row": {
      const inner = row[shape.at] as Row | null;
      return inner === null ? "null" : rowText(shape.fields, inner, { above, key }, writing);
    }
    case "rows": {
      const path: Path = { above, key };
      const rows = (row[shape.at] ?? []) as readonly Row[];
      return `[${rows.map((inner, at) => rowText(shape.fields, inner, { above: path, key: at }, writing)).join(",")}]`;
    }
    case "connection":
      return connectionText(shape.fields, seen(row[shape.at], shape.page), { above, key }, writing);
  }
}

function valueText(value: unknown, as: ValueKind, above: Path, key: string, writing: Writing): string {
  if (value === null || value === undefined) return "null";
  switch (as) {
    case "plain":
      return JSON.stringify(value);
    case "view":
      return JSON.stringify(typeof value === "string" ? writing.view(value) : value);
    case "float":
      return floatText(value);
    case "floats":
      return `[${linesOf(value)
        .map((line) => `[${line.map(floatText).join(",")}]`)
        .join(",")}]`;
    case "date":
      return `"${dateText(String(value))}"`;
    case "count":
      if (Math.abs(Number(value)) <= INT_MAX) return String(value);
      writing.report({
        message: `Int cannot represent non 32-bit signed integer value: ${value}`,
        path: pathOf({ above, key }),
      });
      return "null";
  }
}

/** The rows of a matrix. Alignments of older trees have them as one flat list, row by row, which their tables preserve. */
function linesOf(value: unknown): readonly (readonly unknown[])[] {
  if (!Array.isArray(value)) return [];
  const items: readonly unknown[] = value;
  if (items.every((item) => Array.isArray(item))) return items as readonly unknown[][];
  const length = Math.round(Math.sqrt(items.length));
  if (length * length !== items.length) return [items];
  return Array.from({ length }, (_, line) => items.slice(line * length, (line + 1) * length));
}

/** A number with a decimal point even where no digits follow: Python makes a `float` of `10.0` and an `int` of `10`. */
function floatText(value: unknown): string {
  if (typeof value !== "number") return "null"; // NaN and infinities, for which JSON has no words
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** A time in the form of Python's `isoformat`: microseconds with six digits or none. */
function dateText(moment: string): string {
  return `${moment.replace(/\.(\d+)$/, (_, digits: string) => `.${digits.padEnd(6, "0")}`)}+00:00`;
}

interface Seen {
  readonly rows: readonly Row[];
  /** Position of the first row. */
  readonly start: number;
  readonly hasNextPage: boolean;
}

/**
 * Extracts the page from the rows that were read: one more than the page has, or, for the last rows of a list, those and the
 * list's length.
 */
function seen(value: unknown, { start, end, last }: Page): Seen {
  if (last === undefined) {
    const rows = (value ?? []) as readonly Row[];
    const size = Math.max(0, end - start);
    return { rows: rows.slice(0, size), start, hasNextPage: rows.length > size };
  }
  const [total, rows] = value as readonly [number | null, readonly Row[] | null];
  const stop = Math.min(end, total ?? 0);
  return { rows: rows ?? [], start: Math.max(start, stop - last), hasNextPage: stop < (total ?? 0) };
}

function connectionText(fields: readonly ConnectionField[], page: Seen, path: Path, writing: Writing): string {
  const parts = fields.map((field) => {
    if (field.kind === "constant") return `"${field.name}":${field.text}`;
    if (field.kind === "pageInfo") {
      return `"${field.name}":{${field.fields.map((one) => `"${one.name}":${pageInfoText(one, page)}`).join(",")}}`;
    }
    const edges = page.rows.map((row, at) => {
      const edge: Path = { above: { above: path, key: field.name }, key: at };
      const inner = field.fields.map((one) => {
        if (one.kind === "constant") return `"${one.name}":${one.text}`;
        if (one.kind === "cursor") return `"${one.name}":"${cursorOf(page.start + at)}"`;
        return `"${one.name}":${rowText(one.fields, row, { above: edge, key: one.name }, writing)}`;
      });
      return `{${inner.join(",")}}`;
    });
    return `"${field.name}":[${edges.join(",")}]`;
  });
  return `{${parts.join(",")}}`;
}

function pageInfoText(field: PageInfoField, { rows, start, hasNextPage }: Seen): string {
  switch (field.kind) {
    case "constant":
      return field.text;
    case "hasNextPage":
      return String(hasNextPage);
    case "hasPreviousPage":
      return String(start > 0);
    case "startCursor":
      return rows.length > 0 ? `"${cursorOf(start)}"` : "null";
    case "endCursor":
      return rows.length > 0 ? `"${cursorOf(start + rows.length - 1)}"` : "null";
  }
}

function pathOf(path: Path): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let at: Path | undefined = path; at; at = at.above) keys.unshift(at.key);
  return keys;
}
