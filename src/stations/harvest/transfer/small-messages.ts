import type { ShortWay } from "../../../stores/short-way.js";
import type { Checksum, ChecksumOrigin } from "./checksum.js";

/** Objects up to this size are held in memory and come with one request. A later run fetches them anew. */
export const SMALL_BYTES = 1024 * 1024;

/** A small object to be fetched into `<target>.part`. */
export interface SmallJob {
  /** Of `ToSmall.ways`. */
  readonly way: number;
  readonly key: string;
  /** For messages. */
  readonly name: string;
  readonly target: string;
  /** The target's folder was made in this run: what lies there is ours. */
  readonly isNewFolder: boolean;
  /** As the listing has it. */
  readonly size: number | undefined;
  readonly modifiedMs: number | undefined;
  readonly checksum: Checksum | undefined;
  readonly checksumFrom: Exclude<ChecksumOrigin, "own" | "etag"> | undefined;
}

/** What a thread is told. */
export interface ToSmall {
  /** Servers that were not named before. */
  readonly ways?: readonly ShortWay[] | undefined;
  readonly batches?: readonly SmallBatch[] | undefined;
  /** Written files of any thread, which get their names now. */
  readonly keep?: KeepJob | undefined;
  /** Nothing more is asked for, and what is on its way is broken off. */
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
  /** Sync each before. */
  readonly sync: boolean;
}

/** What was written, and checked. */
export interface SmallFile {
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly etag: string | undefined;
  readonly modifiedMs: number | undefined;
  readonly checksum: ChecksumOrigin;
}

/** `store`: the store must fetch it, whatever the reason. `stopped`: it did not come before a stop. */
export type SmallOutcome = SmallFile | "absent" | "throttled" | "store" | "stopped";

/** What a thread tells. */
export interface FromSmall {
  readonly fetched: readonly { readonly id: number; readonly outcomes: readonly SmallOutcome[] }[];
  readonly kept: readonly Kept[];
}

export interface Kept {
  readonly id: number;
  /** What the system says of a target that could not get its name. */
  readonly faults: ReadonlyMap<string, { readonly code: string | undefined; readonly message: string }>;
}
