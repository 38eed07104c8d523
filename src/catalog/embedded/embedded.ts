import { mkdir } from "node:fs/promises";
import { join as joinPath, resolve } from "node:path";
import { type Clock, systemClock } from "../../core/clock.js";
import type { Log } from "../../core/log.js";
import { fileError } from "../../stores/file/errors.js";
import { type Address, defaultTransport, type Transport } from "./address.js";
import { findBinaries } from "./binaries.js";
import { type Cluster, clusterFolder, hasCluster, openCluster } from "./cluster.js";
import { join } from "./presence.js";
import { ownerOf, serverUser } from "./server-user.js";

export interface EmbeddedOptions {
  /** Folder of the workspace; made if it is not there. */
  workspace: string;
  /** Default: real time. */
  clock?: Clock | undefined;
  log: Log;
  signal?: AbortSignal | undefined;
  /** `$EMPORIUM_POSTGRES_BIN`: programs to use in place of the package's. */
  binariesFolder?: string | undefined;
  /** `$EMPORIUM_POSTGRES_TEMPLATE`: a new database is a copy of it, as images without a shell need. */
  templateFolder?: string | undefined;
  transport?: Transport | undefined;
  /** Called when the server was lost and found again. */
  onMoved?: ((address: Address) => void) | undefined;
}

/** A running embedded database that this process takes part in. */
export interface Embedded {
  readonly cluster: Cluster;
  readonly address: Address;
  /** Must be called once: the last process to leave stops the server. */
  leave(): Promise<void>;
}

/** Connects to the embedded database of a workspace; creates and starts it first if necessary. */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const workspace = resolve(options.workspace);
  await mkdir(workspace, { recursive: true }).catch((error: unknown) => {
    throw fileError(error, workspace, "written");
  });
  const user = hasCluster(workspace) && process.getuid?.() === 0 ? await dataOwner(workspace) : await serverUser(workspace);
  const linksFolder = joinPath(workspace, "catalog", "postgres-libraries");
  const binaries = await findBinaries({ user, linksFolder, folder: options.binariesFolder || undefined });
  const cluster = await openCluster(workspace, binaries, user, {
    template: options.templateFolder || undefined,
    signal: options.signal,
  });
  const transport = options.transport ?? defaultTransport();
  const presence = await join({ ...options, cluster, binaries, transport, clock: options.clock ?? systemClock });
  return {
    cluster,
    get address() {
      return presence.address;
    },
    leave: presence.leave,
  };
}

function dataOwner(workspace: string) {
  return ownerOf(joinPath(clusterFolder(workspace), "data"));
}
