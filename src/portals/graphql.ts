import { EmporiumError, isEmporiumError } from "../core/errors.js";
import { type JsonObject, printJsonLine } from "../core/json.js";
import { cryoet } from "./cryoet.js";
import { at, objectsOf, textOf } from "./fields.js";
import type { PortalNet } from "./portal.js";

export const PUBLIC_ENDPOINT = "https://graphql.cryoetdataportal.czscience.com/graphql";

/**
 * The GraphQL address of what a person typed: the public portal (also a page of it), a server's GraphQL, or the address that
 * `emporium serve` prints. Undefined for any other.
 *
 * @throws {EmporiumError} NETWORK, …
 */
export async function findEndpoint(address: string, net: PortalNet): Promise<string | undefined> {
  const url = new URL(address);
  if (url.hostname === cryoet.home || cryoet.hosts.includes(url.hostname)) return PUBLIC_ENDPOINT;
  url.pathname = url.pathname.replace(/\/+$/, "");
  if (url.pathname.endsWith("/graphql")) return url.href;
  url.pathname = url.pathname.replace(/\/*$/, "/graphql");
  try {
    await askData(url.href, "{ __typename }", net);
    return url.href;
  } catch (error) {
    // the reply is not GraphQL's: a web server, but no portal
    const isOther = isEmporiumError(error) && error.code !== "NETWORK" && error.code !== "CANCELLED";
    if (isOther) return undefined;
    throw error;
  }
}

/** @throws {EmporiumError} PORTAL_REPLY, NETWORK, … */
export async function askData(endpoint: string, query: string, net: PortalNet): Promise<JsonObject> {
  const reply = await net.getJson(endpoint, { method: "POST", body: printJsonLine({ query }) });
  const [error] = objectsOf(at(reply, "errors"));
  const data = at(reply, "data");
  if (error === undefined && typeof data === "object" && data !== null) return data as JsonObject;
  throw new EmporiumError("PORTAL_REPLY", `${endpoint}: ${textOf(error?.message) ?? "expected an answer with data"}`, {
    place: { url: endpoint },
    hint: "give the address that emporium serve prints, or that of a portal's GraphQL",
  });
}
