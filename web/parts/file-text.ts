/** A file as text, from its first bytes. */
export interface FileText {
  readonly text: string;
  /** Undefined for UTF-8, in which texts are written today; otherwise the one that was taken. */
  readonly encoding?: "UTF-16" | "Windows-1252" | undefined;
}

/**
 * Reads bytes as text: as UTF-16 by its mark of byte order, else as UTF-8, else, as older programs of Windows write, in Windows-1252.
 *
 * @param bytes from the file's start on @param isWhole the file ends with them: otherwise a letter may be cut at the end, and is left out
 * @returns undefined for what is no text
 */
export function textOfBytes(bytes: Uint8Array, isWhole: boolean): FileText | undefined {
  const stream = !isWhole;
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    const text = new TextDecoder(first === 0xff ? "utf-16le" : "utf-16be").decode(bytes, { stream });
    return isLetters(text) ? { text, encoding: "UTF-16" } : undefined;
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream });
    return isLetters(text) ? { text } : undefined;
  } catch {
    const text = new TextDecoder("windows-1252").decode(bytes);
    return isLetters(text) ? { text, encoding: "Windows-1252" } : undefined;
  }
}

/** Whether there is no character that stands in no text: numbers in binary have them within a few bytes. */
const isLetters = (text: string): boolean => !/[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text);
