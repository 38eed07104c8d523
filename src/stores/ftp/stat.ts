import { protocol } from "../../net/errors.js";
import type { Stat } from "../store.js";
import { entriesIn } from "./entries.js";
import { ftpEtag, replyError, sizeIn, timeIn } from "./errors.js";
import { checkFtpKey, type FtpRoot, ftpPaths, ftpUrl, UNKNOWN_COMMAND } from "./root.js";
import type { FtpSession } from "./session.js";

/** The server's clock and ours may differ by so much. */
const TIME_SETTLES_MS = 60_000;

/** Codes that mean: there is no such file (or none that you may see: the number is the same). */
const ABSENT = new Set([550, 553]);

export async function statOf(root: FtpRoot, key: string, signal: AbortSignal | undefined): Promise<Stat | undefined> {
  checkFtpKey(key);
  return root.pool.run(ftpUrl(root, key), signal, async (session, giveBack) => {
    const found = await statIn(root, session, key, signal);
    giveBack();
    if (!found) return undefined;
    const { path: _, ...stat } = found;
    return stat;
  });
}

/** A file and its path on the server; undefined where there is none. */
export async function statIn(
  root: FtpRoot,
  session: FtpSession,
  key: string,
  signal: AbortSignal | undefined,
): Promise<(Stat & { path: string }) | undefined> {
  for (const path of ftpPaths(root, session, key)) {
    const size = await sizeOf(root, session, key, path, signal);
    if (size === undefined) continue;
    const time = await session.ask(`MDTM ${path}`, signal);
    const modified = time.code === 213 ? timeIn(time.message.slice(4)) : undefined;
    // The time counts whole seconds: of a file that was just written, the next version may have the same.
    const weak = modified === undefined || root.clock.now() - modified.ms < TIME_SETTLES_MS;
    return { size, etag: ftpEtag(size, modified?.stamp), modifiedMs: modified?.ms, ...(weak && { weak }), path };
  }
  return undefined;
}

async function sizeOf(
  root: FtpRoot,
  session: FtpSession,
  key: string,
  path: string,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const reply = await session.ask(`SIZE ${path}`, signal);
  const size = sizeIn(reply);
  if (size !== undefined || ABSENT.has(reply.code)) return size;
  if (reply.code === 213) throw protocol(ftpUrl(root, key), `gives the size "${reply.message}"`);
  if (!UNKNOWN_COMMAND.has(reply.code)) throw replyError(reply, ftpUrl(root, key));
  // A server without SIZE says it in its listings.
  const entries = await entriesIn(root, session, path.slice(0, path.lastIndexOf("/") + 1), ftpUrl(root, key), signal);
  const name = key.slice(key.lastIndexOf("/") + 1);
  return entries?.find((entry) => entry.name === name && entry.kind === "file")?.size;
}
