import { createHash } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { keyOf } from "../../../core/groups.js";
import { LIMITS } from "../../../core/limits.js";
import { redact } from "../../../core/redact.js";
import { counted } from "../../../core/units.js";
import type { Env, GivenEnv } from "../../../engine/env.js";
import type { Bases } from "../../../portals/bases.js";
import { portalClient } from "../../../portals/client.js";
import { findEndpoint, PUBLIC_ENDPOINT } from "../../../portals/graphql.js";
import { givenText } from "../../../stores/file/read-given.js";
import { objectName } from "../../../stores/store.js";
import { openLocation } from "../../../stores/url.js";
import { writeWhole } from "../inventory/write-whole.js";
import { askRuns } from "./ask-portal.js";
import type { PortalRun } from "./portal-run.js";
import { parseRuns } from "./read-runs.js";

export interface RunsOptions extends Pick<Env, "clock" | "log">, Pick<GivenEnv, "signal"> {
  workspace: string;
  /** Only runs of datasets with an author of exactly this name. Files have no authors. */
  author?: string | undefined;
  /** Ask the portal even if the cached reply is new. */
  refresh?: boolean | undefined;
  bases?: Bases | undefined;
  anonymous?: boolean | undefined;
}

export interface Runs {
  readonly runs: readonly PortalRun[];
  /** File or endpoint, for people. */
  readonly source: string;
  /** When the portal replied; undefined for files. */
  readonly retrievedMs: number | undefined;
}

/** A portal's reply in the workspace. */
interface Snapshot {
  version: 1;
  endpoint: string;
  author: string | null;
  retrieved_at: string;
  runs: readonly PortalRun[];
}

const FRESH_MS = 24 * 60 * 60 * 1000;

/**
 * The portal's runs, from an endpoint (any http(s) address but that of a file; default: the public one) or from a file. An
 * endpoint's reply is cached in the workspace for a day, and used longer if the portal cannot be reached.
 *
 * @throws {EmporiumError} PORTAL_UNREACHABLE, USAGE (the file cannot be read), CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_EMPTY
 */
export async function portalRuns(from: string | undefined, options: RunsOptions): Promise<Runs> {
  if (from === undefined || isEndpoint(from)) return fromPortal(from ?? PUBLIC_ENDPOINT, options);
  if (options.author !== undefined) {
    throw new EmporiumError("USAGE", `--author cannot be used with ${from}: files of runs do not name authors`, {
      hint: "leave it out, or name a portal",
    });
  }
  const text = await readText(from, options).catch((error: unknown) => {
    if (options.signal?.aborted || !isEmporiumError(error)) throw error;
    throw new EmporiumError("USAGE", `--runs: ${error.message}`, {
      place: error.facts.place,
      hint: error.facts.hint,
      cause: error,
    });
  });
  return { runs: parseRuns(text, from), source: from, retrievedMs: undefined };
}

/** An address of a web server is a portal unless its path ends like a file of runs. */
export function isEndpoint(from: string): boolean {
  return /^https?:\/\//i.test(from) && !/\.(?:json|csv|tsv|txt)$/i.test(new URL(from).pathname);
}

async function readText(from: string, { anonymous, signal }: RunsOptions): Promise<string> {
  const { store, key } = await openLocation(from, { anonymous });
  const stat = await store.stat(key, { signal });
  if (stat && stat.size > LIMITS.tableBytes) {
    throw new EmporiumError("CONFIG_LIMIT", `${from} has ${counted(stat.size, "byte")}, at most ${LIMITS.tableBytes} are read`);
  }
  const bytes = stat && (await store.read(key, undefined, { signal }));
  if (!bytes)
    throw new EmporiumError("STORE_ABSENT", `${objectName(store, key)} does not exist`, {
      hint: "check the name and the folder it should be in",
    });
  return givenText(bytes, from, "list");
}

/** @param address that of a portal's GraphQL, or the one that `emporium serve` prints */
async function fromPortal(address: string, options: RunsOptions): Promise<Runs> {
  const { workspace, author, refresh = false, clock, log, signal, bases } = options;
  const key = createHash("sha256")
    .update(keyOf(address, author ?? ""))
    .digest("hex")
    .slice(0, 16);
  const folder = join(workspace, "curate", "portal-runs");
  const path = join(folder, `${key}.json`);
  const kept = await readSnapshot(path);
  const source = redact(address);
  const from = (snapshot: Snapshot): Runs => ({ runs: snapshot.runs, source, retrievedMs: Date.parse(snapshot.retrieved_at) });
  if (kept && !refresh && clock.now() - Date.parse(kept.retrieved_at) < FRESH_MS) {
    log.info(`${source}: ${counted(kept.runs.length, "run")} as of ${kept.retrieved_at}; --refresh asks again`);
    return from(kept);
  }
  const client = portalClient({ clock, signal, log, bases });
  try {
    const hosts = [address, PUBLIC_ENDPOINT].map((url) => new URL(url).hostname);
    const net = client.open({ name: "cryoet", hosts }, address === PUBLIC_ENDPOINT ? [] : [address]);
    const runs = await askRuns((await findEndpoint(address, net)) ?? address, author, net);
    if (runs.length === 0) {
      throw new EmporiumError("PORTAL_REPLY", `${source} has no run${author === undefined ? "" : ` of "${author}"`}`, {
        place: { url: source },
        hint: author === undefined ? "check the address" : "spell the author's name exactly as the portal does",
      });
    }
    const snapshot: Snapshot = {
      version: 1,
      endpoint: source,
      author: author ?? null,
      retrieved_at: new Date(clock.now()).toISOString(),
      runs,
    };
    await mkdir(folder, { recursive: true });
    await writeWhole(path, [`${JSON.stringify(snapshot)}\n`]);
    return from(snapshot);
  } catch (error) {
    if (signal?.aborted || !isEmporiumError(error) || error.code === "CANCELLED") throw error;
    if (kept) {
      log.warn(`${error.message}; its runs as of ${kept.retrieved_at} are used`);
      return from(kept);
    }
    throw new EmporiumError("PORTAL_UNREACHABLE", error.message, {
      place: error.facts.place ?? { url: source },
      hint: error.code === "PORTAL_REPLY" ? error.facts.hint : "try again later, or give a file of runs with --runs",
      cause: error,
    });
  } finally {
    await client.close();
  }
}

/** Runs of all cached replies, the latest first. Sends no request. */
export async function keptRuns(workspace: string): Promise<PortalRun[]> {
  const folder = join(workspace, "curate", "portal-runs");
  const names = await readdir(folder).catch(() => [] as string[]);
  const snapshots = await Promise.all(
    names.filter((name) => name.endsWith(".json")).map((name) => readSnapshot(join(folder, name))),
  );
  return snapshots
    .flatMap((snapshot) => snapshot ?? [])
    .sort((a, b) => Date.parse(b.retrieved_at) - Date.parse(a.retrieved_at))
    .flatMap(({ runs }) => runs);
}

async function readSnapshot(path: string): Promise<Snapshot | undefined> {
  try {
    const snapshot = JSON.parse(await readFile(path, "utf8")) as Snapshot;
    return snapshot.version === 1 && Array.isArray(snapshot.runs) && snapshot.runs.length > 0 ? snapshot : undefined;
  } catch {
    return undefined;
  }
}
