import { LIMITS } from "../../core/limits.js";
import { protocol } from "../../net/errors.js";
import { streamBody } from "../body-stream.js";
import { replyError } from "./errors.js";
import { type FtpEntry, readListing, readMachineListing } from "./list.js";
import { type FtpRoot, UNKNOWN_COMMAND } from "./root.js";
import type { FtpSession } from "./session.js";
import { ftpBody } from "./stream.js";

/** Reply codes for a folder that is absent. Some servers say it with a code of passing errors. */
const NO_FOLDER = new Set([450, 501, 550, 553]);

/** The entries of a folder by its path on the server; undefined where there is none. */
export async function entriesIn(
  root: FtpRoot,
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
      return readMachineListing(await whole(root, session, answer, url, signal));
    }
    // 501 is also what some say of a folder that is not there, though they know the command.
    const known = answer.code === 501 && (capabilities.features?.has("MLST") || capabilities.features?.has("MLSD"));
    if (!UNKNOWN_COMMAND.has(answer.code) || known) {
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
    const entries = readListing(await whole(root, session, answer, url, signal), url);
    if (entries.length > 0 || command === "LIST") return entries;
  }
  return undefined;
}

async function whole(
  root: FtpRoot,
  session: FtpSession,
  transfer: Parameters<typeof ftpBody>[1],
  url: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const body = ftpBody(session, transfer, {
    url,
    length: undefined,
    toEnd: true,
    headersMs: root.timeouts.headersMs,
    clock: root.clock,
    giveBack() {},
  });
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of streamBody(body, {
      url,
      offset: 0,
      announced: undefined,
      timeouts: root.timeouts,
      signal,
      clock: root.clock,
    }).body) {
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
