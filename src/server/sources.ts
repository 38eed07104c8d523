import type { ApiError } from "../model/page-api.js";
import { viewAddress } from "../model/ref.js";
import { fileStore } from "../stores/file/store.js";
import type { Store } from "../stores/store.js";
import { apiHandler } from "./api/api.js";
import type { ApiContext, ServedCatalogue } from "./api/context.js";
import { virtualZarrRoutes } from "./api/virtual-zarr.js";
import { type AppPageOptions, appPage } from "./app-page.js";
import { type Brand, brandedPages, factsSeen } from "./branding/brand.js";
import { finder } from "./find.js";
import { graphqlRoute, withGraphql } from "./graphql.js";
import { type Handler, mounted, withRoutes } from "./handler.js";
import { sentJson } from "./json-reply.js";
import { readdressedStates } from "./neuroglancer-state.js";
import { serverOverview } from "./overview.js";
import type { Place } from "./places.js";
import { noReports, servedReports } from "./reports.js";
import type { readOnlyS3 } from "./s3.js";
import { type StaticOptions, staticFiles } from "./static.js";

/** What answers are made of: all that is served, or as much of it as somebody may see. */
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

/** The parts of a server that are the same for all sources. */
export interface SharedParts {
  readonly context: Omit<ApiContext, "places" | "catalogue" | "microscopy" | "find" | "reports" | "server">;
  readonly version: string;
  readonly bucket: string;
  /** Folder of kept reports. */
  readonly workspace: string | undefined;
  readonly pages: Pick<AppPageOptions, "base" | "folder" | "hasTokens">;
  /** Undefined where pages are those of emporium. */
  readonly brand: Brand | undefined;
  readonly viewer: Handler;
  /** Undefined without a tree. */
  readonly s3: ((store: Store) => ReturnType<typeof readOnlyS3>) | undefined;
  /** URL of the tree's files, as the client of a request sees it. */
  filesOf(request: Request): string;
}

/** Makes the handler of all paths of the server, but for those of who watches it. `ofView` has what is another one for somebody. */
export function sourcesHandler(parts: SharedParts): (sources: ServedSources, ofView?: Partial<ApiContext>) => SourcesHandler {
  const { version, bucket, workspace, filesOf, brand } = parts;
  const { log, memory, pieces } = parts.context;
  return (sources, ofView = {}) => {
    const { places, catalogue, microscopy } = sources;
    const tree = catalogue?.place ?? places.find(({ kind }) => kind === "tree");
    const context: ApiContext = {
      ...parts.context,
      ...sources,
      reports: workspace === undefined ? noReports : servedReports(fileStore(workspace), places, catalogue, memory),
      server: { version, bucket, start: startOf(places, microscopy !== undefined) },
      find: finder(places, catalogue),
      // of rules, what is named must be seen; without any, a run that is not there yet may come with an import
      portal: brand && (async () => (ofView.access ? factsSeen(brand.facts, catalogue?.pool) : brand.facts)),
      ...ofView,
    };
    const api = apiHandler(context);
    const overview = serverOverview(
      { version, places, bucket, hasTree: tree !== undefined, hasCatalogue: catalogue !== undefined },
      context.base,
    );
    const s3 = tree && parts.s3?.(tree.store);
    const others = mounted({
      "/": appPage({
        ...{ ...parts.pages, overview, log },
        brand:
          brand &&
          brandedPages(brand, catalogue, (error) => log.debug(`a page goes without the words of its rows: ${String(error)}`)),
      }),
      ...(brand && { "/brand/": brand.files }),
      "/api/": async () => notHere(),
      "/api/v1/": api,
      "/zarr/": apiHandler(context, [virtualZarrRoutes]),
      "/at/": async () => notHere(),
      ...Object.fromEntries(places.map((place) => [`/at/${place.id}/`, filesOfPlace(place, { pieces, log })])),
      ...(tree && { "/files/": staticFiles(tree.store, { instead: readdressedStates(filesOf, log), pieces, log }) }),
      ...(s3 && { "/s3/": s3 }),
      "/viewer/": parts.viewer,
    });
    const own = (request: Request) => ({ s3: `s3://${bucket}`, https: filesOf(request) });
    const withFiles = s3 ? withS3(s3, others) : others;
    const graphql = catalogue && compressed(graphqlRoute({ api: catalogue.api, own }));
    const whole = graphql ? withGraphql(graphql, withFiles) : withFiles;
    return { api, handler: brand?.sitemap ? withRoutes({ "sitemap.xml": brand.sitemap(catalogue?.pool) }, whole) : whole };
  };
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

/** Gives `/s3` itself to S3: its clients ask for the list of buckets there and follow no redirect. */
function withS3(s3: Handler, others: Handler): Handler {
  return (request, path) => (path === "s3" ? s3(request, "") : others(request, path));
}

/** Address of the page that opens first: for one volume its picture; for the storage of a microscopy catalogue its data sets. */
export function startOf(places: readonly Place[], hasMicroscopy = false): string {
  const [place, ...others] = places;
  if (!place || others.length > 0 || place.kind === "tree") return "/";
  const { id, key } = place;
  if (hasMicroscopy) return "/microscopy";
  return `/${key === undefined ? `browse/${id}` : viewAddress(id, key)}`;
}
