import { FileType, parseList } from "basic-ftp";
import { EmporiumError } from "../../core/errors.js";
import { redact } from "../../core/redact.js";
import { ftpEtag, timeIn } from "./errors.js";

/** One line of a listing. `link`: what it leads to has to be asked. */
export interface FtpEntry {
  name: string;
  kind: "file" | "folder" | "link";
  size: number | undefined;
  etag?: string | undefined;
  modifiedMs?: number | undefined;
}

/**
 * Lines of MLSD (RFC 3659 §7): `type=file;size=1024;modify=20240115120000; name`. Facts come in any order and case.
 *
 * @param bytes as the server sent them.
 */
export function readMachineListing(bytes: Uint8Array): FtpEntry[] {
  return linesOf(bytes).flatMap((line): FtpEntry[] => {
    const space = line.indexOf(" ");
    const name = line.slice(space + 1);
    if (space < 0 || isSelf(name)) return [];
    const facts = new Map(
      line
        .slice(0, space)
        .split(";")
        .map((fact) => {
          const [key = "", ...value] = fact.split("=");
          return [key.toLowerCase(), value.join("=")] as const;
        }),
    );
    const type = (facts.get("type") ?? "file").toLowerCase();
    if (type === "cdir" || type === "pdir") return [];
    const time = timeIn(facts.get("modify") ?? "");
    if (type === "dir") return [{ name, kind: "folder", size: undefined, modifiedMs: time?.ms }];
    if (type.startsWith("os.unix=s")) return [{ name, kind: "link", size: undefined }];
    if (type !== "file") return []; // devices, pipes
    const text = facts.get("size") ?? "";
    const size = /^\d{1,16}$/.test(text) ? Number(text) : undefined;
    const etag = size === undefined ? undefined : ftpEtag(size, time?.stamp);
    return [{ name, kind: "file", size, etag, modifiedMs: time?.ms }];
  });
}

/**
 * Lines of LIST in the form of Unix (the library's reader) or DOS (ours: names may begin with blanks). Their times lack zone and
 * often year, and are not used.
 *
 * @throws {EmporiumError} STORE_PROTOCOL for another form.
 */
export function readListing(bytes: Uint8Array, url: string): FtpEntry[] {
  // The first line of Unix counts blocks, in the server's language. A device has two numbers where files have their size.
  const lines = linesOf(bytes).filter((line) => line.trim() !== "" && !/^\S+ \d+$/.test(line) && !/^[bcps][r-][w-]/.test(line));
  if (lines.every((line) => DOS.test(line))) return lines.flatMap(dosEntry);
  // Behind the permissions stands a mark where there are more of them: `.` of SELinux, `@` of Macs. The library knows `+` alone.
  const plain = lines.map((line) => line.replace(/^([dl-][rwxsStTL-]{9})[.@](?= )/, "$1 "));
  let known = 0;
  const entries = plain.flatMap((line): FtpEntry[] => {
    const found = parsed(line);
    if (!found) {
      // What looks like a file and cannot be read must not be missing in silence; a greeting may.
      if (/^[dl-][r-][w-]/.test(line)) throw otherForm(url, line);
      return [];
    }
    known++;
    return found;
  });
  if (known === 0) throw otherForm(url, plain[0] ?? "");
  return entries;
}

/** One line by the library; undefined for one that it cannot read, nothing for the folder itself. */
function parsed(line: string): FtpEntry[] | undefined {
  if (/\s(?:\d{4}|\d{1,2}:\d\d)\s\.\.?$/.test(line)) return [];
  try {
    const [found] = parseList(line);
    if (!found) return undefined;
    const { name, type, size } = found;
    if (isSelf(name)) return [];
    if (type === FileType.Directory) return [{ name, kind: "folder", size: undefined }];
    if (type === FileType.SymbolicLink) return [{ name, kind: "link", size: undefined }];
    return type === FileType.File ? [{ name, kind: "file", size }] : [];
  } catch {
    return undefined;
  }
}

function otherForm(url: string, line: string): EmporiumError {
  const shown = redact(url);
  const what = `the server lists its folders in a form that is neither Unix's nor DOS's: ${JSON.stringify(line.slice(0, 80))}`;
  return new EmporiumError("STORE_PROTOCOL", `${shown}: ${what}`, {
    place: { url: shown },
    hint: "name the files one by one, or use the https:// address of the same data",
  });
}

/** `01-15-24  12:00PM                 1234 name`: one blank before the name, which may begin with more; ten behind `<DIR>`. */
const DOS = /^\d\d-\d\d-(?:\d\d|\d{4}) +\d\d:\d\d ?(?:[AP]M)? +(?:<(DIR|JUNCTION|SYMLINKD?)> {1,10}|(\d+) )(.+)$/i;

function dosEntry(line: string): FtpEntry[] {
  const [, what, size, name = ""] = DOS.exec(line) as unknown as [string, string?, string?, string?];
  if (isSelf(name)) return [];
  if (what === undefined) return [{ name, kind: "file", size: Number(size) }];
  // The target of a link stands behind its name in brackets.
  if (what.toUpperCase() !== "DIR") return [{ name: name.replace(/ \[.*\]$/, ""), kind: "link", size: undefined }];
  return [{ name, kind: "folder", size: undefined }];
}

function isSelf(name: string): boolean {
  return name === "" || name === "." || name === "..";
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const latin1 = new TextDecoder("latin1");

/** Decodes each line by itself, as UTF-8 or else Latin-1: folders hold names of several decades. */
function linesOf(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let from = 0; from < bytes.length; ) {
    const at = bytes.indexOf(0x0a, from);
    const end = at < 0 ? bytes.length : at;
    const line = bytes.subarray(from, end > from && bytes[end - 1] === 0x0d ? end - 1 : end);
    from = end + 1;
    if (line.length > 0) lines.push(textOf(line));
  }
  return lines;
}

function textOf(line: Uint8Array): string {
  try {
    return utf8.decode(line);
  } catch {
    return latin1.decode(line);
  }
}
