import { type Clock, systemClock } from "../core/clock.js";
import { type Log, silentLog } from "../core/log.js";
import type { ApiError } from "../model/page-api.js";
import { viewAddress } from "../model/ref.js";
import type { CatalogRepository } from "../stations/catalog/rows/repository.js";
import { fileStore } from "../stores/file/store.js";
import type { Store } from "../stores/store.js";
import { apiBodies, apiHandler, readOnlyApi } from "./api/api.js";
import type { ApiContext, ServedCatalogue, Writing } from "./api/context.js";
import { virtualZarrRoutes } from "./api/virtual-zarr.js";
import { appPage } from "./app-page.js";
import { postsTo } from "./bodies.js";
import { type CorsPolicy, OWN_ORIGIN, withCors } from "./cors.js";
import { finder } from "./find.js";
import { GRAPHQL_POSTS, graphqlRoute, withGraphql } from "./graphql.js";
import { type Handler, mounted, onlyReading } from "./handler.js";
import { healthRoute } from "./health.js";
import type { JobKind } from "./job-kinds.js";
import { rootsOf } from "./job-locations.js";
import { jobWatch } from "./job-watch.js";
import { sentJson } from "./json-reply.js";
import { listen } from "./listen.js";
import { servedMemory } from "./memory-shares.js";
import { serverMetrics } from "./metrics.js";
import { servedMicroscopy } from "./microscopy.js";
import { readdressedStates } from "./neuroglancer-state.js";
import { serverOverview } from "./overview.js";
import { pieceBudget } from "./piece-budget.js";
import type { Place } from "./places.js";
import { servedVolumes } from "./planes.js";
import { openPlans } from "./plans.js";
import { noReports, servedReports } from "./reports.js";
import { type StaticOptions, staticFiles } from "./static.js";
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
  const base = folder === "" ? "/" : `/${folder}/`;
  const viewerHandler = viewerPage({ folder: viewer, log });
  /** Everything that is served of these sources. */
  const handlerOf = (sources: ServedSources, ofView: Partial<ApiContext> = {}): SourcesHandler => {
    const own = sources.catalogue?.place ?? sources.places.find(({ kind }) => kind === "tree");
    const context: ApiContext = {
      ...sources,
      ...{ volumes, memory, jobs, plans, submissions, log, clock },
      treeChangedAt: changes?.changedAt,
      reports:
        workspace === undefined ? noReports : servedReports(fileStore(workspace), sources.places, sources.catalogue, memory),
      workspace: isShown ? workspace : undefined,
      isHandedOn: url !== undefined,
      writing: writing && {
        ...{ tokens: writing.tokens, roots: writing.roots },
        origin: url === undefined ? undefined : new URL(url).origin,
      },
      server: { version, bucket, start: startOf(places, microscopy !== undefined) },
      base: (request) => filesOf(request).slice(0, -"files".length),
      find: finder(sources.places, sources.catalogue),
      ...ofView,
    };
    const api = apiHandler(context);
    const overview = serverOverview(
      { version, places: sources.places, bucket, hasTree: tree !== undefined, hasCatalogue: catalogue !== undefined },
      context.base,
    );
    const hasTokens = writing !== undefined || rules !== undefined;
    const s3 = own && forS3?.readOnlyS3(own.store, { bucket, hosts, pieces, log });
    const others = portalMounts(context, api, {
      ...{ s3, pieces, viewer: viewerHandler },
      pages: appPage({ base, folder: pagesFolder, overview, hasTokens, log }),
      files: own && staticFiles(own.store, { instead: readdressedStates(filesOf, log), pieces, log }),
    });
    const prefixes = (request: Request) => ({ s3: `s3://${bucket}`, https: filesOf(request) });
    const withFiles = s3 ? withS3(s3, others) : others;
    const graphql = sources.catalogue && compressed(graphqlRoute({ api: sources.catalogue.api, own: prefixes }));
    return { api, handler: graphql ? withGraphql(graphql, withFiles) : withFiles };
  };
  const sources: ServedSources = { places, catalogue, microscopy: microscopy && servedMicroscopy(microscopy, places) };
  const stopping = new AbortController();
  const served = rules ? await withRules(rules) : handlerOf(sources);
  /** The same for each request as far as its sender may see it. */
  async function withRules({ file, tokens }: NonNullable<PortalOptions["access"]>): Promise<SourcesHandler> {
    const { servedByView } = await import("./access/served.js");
    const origin = url === undefined ? undefined : new URL(url).origin;
    return servedByView({ ...{ file, tokens, sources, handlerOf, memory, clock, log, base, origin } });
  }
  const metrics = serverMetrics({ clock, memory, streams: () => jobs?.listeners ?? 0, isHandedOn: url !== undefined });
  const forWatchers = { healthz: healthRoute(catalogue), metrics: metrics.route };
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

