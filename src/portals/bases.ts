import { EmporiumError } from "../core/errors.js";
import { redact } from "../core/redact.js";

/** Other base URLs for hosts, for mirrors and tests: `idr`, or a host, → the base that stands for `https://<host>`. */
export type Bases = ReadonlyMap<string, string>;

/**
 * Reads `NAME=URL` words. NAME is a portal's name, for all of its hosts, or one host, which takes precedence. The path after the
 * host is appended to the path of the base.
 *
 * @throws {EmporiumError} USAGE
 */
export function parseBases(words: readonly string[], names: readonly string[]): Bases {
  const bases = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf("=");
    const name = word.slice(0, Math.max(at, 0)).trim().toLowerCase();
    const text = word.slice(at + 1).trim();
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (
      !/^[a-z0-9][a-z0-9.-]*$/.test(name) ||
      !(url?.protocol === "http:" || url?.protocol === "https:") ||
      url.search ||
      url.hash
    ) {
      throw new EmporiumError("USAGE", `"${redact(word)}" is not a base of a portal; expected NAME=URL`, {
        hint: "for example idr=http://127.0.0.1:9000, or ftp.ebi.ac.uk=https://mirror.example.org/ebi",
      });
    }
    if (!name.includes(".") && name !== "localhost" && !names.includes(name)) {
      throw new EmporiumError("USAGE", `"${name}" is neither a portal nor a host`, { hint: `portals are ${names.join(", ")}` });
    }
    bases.set(name, url.href.replace(/\/+$/, ""));
  }
  return bases;
}

/** The URL to request instead: with the base of its host, otherwise of its portal. Undefined: the URL itself. */
export function rebased(url: URL, bases: Bases, portal: string): string | undefined {
  const host = url.hostname;
  const base = bases.get(host) ?? bases.get(host.replace(/^www\./, "")) ?? bases.get(`www.${host}`) ?? bases.get(portal);
  return base === undefined ? undefined : `${base}${url.pathname}${url.search}`;
}

/** Converts a typed URL below a portal's base to the portal's own URL; undefined for others. */
export function unbased(text: string, bases: Bases, portal: string, home: string): string | undefined {
  for (const name of [home, `www.${home}`, portal]) {
    const base = bases.get(name);
    if (base !== undefined && (text === base || text.startsWith(`${base}/`))) return `https://${home}${text.slice(base.length)}`;
  }
  return undefined;
}
