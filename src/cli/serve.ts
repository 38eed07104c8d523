import { z } from "zod";
import type { Database } from "../catalog/database.js";
import { EmporiumError } from "../core/errors.js";
import type { ImportReport } from "../stations/catalog/portal-import/report.js";
import type { Store } from "../stores/store.js";
import { command, type Io } from "./command.js";
import { databaseFor, databaseOptions } from "./database-options.js";
import { wholeNumber } from "./option-types.js";
import { toldToStop } from "./signals.js";
import { version } from "./version.js";

const IMPORT_JOBS = 4;

export default command({
  name: "serve",
  summary: "Serve your own portal: GraphQL, files and S3 of a standardised tree, for the official client",
  details: [
    "Updates the catalogue from the tree (as catalog import does; unchanged runs are skipped), then serves until Ctrl-C: GraphQL at /graphql, files with ranges at /files, read-only S3 at /s3, Neuroglancer at /viewer. Nothing can be written.",
    "On 127.0.0.1, the default, only this machine can reach the server. With another --host everybody who reaches the port can read everything in the tree; --url is then the URL at which others reach this server. URLs in answers and in Neuroglancer's views point to this server, whatever URLs rows and views were written with.",
    "Pages of other origins can read nothing, unless --cors names their origin.",
    "The official client (cryoet_data_portal) needs two settings, which are printed: the URL for Client(…), and BOTO_ENDPOINT_URL. Other AWS programs read AWS_ENDPOINT_URL_S3.",
  ],
  positionals: ["location"],
  options: z.object({
    location: z.string().meta({ description: "folder or bucket of the tree", value: "LOCATION" }),
    host: z.string().default("127.0.0.1").meta({ description: "address to listen on", value: "HOST" }),
    port: wholeNumber(0, 65535).default(8080).meta({ description: "port to listen on; 0 for any free port", value: "N" }),
    url: z
      .string()
      .regex(/^https?:\/\/[^\s?#]+[^\s?#/]$/, "an address as https://portal.example.org")
      .optional()
      .meta({ description: "the URL at which others reach this server (default: its own address)", value: "URL" }),
    cors: z
      .array(z.string().min(1, "an origin as https://viewer.example.org, or *"))
      .optional()
      .meta({ description: "let pages of this origin read the data (* for every origin)", value: "ORIGIN" }),
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "a bucket's name: 3 to 63 lower-case letters, digits, dots and dashes")
      .default("portal")
      .meta({ description: "name of the bucket at /s3", value: "NAME" }),
    import: z.boolean().default(true).meta({ description: "update the catalogue from the tree first" }),
    ...databaseOptions,
    anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
  }),
  examples: [
    { run: "emporium serve demo-out/portal --port 0", says: "the demo's tree as a portal", stays: true },
    {
      run: "emporium serve demo-out/portal --port 0 --no-import --json",
      says: "as it was imported before, for programs",
      stays: true,
    },
  ],
  async run(options, io) {
    const [{ openStore, parseLocation }, { openCatalog }, { openDatabase }, { openPortalApi }, { servePortal }, { corsPolicy }] =
      await Promise.all([
        import("../stores/url.js"),
        import("../catalog/migrate.js"),
        import("../catalog/database.js"),
        import("../catalog/graphql/answer.js"),
        import("../server/portal.js"),
        import("../server/cors.js"),
      ]);
    const cors = corsPolicy(options.cors ?? []);
    const location = parseLocation(options.location);
    if (location.scheme === "ftp")
      throw new EmporiumError("USAGE", "a tree is served from a folder, a bucket or a web server, not from FTP");
    const store = await openStore(location, { anonymous: options.anonymous, readOnly: true });
    // migrates an embedded database, and reports a server's that is older; it stays open only for the import
    const writer = await openCatalog({
      ...(await databaseFor(options, io, "writer", "serve")),
      create: options.import,
      connections: 2 * IMPORT_JOBS + 2,
    });
    try {
      const reader = await openDatabase(await databaseFor(options, io, "reader", "serve"));
      try {
        const api = openPortalApi({ pool: reader.pool, log: io.log });
        const { bucket, host, port, url } = options;
        const name = location.url.split("/").at(-1)!;
        const place = { id: "tree", name, kind: "tree", location, store } as const;
        const state = () => ({ place: place.id, state: "ready" }) as const;
        const catalogue = { place, api, pool: reader.pool, state };
        const portal = await servePortal({
          places: [place],
          catalogue,
          bucket,
          host,
          port,
          url,
          cors,
          version: version(),
          log: io.log,
        });
        try {
          const home = url?.replace(/\/+$/, "") ?? portal.url;
          if (url === undefined && !isLoopback(host)) {
            io.log.warn("no --url: links and views contain this machine's IP address, not the name by which others reach it");
          }
          const report = options.import ? await bringUpToDate(store, writer, io) : undefined;
          await writer.close();
          for (const error of report?.errors ?? []) io.fail(error);
          print({ url: home, bucket, report }, io);
          await toldToStop(io.signal);
          return report?.exitStatus ?? 0;
        } finally {
          await portal.close();
        }
      } finally {
        await reader.close();
      }
    } finally {
      await writer.close();
    }
  },
});

function isLoopback(host: string): boolean {
  return /^(?:localhost|127\.[\d.]+|\[?::1\]?)$/i.test(host);
}

async function bringUpToDate(store: Store, database: Database, { clock, log, signal }: Io): Promise<ImportReport> {
  const { importTree } = await import("../stations/catalog/portal-import/portal-import.js");
  return importTree({ store, database, jobs: IMPORT_JOBS, clock, log, signal });
}

function print({ url, bucket, report }: { url: string; bucket: string; report: ImportReport | undefined }, io: Io): void {
  const [graphql, files, s3, viewer] = [`${url}/graphql`, `${url}/files`, `${url}/s3`, `${url}/viewer/`];
  const errors = report?.errors ?? [];
  if (io.json) {
    io.outJson({ url, graphql, files, s3, viewer, bucket, imported: report ?? null, errors });
    return;
  }
  if (report) io.out(report.toText());
  for (const line of [
    `${url} serves, until Ctrl-C:`,
    `  Client("${graphql}")`,
    `  export BOTO_ENDPOINT_URL=${s3} AWS_ENDPOINT_URL_S3=${s3}`,
    `  aws s3 ls --no-sign-request --endpoint-url ${s3} s3://${bucket}/`,
    `  ${viewer}`,
  ])
    io.out(line);
}
