export interface BucketOptions {
  /** Holds the bucket's objects as files, and what the server needs itself. */
  folder: string;
  bucket: string;
  /** 0 (default) for any. */
  port?: number;
  /** Of every part of an upload but the last; default 5 MiB, as Amazon's. */
  partBytesMin?: number;
}

export interface StandInBucket {
  /** The S3 endpoint, path style. */
  url: string;
  close(): Promise<void>;
}

export function startBucket(options: BucketOptions): Promise<StandInBucket>;
