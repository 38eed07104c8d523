import type { WayFacts } from "../../../stores/s3/direct-put.js";
import type { S3Credentials } from "../../../stores/s3/sign.js";

/** Bytes of the buffers that a thread keeps for later. */
export const THREAD_BYTES = 32 * 1024 * 1024;

/** Settings with which a sender thread is started. */
export interface SenderSetup {
  readonly facts: WayFacts;
  /** Prefix of the store's keys in the bucket. */
  readonly base: string;
  /** Headers sent with every object, with lower-case names. */
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
  /** Set only if they have changed. */
  readonly credentials?: S3Credentials | undefined;
  readonly jobs: readonly SenderJob[];
}

/** Result of sending one file. An ETag proves the success. Without one the main thread sends the file, whatever the reason. */
export interface SenderResult {
  readonly id: number;
  readonly etag?: string | undefined;
  /** The server asked for a lower rate of requests. */
  readonly throttled?: true | undefined;
}

export type FromSender = readonly SenderResult[];
