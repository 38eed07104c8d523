import type { ReadOptions } from "../../../core/bytes.js";
import { EmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { objectName } from "../../../stores/store.js";
import type { SourceFile } from "./frame.js";
import { type FrameSource, filesOf } from "./frame-source.js";

const STACK = /(?:^|[/_])NDTiffStack(?:_\d+)?\.tiff?$/i;
const FULL = "Full resolution/";
const INDEX = "NDTiff.index";

/**
 * The stacks of an NDTiff data set in the order in which they were written: of the folder, or of its `Full resolution` if it is a
 * pyramid. None if the folder is no such data set.
 *
 * @throws {EmporiumError} CONFIG_EMPTY for a pyramid without its full resolution; STORE_ABSENT for a missing stack of the
 *   index; FORMAT_FIELD for an invalid index
 *
 * Source: NDTiffStorage 2.0 and 3.2: folders, `NDTiff.index`.
 */
export async function ndTiffFiles(source: FrameSource, options: ReadOptions): Promise<SourceFile[]> {
  for (const folder of ["", FULL]) {
    const files = await filesOf(source, STACK, options, folder);
    if (files.length === 0) continue;
    const there = new Set(files.map(({ key }) => key));
    for (const name of await indexedFiles(source, folder, options)) {
      if (there.has(`${folder}${name}`)) continue;
      throw new EmporiumError(
        "STORE_ABSENT",
        `${objectName(source.store, `${folder}${name}`)} does not exist, and ${INDEX} names it`,
        {
          hint: "copy the whole data set",
        },
      );
    }
    return files;
  }
  for await (const { key } of source.store.children("", options)) {
    if (!/^Downsampled_x\d+\/$/.test(key)) continue;
    throw new EmporiumError(
      "CONFIG_EMPTY",
      `${source.name} holds smaller copies of an NDTiff data set and no ${FULL.slice(0, -1)}`,
      {
        hint: `copy the whole data set, or name ${key.slice(0, -1)} in the table to upload that`,
      },
    );
  }
  return [];
}

/** Names of files in an index. A record has two texts with their lengths and eight numbers of four bytes, all little-endian. */
async function indexedFiles({ store }: FrameSource, folder: string, options: ReadOptions): Promise<Set<string>> {
  const key = `${folder}${INDEX}`;
  const bytes = await store.read(key, { offset: 0, length: LIMITS.headerBytes }, options).catch(() => undefined);
  const names = new Set<string>();
  if (!bytes) return names;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  const whole = bytes.length < LIMITS.headerBytes;
  for (let at = 0; at < bytes.length; ) {
    const texts: string[] = [];
    for (let n = 0; n < 2; n++) {
      const length = at + 4 <= bytes.length ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
      if (at + 4 + length > bytes.length) {
        if (!whole) return names;
        throw new EmporiumError("FORMAT_FIELD", `${objectName(store, key)}: a record that leads out of the file`, {
          hint: "copy the file again, or move it away: then emporium reads the facts from the stacks",
        });
      }
      texts.push(decoder.decode(bytes.subarray(at + 4, at + 4 + length)));
      at += 4 + length;
    }
    names.add(texts[1]!);
    at += NUMBERS_BYTES;
  }
  return names;
}

const NUMBERS_BYTES = 32;
