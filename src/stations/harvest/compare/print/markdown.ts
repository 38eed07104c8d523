import type { Comparison } from "../compare.js";
import type { Table } from "../table.js";
import { filledTables, markedText, type Which } from "./parts.js";

/** Both tables in GitHub's Markdown. */
export function comparisonMarkdown(comparison: Comparison, which: Which): string {
  const { conflicts, notes } = comparison;
  const parts = filledTables(comparison, which).map((table) => `## ${table.title}\n\n${markdownTable(table)}`);
  if (conflicts.length > 0) {
    const lines = conflicts.map(
      ({ dataset, field, says }, index) => `${index + 1}. **${escaped(dataset)}**, ${escaped(field)}: ${escaped(says)}`,
    );
    parts.push(`## Contradictions\n\n${lines.join("\n")}`);
  }
  if (notes.length > 0) {
    parts.push(`## Notes\n\n${notes.map(({ dataset, says }) => `- **${escaped(dataset)}**: ${escaped(says)}`).join("\n")}`);
  }
  return parts.join("\n\n");
}

function markdownTable({ columns, rows }: Table): string {
  const line = (texts: readonly string[]) => `| ${texts.join(" | ")} |`;
  return [
    line(columns.map(({ key }) => escaped(key))),
    line(columns.map(() => "---")),
    ...rows.map((row) => line(row.map((cell) => escaped(markedText(cell) ?? "–")))),
  ].join("\n");
}

/**
 * Escapes text of documents: no markup, no link, no further cell. Brackets that cannot begin a link and underscores inside words
 * stay, so that `[z, y, x]` and `voxel_size` stay readable.
 */
function escaped(text: string): string {
  return text
    .replace(/[\\`*|~]|(?<![a-z0-9])_|_(?![a-z0-9])/gi, "\\$&")
    .replace(/&(?=#?\w+;)/g, "&amp;")
    .replaceAll("<", "&lt;")
    .replace(/!(?=\[)|\](?=[([:])/g, "\\$&");
}
