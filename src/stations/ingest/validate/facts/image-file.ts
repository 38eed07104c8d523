import { headBehind } from "../../../../arrays/stream/source/compressed.js";
import { compressionOf } from "../../../../formats/compression.js";
import { detectMrc } from "../../../../formats/mrc/detect.js";
import { MRC_HEADER_BYTES } from "../../../../formats/mrc/header.js";
import { detectTiff, readTiffHeader } from "../../../../formats/tiff/header.js";
import { openObject, type Store } from "../../../../stores/store.js";
import { type Lazy, lazy } from "./fact.js";
import { type MrcFields, parseMrcFields, tooShort } from "./mrc.js";

/** A file of frames or a gain reference. */
export interface ImageFile {
  readonly key: string;
  readonly name: string;
  readonly facts: Lazy<ImageFacts>;
}

export type ImageFacts =
  | { readonly type: "mrc"; readonly fields: MrcFields }
  | {
      readonly type: "tiff";
      readonly width: number;
      readonly height: number;
      readonly pages: number;
      /** All pages have the size and type of the first. */
      readonly uniform: boolean;
      /** Events of an electron counter: its pages are not the frames of a movie. */
      readonly events: boolean;
    }
  /** A kind whose images are not looked at: DM, raw gain references. */
  | { readonly type: "other" };

/** The header of an image file, by its first bytes, whatever it is called. */
export function imageFile(store: Store, key: string, signal?: AbortSignal): ImageFile {
  const name = key.slice(key.lastIndexOf("/") + 1);
  return { key, name, facts: lazy("image file", () => readFacts(store, key, signal)) };
}

async function readFacts(store: Store, key: string, signal: AbortSignal | undefined): Promise<ImageFacts> {
  const object = await openObject(store, key, { signal });
  let head = await object.read({ offset: 0, length: MRC_HEADER_BYTES });
  if (detectTiff(head)) {
    const { first, pages, uniform, eer } = await readTiffHeader(object, { signal });
    return { type: "tiff", width: first.width, height: first.height, pages, uniform, events: eer };
  }
  const compression = compressionOf(head);
  if (compression) head = await headBehind(object, compression, MRC_HEADER_BYTES);
  const fileBytes = compression ? undefined : object.stat.size;
  if (MRC_NAME.test(key) && head.length < MRC_HEADER_BYTES) throw tooShort(object.name, head.length);
  if (MRC_NAME.test(key) || detectMrc(head, fileBytes) !== undefined)
    return { type: "mrc", fields: parseMrcFields(head, fileBytes) };
  return { type: "other" };
}

const MRC_NAME = /\.mrcs?(\.(bz2|gz))?$/i;
