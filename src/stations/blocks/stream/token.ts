import { randomBytes } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { EmporiumError } from "../../../core/errors.js";

const TOKEN_BYTES = 32;

/**
 * The token of a file; a file that does not exist is created, with a new token of 256 bits and mode 0600.
 *
 * @throws {EmporiumError} USAGE for a file that others can read, or with less than 32 characters.
 */
export function readToken(path: string): string {
  try {
    writeFileSync(path, `${randomBytes(TOKEN_BYTES).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new EmporiumError("USAGE", `${path}: other users can read the token`, { hint: `chmod 600 ${path}` });
  }
  const token = readFileSync(path, "utf8").trim();
  if (token.length < TOKEN_BYTES) {
    throw new EmporiumError("USAGE", `${path}: a token of ${token.length} characters found, at least ${TOKEN_BYTES} wanted`);
  }
  return token;
}
