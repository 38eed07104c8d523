import type { EmporiumError, ErrorRecord } from "../../../core/errors.js";
import type { Env } from "../../../engine/env.js";
import type { Store } from "../../../stores/store.js";
import type { Senders } from "./sender-threads.js";

export interface SyncOptions {
  /** Compare contents where sizes agree, instead of times. */
  readonly checksum?: boolean | undefined;
  /** Remove objects below the keys of folders that have no file. */
  readonly delete?: boolean | undefined;
  /** Say what would be done, and touch nothing. */
  readonly dryRun?: boolean | undefined;
  /** Requests in flight. Default 64. */
  readonly jobs?: number | undefined;
  /** Ceiling of the bytes a second that are sent. */
  readonly bytesPerSecond?: number | undefined;
  /** Ceiling for buffers of all threads. Default 512 MiB. */
  readonly memoryBytes?: number | undefined;
}

/** What a synchronisation works with. */
export interface SyncContext extends Omit<Env, "random"> {
  readonly target: Store;
  readonly record: SyncRecorder;
  /** Threads for small files; undefined where the target has no use for them, or not yet. */
  readonly senders?: (() => Senders | undefined) | undefined;
}

/** Why a file is sent. */
export type SendReason = "new" | "size" | "mtime" | "checksum";

/** Takes what is done as it is done. Order is that of happening. */
export interface SyncRecorder {
  put(id: string, key: string, bytes: number, reason: SendReason, etag: string | undefined): void;
  skip(id: string, key: string, bytes: number): void;
  removed(id: string, key: string, bytes: number): void;
  fail(id: string, key: string, error: EmporiumError): void;
  /** An upload in parts begins; on the disk when it returns, so that the next run finds it. */
  begun(upload: BegunUpload): void;
  /** It is whole, or given up. */
  ended(key: string): void;
  /** What an earlier run began of this key and did not end. */
  earlier(key: string): BegunUpload | undefined;
}

export interface BegunUpload {
  readonly key: string;
  readonly token: string;
  /** Of the file that its parts were made of: another file's parts are worth nothing. */
  readonly size: number;
  readonly modifiedMs: number;
  readonly partBytes: number;
}

/** What became of one source. */
export interface SyncCounts {
  /** What the source holds, by the filters. */
  files: number;
  bytes: number;
  sent: number;
  sentBytes: number;
  skipped: number;
  removed: number;
  /** Objects of no source that stay, since nobody asked for their removal. */
  extra: number;
  failed: number;
  /** Metadata that wait until what they tell of is there. */
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
