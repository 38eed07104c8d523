import { isIP } from "node:net";
import { refused } from "../net/gate.js";
import { isPublicAddress } from "../net/public-address.js";

/** Ports of web servers only: a link must not make us connect to a mail server or a database. */
const PORTS = new Set(["", "80", "443"]);

/** Whether a host is one of an adapter's. A `*` at the beginning stands for one character or more. */
export function isListed(host: string, hosts: readonly string[]): boolean {
  const below = (end: string) => host.length > end.length && host.endsWith(end);
  return hosts.some((listed) => (listed.startsWith("*") ? below(listed.slice(1)) : host === listed));
}

/**
 * Checks an address that came out of a reply, a redirection or a link: an http(s) one on a listed host and a usual port, without
 * credentials. Names are checked again when they are resolved.
 *
 * @throws {EmporiumError} ADDRESS_REFUSED
 */
export function checkAddress(text: string, hosts: readonly string[]): URL {
  if (!URL.canParse(text)) throw refused(text, "the URL is not valid");
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refused(text, `${url.protocol} is not allowed here`);
  if (url.username !== "" || url.password !== "") throw refused(text, "the URL contains credentials");
  if (!PORTS.has(url.port)) throw refused(text, `port ${url.port} is none of a web server`);
  const host = url.hostname;
  const numeric = host.startsWith("[") ? host.slice(1, -1) : host;
  if (isIP(numeric) !== 0 && !isPublicAddress(numeric)) throw refused(text, `${numeric} is not a public address`);
  if (!isListed(host, hosts)) throw refused(text, `${host} is none of the portal's hosts`);
  return url;
}
