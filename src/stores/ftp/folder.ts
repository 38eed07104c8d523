import type { Entry, ListOptions } from "../store.js";
import { entriesIn } from "./entries.js";
import { replyError } from "./errors.js";
import type { FtpEntry } from "./list.js";
import { CONTROL, type FtpRoot, ftpPaths, ftpUrl } from "./root.js";
import type { FtpSession } from "./session.js";
import { statIn } from "./stat.js";

/** A folder's entries; links are asked what they lead to. */
export async function readFolder(
  root: FtpRoot,
  folder: string,
  listed: boolean,
  { signal, onUnusable }: ListOptions,
): Promise<Entry[] | undefined> {
  if (CONTROL.test(folder)) return undefined;
  const url = ftpUrl(root, folder.replace(/\/$/, ""));
  return root.pool.run(url, signal, async (session, giveBack) => {
    let found: FtpEntry[] | undefined;
    for (const path of ftpPaths(root, session, folder.replace(/\/$/, ""))) {
      found ??= await entriesIn(root, session, `${path.replace(/\/$/, "")}/`, url, signal);
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
      else entries.push(...(await behindLink(root, session, key, signal)));
    }
    giveBack();
    return found && entries;
  });
}

async function behindLink(root: FtpRoot, session: FtpSession, key: string, signal: AbortSignal | undefined): Promise<Entry[]> {
  const found = await statIn(root, session, key, signal);
  if (found) return [{ key, size: found.size, etag: found.etag, modifiedMs: found.modifiedMs }];
  const [path] = ftpPaths(root, session, key);
  return (await session.ask(`CWD ${path}`, signal)).code < 400 ? [{ key: `${key}/`, size: 0 }] : [];
}
