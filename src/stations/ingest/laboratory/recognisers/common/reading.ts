import { asEmporiumError, isEmporiumError } from "../../../../../core/errors.js";
import type { Laboratory } from "../../survey/laboratory.js";

/** The first bytes of a file as text: of a list of thousands of rows its titles tell what it is. @throws {EmporiumError} where it cannot be read */
export async function beginningOf(laboratory: Laboratory, path: string, bytesMax: number): Promise<string> {
  const source = await laboratory.open(path);
  return new TextDecoder().decode(await source.read({ offset: 0, length: Math.min(bytesMax, laboratory.get(path)!.size) }));
}

/**
 * What `read` gives, or the reason why the file cannot be read: a broken file of a project is told, and ends nothing.
 *
 * @throws what is no error of a file's contents or of its store: CANCELLED, and faults of the program.
 */
export async function orReason<T>(read: () => Promise<T> | T): Promise<{ value: T } | { reason: string }> {
  try {
    return { value: await read() };
  } catch (error) {
    if (!isEmporiumError(error) || asEmporiumError(error).code === "CANCELLED") throw error;
    return { reason: error.message };
  }
}
