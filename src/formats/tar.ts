import { concat } from "../core/bytes.js";
import { EmporiumError } from "../core/errors.js";
import { counted } from "../core/units.js";

const BLOCK_BYTES = 512;
/** A name of the plain form. */
const NAME_BYTES_MAX = 100;
/** Eleven octal digits. */
const SIZE_MAX = 8 ** 11 - 1;

export interface TarFile {
  readonly name: string;
  readonly body: Uint8Array;
}

/**
 * Files as an archive of POSIX.1-1988 (ustar), in their order. The same files have the same bytes: no times, no owners.
 *
 * @throws {EmporiumError} METADATA_VALUE for a name of more than 100 bytes or a body of 8 GiB
 */
export function encodeTar(files: readonly TarFile[]): Uint8Array {
  const pieces = files.flatMap(({ name, body }) => [header(name, body.length), body, padding(body.length)]);
  return concat([...pieces, new Uint8Array(2 * BLOCK_BYTES)]);
}

function header(name: string, size: number): Uint8Array {
  const bytes = new Uint8Array(BLOCK_BYTES);
  const text = new TextEncoder();
  const nameBytes = text.encode(name);
  if (nameBytes.length > NAME_BYTES_MAX || size > SIZE_MAX)
    throw new EmporiumError("METADATA_VALUE", `${name}, ${counted(size, "byte")}: no file of a tar archive`);
  const put = (at: number, value: string) => bytes.set(text.encode(value), at);
  bytes.set(nameBytes);
  put(100, "0000644\0"); // mode
  put(108, "0000000\0"); // owner
  put(116, "0000000\0"); // group
  put(124, `${size.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0"); // time
  put(148, "        "); // the sum is made with blanks in its place
  put(156, "0"); // a plain file
  put(257, "ustar\u000000");
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return bytes;
}

function padding(size: number): Uint8Array {
  return new Uint8Array((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES);
}