/** What answers are made of. */
export interface ServedSources {
  readonly places: readonly Place[];
  readonly catalogue: ServedCatalogue | undefined;
  readonly microscopy: ApiContext["microscopy"];
}

/** Everything that is served of some sources; the API by itself, too. */
export interface SourcesHandler {
  readonly api: Handler;
  readonly handler: Handler;
}

/** Wraps a test of request paths so that it takes them with the folder under which people find this server, or without. */
function withinFolder(folder: string): (of: (path: string) => boolean, path: string) => boolean {
  return (of, path) => of(path) || (folder !== "" && path.startsWith(`${folder}/`) && of(path.slice(folder.length + 1)));
}

interface PortalParts {
  readonly pages: Handler;
  readonly viewer: Handler;
  /** Files of the first tree; undefined without a tree. */
  readonly files: Handler | undefined;
  readonly s3: Handler | undefined;
  readonly pieces: StaticOptions["pieces"];
}

/** The handlers of all paths of the server. */
function portalMounts(context: ApiContext, api: Handler, { pages, viewer, files, s3, pieces }: PortalParts): Handler {
  const { places, log } = context;
  return mounted({
    "/": pages,
    "/api/": async () => notHere(),
    "/api/v1/": api,
    "/zarr/": apiHandler(context, [virtualZarrRoutes]),
    "/at/": async () => notHere(),
    ...Object.fromEntries(places.map((place) => [`/at/${place.id}/`, filesOfPlace(place, { pieces, log })])),
    ...(files && { "/files/": files }),
    ...(s3 && { "/s3/": s3 }),
    "/viewer/": viewer,
  });
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

/** The bytes of a place's files. Beside a place that is one file, nothing is there. */
function filesOfPlace({ store, key: own }: Place, options: StaticOptions): Handler {
  const isOwn = (key: string) => own === undefined || key === own || key.startsWith(`${own}/`);
  const stat: Store["stat"] = async (key, options) => (isOwn(key) ? store.stat(key, options) : undefined);
  return staticFiles({ ...store, stat }, options);
}

/** Compresses answers of a known length. Longer ones are streams, which are passed on as the database gives them. */
function compressed(handler: Handler): Handler {
  return async (request, path) => {
    const response = await handler(request, path);
    return response.headers.has("content-length") ? await sentJson(request, response) : response;
  };
}

function notHere(): Response {
  return Response.json({ code: "NOT_FOUND", message: "not found" } satisfies ApiError, { status: 404 });
}

/** Address of the page that opens first: for one volume its picture; for the storage of a microscopy catalogue its data sets. */
export function startOf(places: readonly Place[], hasMicroscopy = false): string {
  const [place, ...others] = places;
  if (!place || others.length > 0 || place.kind === "tree") return "/";
  const { id, key } = place;
  if (hasMicroscopy) return "/microscopy";
  return `/${key === undefined ? `browse/${id}` : viewAddress(id, key)}`;
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

/** Gives paths of one name to handlers: a mount would lead clients to `/healthz/` first. */
function withRoutes(routes: Readonly<Record<string, Handler>>, others: Handler): Handler {
  return (request, path) => (Object.hasOwn(routes, path) ? routes[path]!(request, "") : others(request, path));
}

/** Gives `/s3` itself to S3: its clients ask for the list of buckets there and follow no redirect. */
function withS3(s3: Handler, others: Handler): Handler {
  return (request, path) => (path === "s3" ? s3(request, "") : others(request, path));
}

const isOfSession = (path: string): boolean => path === "api/v1/session";
const isOfApi = (path: string): boolean => path.startsWith("api/v1/");

function isOfS3(path: string): boolean {
  return path === "s3" || path.startsWith("s3/");
}
