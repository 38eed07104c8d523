import { lstatSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { EmporiumError, isEmporiumError } from "../core/errors.js";
import { refused } from "../net/gate.js";
import { checkAddress } from "../portals/hosts.js";
import { PORTALS, recognise } from "../portals/registry.js";
import { errnoOf } from "../stores/file/errors.js";
import type { Location } from "../stores/location.js";
import { type Nesting, nestingOf } from "../stores/nesting.js";
import { parseLocation } from "../stores/url.js";
import type { LocationUse } from "./job-kinds.js";
import type { Place } from "./places.js";

/** A place where jobs of pages may work: an absolute path or a URL. */
export interface JobRoot {
  readonly location: string;
  /** Jobs may write there, too. */
  readonly writable: boolean;
  /** It is one file: the files beside it are not part of it. */
  readonly isFile?: boolean | undefined;
}

/** The roots of jobs: places, writable where they are folders of this machine, and all of `--write-root`. */
export function rootsOf(places: readonly Place[], others: readonly Location[]): JobRoot[] {
  const own = places.map(({ location: { path, url }, key }) => ({
    location: path ?? url,
    writable: path !== undefined && key === undefined,
    isFile: key !== undefined,
  }));
  return [...own, ...others.map(({ path, url }) => ({ location: path ?? url, writable: true }))];
}

const HOSTS = PORTALS.filter(({ name }) => name !== "direct").flatMap(({ hosts }) => hosts);

/**
 * Checks a location that somebody names on a page: an absolute path or an address within one of the roots, whatever links are on
 * the way, and not in the workspace, where runs of others are kept. No request is made to the network.
 *
 * @throws {EmporiumError} STORE_DENIED, ADDRESS_REFUSED for a source that is no portal's
 */
export function checkJobLocation(
  { name, text, use }: { name: string; text: string; use: LocationUse },
  roots: readonly JobRoot[],
  workspace: string,
): void {
  if (use === "source") {
    checkSource(text);
    return;
  }
  const fault = faultOf(text, use, roots, workspace);
  if (fault === undefined) return;
  throw new EmporiumError("STORE_DENIED", `${name}: ${fault}`, {
    place: { path: name },
    hint: "use a location of this server, or start it with --write-root DIR to add others",
  });
}

function faultOf(text: string, use: LocationUse, roots: readonly JobRoot[], workspace: string): string | undefined {
  if (/[\u0000-\u001f\u007f]/.test(text)) return "contains a control character";
  const isPath = text.startsWith("/");
  if (!isPath && !/^(?:s3|gs|https?):\/\/[^/@?#]+(?:\/[^?#]*)?$/.test(text)) {
    return "expected an absolute path, or a bucket such as s3://bucket/folder without user, password or query";
  }
  if (text.split("/").some((part) => part === ".." || part === ".")) return "contains a segment . or ..";
  const fault = isPath ? faultOfPath(resolve(text)) : undefined;
  if (fault !== undefined) return fault;
  const within = (root: string): Nesting => nestingOf(text, root);
  const fits = ({ location, writable, isFile }: JobRoot) => {
    if (use === "write" && (!writable || isFile === true)) return false;
    const nesting = within(location);
    return nesting === "same" || (nesting === "inside" && isFile !== true);
  };
  // a bucket is no neighbour of a folder
  const candidates = roots.filter(({ location }) => schemeOf(location) === schemeOf(text));
  if (!candidates.some(fits)) {
    return `is in no location that this server ${use === "write" ? "writes" : "reads"}`;
  }
  if (!isPath) return undefined;
  const own = within(resolve(workspace));
  if (own === "same" || own === "inside" || (own === "around" && use === "write")) {
    return "is in the server's own workspace";
  }
  return undefined;
}

/**
 * The reason why a path cannot be looked up: too long a name, a file in the place of a folder, links that lead to each other.
 * Undefined without one.
 */
function faultOfPath(path: string): string | undefined {
  try {
    return isLink(path) ? "contains a link that leads nowhere" : undefined;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return errno === "ENAMETOOLONG" ? "contains a name that is too long" : `cannot be looked up (${errno})`;
  }
}

const schemeOf = (location: string): string => parseLocation(location).scheme;

/**
 * Whether the first existing part of a path is a link that leads nowhere: what is written to the path would be stored elsewhere.
 */
function isLink(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found) return found.isSymbolicLink() && !exists(at);
    if (dirname(at) === at) return false;
  }
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false; // links that lead to each other
  }
}

/** Checks for an address on a portal's own hosts, or an accession. @throws {EmporiumError} ADDRESS_REFUSED */
function checkSource(text: string): void {
  if (/:\/\/|[/@?#=\\]/.test(text)) return void checkAddress(text, HOSTS);
  if (/^\w[\w:.-]*$/.test(text)) {
    try {
      if (recognise(text).portal.name !== "direct") return;
    } catch (error) {
      if (!isEmporiumError(error)) throw error;
    }
  }
  throw refused(text, "is not an accession of a portal");
}
