import type { ByteRange, ReadOptions } from "../../core/bytes.js";
import { throwIfCancelled } from "../../core/cancel.js";
import { type Clock, systemClock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import { redact, type Secret } from "../../core/redact.js";
import { TIMEOUTS, type Timeouts } from "../../net/body.js";
import type { AddressGate } from "../../net/gate.js";
import { checkPrefix, unsafe } from "../keys.js";
import { type FolderReader, listFolder, listTree } from "../listing.js";
import type { ListOptions, Store, StoreReadOptions } from "../store.js";
import { readFolder } from "./folder.js";
import { ftpPoolOf } from "./pool.js";
import { begin, read } from "./read.js";
import { CONTROL, type FtpRoot } from "./root.js";
import { statOf } from "./stat.js";

export interface FtpStoreOptions {
  /** Default: anonymous. */
  user?: string | undefined;
  password?: Secret | undefined;
  /** Control connections to this host at once, of all stores on it. Default 2: what public archives bear. */
  connections?: number | undefined;
  gate?: AddressGate | undefined;
  timeouts?: Partial<Timeouts> | undefined;
  clock?: Clock | undefined;
}

/** Folders read ahead of the one that is being listed. */
const AHEAD = 1;

/**
 * Files of an FTP server, read by ranges with REST; nothing can be written. Always passive, always binary. An etag is made of
 * size and time; where the server tells no time, of the size alone.
 *
 * @param root `ftp://host[:port]/path`, percent-encoded, without credentials or a last `/`. The path is relative to where the
 *   login begins, as RFC 1738 has it; one that begins with `%2F` is absolute.
 */
export function ftpStore(root: string, options: FtpStoreOptions = {}): Store {
  const { user = "anonymous", password = "emporium@", connections, gate, clock = systemClock } = options;
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const address = new URL(root);
  gate?.check(address);
  const hostname = address.hostname.replace(/^\[|\]$/g, "");
  const port = address.port === "" ? 21 : Number(address.port);
  const pool = ftpPoolOf({ host: hostname, port, user, password, timeouts, clock, gate }, connections);
  const base = decodeURIComponent(address.pathname.slice(1));
  if (CONTROL.test(base) || base.split("/").includes("..")) throw unsafe(base, "cannot be the path of an FTP server");
  const at: FtpRoot = { url: root, base, pool, timeouts, clock };

  const readOnly = async (): Promise<never> => {
    throw new EmporiumError("STORE_READONLY", `${redact(root)} cannot be written: FTP servers are only read`, {
      place: { url: redact(root) },
      hint: "choose a folder or an s3:// address as the target",
    });
  };
  const reader: FolderReader = { url: redact(root), read: (...asked) => readFolder(at, ...asked), ahead: AHEAD };

  return {
    url: redact(root),
    features: {
      get ranges() {
        return pool.capabilities.restart !== false;
      },
      conditionalWrites: false,
      atomicReplace: false,
      writable: false,
    },
    stat: (key: string, { signal }: ReadOptions = {}) => statOf(at, key, signal),
    read: async (key: string, range?: ByteRange, readOptions: StoreReadOptions = {}) => read(at, key, range, readOptions),
    write: readOnly,
    create: readOnly,
    async *list(prefix: string, options: ListOptions = {}) {
      yield* listTree(reader, checkPrefix(prefix), options);
    },
    async *children(folder: string, options: ListOptions = {}) {
      yield* listFolder(reader, folder, options);
    },
    remove: readOnly,
    async *openUploads() {},
    stream: async (key, from, readOptions = {}) => {
      throwIfCancelled(readOptions.signal);
      return begin(at, key, from ?? {}, readOptions);
    },
  };
}
