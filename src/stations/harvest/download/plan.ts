import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Clock } from "../../../core/clock.js";
import { asEmporiumError, EmporiumError, type ErrorRecord, isEmporiumError, toErrorRecord } from "../../../core/errors.js";
import type { PathFilter } from "../../../core/path-filter.js";
import { redact } from "../../../core/redact.js";
import type { Bases } from "../../../portals/bases.js";
import type { PortalClient } from "../../../portals/client.js";
import { volumeLink } from "../../../portals/links.js";
import type { PortalFile } from "../../../portals/portal.js";
import { ACCESSION, describe, listFiles, type Recognised, recognise } from "../../../portals/registry.js";
import { refuseInSource } from "../../../stores/nesting.js";
import { parseLocation } from "../../../stores/url.js";
import { type ExpandOptions, expand, type Start } from "./expand.js";
import { checkLocalName, plainName } from "./local-names.js";
import type { ObjectSet } from "./objects.js";
import type { Remote } from "./remote.js";

/** Something that was requested and cannot be fetched. */
export interface PlanFault {
  /** The address, without secrets. */
  url: string;
  /** Its path below the destination; undefined for a typed address as a whole. */
  rel?: string | undefined;
  error: ErrorRecord;
}

export interface PlanOptions {
  bases: Bases;
  client: PortalClient;
  remote: Remote;
  clock: Clock;
  filter: PathFilter;
  connections?: number | undefined;
  scale?: number | undefined;
  crop: boolean;
  /** The destination. It is never copied into itself. */
  dest?: string | undefined;
  mirrors?: ExpandOptions["mirrors"];
  /** Base of relative paths. Default: the process's folder. */
  cwd?: string | undefined;
  warn(message: string): void;
}

export interface DownloadPlan {
  sets: ObjectSet[];
  faults: PlanFault[];
}

/**
 * Finds the objects behind typed addresses. Portals and folders are listed, volumes followed to their arrays; nothing is fetched.
 * Each failure becomes a fault, and the others continue.
 *
 * @throws {EmporiumError} CANCELLED
 */
export async function planDownload(typed: readonly string[], options: PlanOptions): Promise<DownloadPlan> {
  const plan: DownloadPlan = { sets: [], faults: [] };
  const names = new Set<string>();
  for (const word of typed) {
    const { name, address } = splitName(word);
    const shown = redact(address);
    const fault = (url: string, rel: string | undefined, error: EmporiumError) => {
      if (error.code === "CANCELLED") throw error;
      plan.faults.push({ url, rel, error: toErrorRecord(error) });
    };
    try {
      const starts = await startsOf(address, name, names, options, (url, rel, error) => fault(url, rel, error));
      const set: ObjectSet = {
        typed: shown,
        portal: starts[0]?.origin.portal ?? "direct",
        objects: [],
        sumFiles: [],
        grids: [],
        crops: [],
        volumes: 0,
      };
      plan.sets.push(set);
      for (const start of starts) {
        const onFault: ExpandOptions["onFault"] = ({ url, rel }, error) => fault(url, rel, error);
        try {
          checkLocalName(start.rel, process.platform === "win32");
          await expand(start, set, { ...options, onFault });
        } catch (error) {
          fault(redact(start.address), starts.length > 1 ? start.rel : undefined, asEmporiumError(error));
        }
      }
    } catch (error) {
      fault(shown, undefined, asEmporiumError(error));
    }
  }
  return plan;
}

const NAMED = new RegExp(String.raw`^([\p{L}\p{N}][\p{L}\p{N}._ -]{0,100})=(?=[a-z][a-z0-9+.-]*:\/\/|${ACCESSION})(.+)$`, "isu");

/** `NAME=URL` chooses the name of the folder or file. */
function splitName(word: string): { name: string | undefined; address: string } {
  const match = NAMED.exec(word);
  return match ? { name: match[1]!.trim(), address: match[2]!.trim() } : { name: undefined, address: word.trim() };
}

type OnFault = (url: string, rel: string, error: EmporiumError) => void;

async function startsOf(
  address: string,
  name: string | undefined,
  names: Set<string>,
  options: PlanOptions,
  onFault: OnFault,
): Promise<Start[]> {
  const local = localPath(address, options.cwd);
  if (local !== undefined) {
    const start = await localStart(local, volumeLink(address).format, name, names);
    const what = "--dest: the copy";
    if (options.dest !== undefined)
      refuseInSource(join(options.dest, start.rel), local, { what, hint: "download into a folder elsewhere" });
    return [start];
  }
  const known = recognised(address, options);
  const listing = listFiles(known, options.client, { warn: options.warn });
  if (!listing) return [directStart(known, name, names)];
  const files: PortalFile[] = [];
  for await (const file of listing) files.push(file);
  const origin = { trusted: false, portal: known.portal.name };
  const start = (file: PortalFile, rel: string, path: string): Start => ({
    address: file.url,
    kind: file.kind,
    rel,
    path,
    origin,
    size: file.size,
    modifiedMs: file.modifiedMs,
    checksum: file.checksum,
  });
  const [only] = files;
  const base = known.portal.folderName?.(known.target);
  if (base !== undefined) {
    // a single link to a folder: the top folder has its name
    const top = unused(plainName(name ?? base, "data"), names);
    return files.map((file) => start(file, `${top}/${file.path}`, file.path));
  }
  if (files.length === 1 && only) {
    const rel = unused(name === undefined ? lastName(only.path) : plainName(name, "data"), names);
    return [start(only, rel, only.kind === "file" ? only.path : "")];
  }
  const top = unused(plainName(name ?? (await recordName(known, options)), "data"), names, known.target.id);
  const taken = new Set<string>();
  return files.flatMap((file) => {
    if (file.path === "") {
      onFault(redact(file.url), top, new EmporiumError("NAME_UNSAFE", `${redact(file.url)} has no name`));
      return [];
    }
    const path = unused(file.path, taken);
    return [start(file, `${top}/${path}`, path)];
  });
}

