import type { Clock } from "../../core/clock.js";
import type { Timeouts } from "../../net/body.js";
import { checkKey, unsafe } from "../keys.js";
import type { ftpPoolOf } from "./pool.js";
import type { FtpSession } from "./session.js";

/** A folder of an FTP server, and what it takes to ask for something below it. */
export interface FtpRoot {
  /** `ftp://host[:port]/path`, percent-encoded. */
  readonly url: string;
  /** The decoded path of `url`. It begins with `/` where it is absolute. */
  readonly base: string;
  readonly pool: ReturnType<typeof ftpPoolOf>;
  readonly timeouts: Timeouts;
  readonly clock: Clock;
}

/** Codes that mean: this server does not know the command. */
export const UNKNOWN_COMMAND: ReadonlySet<number> = new Set([500, 501, 502, 504]);

export const CONTROL = /[\u0000-\u001f\u007f]/;

/** Commands are lines: a name that would end one never gets there. */
export function checkFtpKey(key: string): void {
  if (CONTROL.test(checkKey(key))) throw unsafe(key, "holds a control character, which FTP cannot name");
}

export function ftpUrl({ url }: FtpRoot, key: string): string {
  return `${url}/${key.split("/").map(encodeURIComponent).join("/")}`;
}

/** The path of a key, or of a folder, as it is sent: in UTF-8, and as servers older than that have it. */
export function ftpPaths({ base }: FtpRoot, session: FtpSession, key: string): string[] {
  const path = [base.replace(/^\/+|\/+$/g, ""), key].filter((part) => part !== "").join("/");
  const home = base.startsWith("/") ? "/" : session.home;
  const older = /[\u0080-\u00fe]/.test(path) && !/[^\0-\u00fe]/.test(path);
  return [home + Buffer.from(path, "utf8").toString("latin1"), ...(older ? [home + path] : [])];
}
