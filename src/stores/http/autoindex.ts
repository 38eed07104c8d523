import { protocol } from "../../net/errors.js";
import { HTML_DEPTH_MAX, parsePage } from "./html-page.js";

export interface IndexEntry {
  /** Percent-decoded, without a `/` at the end. */
  name: string;
  url: string;
  kind: "file" | "folder";
  /** Bytes, where the page states them exactly: Apache writes `1.2M` from a thousand on. */
  size?: number | undefined;
  /** Bytes as the page rounds them, where it does not state them exactly. */
  roundedSize?: number | undefined;
  modifiedMs?: number | undefined;
}

/**
 * The entries of a folder page of Apache, nginx, lighttpd or EBI's servers: every anchor directly below the folder. Skips sort
 * orders (`?C=M`), fragments, parents and other places.
 *
 * @param folder address of the page, with its last `/`.
 * @param onUnusable called for entries whose name no path can have (`%00`, `%2F`, `%zz`).
 * @throws {EmporiumError} STORE_PROTOCOL for a page nested deeper than any page.
 */
export function readAutoindex(html: string, folder: string, onUnusable: (name: string) => void = () => {}): IndexEntry[] {
  const document = parsePage(html);
  if (!document)
    throw protocol(folder, `sent a page with more than ${HTML_DEPTH_MAX} elements within each other`, undefined, "no");
  const base = new URL(folder);
  const entries = new Map<string, IndexEntry>();
  document("a[href]").each((_, anchor) => {
    const href = (anchor.attribs.href ?? "").trim();
    if (href === "" || /^[?#]/.test(href) || !URL.canParse(href, base.href)) return;
    const url = new URL(href, base.href);
    if (url.origin !== base.origin || url.search !== "" || !url.pathname.startsWith(base.pathname)) return;
    const rest = url.pathname.slice(base.pathname.length);
    const kind = rest.endsWith("/") ? "folder" : "file";
    const name = decoded(rest.replace(/\/$/, ""));
    if (name === undefined || !isName(name)) {
      if (rest !== "" && !rest.replace(/\/$/, "").includes("/")) onUnusable(name ?? rest);
      return;
    }
    url.hash = "";
    if (!entries.has(url.href)) entries.set(url.href, { name, url: url.href, kind, ...columnsBehind(anchor) });
  });
  return [...entries.values()];
}

/** Whether a page is one that servers make of a folder, and none that somebody wrote: its title or its way up says so. */
export function isAutoindex(html: string): boolean {
  const title =
    /<(?:title|h1)\b[^>]*>\s*(?:[^<]{0,300}\s)?(?:index of|directory listing|listing of|directory:|folder listing)\b/i;
  const wayUp = /<a\b[^>]*\bhref\s*=\s*["']?\.\.\/?["'\s>]|>\s*\[?(?:to )?parent directory\]?\s*</i;
  return title.test(html) || wayUp.test(html);
}

/** Date and size stand behind the anchor, in the same line of a `<pre>` or in the next cells of its row. */
function columnsBehind(anchor: { next: unknown; parent: unknown }): Pick<IndexEntry, "size" | "roundedSize" | "modifiedMs"> {
  type Node = { type: string; name?: string; data?: string; next: Node | null; parent: Node | null; children?: Node[] };
  const text = (node: Node): string => node.data ?? (node.children ?? []).map(text).join("");
  const parent = anchor.parent as Node | null;
  const cell = parent?.name === "td";
  let words = "";
  let node = cell ? parent.next : (anchor.next as Node | null);
  for (; node && node.name !== "a" && words.length < 200; node = node.next) words += ` ${text(node)}`;
  const line = cell ? words : (words.split("\n", 1)[0] ?? "");
  const date = /\b(\d{4}-\d{2}-\d{2}|\d{1,2}-[A-Z][a-z]{2}-\d{4}|\d{4}-[A-Z][a-z]{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2})?)/.exec(
    line,
  );
  const ms = date ? Date.parse(`${plainDate(date[1]!)} ${date[2]} UTC`) : Number.NaN;
  const behind = date ? line.slice(date.index + date[0].length) : line;
  const modifiedMs = Number.isNaN(ms) ? undefined : ms;
  const exact = /^\s*(\d{1,15})\s*$/.exec(behind)?.[1];
  if (exact !== undefined) return { size: Number(exact), modifiedMs };
  const rounded = /^\s*(\d{1,6}(?:\.\d{1,3})?)\s*([KMGTP])i?B?\s*$/i.exec(behind);
  if (!rounded) return { modifiedMs };
  return { roundedSize: Math.round(Number(rounded[1]) * 1024 ** ("KMGTP".indexOf(rounded[2]!.toUpperCase()) + 1)), modifiedMs };
}

/** nginx's `15-Jan-2024` and lighttpd's `2024-Jan-15` in the order that everybody reads. */
function plainDate(text: string): string {
  return text.replace(/^(\d+)-([A-Z][a-z]{2})-(\d{4})$/, "$1 $2 $3").replace(/^(\d{4})-([A-Z][a-z]{2})-(\d{2})$/, "$3 $2 $1");
}

function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[\u0000-\u001f\u007f\\/]/.test(name);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
