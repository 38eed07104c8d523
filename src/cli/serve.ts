import { z } from "zod";
import type { Database } from "../catalog/database.js";
import { asEmporiumError, EmporiumError, ERRORS, toErrorRecord } from "../core/errors.js";
import { quoteWord } from "../core/shell.js";
import type { ServedCatalogue } from "../server/api/context.js";
import { PORTAL_FIELDS } from "../server/branding/fields.js";
import type { Place } from "../server/places.js";
import type { Tokens } from "../server/tokens.js";
import type { ImportReport } from "../stations/catalog/portal-import/report.js";
import type { CatalogRepository } from "../stations/catalog/rows/repository.js";
import type { Store } from "../stores/store.js";
import { readOptions } from "./blocks-options.js";
import { command, type Io } from "./command.js";
import { databaseFor, databaseOptions } from "./database-options.js";
import { thisProgram } from "./engine-options.js";
import { defaultMemoryBytes, wholeNumber } from "./option-types.js";
import { toldToStop } from "./signals.js";
import { version } from "./version.js";

export default command({
  name: "serve",
  summary: "Open volumes, folders, buckets and trees in a browser; serve a tree as your own portal",
  details: [
    "Prints the address of the pages, and serves until Ctrl-C. Locations are MRC files and other images, folders of any files, standardised trees, buckets and folders of web servers, as they are: nothing is converted, and without --write nothing can be written. One volume opens in the viewer, one folder as a list of its files.",
    "The first tree gets a catalogue: while it is served, the catalogue is updated from it (as catalog import does; unchanged runs are skipped), with --json before the result is printed. It is that of the workspace or database: datasets of other trees that were imported into it are listed, too, without their files, and serve says which they are. It answers GraphQL at /graphql, files with ranges at /files, read-only S3 at /s3, Neuroglancer at /viewer.",
    "/zarr/REF has any volume as OME-Zarr 0.4: REF is tomogram:ID (or tiltseries, frame) of the catalogue, or PLACE:KEY in base64url without =, where the viewer's address is /view/at/PLACE/KEY.",
    "A folder or bucket with raw_frames or raw_files is the storage of catalog upload: /microscopy shows its data sets, by the rows of the same database. Beside a tree it is another location: emporium serve TREE STORAGE.",
    "On 127.0.0.1, the default, only this machine can reach the server. With another --host everybody who reaches the port can read everything in the locations; --url is then the URL at which others reach this server. URLs in answers and in Neuroglancer's views point to this server, whatever URLs rows and views were written with.",
    "--write lets pages start jobs, decide on matches and save views of volumes. Each job is a command of this program: the page shows its plan first. Who may do so is in the file of --token-file, in lines of NAME SCOPES TOKEN; scopes are review (decisions), write (jobs, views) and read (what commands have left in the workspace), joined by commas. A new file gets a token for everything, and the address that is printed contains it. Jobs run as the user of the server, and only in the locations and below --write-root. Where others reach the server, --write needs --url https://….",
    "--access says in a file who sees which datasets and depositions: everybody, everybody from a day on, or holders of tokens, users of a reverse proxy, groups, and whoever has a reviewer's link. What somebody may not see does not exist for them: in pages, counts, GraphQL, files and all else. Names of tokens are those of --token-file, with --write or without. The file is read again when it changes; emporium access link adds a link to it.",
    "--portal makes the pages those of your facility: a file with title, short_title, logo, accent (one colour), about, links, hero (the run that the first page begins with), cite, and whether search engines may list it (robots, sitemap). --title is for who wants a title alone.",
    "Pages of other origins can read nothing, unless --cors names their origin.",
    "--memory is for all that is kept and on its way: chunks and planes of volumes, files, layers, counts of lists. The program itself and its database come on top.",
    "The official client (cryoet_data_portal) needs two settings, which are printed: the URL for Client(…), and BOTO_ENDPOINT_URL. Other AWS programs read AWS_ENDPOINT_URL_S3.",
  ],
  positionals: ["locations"],
  options: z.object({
    locations: z
      .array(z.string())
      .default([])
      .meta({ description: "file, volume, folder, tree, bucket or http folder", value: "LOCATION" }),
    host: z.string().default("127.0.0.1").meta({ description: "address to listen on", value: "HOST" }),
    port: wholeNumber(0, 65535).default(8080).meta({ description: "port to listen on; 0 for any free port", value: "N" }),
    url: z
      .string()
      .regex(/^https?:\/\/[^\s?#]+[^\s?#/]$/, "an address such as https://portal.example.org")
      .optional()
      .meta({ description: "the URL at which others reach this server (default: its own address)", value: "URL" }),
    cors: z
      .array(z.string().min(1, "an origin such as https://viewer.example.org, or *"))
      .optional()
      .meta({ description: "let pages of this origin read the data (* for every origin)", value: "ORIGIN" }),
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "a bucket name of 3 to 63 lower-case letters, digits, dots and dashes")
      .default("portal")
      .meta({ description: "name of the bucket at /s3", value: "NAME" }),
    import: z.boolean().default(true).meta({ description: "update the catalogue from the tree" }),
    write: z
      .boolean()
      .default(false)
      .meta({ description: "let holders of a token decide on matches, start jobs and save views from pages" }),
    tokenFile: z
      .string()
      .optional()
      .meta({ description: "with --write or --access: holders of tokens; a file that is not there is created", value: "FILE" }),
    access: z
      .string()
      .optional()
      .meta({ description: "who sees which datasets and depositions (access.yaml); default: everybody sees all", value: "FILE" }),
    portal: z.string().optional().meta({
      fields: PORTAL_FIELDS,
      description: "title, logo, colour and texts of the pages (portal.yaml); default: those of emporium",
      value: "FILE",
    }),
    title: z
      .string()
      .trim()
      .min(1)
      .max(24, "at most 24 letters; --portal has room for 60, with a short title for the header")
      .optional()
      .meta({ description: "title of the pages, in place of --portal", value: "TEXT" }),
    writeRoot: z
      .array(z.string())
      .optional()
      .meta({ description: "with --write: another folder in which jobs may read and write", value: "DIR" }),
    ...databaseOptions,
    ...readOptions,
  }),
  examples: [
    { run: "emporium serve demo-out/portal --port 0", says: "the demo's tree as a portal", stays: true },
    {
      run: "emporium serve demo-out/portal/10401/TS_0001/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_0001.mrc --port 0",
      says: "one volume, in the viewer",
      stays: true,
    },
    {
      run: "emporium serve demo-out/portal --port 0 --no-import --json",
      says: "as it was imported before, for programs",
      stays: true,
    },
  ],
  async run(options, io) {
    const [{ openPlaces, refuseServed }, { servePortal }, { startOf }, { corsPolicy }] = await Promise.all([
      import("../server/places.js"),
      import("../server/portal.js"),
      import("../server/sources.js"),
      import("../server/cors.js"),
    ]);
    const cors = corsPolicy(options.cors ?? []);
    const written = await openWriting(options, io);
    const access = await openRules(options, written?.writing.tokens, io);
    const branding = await openBranding(options, io);
    if (written || access || options.url !== undefined || !isLoopback(options.host))
      refuseServed(io.workspace, "the workspace", options.locations);
    const places = await openPlaces(options.locations, { anonymous: options.anonymous, log: io.log, signal: io.signal });
    const trees = places.filter(({ kind }) => kind === "tree");
    const microscopyOnly = trees.length === 0 ? await openMicroscopy(places, options, io) : undefined;
    await tellPlaces(places, trees, { ...options, isUsed: microscopyOnly !== undefined }, io);
    const catalogue = trees[0] && (await openCatalogue(trees[0], options, io));
    const microscopy = catalogue?.microscopy ?? microscopyOnly;
    try {
      const { bucket, host, port, url, memory: memoryBytes = defaultMemoryBytes() } = options;
      const portal = await servePortal({
        places,
        catalogue,
        microscopy,
        bucket,
        host,
        port,
        url,
        cors,
        memoryBytes,
        workspace: io.workspace,
        writing: written?.writing,
        access,
        branding,
        version: version(),
        log: io.log,
      });
      try {
        const home = url?.replace(/\/+$/, "") ?? portal.url;
        if (url !== undefined) io.log.info(`listening on ${portal.url} for your proxy`);
        else if (!isLoopback(host)) {
          io.log.warn("no --url: links and views contain this machine's IP address, not the name by which others reach it");
        }
        if (options.import && catalogue && !io.json) io.out(`Pages at ${home}/; the catalogue is being updated`);
        const brought = await catalogue?.bringUpToDate(io.json);
        for (const error of brought?.errors ?? []) io.fail(error);
        if (io.signal.aborted) return brought?.exitStatus ?? 0;
        tellEmpty(catalogue, options, io);
        await tellHero(catalogue, branding?.facts.hero, options, io);
        tellOthers(catalogue, options, io);
        void portal.warm();
        const start = startOf(places, microscopy !== undefined);
        const others = catalogue?.state().otherDatasets;
        print(
          { url: home, bucket, start, report: brought?.report, hasTree: catalogue !== undefined, others, token: written?.own },
          io,
        );
        await toldToStop(io.signal);
        return brought?.exitStatus ?? 0;
      } finally {
        await portal.close();
      }
    } finally {
      await catalogue?.close();
      await microscopyOnly?.close();
    }
  },
});

interface WriteOptions {
  locations: readonly string[];
  write: boolean;
  tokenFile?: string | undefined;
  access?: string | undefined;
  writeRoot?: string[] | undefined;
  host: string;
  url?: string | undefined;
  database?: string | undefined;
  login?: string | undefined;
}

/**
 * Opens the pages for changes by the holders of tokens; undefined without `--write`.
 *
 * @throws {EmporiumError} USAGE where tokens would go over a network as they are, and for what is missing
 */
async function openWriting(options: WriteOptions, { clock, commands }: Io) {
  const { locations, write, tokenFile, access, writeRoot, host, url, database, login } = options;
  if (!write) {
    if (tokenFile !== undefined && access === undefined)
      throw new EmporiumError("USAGE", "--token-file needs --write, or --access");
    if (writeRoot) throw new EmporiumError("USAGE", "--write-root needs --write");
    return undefined;
  }
  if (tokenFile === undefined) {
    throw new EmporiumError("USAGE", "--write needs --token-file, which says who may change what", {
      hint: "run emporium serve LOCATION --write --token-file ~/.emporium-tokens, which makes the file with a token for you",
    });
  }
  if (url === undefined ? !isLoopback(host) : !url.startsWith("https:")) {
    throw new EmporiumError("USAGE", "--write where others reach the server needs --url https://…: tokens go over the network", {
      hint: "leave --host out and let people come through ssh -L, or put a proxy with TLS before the server",
    });
  }
  const [{ refuseServed }, { openTokens }, { parseLocation }, { jobKinds }] = await Promise.all([
    import("../server/places.js"),
    import("../server/tokens.js"),
    import("../stores/url.js"),
    import("./job-kinds.js"),
  ]);
  refuseServed(tokenFile, "the --token-file", locations);
  const { tokens, own } = openTokens(tokenFile, () => clock.now());
  const words = Object.entries({ database, login }).flatMap(([name, value]) => (value === undefined ? [] : `--${name}=${value}`));
  const jobs = { kinds: jobKinds(await commands(), words), program: thisProgram() };
  return { writing: { tokens, roots: (writeRoot ?? []).map((word) => parseLocation(word)), jobs }, own };
}

/**
 * The rules of `--access`, and the tokens whose holders they name; undefined without it.
 *
 * @param written tokens of `--write` @throws {EmporiumError} CONFIG_…, USAGE
 */
async function openRules(
  { access: file, tokenFile, locations, host, url }: WriteOptions,
  written: Tokens | undefined,
  { clock, log }: Io,
) {
  if (file === undefined) return undefined;
  const [{ refuseServed }, { openTokens }, { readAccessRules }] = await Promise.all([
    import("../server/places.js"),
    import("../server/tokens.js"),
    import("../server/access/rules.js"),
  ]);
  refuseServed(file, "the --access file", locations);
  if (tokenFile !== undefined) refuseServed(tokenFile, "the --token-file", locations);
  // a wrong file is told before anything is opened
  const { proxy } = readAccessRules(file);
  const isOpen = url === undefined ? !isLoopback(host) : !url.startsWith("https:");
  if (isOpen)
    log.warn("keys of links and tokens go over the network as they are: serve at an --url https://… behind a proxy with TLS");
  if (proxy && url === undefined && isLoopback(host)) {
    log.warn(`${file} names a proxy, and no --url says at which address people reach it`);
  }
  return { file, tokens: written ?? (tokenFile === undefined ? undefined : openTokens(tokenFile, () => clock.now()).tokens) };
}

interface BrandingOptions {
  portal?: string | undefined;
  title?: string | undefined;
  access?: string | undefined;
  url?: string | undefined;
}

/**
 * Title, logo and texts of the pages; undefined where they are those of emporium. What is not as its writer may have meant it is told.
 *
 * @throws {EmporiumError} CONFIG_…, USAGE
 */
async function openBranding({ portal: file, title, access, url }: BrandingOptions, { log }: Io) {
  if (file === undefined && title === undefined) return undefined;
  const { readPortalSettings, titledPortal } = await import("../server/branding/settings.js");
  if (file !== undefined && title !== undefined) {
    throw new EmporiumError("USAGE", "--title cannot be combined with --portal, whose file has the title", {
      hint: `write the title into ${file}`,
    });
  }
  const settings = file === undefined ? titledPortal(title!) : readPortalSettings(file);
  const { accent, robots, sitemap, warnings } = settings;
  if (sitemap && url === undefined) {
    throw new EmporiumError("USAGE", `${file}: sitemap needs --url: a sitemap has whole addresses`, { place: { file } });
  }
  for (const warning of warnings) log.warn(warning);
  for (const { theme, from, used } of accent?.moved ?? []) {
    log.warn(`${file}: accent ${from} cannot be read in the ${theme} theme; ${used} is used there`);
  }
  if (robots === undefined && access !== undefined && !sitemap) {
    log.info("search engines are asked to stay away, since --access hides something", {
      hint: "robots: allow in the file of --portal invites them",
    });
  }
  const { origin, pathname } = new URL(url ?? "http://127.0.0.1");
  if (pathname !== "/" && (robots !== undefined || sitemap)) {
    log.warn(`search engines read only ${origin}/robots.txt, which this server does not answer`, {
      hint: sitemap ? `name ${url}/sitemap.xml there, in a line Sitemap:` : `let the proxy answer it with ${url}/robots.txt`,
    });
  }
  return settings;
}

interface Options {
  import: boolean;
  database?: string | undefined;
  login?: string | undefined;
}

/** Warns of what a person may have expected of the locations and does not get. */
async function tellPlaces(
  places: readonly Place[],
  trees: readonly Place[],
  options: Options & { isUsed: boolean },
  { log }: Io,
): Promise<void> {
  if (places.length === 0) log.warn("no location is given, so the pages have nothing to show: emporium serve LOCATION");
  for (const { name, id } of trees.slice(1)) {
    log.warn(`${name} is not catalogued: one server has one catalogue, of ${trees[0]!.name}; its files are at /browse/${id}`);
  }
  for (const [i, { name, id, location }] of places.entries()) {
    const first = places.slice(0, i).find((one) => one.location.url === location.url);
    if (first) log.warn(`${name} is given more than once and served as ${first.id} and as ${id}`);
  }
  for (const { kind, name, store, location } of places) {
    if (kind === "tree" || kind === "file") continue;
    if (await isEmpty(store))
      log.warn(`${name} is empty; fill it with emporium ingest run CONFIG INPUT ${quoteWord(location.path ?? location.url)}`);
  }
  if (trees.length > 0 || options.isUsed) return;
  const reason = "no location is a standardised tree (dataset folders with dataset_metadata.json)";
  if (options.database !== undefined || options.login !== undefined) log.warn(`the database is not used: ${reason}`);
  else if (places.some(({ kind }) => kind !== "file")) log.info(`no catalogue: ${reason}`);
}

async function isEmpty(store: Store): Promise<boolean> {
  for await (const _first of store.children("")) return false;
  return true;
}

interface Brought extends Pick<ImportReport, "errors" | "exitStatus"> {
  readonly report?: ImportReport | undefined;
}

interface OpenCatalogue extends ServedCatalogue {
  /** Rows of microscopy frames in the same database. */
  readonly microscopy: CatalogRepository;
  /**
   * Imports what has changed in the tree. What fails is in `errors`; `strict`: it is thrown.
   *
   * @throws {EmporiumError} CANCELLED
   */
  bringUpToDate(strict: boolean): Promise<Brought | undefined>;
  close(): Promise<void>;
}

/**
 * Rows of microscopy frames where no location is a tree but one holds frames of an upload; undefined where none does, or where
 * there is no database.
 */
async function openMicroscopy(places: readonly Place[], options: Options, io: Io): Promise<CatalogRepository | undefined> {
  const { isStorage } = await import("../server/microscopy.js");
  const found = await Promise.all(places.map((place) => isStorage(place, io.signal)));
  const storage = places[found.indexOf(true)];
  if (!storage) return undefined;
  const { openCatalog } = await import("../stations/catalog/open-catalog.js");
  try {
    return await openCatalog(await databaseFor(options, io, "reader", "serve"));
  } catch (error) {
    const { code, message, facts } = asEmporiumError(error);
    if (code !== "DATABASE_ABSENT" || options.database !== undefined || options.login !== undefined) throw error;
    io.log.warn(`${storage.name} holds frames of an upload, but their rows are not here: ${message}`, { hint: facts.hint });
    return undefined;
  }
}

async function openCatalogue(place: Place, options: Options, io: Io): Promise<OpenCatalogue> {
  const [
    { openForImport, importTree },
    { openDatabase },
    { portalApi },
    { portalOverview },
    { databaseRepository },
    { otherDatasets },
    { findOtherTrees },
  ] = await Promise.all([
    import("./tree-import.js"),
    import("../catalog/database.js"),
    import("../catalog/graphql/answer.js"),
    import("../catalog/portal-overview.js"),
    import("../stations/catalog/rows/database.js"),
    import("../server/other-datasets.js"),
    import("../stations/catalog/portal-import/other-trees.js"),
  ]);
  // migrates an embedded database, and reports a server's that is older; it stays open only for the import
  const writer = await openForImport({ ...options, create: options.import }, io, "serve");
  let reader: Database;
  try {
    reader = await openDatabase(await databaseFor(options, io, "reader", "serve"));
  } catch (error) {
    await writer.close();
    throw error;
  }
  const { pool } = reader;
  let state: Pick<ReturnType<ServedCatalogue["state"]>, "state" | "error" | "inPart"> = {
    state: options.import ? "importing" : "ready",
  };
  const look = async () => ({ ...(await portalOverview(pool)), otherDatasets: await otherDatasets({ place, pool }, io.signal) });
  let overview = await look();
  return {
    place,
    pool,
    api: portalApi({ pool, log: io.log }),
    microscopy: databaseRepository(reader),
    state: () => ({ place: place.id, ...state, ...overview }),
    async refresh() {
      overview = await look().catch(() => overview);
    },
    async bringUpToDate(strict) {
      try {
        if (!options.import) {
          tellSameNumbers(await findOtherTrees(place.store, writer.db, io.signal), io);
          return undefined;
        }
        const report = await importTree({ store: place.store, database: writer }, io);
        const { runs, errors } = report;
        const inPart = { runsDone: runs.imported + runs.unchanged, runsFailed: runs.failed, errors: errors.length };
        state = errors[0] ? { state: "failed", error: errors[0], inPart } : { state: "ready" };
        return { report, errors: report.errors, exitStatus: report.exitStatus };
      } catch (thrown) {
        const known = asEmporiumError(thrown);
        if (strict) throw known;
        const error = toErrorRecord(known);
        state = { state: "failed", error };
        if (known.code === "CANCELLED") {
          // a server that is told to stop has done what it was asked, whatever it was about
          io.log.warn("the update of the catalogue was interrupted; the next start resumes it");
          return { errors: [], exitStatus: 0 };
        }
        return { errors: [error], exitStatus: ERRORS[known.code].exit };
      } finally {
        await writer.close();
        overview = await look().catch(() => overview);
      }
    },
    async close() {
      await writer.close();
      await reader.close();
    },
  };
}

/** A first page without the run that it should begin with takes the newest. */
async function tellHero(
  catalogue: ServedCatalogue | undefined,
  hero: number | undefined,
  { portal }: BrandingOptions,
  { log }: Io,
): Promise<void> {
  if (hero === undefined) return;
  const found = await catalogue?.pool.query("select 1 from emporium_portal.run where id = $1", [hero]).catch(() => undefined);
  // a database that cannot be asked is told by what needs it
  if (catalogue && found?.rows.length !== 0) return;
  log.warn(
    `${portal}: hero: ${catalogue ? `the catalogue has no run ${hero}` : "no catalogue is served"}; the first page begins with another one`,
  );
}

function tellEmpty(catalogue: ServedCatalogue | undefined, options: Options, { log }: Io): void {
  const { counts, error } = catalogue?.state() ?? {};
  if (!catalogue || error || counts?.runs !== 0) return;
  const tree = quoteWord(catalogue.place.location.path ?? catalogue.place.location.url);
  log.warn(
    options.import
      ? `the catalogue has no runs; add some to the tree with emporium ingest run CONFIG INPUT ${tree} --import-everything`
      : `the catalogue has no runs; import them with emporium catalog import ${tree}`,
  );
}

/** A database keeps any number of trees, and its lists have them all: of those that are not served here there is nothing but rows. */
function tellOthers(catalogue: ServedCatalogue | undefined, { database, login }: Options, { log, env }: Io): void {
  const others = catalogue?.state().otherDatasets ?? [];
  if (!catalogue || others.length === 0) return;
  const { name, location } = catalogue.place;
  const isServer = (database ?? login ?? env.EMPORIUM_DATABASE_URL ?? "") !== "";
  const own = isServer ? "--database URL, of an empty database" : "--workspace DIR, with a new DIR";
  const ids = [others.slice(0, TOLD_MAX).join(", "), ...(others.length > TOLD_MAX ? [`${others.length} in all`] : [])].join(
    ", … ",
  );
  log.warn(`the catalogue also has datasets of other trees (${ids}): they are listed, but their files are not in ${name}`, {
    hint: `emporium serve ${quoteWord(location.path ?? location.url)} ${own}, gives the tree a catalogue of its own`,
  });
}

/** An import would have refused them. */
function tellSameNumbers([first, ...more]: readonly EmporiumError[], { log }: Io): void {
  if (!first) return;
  const also = more.length > 0 ? `, as are ${more.length} more` : "";
  log.warn(`${first.message}${also}; the lists show the catalogue's, the files are those of the tree`, {
    hint: first.facts.hint,
  });
}

const TOLD_MAX = 5;

function isLoopback(host: string): boolean {
  return /^(?:localhost|127\.[\d.]+|\[?::1\]?)$/i.test(host);
}

interface Printed {
  url: string;
  bucket: string;
  start: string;
  report: ImportReport | undefined;
  hasTree: boolean;
  /** Datasets of other trees in the catalogue. */
  others: readonly number[] | undefined;
  /** Token that opens the pages for changes. */
  token: string | undefined;
}

function print({ url, bucket, start, report, hasTree, others = [], token }: Printed, io: Io): void {
  const [graphql, files, s3, viewer] = [`${url}/graphql`, `${url}/files`, `${url}/s3`, `${url}/viewer/`];
  const page = `${url}${start}`;
  const errors = report?.errors ?? [];
  if (io.json) {
    const tree = hasTree ? { graphql, files, s3, viewer, bucket, other_datasets: others } : { viewer };
    io.outJson({ url, page, ...tree, imported: report ?? null, errors });
    return;
  }
  if (report) io.out(report.toText());
  io.out(`Serving at ${url} (Ctrl-C stops)`);
  io.out(`  ${page}`);
  if (token !== undefined) io.reveal(`  ${page}#token=${token}`);
  if (!hasTree) return;
  for (const line of [
    `  Client("${graphql}")`,
    `  export BOTO_ENDPOINT_URL=${s3} AWS_ENDPOINT_URL_S3=${s3}`,
    `  aws s3 ls --no-sign-request --endpoint-url ${s3} s3://${bucket}/`,
    `  ${viewer}`,
  ])
    io.out(line);
}
