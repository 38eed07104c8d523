import { EmporiumError } from "../../core/errors.js";

export interface PictureType {
  /** With its dot. */
  readonly extension: string;
  readonly contentType: string;
}

/** Bytes that tell what a picture is. */
export const PICTURE_HEAD_BYTES = 16;

const TYPES: readonly (PictureType & { readonly head: readonly number[] })[] = [
  { extension: ".png", contentType: "image/png", head: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { extension: ".jpg", contentType: "image/jpeg", head: [0xff, 0xd8, 0xff] },
  { extension: ".gif", contentType: "image/gif", head: [0x47, 0x49, 0x46, 0x38] },
];

/**
 * The type of a picture by its first bytes. What a server says is not used: it may send an error page as a picture, or a picture
 * without a type.
 *
 * @throws {EmporiumError} FORMAT_UNKNOWN
 */
export function pictureType(head: Uint8Array, name: string): PictureType {
  const found = TYPES.find((type) => type.head.every((byte, at) => head[at] === byte));
  if (found) return found;
  const shown = Array.from(head.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  throw new EmporiumError(
    "FORMAT_UNKNOWN",
    `${name} is not a picture: it begins with ${shown || "nothing"}; expected a PNG, JPEG or GIF file`,
    {
      place: /^[a-z]+:\/\//i.test(name) ? { url: name } : { file: name },
      hint: "open the address in a browser: it may show an error page",
    },
  );
}
