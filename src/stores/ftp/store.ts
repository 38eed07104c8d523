import type { ByteRange, ReadOptions } from "../../core/bytes.js";
import { throwIfCancelled } from "../../core/cancel.js";
import { type Clock, systemClock } from "../../core/clock.js";
import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { redact, type Secret } from "../../core/redact.js";
import { TIMEOUTS, type Timeouts } from "../../net/body.js";
import { protocol } from "../../net/errors.js";
import type { AddressGate } from "../../net/gate.js";
import { withPartial } from "../../net/partial.js";
import { streamBody } from "../body-stream.js";
import { changed } from "../faults.js";
import { checkKey, checkPrefix, unsafe } from "../keys.js";
import { type FolderReader, listFolder, listTree } from "../listing.js";
import { checkRange, clampRange } from "../range.js";
import { copied, emptyStream } from "../ranged-stream.js";
import type { ByteStream, Entry, ListOptions, Stat, Store, StoreReadOptions, StoreStreamOptions } from "../store.js";
import { ftpEtag, replyError, sizeIn, timeIn } from "./errors.js";
import { type FtpEntry, readListing, readMachineListing } from "./list.js";
import { ftpPoolOf } from "./pool.js";
import type { FtpSession } from "./session.js";
import { ftpBody } from "./stream.js";

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

/** What may be fetched in vain from a server that cannot begin in the middle of a file. */
const WASTE_BYTES_MAX = 256 * 1024;

/** The server's clock and ours may differ by so much. */
const TIME_SETTLES_MS = 60_000;

/** Folders read ahead of the one that is being listed. */
const AHEAD = 1;

/** Codes that mean: this server does not know the command. */
const UNKNOWN = new Set([500, 501, 502, 504]);
/** Codes that mean: there is no such file (or none that you may see: the number is the same). */
const ABSENT = new Set([550, 553]);
/** Of a folder, some say it with a code of passing errors. */
const NO_FOLDER = new Set([450, 501, 550, 553]);

/**
 * Files of an FTP server, read by ranges with REST; nothing can be written. Always passive, always binary. An etag is made of size and
 * time; where the server tells no time, of the size alone.
 *
 * @param root `ftp://host[:port]/path`, percent-encoded, without credentials or a last `/`. The path is relative to where the login begins,
 *   as RFC 1738 has it; one that begins with `%2F` is absolute.
 */
