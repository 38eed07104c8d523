import { type Clock, systemClock } from "../core/clock.js";
import { type Log, silentLog } from "../core/log.js";
import type { CatalogRepository } from "../stations/catalog/rows/repository.js";
import { apiBodies, readOnlyApi } from "./api/api.js";
import type { ServedCatalogue, Writing } from "./api/context.js";
import { postsTo } from "./bodies.js";
import { openBrand } from "./branding/brand.js";
import type { PortalSettings } from "./branding/settings.js";
import { type CorsPolicy, OWN_ORIGIN, withCors } from "./cors.js";
import { GRAPHQL_POSTS } from "./graphql.js";
import { type Handler, onlyReading, withRoutes } from "./handler.js";
import { healthRoute } from "./health.js";
import type { JobKind } from "./job-kinds.js";
import { rootsOf } from "./job-locations.js";
import { jobWatch } from "./job-watch.js";
import { listen } from "./listen.js";
import { servedMemory } from "./memory-shares.js";
import { serverMetrics } from "./metrics.js";
import { servedMicroscopy } from "./microscopy.js";
import { pieceBudget } from "./piece-budget.js";
import type { Place } from "./places.js";
import { servedVolumes } from "./planes.js";
import { openPlans } from "./plans.js";
import { openViews } from "./saved-views.js";
import { type ServedSources, sourcesHandler } from "./sources.js";
import { openSubmissions } from "./submissions.js";
import type { Tokens } from "./tokens.js";
import { treeChanges } from "./tree-changes.js";
import { viewerPage } from "./viewer.js";

export interface PortalOptions {
  /** The places that are served. The first tree is at `/files` and `/s3`. */
  places: readonly Place[];
  /** The catalogue behind `/graphql`. Default: none. */
  catalogue?: ServedCatalogue | undefined;
  /** The rows of the microscopy catalogue. Default: none. Its frames are in `places`. */
  microscopy?: CatalogRepository | undefined;
  /** Name of the only bucket at `/s3`. */
  bucket: string;
  /** Address to listen at. Default 127.0.0.1: nobody but this machine. */
  host?: string | undefined;
  port?: number | undefined;
  /** The public URL of this server, such as `https://lab.example.org/portal` behind a proxy. Default: the URL of each request. */
  url?: string | undefined;
  /** Origins whose pages may read from this server. Default: its own alone. */
  cors?: CorsPolicy | undefined;
  /** Limit of all buffers together: caches of volumes, planes and files being sent. Default 512 MiB. */
  memoryBytes?: number | undefined;
  /** Folder in which commands keep results that pages show. Default: none. */
  workspace?: string | undefined;
  /** Tokens that allow changes from pages, and the jobs that they may start. Default: nothing can be changed. */
  writing?: (Omit<Writing, "origin"> & { readonly jobs?: StartedJobs | undefined }) | undefined;
  /** Version of the program. */
  version: string;
  /** Folder in which `scripts/build-web.mjs` put the pages. Default: that of the package. */
  pages?: string | undefined;
  /** Folder in which `scripts/build-viewer.mjs` put Neuroglancer. Default: that of the package. */
  viewer?: string | undefined;
  /** Rules of who sees what: a file `access.yaml`, and the tokens whose holders it names. Default: everybody who reaches the server sees everything. */
  access?: { readonly file: string; readonly tokens?: Tokens | undefined } | undefined;
  /** Title, logo, colour and texts of one's own. Default: the pages are those of emporium. */
  branding?: PortalSettings | undefined;
  log?: Log | undefined;
  clock?: Clock | undefined;
}

/** The kinds of jobs that pages may start, and the program that runs them. */
interface StartedJobs {
  readonly kinds: readonly JobKind[];
  /** A program and its first words. */
  readonly program: readonly string[];
}

