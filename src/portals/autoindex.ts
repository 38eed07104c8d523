import { decimal } from "../formats/text-lines.js";
import { loadHtml } from "./html.js";
import { safeSegments } from "./links.js";

export interface IndexEntry {
  /** Percent-decoded, without a `/` at the end. */
  name: string;
  url: string;
  kind: "file" | "folder";
  /** Bytes, where the page states them exactly: Apache writes `1.2M` from a thousand on. */
  size?: number | undefined;
  modifiedMs?: number | undefined;
}

/**
 * The entries of a folder page as Apache, nginx, lighttpd and EBI's servers write it: every anchor that leads to something directly
 * below the folder. Orders (`?C=M`), fragments, parents and other places are passed over; so is whatever a name would lead elsewhere.
 *
 * @param folder address of the page, with its last `/`.
 */
export function readAutoindex(html: string, folder: string): IndexEntry[] {
  const base = new URL(folder);
  const entries = new Map<string, IndexEntry>();
  const document = loadHtml(html, folder);
  document("a[href]").each((_, anchor) => {
    const href = (anchor.attribs.href ?? "").trim();
    if (href === "" || /^[?#]/.test(href) || !URL.canParse(href, base.href)) return;
    const url = new URL(href, base.href);
    if (url.origin !== base.origin || url.search !== "" || !url.pathname.startsWith(base.pathname)) return;
    const rest = url.pathname.slice(base.pathname.length);
    const kind = rest.endsWith("/") ? "folder" : "file";
    const name = decoded(rest.replace(/\/$/, ""));
    if (name === undefined || name.includes("/") || !safeSegments(name)) return;
    url.hash = "";
    if (!entries.has(url.href)) entries.set(url.href, { name, url: url.href, kind, ...columnsBehind(anchor) });
  });
  return [...entries.values()];
}

/** Date and size stand behind the anchor, in the same line of a `<pre>` or in the next cells of its row. */
function columnsBehind(anchor: { next: unknown; parent: unknown }): Pick<IndexEntry, "size" | "modifiedMs"> {
  type Node = { type: string; name?: string; data?: string; next: Node | null; parent: Node | null; children?: Node[] };
  const text = (node: Node): string => node.data ?? (node.children ?? []).map(text).join("");
  const parent = anchor.parent as Node | null;
  const cell = parent?.name === "td";
  let words = "";
  let node = cell ? parent.next : (anchor.next as Node | null);
  for (; node && node.name !== "a" && words.length < 200; node = node.next) words += ` ${text(node)}`;
  const line = cell ? words : (words.split("\n", 1)[0] ?? "");
  const date = /\b(\d{4}-\d{2}-\d{2}|\d{1,2}-[A-Z][a-z]{2}-\d{4})[ T](\d{2}:\d{2}(?::\d{2})?)/.exec(line);
  const ms = date ? Date.parse(`${date[1]!.replace(/^(\d+)-([A-Z][a-z]{2})-(\d{4})$/, "$1 $2 $3")} ${date[2]} UTC`) : Number.NaN;
  const behind = date ? line.slice(date.index + date[0].length) : line;
  const size = decimal(/^\s*(\d+)\s*$/.exec(behind)?.[1] ?? "");
  return { size, modifiedMs: Number.isNaN(ms) ? undefined : ms };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