/** @throws {EmporiumError} UNKNOWN_PORTAL: it says so of a path, too, that was typed wrongly */
function recognised(address: string, { bases, cwd = process.cwd() }: PlanOptions): Recognised {
  try {
    return recognise(address, bases);
  } catch (error) {
    if (!isEmporiumError(error) || error.code !== "UNKNOWN_PORTAL" || /^[a-z][a-z0-9+.-]*:/i.test(address)) throw error;
    const path = resolve(cwd, address);
    throw new EmporiumError("UNKNOWN_PORTAL", `${path} does not exist, and no portal has an accession "${redact(address)}"`, {
      place: { file: path },
      hint: "check the path; other places are named by a URL or an accession such as EMPIAR-11759",
    });
  }
}

/** The record's name in `web_metadata.json`. */
async function recordName(known: Recognised, { client, clock }: PlanOptions): Promise<string> {
  if (!known.portal.namesByRecord) return known.portal.name;
  for await (const { key } of describe(known, client, { compat: false, clock })) return key;
  return known.portal.name;
}

function directStart({ target }: Recognised, name: string | undefined, names: Set<string>): Start {
  const address = target.id;
  const { format, location } = volumeLink(address);
  const bare = location.replace(/[?#|].*$/s, "").replace(/\/(?:info|zarr\.json|\.z(?:array|group|attrs)|attributes\.json)$/, "");
  const rel = unused(name === undefined ? lastName(decodedPath(bare)) : plainName(name, "data"), names);
  const sure = target.kind === "volume" || format !== undefined;
  const kind = sure ? "volume" : /\/$/.test(bare) ? "folder" : "unknown";
  return {
    address: kind === "unknown" ? location : address.replace(/#.*$/s, ""),
    kind,
    rel,
    path: "",
    origin: { trusted: true, portal: "direct" },
  };
}

/** The path of a typed local file or folder; undefined for anything else. */
function localPath(address: string, cwd = process.cwd()): string | undefined {
  if (/^file:/i.test(address)) return parseLocation(address).path;
  const { location } = volumeLink(address);
  if (/^[a-z][a-z0-9+.-]+:/i.test(location)) return undefined;
  // an accession may also be the name of a file
  const path = resolve(cwd, location);
  return existsSync(path) ? path : undefined;
}

async function localStart(
  path: string,
  format: ReturnType<typeof volumeLink>["format"],
  name: string | undefined,
  names: Set<string>,
): Promise<Start> {
  const isFolder = (await stat(path)).isDirectory();
  const rel = unused(plainName(name ?? lastName(path), "data"), names);
  const { url } = parseLocation(path);
  const volume = isFolder && (format !== undefined || /\.(?:zarr|n5)\/?$/i.test(path));
  return {
    address: volume && format !== undefined ? `${format}://${url}` : url,
    kind: volume ? "volume" : isFolder ? "folder" : "file",
    rel,
    path: "",
    origin: { trusted: true, portal: "direct" },
  };
}

/** `11759` for `https://host/a/11759/`, the host for its root. */
function lastName(path: string): string {
  const segments = path
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, "")
    .split("/")
    .filter((segment) => segment !== "" && segment !== "." && segment !== "..");
  return plainName(segments.at(-1) ?? "", "data");
}

/** Paths of URLs are percent-encoded, keys of buckets literal. */
function decodedPath(location: string): string {
  if (!/^(?:https?|ftp):/i.test(location)) return location;
  try {
    return decodeURIComponent(location);
  } catch {
    return location;
  }
}

/** A name that is not in use: with the record's own number, else with 2, 3, … */
function unused(name: string, taken: Set<string>, suffix?: string): string {
  const candidates = function* () {
    yield name;
    if (suffix !== undefined) yield plainName(`${name}-${suffix}`, name);
    for (let n = 2; ; n++) yield numbered(name, n);
  };
  for (const candidate of candidates()) {
    if (taken.has(candidate)) continue;
    taken.add(candidate);
    return candidate;
  }
  return name;
}

/** `tomo-2.mrc` for the second `tomo.mrc`: what a file is, programs tell by the end of its name. */
function numbered(name: string, n: number): string {
  const [end = ""] = /(?<=[^/.])(?:\.ome)?\.[a-z][a-z0-9]{0,4}(?:\.(?:gz|bz2))?$/i.exec(name) ?? [];
  return `${name.slice(0, name.length - end.length)}-${n}${end}`;
}
