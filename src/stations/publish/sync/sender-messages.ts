import type { WayFacts } from "../../../stores/s3/direct-put.js";
import type { S3Credentials } from "../../../stores/s3/sign.js";

/** Buffers that a thread keeps for later. */
export const THREAD_BYTES = 32 * 1024 * 1024;

/** What a thread of the senders is started with. */
export interface SenderSetup {
  readonly facts: WayFacts;
  /** What stands before the store's keys in the bucket. */
  readonly base: string;
  /** Lower-case names; with every body. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface SenderJob {
  readonly id: number;
  readonly path: string;
  readonly key: string;
  readonly size: number;
  readonly modifiedMs: number;
}

export interface ToSender {
  /** When they are others than before. */
  readonly credentials?: S3Credentials | undefined;
  readonly jobs: readonly SenderJob[];
}

/** A tag is a proven success; without one the file is the main thread's again, whatever the reason. */
export interface SenderResult {
  readonly id: number;
  readonly etag?: string | undefined;
  /** The server asks to be called less often. */
  readonly throttled?: true | undefined;
}

export type FromSender = readonly SenderResult[];
