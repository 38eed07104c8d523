import { randomBytes } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { EmporiumError } from "../../core/errors.js";

/** Bytes of a new token; also the fewest characters of one that somebody wrote. */
export const TOKEN_BYTES = 32;

/**
 * The text of a file that holds tokens; one that does not exist is created, with a new token of 256 bits and mode 0600.
 *
 * @throws {EmporiumError} USAGE for a file that others can read, or that cannot be read or made
 */
export function readTokenFile(path: string): string {
  try {
    writeFileSync(path, `${randomBytes(TOKEN_BYTES).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw unusable(path, error);
  }
  try {
    if ((statSync(path).mode & 0o077) === 0) return readFileSync(path, "utf8");
  } catch (error) {
    throw unusable(path, error);
  }
  throw new EmporiumError("USAGE", `${path}: other users can read the token`, { hint: `chmod 600 ${path}` });
}

function unusable(path: string, cause: unknown): EmporiumError {
  const why = cause instanceof Error ? cause.message.replace(/,[^,]*$/, "") : String(cause);
  return new EmporiumError("USAGE", `${path}: no file of tokens: ${why}`, {
    cause,
    hint: "name a file in a folder of yours; it is made where it does not exist",
  });
}
