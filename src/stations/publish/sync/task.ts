import type { EmporiumError, ErrorRecord } from "../../../core/errors.js";
import type { Env } from "../../../engine/env.js";
import type { IoMode } from "../../../stores/io-mode.js";
import type { Store } from "../../../stores/store.js";
import type { Senders } from "./sender-threads.js";

export interface SyncOptions {
  /** Compare contents where sizes agree, instead of times. */
  readonly checksum?: boolean | undefined;
  /** Remove objects below the keys of folders that have no file. */
  readonly delete?: boolean | undefined;
  /** Report what would be done, and write nothing. */
  readonly dryRun?: boolean | undefined;
  /** Requests in flight. Default 64. */
  readonly jobs?: number | undefined;
  /** Limit of the rate. */
  readonly bytesPerSecond?: number | undefined;
  /** Limit of the buffers of all threads. Default 512 MiB. */
  readonly memoryBytes?: number | undefined;
  /** Whether long files of this machine are read past the page cache. Default `auto`. */
  readonly io?: IoMode | undefined;
}

/** Target, recorder and threads of a synchronisation. */
export interface SyncContext extends Omit<Env, "random"> {
  readonly target: Store;
  readonly record: SyncRecorder;
  /** Threads for small files; undefined where the target cannot use them, or not yet. */
  readonly senders?: (() => Senders | undefined) | undefined;
}

/** Reason for sending a file. */
export type SendReason = "new" | "size" | "mtime" | "checksum";

/** Records actions in the order in which they happen. */
export interface SyncRecorder {
  put(id: string, key: string, bytes: number, reason: SendReason, etag: string | undefined): void;
  skip(id: string, key: string, bytes: number): void;
  removed(id: string, key: string, bytes: number): void;
  fail(id: string, key: string, error: EmporiumError): void;
  /**
   * A multipart upload is about to be requested: the server may begin it without this process learning of it. The record is on
   * the disk when this returns.
   */
  beginning(key: string): void;
  /** The upload has begun. The record is on the disk when this returns, so that the next run finds it. */
  begun(upload: BegunUpload): void;
  /** The upload is finished or aborted. */
  ended(key: string): void;
  /** The unfinished upload of an earlier run; undefined without one. */
  earlier(key: string): BegunUpload | undefined;
  /** An upload that an earlier run requested without getting an answer. */
  unheard(key: string): UnheardUpload | undefined;
}

/** An upload that may exist or not; only the server's list of uploads has its token. */
export interface UnheardUpload {
  readonly key: string;
  /** Time of the request. */
  readonly sinceMs: number;
}

export interface BegunUpload {
  readonly key: string;
  readonly token: string;
  /** Size of the file that the parts are of; below its time. Parts of another file cannot be used. */
  readonly size: number;
  readonly modifiedMs: number;
  readonly partBytes: number;
}

/** Numbers of files and bytes of one source, by what was done with them. */
export interface SyncCounts {
  /** Number of files of the source, after the filters. */
  files: number;
  bytes: number;
  sent: number;
  sentBytes: number;
  skipped: number;
  removed: number;
  /** Number of objects without a source that stay, because their removal was not requested. */
  extra: number;
  failed: number;
  /** Number of metadata files that wait until the files that they describe have been sent. */
  held: number;
  /** The first of the failures; `failed` counts all. */
  errors: ErrorRecord[];
  warnings: string[];
}

export function noCounts(): SyncCounts {
  return {
    files: 0,
    bytes: 0,
    sent: 0,
    sentBytes: 0,
    skipped: 0,
    removed: 0,
    extra: 0,
    failed: 0,
    held: 0,
    errors: [],
    warnings: [],
  };
}
