const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const SMALL_E = 0x65;

/** Powers of ten that a float64 holds exactly: the quotient of two exact numbers is rounded once, to the nearest float64. */
const POWERS = Float64Array.from({ length: 23 }, (_, i) => 10 ** i);
const EXACT_DIGITS = 15;
const NUMBER_LENGTH_MAX = 400;

/** Parses the number in `bytes[start, end)`; NaN if it is none or not finite. The usual form `-12.345600` allocates no string. */
export function numberOf(bytes: Uint8Array, start: number, end: number): number {
  let p = start;
  const sign = bytes[p];
  if (sign === MINUS || sign === PLUS) p++;
  let mantissa = 0;
  let digits = 0;
  let significant = 0;
  let decimals = -1;
  for (; p < end; p++) {
    const byte = bytes[p]!;
    const digit = byte - ZERO;
    if (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      digits++;
      if (mantissa > 0) significant++;
      if (decimals >= 0) decimals++;
    } else if (byte === POINT && decimals < 0) decimals = 0;
    else return (byte | 0x20) === SMALL_E ? slowNumberOf(bytes, start, end) : Number.NaN;
  }
  if (digits === 0) return Number.NaN;
  if (significant > EXACT_DIGITS || decimals > 22) return slowNumberOf(bytes, start, end);
  const value = decimals > 0 ? mantissa / POWERS[decimals]! : mantissa;
  return sign === MINUS ? -value : value;
}

/** Exponents, and more digits than are exact. */
function slowNumberOf(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > NUMBER_LENGTH_MAX) return Number.NaN;
  const text = ascii(bytes, start, end);
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number.NaN;
  const value = Number(text);
  return Number.isFinite(value) ? value : Number.NaN;
}

/** The text of `bytes[start, end)`: UTF-8, or Windows-1252 where it is not. RELION's bells before quotes are left out. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  let plain = end - start <= ASCII_LENGTH_MAX;
  for (let i = start; i < end && plain; i++) plain = bytes[i]! < 0x80 && bytes[i]! !== BELL;
  if (plain) return ascii(bytes, start, end);
  const part = bytes.subarray(start, end);
  return decoded(part).replaceAll("\u0007", "");
}

const BELL = 0x07;
/** Longer texts are rare, and quicker to decode. */
const ASCII_LENGTH_MAX = 200;

function ascii(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[]);
}

function decoded(part: Uint8Array): string {
  try {
    return utf8.decode(part);
  } catch {
    return windows1252.decode(part);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const windows1252 = new TextDecoder("windows-1252");

/** Says of `bytes[start, end)` whether it is meant. */
export type ValueTest = (bytes: Uint8Array, start: number, end: number) => boolean;

/** A test for the name `wanted`: equal text, or equal value if both are numbers. So tomogram `7` is run `7`, `007` and `7.0`. */
export function equalTo(wanted: string): ValueTest {
  const letters = new TextEncoder().encode(wanted);
  const number = numberOf(letters, 0, letters.length);
  const isNumber = !Number.isNaN(number);
  return (bytes, start, end) => {
    if (end - start === letters.length) {
      let i = 0;
      while (i < letters.length && bytes[start + i] === letters[i]) i++;
      if (i === letters.length) return true;
    }
    return isNumber && numberOf(bytes, start, end) === number;
  };
}
