import { EmporiumError } from "../core/errors.js";
import { LIMITS } from "../core/limits.js";
import { counted } from "../core/units.js";

/** One line of a text file: its number from 1, and its text without blanks at both ends. */
export interface TextLine {
  line: number;
  text: string;
}

/**
 * The lines of a small text file, empty ones included. Line ends are LF, CRLF or CR.
 *
 * The bytes are UTF-8, UTF-16 with a byte order mark, or else Windows-1252: microscope software writes `µ`, `Å` and `°` in it.
 *
 * @throws {EmporiumError} FORMAT_LIMIT past `LIMITS.headerBytes`.
 */
export function textLines(content: Uint8Array | string, name: string): TextLine[] {
  if (content.length > LIMITS.headerBytes) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `${name}: ${counted(content.length, "byte")} of text; at most ${LIMITS.headerBytes} are read`,
      {
        place: { file: name },
        hint: "check that this is the right file: real ones have a few kilobytes",
      },
    );
  }
  const text = typeof content === "string" ? content : decodeText(content);
  return text
    .replace(/^\ufeff/, "")
    .split(/\r\n|\n|\r/)
    .map((part, at) => ({ line: at + 1, text: part.trim() }));
}

function decodeText(bytes: Uint8Array): string {
  const mark = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0);
  if (mark === 0xfffe) return new TextDecoder("utf-16le").decode(bytes);
  if (mark === 0xfeff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** The words between blanks. */
export function columnsOf(text: string): string[] {
  return text === "" ? [] : text.split(/\s+/);
}

/** A decimal number: `-4.38`, `+0.`, `.5`, `1e-3`. Undefined if not finite, hexadecimal, or followed by anything. */
export function decimal(text: string): number | undefined {
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** True for the words that C and Python print for numbers that are none: `nan`, `-inf`, `-nan(ind)`, `1.#QNAN`. */
export function isNotFinite(text: string): boolean {
  return /^[+-]?(nan(\(\w*\))?|inf(inity)?|1\.#\w+)$/i.test(text);
}

/** A whole number that a float64 holds exactly, also where it is written `3.0`. */
export function wholeNumber(text: string): number | undefined {
  const value = decimal(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
