import type { WayFacts } from "../../../stores/s3/direct-put.js";
import type { S3Credentials } from "../../../stores/s3/sign.js";

/** Buffers that a thread keeps for later. */
export const THREAD_BYTES = 32 * 1024 * 1024;

/** What a thread of the senders is started with. */
export interface SenderSetup {
  readonly facts: WayFacts;
  /** The prefix of the store's keys in the bucket. */
  readonly base: string;
  /** Lower-case names. Sent with every object. */
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
  /** Only when they have changed. */
  readonly credentials?: S3Credentials | undefined;
  readonly jobs: readonly SenderJob[];
}

/** An etag proves the success. Without one the main thread sends the file, whatever the reason. */
export interface SenderResult {
  readonly id: number;
  readonly etag?: string | undefined;
  /** The server asked for fewer requests. */
  readonly throttled?: true | undefined;
}

export type FromSender = readonly SenderResult[];
