import type { PortalApi } from "../catalog/graphql/answer.js";
import { type Log, silentLog } from "../core/log.js";
import type { Store } from "../stores/store.js";
import type { CorsPolicy } from "./cors.js";
import { GRAPHQL_POSTS, graphqlRoute, withGraphql } from "./graphql.js";
import { type Handler, mounted, onlyReading } from "./handler.js";
import { listen } from "./listen.js";
import { readOnlyS3, refuseS3Writing } from "./s3.js";
import { staticFiles } from "./static.js";
import { viewerPage } from "./viewer.js";

export interface PortalOptions {
  /** The standardised tree. */
  store: Store;
  /** What `/graphql` answers from. */
  api: PortalApi;
  /** Name of the only bucket at `/s3`. */
  bucket: string;
  /** Default 127.0.0.1: nobody but this machine. */
  host?: string | undefined;
  port?: number | undefined;
  /** Further names of this server, `name:port`. */
  names?: readonly string[] | undefined;
  cors?: CorsPolicy | undefined;
  log?: Log | undefined;
}

/** A portal of one's own: what the official client, copick, Neuroglancer and S3 tools ask of it. */
export interface Portal {
  /** `http://127.0.0.1:8080`. */
  readonly url: string;
  /** For `Client(…)`. */
  readonly graphql: string;
  /** What `https_…` fields begin with. */
  readonly files: string;
  /** For `BOTO_ENDPOINT_URL` and `AWS_ENDPOINT_URL_S3`. */
  readonly s3: string;
  /** Of the Neuroglancer page. */
  readonly viewer: string;
  close(): Promise<void>;
}

/**
 * Serves a tree and its catalogue: GraphQL at `/graphql`, files with ranges at `/files`, S3 for readers at `/s3`, Neuroglancer at `/viewer`.
 *
 * @throws {EmporiumError} STORE_FAILED where the port cannot be had.
 */
export async function servePortal({
  store,
  api,
  bucket,
  host,
  port,
  names = [],
  cors,
  log = silentLog,
}: PortalOptions): Promise<Portal> {
  const s3 = readOnlyS3(store, { bucket, hosts: ["localhost", ...names.map((name) => name.replace(/:\d+$/, ""))], log });
  const others = mounted({ "/files/": staticFiles(store, { log }), "/s3/": s3, "/viewer/": viewerPage({ log }) });
  const handler = withGraphql(graphqlRoute({ api, cors }), withS3(s3, others));
  const server = await listen(handler, {
    host,
    port,
    names,
    subdomains: [bucket],
    posts: GRAPHQL_POSTS,
    refuseWriting: (path) => (isOfS3(path) ? refuseS3Writing() : onlyReading()),
    log,
  });
  return {
    url: server.url,
    graphql: `${server.url}/graphql`,
    files: `${server.url}/files`,
    s3: `${server.url}/s3`,
    viewer: `${server.url}/viewer/`,
    close: () => server.close(),
  };
}

/** Gives `/s3` itself to S3: its clients ask for the list of buckets there and follow no redirect. */
function withS3(s3: Handler, others: Handler): Handler {
  return (request, path) => (path === "s3" ? s3(request, "") : others(request, path));
}

function isOfS3(path: string): boolean {
  return path === "s3" || path.startsWith("s3/");
}
