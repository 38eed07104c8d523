import { writeFile } from "node:fs/promises";
import { EmporiumError } from "../../../core/errors.js";
import { errnoOf, fileError } from "../../../stores/file/errors.js";

/**
 * Writes a file that is not there yet: what a person has filled in is never written over.
 *
 * @throws {EmporiumError} USAGE where the file is there, STORE_…
 */
export async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx" });
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw fileError(error, path, "written");
    throw new EmporiumError("USAGE", `${path} is there already, a new name is wanted`, {
      place: { file: path },
      hint: "give another name, or remove the file",
    });
  }
}
