import { plainText } from "../../../../core/plain-text.js";

/** Escapes text for content and quoted attributes. */
export function html(text: string): string {
  return plainText(text).replace(/[&<>"']/g, (unit) => `&#${unit.charCodeAt(0)};`);
}

/** A link if a browser may follow the address, else its text. */
export function htmlLink(address: string, text = address): string {
  if (!/^(?:https?|ftp):\/\//i.test(address) || !URL.canParse(address)) return html(text);
  return `<a href="${html(new URL(address).href)}" rel="noreferrer">${html(text)}</a>`;
}
