import { type CheerioAPI, load } from "cheerio/slim";
import { replyFault } from "./faults.js";

/** Elements within elements. Pages have some dozens; the parser's time grows with the square of this. */
const DEPTH_MAX = 1_000;

/** Elements without an end, or whose end everybody leaves out: they do not nest. */
const ENDLESS =
  /^(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr|p|li|dt|dd|tr|td|th|thead|tbody|tfoot|option|colgroup)$/i;

/**
 * A web page as a tree, however broken it is.
 *
 * @throws {EmporiumError} PORTAL_REPLY for one nested deeper than any page.
 */
export function loadHtml(html: string, url: string): CheerioAPI {
  let depth = 0;
  for (const [, end, name] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)/gi)) {
    if (ENDLESS.test(name!)) continue;
    depth = Math.max(0, depth + (end === "" ? 1 : -1));
    if (depth > DEPTH_MAX) throw replyFault(url, `a web page with more than ${DEPTH_MAX} elements within each other`);
  }
  return load(html, { xml: { xmlMode: false, decodeEntities: true } });
}
