import type { Clock } from "../core/clock.js";
import type { JsonObject } from "../core/json.js";
import { redact, Secret } from "../core/redact.js";
import { type Bases, unbased } from "./bases.js";
import { bioimageArchive } from "./bioimage-archive.js";
import type { PortalClient } from "./client.js";
import { cryoet } from "./cryoet.js";
import { direct } from "./direct.js";
import { empiar } from "./empiar.js";
import { epfl } from "./epfl.js";
import { idr } from "./idr.js";
import { neuroglancer } from "./neuroglancer.js";
import { openorganelle } from "./openorganelle.js";
import type { DescribeOptions, KeyedAccess, ListOptions, Portal, PortalFile, RequestRecord, Target } from "./portal.js";
import { parseReference, unknown } from "./reference.js";

/** Every portal, in the order in which they are asked whether an address is theirs. The last takes any address. */
export const PORTALS: readonly Portal[] = [idr, empiar, epfl, openorganelle, cryoet, bioimageArchive, neuroglancer, direct];

export const PORTAL_NAMES: readonly string[] = PORTALS.map(({ name }) => name);

/** Beginning of any portal's accession: text of a regular expression in which case does not matter. */
export const ACCESSION = PORTALS.flatMap(({ accession }) => accession ?? []).join("|");

export function findPortal(name: string): Portal | undefined {
  return PORTALS.find((portal) => portal.name === name);
}

/** The keyed interfaces that the user has keys for, by the portal's name. */
export type KeyedAccesses = Readonly<Record<string, KeyedAccess | undefined>>;

/** The keyed interfaces that the user's environment has a key for. */
export function accessesOf(env: Readonly<Record<string, string | undefined>>): KeyedAccesses {
  return Object.fromEntries(
    PORTALS.flatMap(({ name, keyed }) => {
      const key = keyed && env[keyed.keyVariable];
      return key ? [[name, { base: env[keyed.baseVariable] || keyed.base, key: new Secret(key) }]] : [];
    }),
  );
}

export interface Recognised {
  portal: Portal;
  target: Target;
}

/**
 * Recognises the portal of an address or accession. Nothing is asked of the network.
 *
 * @param bases mirrors of portals: an address below one is the portal's.
 * @throws {EmporiumError} UNKNOWN_PORTAL
 */
export function recognise(typed: string, bases: Bases = new Map()): Recognised {
  for (const portal of PORTALS) {
    const spelt = portal.home === "" ? undefined : unbased(typed.trim(), bases, portal.name, portal.home);
    const target = spelt === undefined ? undefined : portal.recognise(parseReference(spelt));
    if (target) return { portal, target };
  }
  const reference = parseReference(typed);
  for (const portal of PORTALS) {
    const target = portal.recognise(reference);
    if (target) return { portal, target };
  }
  throw unknown(reference.text.slice(0, 200), "no scheme, and no portal uses this form");
}

/** One record of `web_metadata.json`, before it has its name in the document. */
export interface WebRecord {
  key: string;
  suffix: string | undefined;
  portal: string;
  source_url: string;
  /** ISO 8601, UTC. */
  retrieved_at: string;
  raw_metadata: JsonObject;
  download_links: string[];
  /** Requests that were made for this record; those of a listing that several share are with the first. */
  requests: RequestRecord[];
  warnings: string[];
  extra: JsonObject;
}

/** Asks a portal for the records of what was recognised, one after the other. Stop reading to stop asking. */
export async function* describe(
  { portal, target }: Recognised,
  client: PortalClient,
  options: Omit<DescribeOptions, "access"> & { accesses?: KeyedAccesses | undefined; clock: Clock },
): AsyncGenerator<WebRecord> {
  const access = options.accesses?.[portal.name];
  const net = client.open(portal, [...(portal.typed?.(target) ?? []), ...(access ? [access.base] : [])]);
  let told = 0;
  for await (const { key, suffix, raw, links, extra = {}, warnings = [] } of portal.describe(target, net, {
    compat: options.compat,
    access,
  })) {
    const requests = net.requests.slice(told);
    told = net.requests.length;
    yield {
      key,
      suffix,
      portal: portal.name,
      source_url: redact(target.url),
      retrieved_at: new Date(options.clock.now()).toISOString(),
      raw_metadata: raw,
      download_links: [...links],
      requests,
      warnings: [...warnings],
      extra,
    };
  }
}

/** The files and volumes of what was recognised; undefined for a direct link, whose store lists it. */
export function listFiles(
  { portal, target }: Recognised,
  client: PortalClient,
  options: ListOptions,
): AsyncIterable<PortalFile> | undefined {
  return portal.list?.(target, client.open(portal, portal.typed?.(target) ?? []), options);
}
