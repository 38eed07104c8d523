import { EmporiumError } from "../../core/errors.js";
import type { MdocSectionKind } from "./read.js";

export type MdocPair = readonly [key: string, value: string | number];

/** What an mdoc is written from. A number is printed as JavaScript does; text goes out as it is, so `1.0` is given as text. */
export interface MdocDraft {
  header?: Iterable<MdocPair> | undefined;
  /** Text of the `[T = …]` lines. */
  titles?: Iterable<string> | undefined;
  sections: Iterable<{ kind?: MdocSectionKind | undefined; index: number; fields: Iterable<MdocPair> }>;
}

/**
 * The text of an mdoc as SerialEM lays it out: header, titles, sections, an empty line between each two. `parseMdoc` reads back the same.
 *
 * @throws {EmporiumError} FORMAT_FIELD for a key or value that would not be read back: line breaks, `=` or brackets in a key, blanks or
 *   brackets at the ends of a value.
 */
export function formatMdoc(draft: MdocDraft, lineEnd: "\n" | "\r\n" = "\n"): string {
  const header = Array.from(draft.header ?? [], pairLine);
  const titles = Array.from(draft.titles ?? [], (title) => `[T = ${checked("title", title)}]`);
  const sections = Array.from(draft.sections, ({ kind = "ZValue", index, fields }) =>
    [`[${kind} = ${checked(kind, String(index))}]`, ...Array.from(fields, pairLine)].join(lineEnd),
  );
  const blocks = [header.join(lineEnd), ...titles, ...sections].filter((block) => block !== "");
  return blocks.map((block) => block + lineEnd).join(lineEnd);
}

function pairLine([key, value]: MdocPair): string {
  if (!/^[^=[\]\s]([^=\r\n[\]]*[^=\s[\]])?$/.test(key)) {
    throw new EmporiumError("FORMAT_FIELD", `${JSON.stringify(key)} cannot be a key of an mdoc: it is split at "=" and trimmed`);
  }
  return `${key} = ${checked(key, String(value))}`;
}

function checked(key: string, text: string): string {
  if (/[\r\n]/.test(text) || text.trim() !== text || /^[[\]]|[[\]]$/.test(text)) {
    throw new EmporiumError(
      "FORMAT_FIELD",
      `${key}: ${JSON.stringify(text)} cannot be a value of an mdoc: it would be read back changed`,
    );
  }
  return text;
}
