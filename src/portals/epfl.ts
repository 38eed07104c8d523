import type { CheerioAPI } from "cheerio/slim";
import { few } from "../core/finding.js";
import type { JsonObject } from "../core/json.js";
import { notFound } from "./faults.js";
import { loadHtml } from "./html.js";
import { distinct, normalAddress } from "./links.js";
import type { Portal } from "./portal.js";

/** EPFL's Computer Vision Laboratory: one text page per data set with links to its files. There is no other interface. */
export const epfl: Portal = {
  name: "epfl",
  title: "EPFL CVLab",
  hosts: ["www.epfl.ch", "epfl.ch", "documents.epfl.ch"],
  home: "www.epfl.ch",
  // its server gives each connection little
  fetching: { connections: 16 },
  recognise({ link }) {
    const page = link?.host === "epfl.ch" ? /^\/labs\/cvlab\/data\/([^/]+(?:\/[^/]+)*)$/.exec(link.path)?.[1] : undefined;
    if (page === undefined) return undefined;
    const path = page.split("/").map(encodeURIComponent).join("/");
    return { kind: "page", id: page, url: `https://www.epfl.ch/labs/cvlab/data/${path}/` };
  },

  async *describe({ url }, net, { compat }) {
    const page = readDataPage(await net.getText(url), url);
    if (page.links.length === 0 && page.description === "") throw notFound(url, "the page names no data files");
    yield {
      key: "epfl",
      raw: compat ? { dataset_description: page.description } : page.raw,
      links: page.links,
      extra: { dataset_description: page.description },
      warnings: [
        ...(page.description === "" ? ["the page has no paragraph under a heading about its data"] : []),
        ...othersText(page),
      ],
    };
  },

  async *list({ url }, net, { warn }) {
    const page = readDataPage(await net.getText(url), url);
    for (const warning of othersText(page)) warn(warning);
    for (const link of page.links) {
      yield { url: link, path: fileName(link), kind: /\.(?:zarr|n5)\/?$/i.test(link) ? "volume" : "file" };
    }
  },
};

/** Ends of addresses that are data: the reference looks for the first five. */
const DATA_LINK = /\.(?:zarr|n5|tiff?|mrc|rec|hdf5?|h5|zip|tar|gz)\/?$/i;

/** Ends of addresses that are pages, papers and pictures of them. */
const NO_DATA = /\.(?:html?|php|aspx?|pdf|png|jpe?g|gif|svg|webp|css|js|bib|txt)$/i;

const TEXT = ["h1", "h2", "h3", "h4", "h5", "h6", "p", "li"];

export interface DataPage {
  /** The paragraph below the heading of the data, blanks folded. */
  description: string;
  links: string[];
  /** Files that are no data by the ends of their names, and no pages either. */
  others: string[];
  /** Title, sections and every link of the page, as far as they have text. */
  raw: JsonObject;
}

/** Reads a page of a data set: its text by headings, and the files that it links to. */
export function readDataPage(html: string, url: string): DataPage {
  const document = loadHtml(html, url);
  // Menus and footers stand outside of the article.
  const inside = document("article").length > 0 ? "article " : "";
  const anchors = document(`${inside}a[href]`)
    .toArray()
    .map((anchor) => {
      const href = anchor.attribs.href ?? "";
      return { text: folded(document(anchor).text()), href, url: normalAddress(href, url) ?? null };
    });
  const data = distinct(anchors.flatMap((anchor) => (anchor.url !== null && isData(anchor.url) ? [anchor.url] : [])));
  const others = distinct(anchors.flatMap(({ url: to }) => (to !== null && !isData(to) && isFile(to) ? [to] : [])));
  const description = describeData(document);
  const raw: JsonObject = {
    title: folded(document("title").first().text()) || null,
    dataset_description: description,
    sections: sectionsOf(document, document(TEXT.map((name) => inside + name).join(", ")).toArray()),
    links: anchors,
  };
  return { description, links: data, others, raw };
}

function isData(address: string): boolean {
  return DATA_LINK.test(new URL(address).pathname);
}

function isFile(address: string): boolean {
  const { pathname } = new URL(address);
  return /^https?:/i.test(address) && /[^/]\.[a-z0-9]{1,5}$/i.test(pathname) && !NO_DATA.test(pathname);
}

/** Data may have an end that nobody thought of. */
function othersText({ others }: DataPage): string[] {
  return others.length === 0 ? [] : [`not taken for data: ${few(others.map(fileName))}`];
}

/** The first paragraph with text that follows the heading `#data`, else a heading that speaks of data. */
function describeData(document: CheerioAPI): string {
  const headings = document("h1, h2, h3, h4, h5, h6").toArray();
  const marked = headings.find((heading) => heading.attribs.id === "data");
  const named = headings.find((heading) => /^data\s*(?:set)?s?\b/i.test(folded(document(heading).text())));
  const order = document("h1, h2, h3, h4, h5, h6, p").toArray();
  const heading = marked ?? named;
  if (heading === undefined) return "";
  const rest = order.slice(order.indexOf(heading) + 1);
  const paragraph = rest.find((node) => node.name === "p" && folded(document(node).text()) !== "");
  return paragraph === undefined ? "" : folded(document(paragraph).text());
}

function sectionsOf(document: CheerioAPI, nodes: readonly Parameters<CheerioAPI>[0][]): JsonObject[] {
  const sections: { heading: string | null; text: string[] }[] = [{ heading: null, text: [] }];
  for (const node of nodes) {
    const element = document(node);
    const text = folded(element.text());
    if (text === "") continue;
    if (element.is("h1, h2, h3, h4, h5, h6")) sections.push({ heading: text, text: [] });
    else sections.at(-1)!.text.push(text);
  }
  return sections.filter(({ heading, text }) => heading !== null || text.length > 0);
}

/** Text as a browser shows it: each run of blanks as one. */
function folded(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function fileName(link: string): string {
  const last = new URL(link).pathname.replace(/\/$/, "").split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(last).replaceAll(/[/\\]/g, "_") || "data";
  } catch {
    return last || "data";
  }
}
