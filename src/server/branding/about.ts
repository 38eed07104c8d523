import type { AboutBlock, AboutPart } from "../../model/page-api.js";

/** The text about a portal, and lines of it that are not as their writer may have meant them. Lines count from 1. */
export interface AboutText {
  readonly blocks: readonly AboutBlock[];
  /** Marks beyond paragraphs, lists and links, which are shown as they are written. */
  readonly asWritten: readonly { readonly line: number; readonly text: string }[];
  /** Links that lead to what no page may open. */
  readonly wrongLinks: readonly { readonly line: number; readonly href: string }[];
}

const ITEM = /^( *)[-*+] +(.*)$/;
/** An escaped sign, a link, or an address in angle brackets. A picture is none of them. */
const TOKEN =
  /\\([!-/:-@[-`{-~])|(?<!!)\[((?:\\.|[^[\]\\])+)\]\(\s*<?((?:[^\s()<>]|\([^\s()<>]*\))*)>?\s*\)|<([a-z][a-z0-9+.-]*:[^\s<>]+)>/gi;
/** Headings, code, quotes, numbered lists, tables, pictures, links of other forms, emphasis and HTML. */
const OTHER_MARKS = /^(?:#{1,6} |```|~~~|> |\d+[.)] |\||={3,}$|-{3,}$)|!\[|\]\(|\]\[|\*\*|__|`|<\/?[a-z!]/i;

/**
 * Reads the part of Markdown that is paragraphs, lists of one level and links. All else is plain text, so that pages never see HTML.
 */
export function readAbout(text: string): AboutText {
  const blocks: AboutBlock[] = [];
  const asWritten: { line: number; text: string }[] = [];
  const wrongLinks: { line: number; href: string }[] = [];
  const partsOf = (lines: readonly Line[]): AboutPart[] => {
    const parts: AboutPart[] = [];
    for (const [i, { line, text }] of lines.entries()) {
      if (i > 0) parts.push({ text: " " });
      for (const part of inlineOf(text)) {
        const href = part.href === undefined ? undefined : openable(part.href);
        if (part.href !== undefined && href === undefined) wrongLinks.push({ line, href: part.href });
        parts.push(href === undefined ? { text: part.text } : { text: part.text, href });
      }
      if (isMoreThanRead(text)) asWritten.push({ line, text });
    }
    return joined(parts);
  };
  for (const group of groupsOf(text)) {
    if (group.kind === "paragraph") blocks.push({ kind: "paragraph", parts: partsOf(group.lines) });
    else blocks.push({ kind: "list", items: group.items.map(partsOf) });
  }
  return { blocks, asWritten, wrongLinks };
}

/** The same address as it may stand in a page: of the web, or of a person's mail; undefined for any other. */
export function openable(href: string): string | undefined {
  let url: URL;
  try {
    url = new URL(href);
  } catch {
    return undefined;
  }
  const isWeb = /^https?:\/\//i.test(href) && url.username === "" && url.password === "";
  return isWeb || url.protocol === "mailto:" ? url.href : undefined;
}

/** The text of the first paragraph, or of the first item where there is none. */
export function firstWords(blocks: readonly AboutBlock[]): string | undefined {
  const block = blocks.find(({ kind }) => kind === "paragraph") ?? blocks[0];
  const parts = block?.kind === "list" ? block.items[0] : block?.parts;
  return parts?.map(({ text }) => text).join("");
}

interface Line {
  readonly line: number;
  readonly text: string;
}

type Group = { readonly kind: "paragraph"; readonly lines: Line[] } | { readonly kind: "list"; readonly items: Line[][] };

function groupsOf(text: string): Group[] {
  const groups: Group[] = [];
  let isOpen = false;
  for (const [i, written] of text.split(/\r\n|\r|\n/).entries()) {
    const line = { line: i + 1, text: written.trim() };
    const item = ITEM.exec(written.replaceAll("\t", "    "));
    const last = groups.at(-1);
    if (line.text === "") isOpen = false;
    else if (item) {
      const own = { ...line, text: item[2]!.trim() };
      // lines between items part no list
      if (last?.kind === "list") last.items.push([own]);
      else groups.push({ kind: "list", items: [[own]] });
      isOpen = true;
    } else if (isOpen && last) {
      if (last.kind === "list") last.items.at(-1)!.push(line);
      else last.lines.push(line);
    } else {
      groups.push({ kind: "paragraph", lines: [line] });
      isOpen = true;
    }
  }
  return groups;
}

function* inlineOf(text: string): Generator<AboutPart> {
  let at = 0;
  for (const found of text.matchAll(TOKEN)) {
    const [whole, escaped, label, target, address] = found;
    if (found.index > at) yield { text: text.slice(at, found.index) };
    if (escaped !== undefined) yield { text: escaped };
    else if (address !== undefined) yield { text: address.replace(/^mailto:/i, ""), href: address };
    else yield { text: label!.replace(/\\([!-/:-@[-`{-~])/g, "$1"), href: target! };
    at = found.index + whole.length;
  }
  if (at < text.length) yield { text: text.slice(at) };
}

const isMoreThanRead = (text: string): boolean => OTHER_MARKS.test(text.replace(TOKEN, ""));

/** Texts that stand beside each other as one. */
function joined(parts: readonly AboutPart[]): AboutPart[] {
  const found: AboutPart[] = [];
  for (const part of parts) {
    const last = found.at(-1);
    if (last && last.href === undefined && part.href === undefined) found[found.length - 1] = { text: last.text + part.text };
    else found.push(part);
  }
  return found;
}
