import type { IncomingHttpHeaders } from "node:http";
import type { FtpManners } from "./ftp.d.mts";
import type { VirtualFile } from "./tree.d.mts";

export interface SiteRequest {
  host: string;
  method: string;
  /** Percent-decoded, begins with `/`, behind the host. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface SiteReply {
  status: number;
  headers?: Record<string, string | string[]>;
  body?: string;
  /** Served with ranges and a tag, in the place of a body. */
  file?: VirtualFile;
}

/** What one host answers; undefined: it knows no such path. */
export type Site = (request: SiteRequest) => SiteReply | undefined;

export interface SeenRequest {
  host: string;
  method: string;
  path: string;
  range: string | undefined;
  status: number;
  bytesSent: number;
  atMs: number;
}

export interface OfflineOptions {
  port?: number;
  ftpPort?: number;
  /** Requests that one host bears in any second; the next ones get 429. */
  perSecond?: number;
  /** An answer in the place of the host's own. */
  fault?: (request: SiteRequest) => SiteReply | undefined;
  /** The viewer's state behind the short links. */
  hemibrain?: unknown;
  /** The paragraph of EPFL's page. */
  epflDescription?: string;
  /** OpenOrganelle's page as a browser has filled it (default), or as the server sends it. */
  organellePage?: "filled" | "empty";
  ftp?: FtpManners;
  /** Image files of some megabytes without an image in them, for those who fetch them whole. */
  small?: boolean;
  /** Further hosts, or others in the place of the usual ones. */
  sites?: Record<string, Site>;
}

export interface OfflinePortals {
  url: string;
  /** The FTP server, with the tree of `ftp.ebi.ac.uk`. */
  ftpUrl: string;
  /** Words for `--portal-base`: every host to its place here. */
  bases: string[];
  requests: SeenRequest[];
  /** Commands that the FTP server has got. */
  ftpCommands: string[];
  close(): Promise<void>;
}

export function startOfflinePortals(options?: OfflineOptions): Promise<OfflinePortals>;
