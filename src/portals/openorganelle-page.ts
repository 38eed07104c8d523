import { isEmporiumError } from "../core/errors.js";
import type { JsonObject } from "../core/json.js";
import { loadHtml } from "./html.js";
import { distinct } from "./links.js";
import { parseState, stateLinks } from "./neuroglancer-state.js";
import type { Sections } from "./openorganelle-facts.js";

/** The page's own headings; what stands under others is kept with them. */
const SECTIONS = ["Acquisition details", "FIB-SEM parameters"];

export interface DatasetPage {
  /** Paragraphs as the reference program splits them. */
  sections: Sections;
  /** Sources of the viewer's link. */
  links: string[];
  raw: JsonObject;
}

/** Reads a data set's page as a browser has filled it. The page that the server sends holds no facts: its sections are empty. */
export function readDatasetPage(html: string, url: string): DatasetPage {
  const document = loadHtml(html, url);
  const sections: Record<string, Record<string, string>> = {};
  let section: Record<string, string> | undefined;
  for (const node of document("h1, h2, h3, h4, h5, h6, p").toArray()) {
    const text = document(node).text();
    if (node.name !== "p") {
      const heading = text.trim();
      section = node.name === "h6" && SECTIONS.includes(heading) ? {} : undefined;
      if (section) sections[heading] = section;
    } else if (section) {
      const [key, value] = splitParagraph(text);
      if (key !== "") Object.defineProperty(section, key, { value, enumerable: true, writable: true, configurable: true });
    }
  }
  const anchors = document("a[href]")
    .toArray()
    .map((anchor) => ({ text: document(anchor).text().trim(), href: anchor.attribs.href ?? "" }));
  const links = distinct(anchors.flatMap(({ href }) => viewerLinks(href, url)));
  return { sections, links, raw: { title: document("title").first().text().trim() || null, sections, links: anchors } };
}

/**
 * Splits a paragraph at the first `http`, which stays in the value, or else at the first colon. Keys get `_` for blanks, values
 * keep theirs.
 */
function splitParagraph(text: string): [key: string, value: string] {
  const address = text.indexOf("http");
  const colon = text.indexOf(":");
  const end = address >= 0 ? address : colon;
  if (end < 0) return ["", ""];
  return [text.slice(0, end).replaceAll(" ", "_"), text.slice(address >= 0 ? end : end + 1)];
}

function viewerLinks(href: string, url: string): string[] {
  const hash = href.indexOf("#!");
  if (hash < 0) return [];
  try {
    const text = decodeURIComponent(href.slice(hash + 2));
    return text.trim().startsWith("{") ? stateLinks(parseState(text, url)) : [];
  } catch (error) {
    // A broken link among the page's others says nothing about the data set.
    if (isEmporiumError(error) || error instanceof URIError) return [];
    throw error;
  }
}
