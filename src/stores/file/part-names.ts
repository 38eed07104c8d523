import { hostname } from "node:os";
import { crc32 } from "node:zlib";
import { isRunning } from "../../system/process-life.js";
import { isPartName } from "../keys.js";

/**
 * Names of unfinished files. All are hidden siblings of the final file, so that the last rename stays on one file system:
 *
 *     .tomo.mrc.<tag>.part        a part that the caller made and can find again by its tag
 *     .tomo.mrc.<token>.part/     an upload: its folder
 *     .tomo.mrc.w-….part          a single write, or what is moved aside during a replacement
 *
 * The last kind names its machine and process, so whoever comes later can tell what a killed process left behind.
 */
export function partName(name: string, tag: string): string {
  const rest = `.${tag}.part`;
  const room = NAME_BYTES_MAX - 1 - rest.length;
  if (Buffer.byteLength(name) <= room) return `.${name}${rest}`;
  const cut = Buffer.from(name).subarray(0, room - 9);
  const whole = cut.toString("utf8").replace(/\ufffd+$/, ""); // a character cut in two
  return `.${whole}~${crc32(name).toString(16).padStart(8, "0")}${rest}`;
}

const NAME_BYTES_MAX = 255;
const HOST = crc32(hostname()).toString(36);
const live = new Set<string>();
let counter = 0;

/** A fresh name for a single write. Call `done` when the file is renamed or removed. */
export function writePart(name: string): { name: string; done(): void } {
  const part = partName(name, `w-${HOST}-${process.pid.toString(36)}-${(++counter).toString(36)}`);
  live.add(part);
  return { name: part, done: () => live.delete(part) };
}

/** True for a part that a dead process of this machine left. Parts of other machines are kept: their processes cannot be seen. */
export function isLeftover(name: string): boolean {
  const match = /\.w-([0-9a-z]+)-([0-9a-z]+)-[0-9a-z]+\.part$/.exec(name);
  if (!match || !isPartName(name) || match[1] !== HOST) return false;
  const pid = Number.parseInt(match[2]!, 36);
  return pid === process.pid ? !live.has(name) : !isRunning(pid);
}
