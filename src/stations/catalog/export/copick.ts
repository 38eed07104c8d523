import { basename, dirname, extname, join, resolve } from "node:path";
import { EmporiumError, type ErrorRecord } from "../../../core/errors.js";
import { type JsonObject, printJson } from "../../../core/json.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import { portalClient } from "../../../portals/client.js";
import { fileStore } from "../../../stores/file/store.js";
import type { Location } from "../../../stores/location.js";
import { openStore, parseLocation } from "../../../stores/url.js";
import { type PickableObject, pickableObjects } from "./copick-objects.js";
import { askServer, findServer, type PortalServer } from "./copick-server.js";
import { isPicked, readTree } from "./copick-tree.js";
import { linkedRoot } from "./linked-root.js";
import { placeRuns } from "./place-runs.js";
import { type RemoteAccess, referencedRoot } from "./referenced-root.js";
import { type CopickReport, copickReport } from "./report.js";
import { localUrl, type StaticRoot } from "./static-root.js";

export interface CopickOptions extends GivenEnv {
  /** The project file, which copick opens. Files that belong to it are beside it, with names derived from it. */
  out: string;
  /** Only these datasets. */
  datasets?: readonly number[] | undefined;
  /** Location in which copick writes the data of its users: a folder, or an address of fsspec's. Default: beside `out`. */
  overlay?: string | undefined;
  /** Replace a project of this name. */
  overwrite?: boolean | undefined;
  /** Sign no request to a bucket, here and in copick. */
  anonymous?: boolean | undefined;
  /** S3-compatible server of the tree, here and in copick. */
  endpoint?: string | undefined;
  /** Runs that are processed in parallel. Default 4. */
  jobs?: number | undefined;
}

/**
 * Writes a copick project for a location:
 *
 * - a server (`http://host:8080`, its `/graphql`, or the public portal): a project of type `cryoet_data_portal`, by dataset
 *   numbers;
 * - a standardised tree: a project of type `filesystem`, with converted picks, and volumes that are linked on this machine, else
 *   referred to by their addresses. copick needs no server for it.
 *
 * ```ts
 * const report = await exportCopick("demo-out/portal", { out: "project.json" });
 * ```
 *
 * @throws {EmporiumError} USAGE if `out` exists, LOCATION_UNKNOWN, STORE_ABSENT (no run), NOT_FOUND (no such dataset), NETWORK, …
 */
export async function exportCopick(text: string, options: CopickOptions): Promise<CopickReport> {
  const { datasets } = options;
  const { log, clock, signal } = envOf(options);
  const out = resolve(options.out);
  const location = parseLocation(text);
  if (location.scheme === "ftp") throw new EmporiumError("USAGE", "copick reads no FTP: copy the tree to a folder first");
  if (location.query || location.authorization) {
    throw new EmporiumError("USAGE", "the address holds a secret, which the project file would contain", {
      hint: "give an address that copick can read without it",
    });
  }
  const target = fileStore(dirname(out), { sync: false });
  const name = basename(out);
  for (const [path, begins] of [
    [out, PROJECT_BEGINS],
    [siblingOf(out, REFERENCES), REFERENCES_BEGIN],
  ] as const) {
    const head = await target.read(basename(path), { offset: 0, length: HEAD_BYTES }, { signal });
    if (!head) continue;
    const may = begins.test(new TextDecoder().decode(head));
    if (may && options.overwrite) continue;
    throw new EmporiumError("USAGE", may ? `${path} exists` : `${path} exists and is not a copick project's`, {
      place: { file: path },
      hint: may ? "give another --out, or replace it with --overwrite" : "give another --out, or move it away",
    });
  }
  const write = async (project: JsonObject) => {
    const body = new TextEncoder().encode(`${printJson(project)}\n`);
    await target.write(name, body, { signal, ifAbsent: !options.overwrite });
  };
  if (location.scheme === "http" || location.scheme === "https") {
    const client = portalClient({ clock, log, signal });
    try {
      const net = client.open({ name: "cryoet", hosts: [new URL(location.url).hostname] }, [location.url]);
      const server = await findServer(location.url, net);
      if (server) {
        const wanted = datasets ?? (server.dataset === undefined ? undefined : [server.dataset]);
        const publicNet =
          server.s3 === undefined ? client.open({ name: "cryoet", hosts: [new URL(server.endpoint).hostname] }) : net;
        const facts = await askServer(server, wanted, publicNet);
        return await serverProject(server, facts, { ...options, out, write });
      }
    } finally {
      await client.close();
    }
  }
  return treeProject(location, { ...options, out, write });
}

/** Ending of the name of a remote tree's references. */
const REFERENCES = ".references.json";

/**
 * Bytes at the beginning of a file that show whether a project may replace it. A person may have changed the order of a project's
 * fields.
 */
