import { setMaxListeners } from "node:events";
import { join, resolve as resolvePath } from "node:path";
import { asEmporiumError, EmporiumError, isEmporiumError, toErrorRecord } from "../../../core/errors.js";
import { pathFilter } from "../../../core/path-filter.js";
import { counted } from "../../../core/units.js";
import type { SubmittedReport } from "../../../engine/cluster/on-cluster.js";
import { envOf } from "../../../engine/env.js";
import { makePaces } from "../../../net/pace.js";
import { portalClient } from "../../../portals/client.js";
import { parseLocation } from "../../../stores/url.js";
import { forEachLimited } from "../../../system/parallel.js";
import { parseChecksum } from "../transfer/checksum.js";
import { carryOut } from "./carry-out.js";
import { checkCrop } from "./crops.js";
import { usualFolding } from "./folding.js";
import type { ClusterDownloadOptions, DownloadOptions } from "./options.js";
import { type DownloadPlan, planDownload } from "./plan.js";
import { MANIFEST, nameAll, refuseEmpty, refuseUnused, withChecksum } from "./plan-checks.js";
import { openRemote, type Remote } from "./remote.js";
import { type DownloadReport, doneReport, plannedReport, tally } from "./report.js";

/**
 * Fetches files and volumes: from the address of a portal's page, an accession, a direct link, a folder of a web or FTP server, a
 * bucket's prefix, `zarr://…`, a viewer's link, or a local path.
 *
 * ```ts
 * const report = await download(["EMPIAR-11759"], { dest: "retina", include: ["*.dm3"] });
 * console.log(report.toText(), report.exitStatus);
 * ```
 *
 * One link goes to `<dest>/<its last name>`, several links of a record below `<dest>/<name of the record>/`. Volumes are copied
 * byte by byte, metadata first; chunks that were never written stay absent. Every file is checked (size, checksum files beside
 * it, the server's tag, the listing) before it gets its name, and recorded in a manifest of JSON lines. A second call fetches
 * only what is missing or has changed, and continues in the middle of unfinished files. A file of the same name that no download
 * has left there is refused (CONFIG_COLLISION), and the others are fetched.
 *
 * Hosts that a reply names must be public, redirections included; typed hosts may be any. No name of a listing leads out of
 * `dest`.
 *
 * @param typed addresses; `NAME=URL` chooses the name below `dest`
 * @returns what became of each file, failures (`exitStatus` 3) and a stop by the signal (130) included
 * @throws {EmporiumError} USAGE, UNKNOWN_PORTAL, NOT_FOUND, … if the only address fails; DISK_FULL; TARGET_LOCKED
 */
