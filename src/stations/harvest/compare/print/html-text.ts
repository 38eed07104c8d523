import { plainText } from "../table.js";

/** Text as it stands, safe as content and inside a quoted attribute. */
export function html(text: string): string {
  return plainText(text).replace(/[&<>"']/g, (unit) => `&#${unit.charCodeAt(0)};`);
}

/** A link where the address is one that a browser should follow, else its text. */
export function htmlLink(address: string, text = address): string {
  if (!/^(?:https?|ftp):\/\//i.test(address) || !URL.canParse(address)) return html(text);
  return `<a href="${html(new URL(address).href)}" rel="noreferrer">${html(text)}</a>`;
}
