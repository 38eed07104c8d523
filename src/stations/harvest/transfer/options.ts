import type { Clock } from "../../../core/clock.js";
import type { Log } from "../../../core/log.js";
import type { Random } from "../../../core/random.js";
import type { Paces } from "../../../net/pace.js";
import type { Stat, Store } from "../../../stores/store.js";
import type { Checksum, ChecksumOrigin } from "./checksum.js";

/** One object of a store: what is asked for, and from whom. */
export interface Source {
  store: Store;
  key: string;
}

export interface TransferOptions extends Source {
  /** The same file elsewhere (FTP beside HTTPS), asked when this one has failed too often. Only one of the same size is taken. */
  mirrors?: readonly Source[] | undefined;
  /** Absolute path of the local file. Its folder is made. Nothing is visible there before every check has passed. */
  target: string;
  /** What a listing said of the object: saves a question. Nothing in it is believed without the server's own answer saying the same. */
  stat?: Stat | undefined;
  /** What the bytes must have. */
  checksum?: Checksum | undefined;
  /** Where it comes from, for the result and for messages. Default `given`. */
  checksumFrom?: Exclude<ChecksumOrigin, "own" | "etag"> | undefined;
  /** Connections for this one object, at most. */
  connections: number;
  /** Bytes that one request asks for, where a server bears short ones only. Default: as many as keep requests few and hashing close behind. */
  segmentBytes?: number | undefined;
  /** Shared by all transfers of a run. */
  pace: Paces;
  /** Host by which the pace is chosen, where the store's own address is a mirror or a test's server. */
  paceHost?: string | undefined;
  /** The caller knows that the object has changed: a file that is there is believed for its checksum alone, not for its size and time. */
  fresh?: boolean | undefined;
  /** Wait until the finished file would survive a power loss. Default true. */
  sync?: boolean | undefined;
  clock: Clock;
  random: Random;
  signal?: AbortSignal | undefined;
  log: Log;
  onProgress?: ((progress: TransferProgress) => void) | undefined;
}

export interface TransferProgress {
  /** Bytes of the object that are here, those of earlier runs included. */
  doneBytes: number;
  /** Bytes that were fetched and had to be given up: fetched again after a fault, or of a version that was replaced. */
  restartedBytes: number;
  /** Absent while the server has not told. */
  totalBytes?: number | undefined;
  /** Bodies that are being received. */
  connections: number;
}

export interface TransferResult {
  path: string;
  size: number;
  /** Lower-case hexadecimal, always computed over what was written. */
  sha256: string;
  etag?: string | undefined;
  modifiedMs?: number | undefined;
  /** Bytes that an earlier run had fetched. */
  resumedBytes: number;
  /** Bytes that came over the network in this run, those fetched twice included. */
  fetchedBytes: number;
  requests: number;
  /** What the SHA-256 was proved by, beside the byte count: `own` where nothing else was known. */
  checksum: ChecksumOrigin;
  /** `present`: the file was there already, and is the one that was asked for. */
  status: "fetched" | "present";
}
