import type { Clock } from "../../../core/clock.js";
import type { Log } from "../../../core/log.js";
import type { Random } from "../../../core/random.js";
import type { Paces } from "../../../net/pace.js";
import type { IoMode } from "../../../stores/io-mode.js";
import type { Stat, Store } from "../../../stores/store.js";
import type { Checksum, ChecksumOrigin } from "./checksum.js";

/** One object of a store. */
export interface Source {
  store: Store;
  key: string;
}

export interface TransferOptions extends Source {
  /** The same file elsewhere (FTP beside HTTPS), used if this source failed too often. It must have the same size. */
  mirrors?: readonly Source[] | undefined;
  /** Absolute path of the local file. Its folder is created. The file appears after every check has passed. */
  target: string;
  /** Facts of a listing, which save a request. They are used only if the server's reply confirms them. */
  stat?: Stat | undefined;
  /** Checksum that the bytes must have. Default: none is required. */
  checksum?: Checksum | undefined;
  /** The source of `checksum`, for the result and for messages. Default `given`. */
  checksumFrom?: Exclude<ChecksumOrigin, "own" | "etag"> | undefined;
  /** The most connections for this object. */
  connections: number;
  /** Bytes of one request, for servers that allow only short ones. Default: few requests, with hashing close behind. */
  segmentBytes?: number | undefined;
  /** Shared by all transfers of a run. */
  pace: Paces;
  /** The host for the rate limit, if the store's address is a mirror or a test's server. */
  paceHost?: string | undefined;
  /** Another file of the target's name is replaced. Default: it is refused. */
  mayReplace?: boolean | undefined;
  /**
   * The object is known to have changed, or a person wants it anew: an existing file is trusted by its checksum only, not by size
   * and time.
   */
  fresh?: boolean | undefined;
  /** Sync the finished file before the result. Default true. */
  sync?: boolean | undefined;
  /** Whether large files are written past the system's page cache, and hashed in memory. Default: through the cache. */
  io?: IoMode | undefined;
  clock: Clock;
  random: Random;
  signal?: AbortSignal | undefined;
  log: Log;
  onProgress?: ((progress: TransferProgress) => void) | undefined;
}

interface TransferProgress {
  /** Bytes of the object that are here, also from earlier runs. */
  doneBytes: number;
  /** Bytes that were fetched in vain: fetched again after a failure, or of a replaced version. */
  restartedBytes: number;
  /** Absent until the server tells it. */
  totalBytes?: number | undefined;
  /** Bodies that are being received. */
  connections: number;
}

export interface TransferResult {
  path: string;
  size: number;
  /** Lower-case hexadecimal, always computed from the written bytes. */
  sha256: string;
  etag?: string | undefined;
  modifiedMs?: number | undefined;
  /** Bytes that an earlier run fetched. */
  resumedBytes: number;
  /** Bytes received in this run, also those that were fetched twice. */
  fetchedBytes: number;
  requests: number;
  /** The proof of the SHA-256 beside the size; `own`: none. */
  checksum: ChecksumOrigin;
  /** `present`: the file existed, and is the requested one. */
  status: "fetched" | "present";
}
