import { basename, dirname, resolve } from "node:path";
import { asEmporiumError, EmporiumError } from "../../../core/errors.js";
import { fileStore } from "../../../stores/file/store.js";

/**
 * Writes a file that is not there yet, whole or not at all: what a person has filled in is never written over, and half a configuration would be
 * taken for one.
 *
 * @throws {EmporiumError} USAGE where the file is there, STORE_…
 */
export async function writeNew(path: string, text: string): Promise<void> {
  const place = resolve(path);
  try {
    await fileStore(dirname(place)).write(basename(place), Buffer.from(text), { ifAbsent: true });
  } catch (thrown) {
    const error = asEmporiumError(thrown);
    if (error.code !== "STORE_CONFLICT") throw error;
    throw new EmporiumError("USAGE", `${path} exists already`, {
      place: { file: path },
      hint: "give another name, or remove the file",
    });
  }
}
