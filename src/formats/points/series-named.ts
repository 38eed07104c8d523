import { equalTo, type ValueTest } from "../star/values.js";

/** A test for the tilt series of that name, with or without folders and `.tomostar`. */
export function seriesNamed(wanted: string): ValueTest {
  const whole = equalTo(wanted);
  const stem = equalTo(wanted.replace(/\.tomostar$/, ""));
  return (bytes, start, end) => {
    if (whole(bytes, start, end)) return true;
    let from = end;
    while (from > start && bytes[from - 1] !== SLASH && bytes[from - 1] !== BACKSLASH) from--;
    return stem(bytes, from, endsWithTomostar(bytes, from, end) ? end - TOMOSTAR.length : end);
  };
}

const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const TOMOSTAR = new TextEncoder().encode(".tomostar");

function endsWithTomostar(bytes: Uint8Array, start: number, end: number): boolean {
  const from = end - TOMOSTAR.length;
  return from >= start && TOMOSTAR.every((byte, i) => bytes[from + i] === byte);
}
