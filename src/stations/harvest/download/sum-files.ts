import { ALGORITHMS, type Algorithm, asHex, type Checksum, parseChecksum } from "../transfer/checksum.js";

/** One line of a checksum file. */
export interface SumLine {
  /** As written, relative to the list's folder. Undefined: the file that the list is named after. */
  name: string | undefined;
  checksum: Checksum;
}

const SUFFIX = /\.(md5|sha1|sha256|sha512)(?:sums?)?(?:\.txt)?$/i;
const LIST_NAME =
  /^(?:(?:md5|sha1|sha256|sha512)[-_]?(?:sums?|checksums?|hash(?:es)?|manifest)?|(?:check[-_]?)?sums?|checksums?|manifest[-_](?:md5|sha1|sha256|sha512))(?:[-_.](?:md5|sha1|sha256|sha512))?(?:\.(?:txt|lst|asc))?$/i;

/** Names of checksum files: `x.tif.md5`, `MD5SUMS`, `sha256sums.txt`, `checksums.txt`, `manifest-md5.txt`. */
export function isSumFile(name: string): boolean {
  return SUFFIX.test(name) || LIST_NAME.test(name);
}

/** The one file that `x.tif.md5` belongs to. */
export function subjectOf(name: string): string | undefined {
  const bare = name.replace(SUFFIX, "");
  return bare === name || bare === "" ? undefined : bare;
}

/**
 * Reads a checksum file: GNU (`<hex> name`, `<hex> *name`, `\<hex> name` with escapes), BSD and openssl (`MD5 (name) = <hex>`,
 * `SHA256(name)= <hex>`), name first (`name<tab><hex>`, `name: <hex>`, `name,<hex>`), prefixed (`md5:<hex> name`), and bare
 * digits. Comments (`#`, `;`), blank lines and a byte-order mark are skipped; lines may end with CRLF.
 *
 * @param fileName of the list. If it names an algorithm, digits of another length are ignored.
 * @param onUnread told of each further line that gives no checksum
 */
export function parseSums(text: string, fileName: string, onUnread: (line: string) => void = () => {}): SumLine[] {
  const named = ALGORITHMS.find((algorithm) => fileName.toLowerCase().includes(algorithm));
  return text
    .replace(/^\ufeff/, "")
    .split(/\r\n|\n|\r/)
    .filter((line) => !/^\s*(?:$|[#;])/.test(line))
    .flatMap((line) => {
      const read = sumLine(line, named);
      if (!read) onUnread(line);
      return read ?? [];
    });
}

const TAG = "MD5|SHA-?1|SHA-?256|SHA-?512";
const BSD = new RegExp(`^\\s*(${TAG})\\s*\\((.+)\\)\\s*=\\s*([0-9a-f]+)\\s*$`, "i");
const DIGITS = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/i;

function sumLine(line: string, named: Algorithm | undefined): SumLine | undefined {
  const bsd = BSD.exec(line);
  if (bsd) return entry(bsd[2]!, `${bsd[1]!.replace("-", "")}:${bsd[3]}`, named, bsd[1]!);
  const [, escaped, tag, first, rest] =
    /^\s*(\\?)(?:(md5|sha-?1|sha-?256|sha-?512)\s*[:=]\s*)?([0-9a-f]{32,128})(?:\s*$|[ \t]+\*?(.*?)\s*$)/i.exec(line) ?? [];
  if (first !== undefined && DIGITS.test(first)) {
    const name = escaped === "\\" && rest !== undefined ? unescaped(rest) : rest;
    return entry(name === "-" ? undefined : name, first, named, tag);
  }
  const reversed = /^\s*(.+?)\s*(?:\t|,|:|=|\s)\s*(?:(?:md5|sha-?1|sha-?256|sha-?512)\s*:\s*)?([0-9a-f]{32,128})\s*$/i.exec(line);
  return reversed && DIGITS.test(reversed[2]!) ? entry(reversed[1], reversed[2]!, named, undefined) : undefined;
}

function entry(
  name: string | undefined,
  digits: string,
  named: Algorithm | undefined,
  tag: string | undefined,
): SumLine | undefined {
  const bare = digits.includes(":") ? digits : asHex(digits, digits.length);
  if (bare === undefined) return undefined;
  try {
    const checksum = parseChecksum(tag !== undefined && !bare.includes(":") ? `${tag.replace("-", "")}:${bare}` : bare);
    if (named !== undefined && !checksum.startsWith(`${named}:`)) return undefined;
    const plain = name?.replace(/^"(.*)"$/, "$1").replace(/^(?:\.\/)+/, "");
    return { name: plain === "" ? undefined : plain, checksum };
  } catch {
    return undefined; // not the algorithm's number of digits
  }
}

function unescaped(name: string): string {
  return name.replace(/\\([\\nr])/g, (_, char: string) => (char === "n" ? "\n" : char === "r" ? "\r" : "\\"));
}
