import type { Box } from "../../../core/box.js";
import type { ClusterUse } from "../../../engine/cluster/on-cluster.js";
import type { GivenEnv } from "../../../engine/env.js";
import type { Resolve } from "../../../net/gate.js";
import type { Bases } from "../../../portals/bases.js";
import type { IoMode } from "../../../stores/io-mode.js";

export interface DownloadOptions extends GivenEnv {
  /** Folder on this machine, which is created. */
  dest: string;
  /** Connections for one file, and to one host. Default by portal: IDR 4, EPFL 16, others 8. */
  connections?: number | undefined;
  /** Limit for all connections together. Default: none. */
  bytesPerSecond?: number | undefined;
  /** Requests per second to each host, instead of the known limits. */
  requestsPerSecond?: number | undefined;
  /** `sha256:…`, `md5:…`: for exactly one file. */
  checksum?: string | undefined;
  /** Path of the manifest. Default `<dest>/.emporium-manifest.jsonl`. */
  manifest?: string | undefined;
  /** Globs on paths below the start of each address. */
  include?: readonly string[] | undefined;
  exclude?: readonly string[] | undefined;
  /** Voxels `[z, y, x]` of the chosen level, half-open. */
  crop?: Box | undefined;
  /** Level of volumes, 0 the finest. Default: all of them; with `crop` see `cropVolume`. */
  scale?: number | undefined;
  /** Also replace files that no download into `dest` has left. */
  forceOverwrite?: boolean | undefined;
  /** Report what would be fetched, and write nothing. */
  dryRun?: boolean | undefined;
  /** Continue after a failure. Default true. */
  keepGoing?: boolean | undefined;
  /** Sync each file before it counts as done. Default true. */
  sync?: boolean | undefined;
  /** Whether large files are written past the system's page cache. Default `auto`. */
  io?: IoMode | undefined;
  /** Other base addresses of portals and hosts (`--portal-base`). */
  bases?: Bases | undefined;
  anonymous?: boolean | undefined;
  /** Redirections of addresses that the user typed may lead to private networks and any port. */
  allowPrivate?: boolean | undefined;
  /** Pairs of address prefixes with the same files. Default: EBI's archive by FTP and HTTPS. */
  mirrors?: readonly (readonly [string, string])[] | undefined;
  /** Resolves host names, to check addresses out of portals' replies. Default: the system's resolver. */
  resolve?: Resolve | undefined;
}

/** Options of a download that the jobs of a cluster carry out. */
export interface ClusterDownloadOptions extends DownloadOptions {
  cluster: ClusterUse;
}