export async function download(
  typed: readonly string[],
  options: ClusterDownloadOptions,
): Promise<DownloadReport | SubmittedReport>;
export async function download(typed: readonly string[], options: DownloadOptions): Promise<DownloadReport>;
export async function download(
  typed: readonly string[],
  options: DownloadOptions & Partial<ClusterDownloadOptions>,
): Promise<DownloadReport | SubmittedReport> {
  const { clock, random, log, onEvent } = envOf(options);
  const { bases = new Map(), resolve, anonymous, allowPrivate, connections, scale, mirrors, crop: box } = options;
  const startMs = clock.monotonic();
  const dest = localFolder(options.dest);
  const manifestPath = options.manifest === undefined ? join(dest, MANIFEST) : resolvePath(options.manifest);
  const filter = pathFilter({ include: options.include, exclude: options.exclude });
  const checksum = options.checksum === undefined ? undefined : parseChecksum(options.checksum);
  const stop = new AbortController();
  const signal = AbortSignal.any([...(options.signal ? [options.signal] : []), stop.signal]);
  // every waiting request adds a listener
  setMaxListeners(0, signal);
  const { bytesPerSecond, requestsPerSecond } = options;
  const pace = makePaces({ clock, bytesPerSecond, requestsPerSecond, connectionsPerHost: connections });
  const client = portalClient({
    clock,
    random,
    signal,
    log,
    bases,
    pace: (host) => pace.host(`https://${host}/`, host),
    resolve,
  });
  const remote = openRemote({ bases, anonymous, allowPrivate, connections, client, pace, clock, random, signal, resolve });
  const warnings = new Set<string>();
  const warn = (message: string) => void warnings.add(message);
  try {
    const plan = await planDownload(typed, {
      bases,
      client,
      remote,
      clock,
      filter,
      connections,
      scale,
      crop: box !== undefined,
      dest,
      mirrors,
      warn,
    });
    refuseEmpty(plan, typed);
    refuseUnused(plan, { crop: box !== undefined, scale, warn });
    if (checksum !== undefined) withChecksum(plan, checksum);
    const place = { dest, manifest: manifestPath };
    const facts = () => ({ ...place, warnings: [...warnings], seconds: (clock.monotonic() - startMs) / 1000 });
    if (options.dryRun) {
      await askSizes(plan, remote, warn);
      if (box) await checkCrops(plan, { box, scale, remote, signal, warn });
      nameAll(plan, { ...place, folding: usualFolding() });
      return plannedReport(plan, facts());
    }
    if (options.cluster) {
      const { downloadOnCluster } = await import("./on-cluster.js");
      const env = { clock, random, log, signal: options.signal, onEvent };
      return await downloadOnCluster(
        plan,
        options.cluster,
        { dest, manifestPath, remote, warnings: [...warnings] },
        options,
        env,
      );
    }
    const results = tally();
    const { keepGoing = true, sync = true, io = "auto", forceOverwrite = false } = options;
    const settings = { dest, manifestPath, box, scale, connections, keepGoing, sync, io, forceOverwrite };
    const done = await carryOut(plan, { ...settings, remote, pace, clock, random, log, stop, signal, onEvent, warn, results });
    return doneReport(results, done, facts());
  } catch (error) {
    if (options.signal?.aborted && !isEmporiumError(error)) throw asEmporiumError(options.signal.reason, "CANCELLED");
    throw error;
  } finally {
    await client.close();
  }
}

/** The most requests for sizes in a dry run. At a portal's rate limit they take some minutes. */
const ASKED_MAX = 2_000;

/** Requests the size of each file by HEAD: folder pages round sizes or have none, and a single address has none. */
async function askSizes(plan: DownloadPlan, remote: Remote, warn: (message: string) => void): Promise<void> {
  const unsized = plan.sets
    .flatMap(({ objects }) => objects)
    .filter(({ size, body }) => size === undefined && body === undefined);
  if (unsized.length > ASKED_MAX)
    warn(`${counted(unsized.length, "file has", "files have")} no size in their listing: the first ${ASKED_MAX} were asked`);
  await forEachLimited(unsized.slice(0, ASKED_MAX), ASKED_AT_ONCE, async (object) => {
    const asking = remote.asking(object.store, object.requestLimits.paceHost);
    // an unknown size is no error here; the download will report one
    const stat = await asking.stat(object.key).catch((error: unknown) => {
      if (isEmporiumError(error) && error.code !== "CANCELLED") return undefined;
      throw error;
    });
    if (stat) object.size = stat.size;
  });
}

const ASKED_AT_ONCE = 8;

/** Boxes that cannot be cut out become faults of the plan. */
async function checkCrops({ sets, faults }: DownloadPlan, run: Parameters<typeof checkCrop>[1]): Promise<void> {
  for (const set of sets) {
    const kept: typeof set.crops = [];
    for (const job of set.crops) {
      try {
        await checkCrop(job, run);
        kept.push(job);
      } catch (thrown) {
        if (run.signal.aborted) throw thrown;
        faults.push({ url: job.url, rel: job.rel, error: toErrorRecord(asEmporiumError(thrown, "STORE_FAILED")) });
      }
    }
    set.crops = kept;
  }
}

function localFolder(dest: string): string {
  const place = parseLocation(dest);
  if (place.path !== undefined) return place.path;
  throw new EmporiumError("USAGE", `--dest ${place.url} is not a folder of this machine`, {
    hint: "download to a local folder first, then copy it to the bucket",
  });
}
