import type { IncomingHttpHeaders } from "node:http";

/** Types of the fault server for the tests; the server itself is plain JavaScript, so that it starts without a build. */
export interface Fate {
  kind: string;
  status?: number;
  code?: string;
  retryAfter?: string | number;
  at?: number;
  by?: number;
  delta?: number;
  to?: string;
  everyMs?: number;
}

export interface Row {
  on?: string;
  key?: string;
  fate: Fate;
  times?: number;
  skip?: number;
  rate?: number;
}

export interface Seen {
  operation: string;
  method: string;
  key: string;
  range?: string;
  fate?: string;
  status: number;
  bytesSent: number;
  atMs: number;
}

export interface ServerOptions {
  seed?: number;
  faults?: readonly Row[];
  port?: number;
  dir?: string;
  fastEtag?: boolean;
  buckets?: readonly string[];
  partBytesMin?: number;
  conditionalWrites?: boolean;
  perSecond?: number;
  /** Of each body. */
  bytesPerSecond?: number;
  credentials?: { accessKeyId: string; secretAccessKey: string };
  manners?: { etags?: "strong" | "weak" | "none"; dates?: boolean; head?: boolean; listing?: "apache" | "nginx" };
}

export interface StoredObject {
  segments: readonly { size: number; bytes?: Buffer; path?: string }[];
  size: number;
  etag: string;
  modifiedMs: number;
  contentType?: string;
}

/** A request, as the services see it. */
export interface Call {
  method: string;
  operation: string;
  bucket: string;
  key: string;
  query: URLSearchParams;
  checkSums: boolean;
  headers: IncomingHttpHeaders;
  body: AsyncIterable<Buffer>;
  fate: Fate | undefined;
}

/** An answer: a text, an S3 error code, or the bytes `[from, to)` of an object. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: string;
  code?: string;
  object?: StoredObject;
  from?: number;
  to?: number;
}

export interface FaultServer {
  url: string;
  filesUrl: string;
  requests: Seen[];
  s3: {
    buckets: Map<
      string,
      Map<string, { size: number; etag: string; contentType?: string; segments: readonly { bytes?: Buffer }[] }>
    >;
    uploads: Map<string, { key: string; begunMs: number; parts: Map<number, unknown> }>;
    put(bucket: string, key: string, bytes: Uint8Array): void;
  };
  putFile(key: string, bytes: Uint8Array, contentType?: string): void;
  setFaults(faults: readonly Row[], newSeed?: number): void;
  close(): Promise<void>;
}

export function startFaultServer(options?: ServerOptions): Promise<FaultServer>;
