import { LIMITS } from "../../../core/limits.js";
import { plainText } from "../../../core/plain-text.js";
import { redact } from "../../../core/redact.js";
import { counted } from "../../../core/units.js";
import type { Checksum } from "../transfer/checksum.js";
import { below } from "./chunk-grid.js";
import type { RemoteObject } from "./objects.js";
import type { Remote } from "./remote.js";
import { isSumFile, parseSums, type SumLine, subjectOf } from "./sum-files.js";

/** The checksum files beside the objects of a download. Each is read once, before the first object that it may list. */
export interface Sums {
  of(object: RemoteObject): Promise<Checksum | undefined>;
}

/** Files are taken for checksum files by their names; larger ones are something else. */
const BYTES_MAX = LIMITS.replyBytes;
/** From weak to strong. The strongest checksum is used. */
const STRENGTH = ["md5", "sha1", "sha256", "sha512"];

/** @param files the checksum files of one start. A list covers files below its folder, `x.md5` covers `x`. */
export function sumsOf(files: readonly RemoteObject[], remote: Remote, warn: (message: string) => void): Sums {
  const own = new Map<string, RemoteObject[]>();
  const lists = new Map<string, RemoteObject[]>();
  const add = (map: Map<string, RemoteObject[]>, key: string, object: RemoteObject) =>
    map.set(key, [...(map.get(key) ?? []), object]);
  for (const object of files) {
    const [folder, name] = split(object.rel);
    if ((object.size ?? 0) > BYTES_MAX) {
      warn(
        `${redact(object.url)} has ${counted(object.size!, "byte")}: too many for a list of checksums, so it is not read as one`,
      );
      continue;
    }
    const subject = subjectOf(name);
    if (subject !== undefined) add(own, below(folder, subject), object);
    // `data.md5` beside `data/` may be a list
    add(lists, folder, object);
  }
  const read = new Map<RemoteObject, Promise<ReadList>>();

  function readOnce(object: RemoteObject): Promise<ReadList> {
    const known = read.get(object) ?? readLines(object).then((lines) => ({ lines, byName: byName(lines) }));
    read.set(object, known);
    return known;
  }

  async function readLines({ store, key, url, rel, requestLimits }: RemoteObject): Promise<SumLine[]> {
    try {
      const bytes = await remote.asking(store, requestLimits.paceHost).read(key, { offset: 0, length: BYTES_MAX });
      if (!bytes) return [];
      if (bytes.length >= BYTES_MAX)
        warn(`${redact(url)}: checksums are read from its first ${counted(BYTES_MAX, "byte")} alone`);
      const unread: string[] = [];
      const lines = parseSums(new TextDecoder().decode(bytes), split(rel)[1], (line) => unread.push(line));
      if (unread.length > 0) {
        const first = plainText(unread[0]!.slice(0, 60));
        warn(
          `${redact(url)}: ${counted(unread.length, "line gives", "lines give")} no checksum (${first}): no file is checked by ${unread.length === 1 ? "it" : "them"}`,
        );
      }
      return lines;
    } catch (error) {
      warn(`${redact(url)}: checksums cannot be read: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  }

  return {
    async of(object) {
      const [folder, name] = split(object.rel);
      if ((own.size === 0 && lists.size === 0) || isSumFile(name)) return undefined;
      const found: Checksum[] = [];
      for (const sidecar of own.get(object.rel) ?? []) {
        const { lines } = await readOnce(sidecar);
        // the one line of `x.md5` is of `x`, whatever path it has; of several lines the one that names `x`
        const line = lines.length === 1 ? lines[0] : lines.find((one) => one.name !== undefined && split(one.name)[1] === name);
        if (line) found.push(line.checksum);
      }
      for (let at: string | undefined = folder; at !== undefined; at = at === "" ? undefined : split(at)[0]) {
        const inner = at === "" ? object.rel : object.rel.slice(at.length + 1);
        for (const list of lists.get(at) ?? []) {
          found.push(...((await readOnce(list)).byName.get(inner) ?? []));
        }
      }
      return found.sort((a, b) => strength(b) - strength(a))[0];
    },
  };
}

interface ReadList {
  lines: SumLine[];
  byName: ReadonlyMap<string, Checksum[]>;
}

function byName(lines: readonly SumLine[]): Map<string, Checksum[]> {
  const found = new Map<string, Checksum[]>();
  for (const { name, checksum } of lines) if (name !== undefined) found.set(name, [...(found.get(name) ?? []), checksum]);
  return found;
}

function strength(checksum: Checksum): number {
  return STRENGTH.indexOf(checksum.slice(0, checksum.indexOf(":")));
}

function split(rel: string): [folder: string, name: string] {
  const slash = rel.lastIndexOf("/");
  return [slash < 0 ? "" : rel.slice(0, slash), rel.slice(slash + 1)];
}