export function ftpStore(root: string, options: FtpStoreOptions = {}): Store {
  const { user = "anonymous", password = "emporium@", connections, gate, clock = systemClock } = options;
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const address = new URL(root);
  gate?.check(address);
  const host = address.hostname.replace(/^\[|\]$/g, "");
  const port = address.port === "" ? 21 : Number(address.port);
  const pool = ftpPoolOf({ host, port, user, password, timeouts, clock, gate }, connections);
  const base = decodeURIComponent(address.pathname.slice(1));
  if (CONTROL.test(base) || base.split("/").includes("..")) throw unsafe(base, "cannot be the path of an FTP server");
  const start = base.replace(/^\/+|\/+$/g, "");
  const urlOf = (key: string) => `${root}/${key.split("/").map(encodeURIComponent).join("/")}`;

  /** The path of a key, or of a folder, as it is sent: in UTF-8, and as servers older than that have it. */
  function pathsOf(session: FtpSession, key: string): string[] {
    const path = [start, key].filter((part) => part !== "").join("/");
    const home = base.startsWith("/") ? "/" : session.home;
    const older = /[\u0080-\u00fe]/.test(path) && !/[^\0-\u00fe]/.test(path);
    return [home + Buffer.from(path, "utf8").toString("latin1"), ...(older ? [home + path] : [])];
  }

  async function statIn(
    session: FtpSession,
    key: string,
    signal: AbortSignal | undefined,
  ): Promise<(Stat & { path: string }) | undefined> {
    for (const path of pathsOf(session, key)) {
      const size = await sizeOf(session, key, path, signal);
      if (size === undefined) continue;
      const time = await session.ask(`MDTM ${path}`, signal);
      const modified = time.code === 213 ? timeIn(time.message.slice(4)) : undefined;
      // The time counts whole seconds: of a file that was just written, the next version may have the same.
      const weak = modified === undefined || clock.now() - modified.ms < TIME_SETTLES_MS;
      return { size, etag: ftpEtag(size, modified?.stamp), modifiedMs: modified?.ms, ...(weak && { weak }), path };
    }
    return undefined;
  }

  async function sizeOf(
    session: FtpSession,
    key: string,
    path: string,
    signal: AbortSignal | undefined,
  ): Promise<number | undefined> {
    const reply = await session.ask(`SIZE ${path}`, signal);
    const size = sizeIn(reply);
    if (size !== undefined || ABSENT.has(reply.code)) return size;
    if (reply.code === 213) throw protocol(urlOf(key), `tells the size "${reply.message}"`);
    if (!UNKNOWN.has(reply.code)) throw replyError(reply, urlOf(key));
    // A server without SIZE says it in its listings.
    const entries = await entriesIn(session, path.slice(0, path.lastIndexOf("/") + 1), urlOf(key), signal);
    const name = key.slice(key.lastIndexOf("/") + 1);
    return entries?.find((entry) => entry.name === name && entry.kind === "file")?.size;
  }

  async function statNow(key: string, signal: AbortSignal | undefined): Promise<Stat | undefined> {
    checkFtpKey(key);
    return pool.run(urlOf(key), signal, async (session, giveBack) => {
      const found = await statIn(session, key, signal);
      giveBack();
      if (!found) return undefined;
      const { path: _, ...stat } = found;
      return stat;
    });
  }

  /** Begins to read. The stream begins at 0 where the server cannot begin in the middle. */
  async function begin(
    key: string,
    range: Partial<ByteRange>,
    { ifMatch, signal, lend }: StoreStreamOptions,
  ): Promise<ByteStream | undefined> {
    checkFtpKey(key);
    const url = urlOf(key);
    return pool.run(url, signal, async (session, giveBack) => {
      const found = await statIn(session, key, signal);
      if (!found) {
        giveBack();
        return undefined;
      }
      const { path, ...stat } = found;
      if (ifMatch !== undefined && stat.etag !== ifMatch) throw changed(url);
      const wanted = clampRange({ offset: range.offset ?? 0, length: range.length ?? Number.MAX_SAFE_INTEGER }, stat.size);
      if (wanted.length === 0) {
        giveBack();
        return { ...emptyStream(wanted.offset, stat.size), stat };
      }
      const { capabilities } = session;
      let offset = capabilities.restart === false ? 0 : wanted.offset;
      let answer = await session.transfer(`RETR ${path}`, offset, signal);
      if ("code" in answer && offset > 0 && (UNKNOWN.has(answer.code) || answer.code === 503)) {
        capabilities.restart = false;
        offset = 0;
        answer = await session.transfer(`RETR ${path}`, offset, signal);
      }
      if ("code" in answer) {
        // What was set by REST must not hold for the next file.
        if (offset > 0) session.close();
        throw replyError(answer, url);
      }
      if (offset > 0) capabilities.restart = true;
      const length = wanted.offset + wanted.length - offset;
      const toEnd = wanted.offset + wanted.length === stat.size;
      const body = ftpBody(session, answer, { url, length, toEnd, headersMs: timeouts.headersMs, clock, giveBack });
      const stream = streamBody(body, { url, offset, announced: length, timeouts, signal, clock });
      return { stat, offset, length, body: lend ? stream.body : copied(stream.body), cancel: stream.cancel };
    });
  }

  async function read(key: string, range: ByteRange | undefined, readOptions: StoreReadOptions): Promise<Uint8Array | undefined> {
    if (range) checkRange(range);
    const stream = await begin(key, range ?? {}, readOptions);
    if (!stream) return undefined;
    const skip = Math.min(range?.offset ?? 0, stream.stat.size ?? 0) - stream.offset;
    if (skip > WASTE_BYTES_MAX) {
      await stream.cancel();
      throw protocol(
        urlOf(key),
        "cannot begin in the middle of a file",
        "download the file first: only its beginning can be read from this server",
        "no",
      );
    }
    return collect(stream, skip, urlOf(key));
  }

  async function entriesIn(
    session: FtpSession,
    path: string,
    url: string,
    signal: AbortSignal | undefined,
  ): Promise<FtpEntry[] | undefined> {
    const { capabilities } = session;
    // The root keeps its slash.
    const folder = path.length > 1 ? path.replace(/\/+$/, "") : path;
    if (capabilities.machineListing !== false) {
      const answer = await session.transfer(`MLSD ${folder}`, 0, signal);
      if (!("code" in answer)) {
        capabilities.machineListing = true;
        return readMachineListing(await whole(session, answer, url, signal));
      }
      // 501 is also what some say of a folder that is not there, though they know the command.
      const known = answer.code === 501 && (capabilities.features?.has("MLST") || capabilities.features?.has("MLSD"));
      if (!UNKNOWN.has(answer.code) || known) {
        if (NO_FOLDER.has(answer.code)) return undefined;
        throw replyError(answer, url);
      }
      capabilities.machineListing = false;
    }
    // LIST takes patterns and flags: it is sent without a name, in the folder itself.
    const moved = await session.ask(`CWD ${folder}`, signal);
    if (moved.code >= 400) {
      if (NO_FOLDER.has(moved.code)) return undefined;
      throw replyError(moved, url);
    }
    for (const command of ["LIST -a", "LIST"]) {
      const answer = await session.transfer(command, 0, signal);
      if ("code" in answer) {
        // An empty folder is an error to some servers.
        if (NO_FOLDER.has(answer.code) && command === "LIST") return [];
        if (command === "LIST") throw replyError(answer, url);
        continue;
      }
      const entries = readListing(await whole(session, answer, url, signal), url);
      if (entries.length > 0 || command === "LIST") return entries;
    }
    return undefined;
  }

  async function whole(
    session: FtpSession,
    transfer: Parameters<typeof ftpBody>[1],
    url: string,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    const body = ftpBody(session, transfer, {
      url,
      length: undefined,
      toEnd: true,
      headersMs: timeouts.headersMs,
      clock,
      giveBack() {},
    });
    const pieces: Uint8Array[] = [];
    let size = 0;
    try {
      for await (const piece of streamBody(body, { url, offset: 0, announced: undefined, timeouts, signal, clock }).body) {
        size += piece.length;
        if (size > LIMITS.tableBytes)
          throw protocol(url, `lists a folder in more than ${LIMITS.tableBytes} bytes`, undefined, "no");
        pieces.push(new Uint8Array(piece));
      }
      return Buffer.concat(pieces);
    } catch (error) {
      session.close(); // its last reply may still come
      throw error;
    }
  }

  /** A folder's entries; links are asked what they lead to. */
  async function readFolder(folder: string, listed: boolean, { signal, onUnusable }: ListOptions): Promise<Entry[] | undefined> {
    if (CONTROL.test(folder)) return undefined;
    const url = urlOf(folder.replace(/\/$/, ""));
    return pool.run(url, signal, async (session, giveBack) => {
      let found: FtpEntry[] | undefined;
      for (const path of pathsOf(session, folder.replace(/\/$/, ""))) {
        found ??= await entriesIn(session, `${path.replace(/\/$/, "")}/`, url, signal);
      }
      if (!found && listed) throw replyError({ code: 550, message: "550 to a folder that the one above it lists" }, url);
      const entries: Entry[] = [];
      for (const { name, kind, size, etag, modifiedMs } of found ?? []) {
        if (name.includes("/") || CONTROL.test(name)) {
          onUnusable?.(folder + name);
          continue;
        }
        const key = folder + name;
        if (kind === "folder") entries.push({ key: `${key}/`, size: 0, modifiedMs });
        else if (kind === "file" && size !== undefined) entries.push({ key, size, etag, modifiedMs });
        else entries.push(...(await behindLink(session, key, signal)));
      }
      giveBack();
      return found && entries;
    });
  }

  async function behindLink(session: FtpSession, key: string, signal: AbortSignal | undefined): Promise<Entry[]> {
    const found = await statIn(session, key, signal);
    if (found) return [{ key, size: found.size, etag: found.etag, modifiedMs: found.modifiedMs }];
    const [path] = pathsOf(session, key);
    return (await session.ask(`CWD ${path}`, signal)).code < 400 ? [{ key: `${key}/`, size: 0 }] : [];
  }

  const readOnly = async (): Promise<never> => {
    throw new EmporiumError("STORE_READONLY", `${redact(root)} cannot be written: FTP servers are only read`, {
      place: { url: redact(root) },
      hint: "choose a folder or an s3:// address as the target",
    });
  };
  const reader: FolderReader = { url: redact(root), read: readFolder, ahead: AHEAD };

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
    stat: (key: string, { signal }: ReadOptions = {}) => statNow(key, signal),
    read: async (key: string, range?: ByteRange, readOptions: StoreReadOptions = {}) => read(key, range, readOptions),
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
      return begin(key, from ?? {}, readOptions);
    },
  };
}

