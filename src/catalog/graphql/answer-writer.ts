import type { RootField } from "./plan.js";
import type { TextRow } from "./row-cursor.js";
import { type Path, type Row, rowText, type Writing } from "./row-text.js";
import type { ShapedField } from "./shape.js";

type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "rows"; readonly query: number; readonly fields: readonly ShapedField[]; readonly path: Path };

/** Puts an answer together while its rows come: query by query, in the order of the request. */
export class AnswerWriter {
  readonly #writing: Writing;
  readonly #parts: readonly Part[];
  /** Index of the current part, and the number of its rows that are written. */
  #at = 0;
  #rows = 0;
  #text = '{"data":';

  constructor(fields: readonly RootField[], writing: Writing) {
    this.#writing = writing;
    this.#parts = partsOf(fields, undefined);
  }

  /** The text of the answer up to the last of these rows. */
  add(rows: readonly TextRow[]): string {
    for (const [query, row] of rows) {
      const part = this.#goTo(Number(query));
      if (!part || typeof row !== "string") throw new TypeError(`a row of query ${query} came when nobody waited for it`);
      if (this.#rows > 0) this.#text += ",";
      const path: Path = { above: part.path, key: this.#rows++ };
      this.#text += rowText(part.fields, JSON.parse(row) as Row, path, this.#writing);
    }
    return this.#take();
  }

  /** The rest of the answer, with the lists that have no rows. The outermost bracket stays open for `errors`. */
  end(): string {
    this.#goTo(undefined);
    return this.#take();
  }

  #goTo(query: number | undefined): (Part & { kind: "rows" }) | undefined {
    for (; this.#at < this.#parts.length; this.#at++) {
      const part = this.#parts[this.#at]!;
      if (part.kind === "text") this.#text += part.text;
      else if (part.query === query) return part;
      else this.#rows = 0;
    }
    return undefined;
  }

  #take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }
}

function partsOf(fields: readonly RootField[], path: Path | undefined): Part[] {
  const inner = fields.flatMap((field, at): Part[] => {
    const name = `${at > 0 ? "," : ""}"${field.name}":`;
    if (field.kind === "constant") return [{ kind: "text", text: name + field.text }];
    const here: Path = { above: path, key: field.name };
    if (field.kind === "object") return [{ kind: "text", text: name }, ...partsOf(field.fields, here)];
    return [
      { kind: "text", text: `${name}[` },
      { kind: "rows", query: field.query, fields: field.fields, path: here },
      { kind: "text", text: "]" },
    ];
  });
  return [{ kind: "text", text: "{" }, ...inner, { kind: "text", text: "}" }];
}
