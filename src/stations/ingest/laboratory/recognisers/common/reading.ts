import { asEmporiumError, isEmporiumError } from "../../../../../core/errors.js";

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
