import { type CheerioAPI, load } from "cheerio/slim";

/** Elements within elements. Pages have some dozens; the parser's time grows with the square of this. */
export const HTML_DEPTH_MAX = 1_000;

/** Elements without an end, or whose end everybody leaves out: they do not nest. */
const ENDLESS =
  /^(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr|p|li|dt|dd|tr|td|th|thead|tbody|tfoot|option|colgroup)$/i;

/** A web page as a tree, however broken it is; undefined for one nested deeper than any page. */
export function parsePage(html: string): CheerioAPI | undefined {
  let depth = 0;
  for (const [, end, name] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)/gi)) {
    if (ENDLESS.test(name!)) continue;
    depth = Math.max(0, depth + (end === "" ? 1 : -1));
    if (depth > HTML_DEPTH_MAX) return undefined;
  }
  return load(html, { xml: { xmlMode: false, decodeEntities: true } });
}