const HEAD_BYTES = 2 ** 16;
const PROJECT_BEGINS = /^\s*\{[\s\S]*"config_type"\s*:/;
const REFERENCES_BEGIN = /^\s*\{\s*"version"\s*:\s*1\s*,\s*"refs"\s*:/;

type Prepared = Omit<CopickOptions, "out"> & { out: string; write(project: JsonObject): Promise<void> };

async function serverProject(
  server: PortalServer,
  facts: Awaited<ReturnType<typeof askServer>>,
  { out, overlay, write }: Prepared,
): Promise<CopickReport> {
  const objects = pickableObjects(facts.objects);
  const ids = facts.datasets.map(({ id }) => id);
  await write({
    config_type: "cryoet_data_portal",
    name: facts.datasets.length === 1 ? facts.datasets[0]!.title : `Datasets ${ids.join(", ")}`,
    description: `Datasets ${ids.join(", ")} of ${server.endpoint}`,
    dataset_ids: ids,
    ...common(objects, out, overlay),
  });
  const { runs, tomograms, picks, segmentations } = facts;
  return copickReport({
    location: server.endpoint,
    out,
    static: undefined,
    config_type: "cryoet_data_portal",
    datasets: ids,
    runs,
    tomograms,
    picks,
    segmentations,
    objects: objects.size,
    settings: server.s3 === undefined ? undefined : { graphql: server.endpoint, s3: server.s3 },
    warnings: [],
    errors: [],
  });
}

async function treeProject(location: Location, options: Prepared): Promise<CopickReport> {
  const { out, overlay, write, datasets, anonymous, endpoint, jobs = 4, signal } = options;
  const store = await openStore(location, { anonymous, endpoint, readOnly: true });
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(text);
  const { runs, errors } = await readTree(store, { datasets: datasets?.map(String), jobs, warn, signal });
  const objects = pickableObjects(runs.flatMap(({ annotations }) => annotations.map(({ object }) => object)));
  const remote = remoteOf(location, { anonymous, endpoint });
  const beside = siblingOf(out, remote ? REFERENCES : ".static");
  const writer = remote ? referencedRoot(beside, store, remote, signal) : await linkedRoot(beside, store.local!);
  let root: StaticRoot;
  let failed: ErrorRecord[];
  try {
    failed = await placeRuns(runs, { store, writer, objects, jobs, signal });
    root = await writer.finish();
  } finally {
    await writer.abandon();
  }
  await write({
    config_type: "filesystem",
    name: location.url.split("/").at(-1) || location.url,
    description: `The tree at ${location.url}`,
    ...common(objects, out, overlay),
    static_root: root.static_root,
    static_fs_args: root.static_fs_args,
  });
  const annotations = runs.flatMap((run) => run.annotations);
  const picks = annotations.filter(({ shape }) => isPicked(shape)).length - failed.length;
  return copickReport({
    location: location.url,
    out,
    static: beside,
    config_type: "filesystem",
    datasets: [...new Set(runs.map(({ dataset }) => Number(dataset)))].filter(Number.isSafeInteger),
    runs: runs.length,
    tomograms: runs.reduce((sum, { tomograms }) => sum + tomograms.length, 0),
    picks,
    segmentations: annotations.length - picks - failed.length,
    objects: objects.size,
    settings: undefined,
    warnings,
    errors: [...errors, ...failed],
  });
}

function common(objects: ReadonlyMap<string, PickableObject>, out: string, overlay: string | undefined): JsonObject {
  const place = overlay ?? siblingOf(out, ".overlay");
  const isAddress = /^[a-z][a-z0-9+.-]+:\/\//i.test(place);
  return {
    pickable_objects: [...objects.values()].map((object) => ({ ...object })),
    overlay_root: isAddress ? place : localUrl(resolve(place)),
    overlay_fs_args: isAddress ? {} : { auto_mkdir: true },
  };
}

/** Base address, protocol and options by which fsspec reads a tree that is not on this machine. */
function remoteOf(
  { scheme, url, bucket, prefix }: Location,
  { anonymous, endpoint }: Pick<CopickOptions, "anonymous" | "endpoint">,
) {
  switch (scheme) {
    case "http":
    case "https":
      return { base: url, protocol: scheme, options: {} } satisfies RemoteAccess;
    case "s3":
    case "gs": {
      const base = `${scheme}://${[bucket, prefix].filter(Boolean).join("/")}`;
      const signed = scheme === "s3" ? { anon: anonymous === true } : anonymous ? { token: "anon" } : {};
      const options = endpoint === undefined ? signed : { ...signed, client_kwargs: { endpoint_url: endpoint } };
      return { base, protocol: scheme, options } satisfies RemoteAccess;
    }
    default:
      return undefined;
  }
}

/** `project.json` → `project.overlay`. */
function siblingOf(out: string, ending: string): string {
  return join(dirname(out), `${basename(out, extname(out))}${ending}`);
}
