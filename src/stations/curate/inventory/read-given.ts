import { readFile } from "node:fs/promises";
import { EmporiumError } from "../../../core/errors.js";
import { fileError } from "../../../stores/file/errors.js";

/** The file that an option of the command names. @throws {EmporiumError} USAGE */
export async function readGiven(path: string, option: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    const { message, facts } = fileError(error, path, "read");
    throw new EmporiumError("USAGE", `${option}: ${message}`, { ...facts });
  });
}
