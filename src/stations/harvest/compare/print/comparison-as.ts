import { printDocument, recordJson } from "../../records/file-metadata.js";
import type { Comparison } from "../compare.js";
import { comparisonCsv } from "./csv.js";
import { comparisonDocument } from "./document.js";
import { comparisonMarkdown } from "./markdown.js";
import { comparisonPage } from "./page.js";
import type { Which } from "./parts.js";
import { comparisonText } from "./text.js";

const COMPARE_FORMATS = ["table", "markdown", "csv", "json", "html"] as const;
export type CompareFormat = (typeof COMPARE_FORMATS)[number];

/** The comparison in one of its forms, with a line end. */
export function comparisonAs(comparison: Comparison, format: CompareFormat, which: Which = "both"): string {
  switch (format) {
    case "table":
      return `${comparisonText(comparison, which)}\n`;
    case "markdown":
      return `${comparisonMarkdown(comparison, which)}\n`;
    case "csv":
      return `${comparisonCsv(comparison, which)}\n`;
    case "json":
      return `${printDocument(recordJson(comparisonDocument(comparison, which)))}\n`;
    case "html":
      return comparisonPage(comparison, which);
  }
}

/** The form for a file's name. */
export function formatOfName(name: string): CompareFormat | undefined {
  const end = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  const ends: Readonly<Record<string, CompareFormat>> = {
    md: "markdown",
    markdown: "markdown",
    csv: "csv",
    json: "json",
    html: "html",
    htm: "html",
    txt: "table",
  };
  return Object.hasOwn(ends, end) ? ends[end] : undefined;
}
