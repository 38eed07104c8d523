import { EmporiumError, type ErrorCode } from "../../core/errors.js";

/** An error of a STAR file: what is wrong, in which line. */
export function starError(
  name: string,
  line: number | undefined,
  message: string,
  hint = "check that this is the right file, and that it was copied whole",
  code: ErrorCode = "FORMAT_FIELD",
): EmporiumError {
  const where = line === undefined ? "" : ` in line ${line}`;
  return new EmporiumError(code, `${name}: ${message}${where}`, { place: { file: name, line }, hint });
}

export function tooMany(name: string, line: number, message: string): EmporiumError {
  return starError(name, line, message, "check that this is the STAR file you meant", "FORMAT_LIMIT");
}

/** Words of a file, short enough for a message. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
