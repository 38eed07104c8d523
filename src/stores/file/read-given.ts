import { readFile } from "node:fs/promises";
import { EmporiumError } from "../../core/errors.js";
import { fileError } from "./errors.js";

/** The text file that an option of the command names. @throws {EmporiumError} USAGE; CONFIG_SYNTAX for another encoding than UTF-8 */
export async function readGivenText(path: string, option: string): Promise<string> {
  return givenText(await readGiven(path, option), path, "file");
}

/** @param what the hint's word for it @throws {EmporiumError} CONFIG_SYNTAX for another encoding than UTF-8 */
export function givenText(bytes: Uint8Array, path: string, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new EmporiumError("CONFIG_SYNTAX", `${path} is no UTF-8 text`, {
      place: { file: path },
      hint: `save the ${what} as UTF-8`,
    });
  }
}

/**
 * The file that an option of the command names.
 *
 * @param absentHint what to do where there is no such file @throws {EmporiumError} USAGE
 */
export async function readGiven(path: string, option: string, absentHint?: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    const { code, message, facts } = fileError(error, path, "read");
    const hint = (code === "STORE_ABSENT" ? absentHint : undefined) ?? facts.hint;
    throw new EmporiumError("USAGE", `${option}: ${message}`, { ...facts, hint });
  });
}