/** A portal server for the official client, copick, Neuroglancer and S3 tools. */
export interface Portal {
  /** `http://127.0.0.1:8080`. */
  readonly url: string;
  /** URL for the official client: `Client(…)`. */
  readonly graphql: string;
  /** Beginning of the `https_…` fields. */
  readonly files: string;
  /** URL of the S3 service, for `BOTO_ENDPOINT_URL` and `AWS_ENDPOINT_URL_S3`. */
  readonly s3: string;
  /** URL of the Neuroglancer page. */
  readonly viewer: string;
  /**
   * Counts what lists can be filtered by before anybody asks, until the portal is closed. Never throws: a later request gets the
   * error.
   */
  warm(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Serves a tree and its catalogue: GraphQL at `/graphql`, files with ranges at `/files`, S3 for readers at `/s3`, Neuroglancer at
 * `/viewer`.
 *
 * @throws {EmporiumError} STORE_FAILED if the port cannot be opened.
 */
export async function servePortal({
  places,
  catalogue,
  microscopy,
  bucket,
  host,
  port,
  url,
  cors = OWN_ORIGIN,
  memoryBytes,
  workspace,
  writing,
  version,
  pages: pagesFolder,
  viewer,
  access: rules,
  branding,
  log = silentLog,
  clock = systemClock,
}: PortalOptions): Promise<Portal> {
  const { name, hostname, folder } = addressOf(url);
  const filesOf = (request: Request) => `${url?.replace(/\/+$/, "") ?? new URL(request.url).origin}/files`;
  const tree = catalogue?.place ?? places.find(({ kind }) => kind === "tree");
  const hosts = ["localhost", ...(hostname === undefined ? [] : [hostname])];
  const memory = servedMemory(memoryBytes, catalogue !== undefined);
  const pieces = pieceBudget(memory.limits.files);
  memory.watch("files", () => pieces.takenBytes);
  const forS3 = tree && (await import("./s3.js"));
  const volumes = servedVolumes({ clock, memory });
  const changes = catalogue && treeChanges(catalogue, clock);
  // to nobody's machine but this one's, or to who has a token
  const isShown = url === undefined || writing !== undefined || rules !== undefined;
  const jobs = workspace !== undefined && isShown ? jobWatch({ workspace, clock }) : undefined;
  const plans =
    writing?.jobs && workspace !== undefined
      ? openPlans({ ...writing.jobs, roots: rootsOf(places, writing.roots), workspace, version, clock, log })
      : undefined;
  const submissions = plans && openSubmissions({ roots: plans.roots, workspace: workspace!, clock });
  // those of what is served are for who may see that, wherever they are
  const views = workspace === undefined ? undefined : openViews({ workspace, clock, log });
  const base = folder === "" ? "/" : `/${folder}/`;
  const origin = url === undefined ? undefined : new URL(url).origin;
  const tokens = writing?.tokens ?? rules?.tokens;
  const brand = branding && (await openBrand({ settings: branding, url, base, hasRules: rules !== undefined }));
  const handlerOf = sourcesHandler({
    ...{ version, bucket, workspace, filesOf, brand, viewer: viewerPage({ folder: viewer, log }) },
    pages: { base, folder: pagesFolder, hasTokens: tokens !== undefined || rules !== undefined },
    s3: forS3 && ((store) => forS3.readOnlyS3(store, { bucket, hosts, pieces, log })),
    context: {
      ...{ volumes, memory, pieces, jobs, plans, submissions, views, tokens, log, clock },
      treeChangedAt: changes?.changedAt,
      workspace: isShown ? workspace : undefined,
      isHandedOn: url !== undefined,
      writing: writing && { tokens: writing.tokens, roots: writing.roots, origin },
      base: (request) => filesOf(request).slice(0, -"files".length),
    },
  });
  const sources: ServedSources = { places, catalogue, microscopy: microscopy && servedMicroscopy(microscopy, places) };
  const stopping = new AbortController();
  // loaded only where there are rules
  const served = rules
    ? await (await import("./access/served.js")).servedByView({ ...rules, sources, handlerOf, memory, clock, log, base, origin })
    : handlerOf(sources);
  const metrics = serverMetrics({ clock, memory, streams: () => jobs?.listeners ?? 0, isHandedOn: url !== undefined });
  const forWatchers = { healthz: healthRoute(catalogue), metrics: metrics.route, ...(brand && { "robots.txt": brand.robots }) };
  const posts = postsTo({ ...GRAPHQL_POSTS, ...below(folder, GRAPHQL_POSTS) });
  const isOf = withinFolder(folder);
  const handler = withoutFolder(folder, metrics.counted(withCors(cors, withRoutes(forWatchers, served.handler))));
  const server = await listen(handler, {
    host,
    port,
    names: name === undefined ? [] : [name],
    subdomains: [bucket],
    bodies: (method, path) =>
      posts(method, path) ??
      ((writing && isOf(isOfApi, path.slice(1))) || (rules && isOf(isOfSession, path.slice(1)))
        ? apiBodies(method, path)
        : undefined),
    refuseWriting: (path) =>
      forS3 && isOf(isOfS3, path) ? forS3.refuseS3Writing() : isOf(isOfApi, path) ? readOnlyApi() : onlyReading(),
    log,
  });
  return {
    url: server.url,
    graphql: `${server.url}/graphql`,
    files: `${server.url}/files`,
    s3: `${server.url}/s3`,
    viewer: `${server.url}/viewer/`,
    warm: async () => catalogue && warmed(served.api, server.url, stopping.signal, log),
    async close() {
      stopping.abort();
      jobs?.close();
      await plans?.close();
      await submissions?.close();
      await server.close();
      await changes?.close();
      await volumes.close();
    },
  };
}

/** Wraps a test of request paths so that it takes them with the folder under which people find this server, or without. */
function withinFolder(folder: string): (of: (path: string) => boolean, path: string) => boolean {
  return (of, path) => of(path) || (folder !== "" && path.startsWith(`${folder}/`) && of(path.slice(folder.length + 1)));
}

/** Asks for the counts of lists, so that the first visitor does not wait for them. */
async function warmed(api: Handler, url: string, signal: AbortSignal, log: Log): Promise<void> {
  for (const of of ["datasets", "runs", "annotations"]) {
    try {
      const { status } = await api(new Request(`${url}/api/v1/facets?of=${of}`, { signal }), "facets");
      if (status !== 200) log.debug(`the counts of ${of} could not be made ready: status ${status}`);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
  }
}

/**
 * Host with and without its port, and folder, of the public URL under which people find this server. The folder is empty without
 * one.
 */
function addressOf(url: string | undefined): {
  readonly name?: string;
  readonly hostname?: string;
  readonly folder: string;
} {
  if (url === undefined) return { folder: "" };
  const { host, hostname, pathname } = new URL(url);
  return { name: host, hostname, folder: pathname.replace(/\/+$/, "").slice(1) };
}

/** Strips the folder under which people find this server: a proxy may hand over paths with it or without. */
function withoutFolder(folder: string, handler: Handler): Handler {
  if (folder === "") return handler;
  return (request, path) => handler(request, path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path);
}

function below(folder: string, posts: Readonly<Record<string, number>>): Record<string, number> {
  return folder === "" ? {} : Object.fromEntries(Object.entries(posts).map(([path, limit]) => [`/${folder}${path}`, limit]));
}

const isOfSession = (path: string): boolean => path === "api/v1/session";
const isOfApi = (path: string): boolean => path.startsWith("api/v1/");

function isOfS3(path: string): boolean {
  return path === "s3" || path.startsWith("s3/");
}
