import { lookup as systemLookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { EmporiumError, isEmporiumError } from "../core/errors.js";
import { redact } from "../core/redact.js";
import { isPrivateAddress, isPublicAddress } from "./public-address.js";

/** Resolves a host name to numeric addresses. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/**
 * Limits addresses out of replies, redirections and links to public hosts on the usual ports. What a person typed is not checked.
 */
export interface AddressGate {
  /** Checks the address alone, without resolving its host. @throws {EmporiumError} ADDRESS_REFUSED */
  check(url: URL): void;
  /** Addresses of a host, all of them checked. @throws {EmporiumError} ADDRESS_REFUSED */
  resolve: Resolve;
  /** `resolve` in the form that sockets want. */
  readonly lookup: LookupFunction;
  /**
   * Argument from which `publicGate(resolveName, …)` makes the same gate in another thread. Undefined where names are resolved by
   * a function of the caller's.
   */
  readonly facts: { readonly allowPrivate: boolean } | undefined;
}

/** Ports of the schemes that are read over the net; a link must not make us speak to a mail server or a database. */
const PORTS: Readonly<Record<string, readonly string[]>> = {
  "http:": ["", "80", "443"],
  "https:": ["", "80", "443"],
  "ftp:": ["", "21"],
};

/** @param allowPrivate allows private networks and this machine, on any port; never link-local or a cloud's metadata. */
export function publicGate(resolve: Resolve = resolveName, { allowPrivate = false } = {}): AddressGate {
  const allowed = (address: string) => isPublicAddress(address) || (allowPrivate && isPrivateAddress(address));
  return {
    check(url) {
      const ports = PORTS[url.protocol];
      if (!ports) throw refused(url.href, `${url.protocol} is not allowed here`);
      if (url.username !== "" || url.password !== "") throw refused(url.href, "the URL contains credentials");
      if (!allowPrivate && !ports.includes(url.port)) throw refused(url.href, `port ${url.port} is none of a web or FTP server`);
      const host = bareHost(url);
      // A numeric host is connected to without being looked up.
      if (isIP(host) !== 0 && !allowed(host)) throw refused(url.href, `${host} is not a public address`);
    },
    resolve: (host) => checkedAddresses(host, resolve, allowed),
    lookup: checkedLookup(resolve, allowed),
    facts: resolve === resolveName ? { allowPrivate } : undefined,
  };
}

/** A host without the brackets of IPv6. */
function bareHost(url: URL): string {
  return url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
}

export async function resolveName(host: string): Promise<string[]> {
  return (await systemLookup(host, { all: true })).map(({ address }) => address);
}

type Allowed = (address: string) => boolean;

/** All addresses of a name, refused as a whole when one of them is not allowed. */
async function checkedAddresses(host: string, resolve: Resolve, allowed: Allowed): Promise<readonly string[]> {
  const addresses = isIP(host) === 0 ? await resolve(host) : [host];
  const wrong = addresses.find((address) => !allowed(address));
  if (wrong !== undefined) throw refused(host, `the host resolves to ${wrong}, which is not a public address`);
  if (addresses.length === 0) throw refused(host, "the host has no address");
  return addresses;
}

/**
 * Resolves a name once, refuses it if any address is not public, and gives the checked addresses to the socket: the name cannot
 * resolve to another address between check and connection.
 */
export function publicLookup(resolve: Resolve): LookupFunction {
  return checkedLookup(resolve, isPublicAddress);
}

function checkedLookup(resolve: Resolve, allowed: Allowed): LookupFunction {
  return (host, options, callback) => {
    checkedAddresses(host, resolve, allowed).then(
      (addresses) => {
        const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
        if (options.all) callback(null, found);
        else callback(null, found[0]!.address, found[0]!.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, "", 0),
    );
  };
}

/** Our own refusal of a lookup, as HTTP clients hand it on: bare, as a cause, or among the errors of several addresses. */
export function refusalIn(error: unknown): EmporiumError | undefined {
  if (isEmporiumError(error)) return error;
  if (!(error instanceof Error)) return undefined;
  const inner: unknown[] = error instanceof AggregateError ? error.errors : [error.cause];
  for (const one of inner) {
    const found = refusalIn(one);
    if (found) return found;
  }
  return undefined;
}

export function refused(text: string, fault: string): EmporiumError {
  const url = redact(text.length > 200 ? `${text.slice(0, 200)}…` : text);
  const hint = "give that URL itself if you trust it (or --allow-private, if the command has that option)";
  return new EmporiumError("ADDRESS_REFUSED", `${url} is not followed: ${fault}`, { place: { url }, hint });
}
