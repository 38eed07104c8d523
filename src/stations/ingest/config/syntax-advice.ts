/*
 * What to do about a fault of YAML. The parser says what it could not do with the text; the line itself mostly shows what was meant.
 */

const KEY_WITHOUT_BLANK = /^\s*(?:- +)*([\w.-]+):(?=[^\s/])/;

/** @param message the parser's own. @param lines of the text. @param line of the fault, from 1. */
export function syntaxAdvice(message: string, lines: readonly string[], line: number): string {
  const here = lines[line - 1] ?? "";
  const nearby = [here, lines[line] ?? "", lines[line - 2] ?? ""];
  if (/^ *\t/.test(here) || (/^Tabs/.test(message) && here.includes("\t"))) {
    return "indent with spaces: YAML takes no tabs there (an editor replaces them: expand -t 2 FILE)";
  }
  const glued = nearby.map((text) => KEY_WITHOUT_BLANK.exec(text)?.[1]).find((key) => key !== undefined);
  switch (true) {
    case /Missing closing/.test(message):
      return "close the quote: a value above begins with one and does not end with it";
    case /must be sufficiently indented and end with/.test(message) || /^Flow (map|sequence)/.test(message):
      return `close the bracket, and indent what is inside of it: ${/end with a (.)/.exec(message)?.[1] ?? "]"} is missing`;
    case /escape sequence/.test(message):
      return "put it in single quotes: in double ones a backslash begins an escape";
    case /cannot start with|Unexpected scalar at node end|Block scalar header/.test(message):
      return valueAdvice(here);
    case glued !== undefined && /Implicit|mapping|Unexpected/i.test(message):
      return `put a blank behind the colon: ${glued}: …`;
    case /^Implicit/.test(message):
      return "write key: value; a key without a colon stands here";
    case /Nested mappings/.test(message) && /[“”‘’]/.test(here):
      return "write straight quotes: typographic ones do not quote";
    case /Nested mappings/.test(message):
      return isDeeper(lines, line)
        ? "indent this key and the next alike, with spaces; or put the value in quotes if it holds a colon and a blank"
        : "put the value in quotes: it holds a colon and a blank";
    case /same column|indent/i.test(message):
      return "indent the keys of one map alike, with spaces";
    default:
      return nearby.some((text) => /^ *\t/.test(text))
        ? "indent with spaces, not with tabs"
        : "check indentation, quotes and colons here";
  }
}

function valueAdvice(here: string): string {
  const value = /(?::|-)\s+(.*)$/.exec(here)?.[1] ?? "";
  if (/^'/.test(value)) return "write a quote within single quotes twice: 'it''s'; or use double quotes";
  if (/^"/.test(value)) return 'write a quote within double quotes as \\"; or use single quotes';
  const first = value[0];
  return first === undefined || /[\w]/.test(first)
    ? "check indentation, quotes and colons here"
    : `put the value in quotes: ${first} at its beginning has a meaning of its own`;
}

function isDeeper(lines: readonly string[], line: number): boolean {
  const depth = (text: string | undefined) => (text === undefined || text.trim() === "" ? -1 : text.search(/\S/));
  return depth(lines[line]) > depth(lines[line - 1]);
}
