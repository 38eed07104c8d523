import type { ShortWay } from "../../../stores/short-way.js";
import type { Checksum, ChecksumOrigin } from "./checksum.js";

/** Objects up to this size are held in memory and come with one request. A later run fetches them anew. */
export const SMALL_BYTES = 1024 * 1024;

/** A small object to be fetched into `<target>.part`. */
export interface SmallJob {
  /** Index of the server among all `ToSmall.ways` that the thread has been sent. */
  readonly way: number;
  readonly key: string;
  /** Name of the object in messages. */
  readonly name: string;
  readonly target: string;
  /** The target's folder was made in this run, so all files there are ours. */
  readonly isNewFolder: boolean;
  /** Size in the listing; undefined if it has none, or only a rounded one. */
  readonly size: number | undefined;
  readonly modifiedMs: number | undefined;
  readonly checksum: Checksum | undefined;
  readonly checksumFrom: Exclude<ChecksumOrigin, "own" | "etag"> | undefined;
}

/** A message to a thread. */
export interface ToSmall {
  /** Servers that no earlier message named. */
  readonly ways?: readonly ShortWay[] | undefined;
  readonly batches?: readonly SmallBatch[] | undefined;
  /** Written files of any thread, which get their names now. */
  readonly keep?: KeepJob | undefined;
  /** The thread sends no more requests, and breaks off those in progress. */
  readonly stop?: true | undefined;
}

/** Objects that are fetched one after the other, by one connection of each server. */
export interface SmallBatch {
  readonly id: number;
  readonly jobs: readonly SmallJob[];
}

export interface KeepJob {
  readonly id: number;
  readonly targets: readonly string[];
  /** Sync each file before it gets its name. */
  readonly sync: boolean;
}

/** A file that was written and checked. */
export interface SmallFile {
  readonly size: number;
  /** SHA-256 in lower-case hexadecimal. */
  readonly sha256: string;
  readonly etag: string | undefined;
  readonly modifiedMs: number | undefined;
  readonly checksum: ChecksumOrigin;
}

/** `store`: the store must fetch the object, whatever the reason. `stopped`: it had not arrived before a stop. */
export type SmallOutcome = SmallFile | "absent" | "throttled" | "store" | "stopped";

/** A message from a thread. */
export interface FromSmall {
  readonly fetched: readonly { readonly id: number; readonly outcomes: readonly SmallOutcome[] }[];
  readonly kept: readonly Kept[];
}

export interface Kept {
  readonly id: number;
  /** The system's errors for targets that could not get their names, by target. */
  readonly faults: ReadonlyMap<string, { readonly code: string | undefined; readonly message: string }>;
}
