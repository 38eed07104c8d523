import { isLoopback } from "../net/public-address.js";
import { CLIENT_ADDRESS } from "./listen.js";

/** Over loopback, by a name of loopback, and not handed on: what a proxy on this machine hands on comes from elsewhere. */
export function isOfThisMachine({ headers, url }: Request): boolean {
  const address = headers.get(CLIENT_ADDRESS) ?? "";
  const { hostname } = new URL(url);
  const isHandedOn = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"].some((name) => headers.has(name));
  return !isHandedOn && isLoopback(address) && /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
}
