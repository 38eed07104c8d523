export const REDIRECTS_MAX = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Whether a status sends the client elsewhere, given a `Location`. */
export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/** Target of a redirection, without credentials; or the reason why it is not followed. */
export type NextHop =
  | { readonly url: string }
  | { readonly fault: "no address" }
  | { readonly fault: "scheme" | "from https to http"; readonly to: URL };

export function nextHop(from: string, location: string): NextHop {
  if (!URL.canParse(location, from)) return { fault: "no address" };
  const to = new URL(location, from);
  if (to.protocol !== "https:" && to.protocol !== "http:") return { fault: "scheme", to };
  if (new URL(from).protocol === "https:" && to.protocol === "http:") return { fault: "from https to http", to };
  to.username = "";
  to.password = "";
  return { url: to.href };
}
