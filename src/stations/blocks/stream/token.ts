import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { readTokenFile, TOKEN_BYTES } from "../../../stores/file/token-file.js";

/**
 * The token of a file; a file that does not exist is created, with a new token of 256 bits and mode 0600.
 *
 * @throws {EmporiumError} USAGE for a file that others can read, or with less than 32 characters.
 */
export function readToken(path: string): string {
  const token = readTokenFile(path).trim();
  if (token.length < TOKEN_BYTES) {
    throw new EmporiumError(
      "USAGE",
      `${path}: expected at least ${TOKEN_BYTES}, found a token of ${counted(token.length, "character")}`,
    );
  }
  return token;
}
