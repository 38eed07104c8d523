import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { crcText } from "../core/crc32.js";
import type { ObjectReceipt } from "./task.js";

/**
 * The text behind the checksum of a folder's receipt: `relative/key size crc32`, one line an object. The journal has one line for
 * a volume; this text lets a check name the changed chunk. It counts only if its CRC-32 is the receipt's. Losing it costs names,
 * never correctness.
 */
export function folderContents(workspace: string, journal: string) {
  const folder = join(workspace, "contents", journal);
  const pathOf = (key: string) => join(folder, `${createHash("sha256").update(key).digest("hex").slice(0, 32)}.txt`);
  return {
    async keep(key: string, text: string): Promise<void> {
      await mkdir(folder, { recursive: true });
      await writeFile(pathOf(key), text);
    },
    /** The objects that a folder's receipt stands for, with whole keys; undefined where the text is not there or is of another receipt. */
    async find(receipt: Pick<ObjectReceipt, "key" | "crc32">): Promise<FolderObject[] | undefined> {
      const text = await readFile(pathOf(receipt.key), "utf8").catch(() => undefined);
      return text === undefined ? undefined : parseContents(receipt, text);
    },
  };
}

export type FolderObject = Pick<ObjectReceipt, "key" | "size" | "crc32">;

export function contentLine(folder: string, { key, size, crc32: sum }: FolderObject): string {
  return `${key.slice(folder.length)} ${size} ${sum}\n`;
}

/**
 * The objects of a folder by the text behind its receipt; undefined where the text is of another one. Blanks may be part of a key: the last
 * two words of a line are its numbers.
 */
export function parseContents(
  { key: folder, crc32: wanted }: Pick<ObjectReceipt, "key" | "crc32">,
  text: string,
): FolderObject[] | undefined {
  if (crcText(crc32(text)) !== wanted) return undefined;
  const objects: FolderObject[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    const [, key, size, sum] = /^(.+) (\d+) ([0-9a-f]{8})$/s.exec(line) ?? [];
    if (key === undefined || size === undefined || sum === undefined) return undefined;
    objects.push({ key: folder + key, size: Number(size), crc32: sum });
  }
  return objects;
}