const CONTROL = /[\u0000-\u001f\u007f]/;

/** Commands are lines: a name that would end one never gets there. */
function checkFtpKey(key: string): void {
  if (CONTROL.test(checkKey(key))) throw unsafe(key, "holds a control character, which FTP cannot name");
}

/** The wanted bytes of a stream that may begin earlier. What came before an error stays with it. */
async function collect(stream: ByteStream, skip: number, url: string): Promise<Uint8Array> {
  const length = (stream.length ?? 0) - skip;
  const whole = allocate(length, url);
  let at = -skip;
  try {
    for await (const piece of stream.body) {
      const wanted = at < 0 ? piece.subarray(Math.min(piece.length, -at)) : piece;
      whole.set(wanted, Math.max(0, at));
      at += piece.length;
    }
  } catch (error) {
    if (!isEmporiumError(error) || error.code === "CANCELLED") throw error;
    throw withPartial(error, {
      bytes: whole.subarray(0, Math.max(0, at)),
      etag: stream.stat.weak ? undefined : stream.stat.etag,
    });
  }
  return whole;
}

function allocate(size: number, url: string): Uint8Array {
  try {
    return new Uint8Array(size);
  } catch (cause) {
    throw new EmporiumError("MEMORY_LIMIT", `${redact(url)}: ${size} bytes do not fit into one buffer`, {
      cause,
      hint: "read it by ranges",
    });
  }
}
