import type { CheerioAPI } from "cheerio/slim";
import { HTML_DEPTH_MAX, parsePage } from "../stores/http/html-page.js";
import { replyFault } from "./faults.js";

/**
 * Parses a web page, valid or not, to a tree.
 *
 * @throws {EmporiumError} PORTAL_REPLY for one nested deeper than any page.
 */
export function loadHtml(html: string, url: string): CheerioAPI {
  const page = parsePage(html);
  if (!page) throw replyFault(url, `a web page with more than ${HTML_DEPTH_MAX} elements within each other`);
  return page;
}
