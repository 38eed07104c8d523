import type { Json, JsonObject } from "../core/json.js";
import type { Secret } from "../core/redact.js";
import type { Reference } from "./reference.js";

/** The meaning of a typed address or accession to the portal that knows it. */
export interface Target {
  /** The portal's own word: `image`, `dataset`, `run`, `entry`, `file`, … */
  readonly kind: string;
  /** Accession, number or name; for links the link itself. */
  readonly id: string;
  /** The page that a person would open. */
  readonly url: string;
}

/**
 * The adapter of one portal. Adapters know URLs and the structure of replies but open no connections: they send all requests
 * through `net`, which refuses every host that is not listed here. All adapters keep this order.
 */
export interface Portal {
  /** Lower case with hyphens: documents have it, and `--portal-base` takes it. */
  readonly name: string;
  /** Name in help texts. */
  readonly title: string;
  /** The only hosts that this adapter may reach. `*.example.org` stands for every name below it. */
  readonly hosts: readonly string[];
  /** The host of the pages whose URLs a person copies. */
  readonly home: string;
  /** Beginning of its accessions, where it has any: text of a regular expression in which case does not matter. */
  readonly accession?: string | undefined;
  /** Limits for the download of its files, where 8 connections for one file are not right. */
  readonly fetching?: PortalFetching | undefined;
  /** Its interface that wants a user's key, where it has one. */
  readonly keyed?: KeyedInterface | undefined;
  /** Name of the folder, where the record has one link to a folder with a tree in it. */
  folderName?(target: Target): string;
  /** The name of a record is known only when it has been asked for; else files go below the portal's own name. */
  readonly namesByRecord?: true | undefined;
  /** Addresses of which the person who typed the target chose the host. They are asked, wherever they are. */
  typed?(target: Target): readonly string[];
  /** The target that an address or accession means, if it is of this portal. Nothing is asked of the network. */
  recognise(reference: Reference): Target | undefined;
  /** One description for each image or entry that the target holds, in the portal's order. Stop reading to stop asking. */
  describe(target: Target, net: PortalNet, options: DescribeOptions): AsyncIterable<Description>;
  /** The files and volumes behind the links of the target, as one pass over the portal's own listing. Absent: the target is a store's. */
  list?(target: Target, net: PortalNet, options: ListOptions): AsyncIterable<PortalFile>;
}

interface PortalFetching {
  /** Connections for one file. */
  readonly connections: number;
  /** Most bytes of one request. */
  readonly segmentBytes?: number | undefined;
}

/** Variables of the environment that give a user's key, and the interface's address where it is not `base`. */
interface KeyedInterface {
  readonly keyVariable: string;
  readonly baseVariable: string;
  readonly base: string;
}

export interface KeyedAccess {
  readonly base: string;
  readonly key: Secret;
}

export interface DescribeOptions {
  /** `raw_metadata` as the reference program gives it, where that differs. */
  compat: boolean;
  /** The portal's keyed interface, if the user has a key for it. */
  access?: KeyedAccess | undefined;
}

export interface ListOptions {
  warn(message: string): void;
}

/** An adapter's description of one image or entry. */
export interface Description {
  /** Name in the document, before others of the same name are distinguished by `suffix`. */
  key: string;
  suffix?: string | undefined;
  /** Everything that the portal answered. */
  raw: JsonObject;
  /** Percent-encoded, each once, in the portal's order. */
  links: readonly string[];
  /** Further fields of the record, such as `dataset_description`. */
  extra?: JsonObject | undefined;
  warnings?: readonly string[] | undefined;
}

export interface PortalFile {
  /** Source of the download: an address, or a volume such as `zarr://s3://bucket/key`. */
  url: string;
  /** Relative path below the record's link, with `/`. */
  path: string;
  kind: "file" | "volume";
  /** Bytes, where the listing states them exactly. */
  size?: number | undefined;
  modifiedMs?: number | undefined;
  /** `md5:<hex>`, where the listing states it. */
  checksum?: string | undefined;
}

export interface NetRequest {
  method?: "GET" | "POST" | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  /** A text is sent as JSON. */
  body?: string | undefined;
  /** Default `LIMITS.replyBytes`. */
  bytesMax?: number | undefined;
}

export interface NetReply {
  /** The address that was asked, not where a mirror has it. */
  readonly url: string;
  readonly status: number;
  header(name: string): string | undefined;
}

/** One request of a record: what was asked, when, and what came, so that anyone can tell whether a page has changed since. */
export interface RequestRecord {
  readonly url: string;
  readonly status: number;
  /** SHA-256 of the body, lower-case hexadecimal. */
  readonly sha256: string;
  /** ISO 8601, UTC. */
  readonly retrieved_at: string;
}

/**
 * An adapter's HTTP client with limits, rate limits, retries and the list of hosts. `find` answers `undefined` for a missing
 * resource (404, 410), `get` throws NOT_FOUND.
 *
 * @throws {EmporiumError} NOT_FOUND, NETWORK, PORTAL_REPLY, ADDRESS_REFUSED, STORE_DENIED, FORMAT_LIMIT, CANCELLED
 */
export interface PortalNet {
  findJson(url: string, request?: NetRequest): Promise<Json | undefined>;
  getJson(url: string, request?: NetRequest): Promise<Json>;
  findText(url: string, request?: NetRequest): Promise<string | undefined>;
  getText(url: string, request?: NetRequest): Promise<string>;
  /**
   * Only status and headers; redirections are not followed. GET replaces HEAD if the server refuses HEAD and, with `redirection`,
   * if it answers HEAD without one: some shorteners redirect only GET.
   */
  head(url: string, options?: { redirection?: boolean }): Promise<NetReply>;
  /** All requests so far, tries of one request as one. */
  readonly requests: readonly RequestRecord[];
}
