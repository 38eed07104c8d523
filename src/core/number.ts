/**
 * A floating-point number that stays one when its value is whole. Python writes `1.0` where JavaScript writes `1`, and the portal's
 * JSON and file names are made by Python, so numbers of a configuration keep their kind from YAML to JSON: an integer is a plain
 * `number` (or `bigint` past 2^53), a float is a `Float`. Arithmetic unwraps it with `toNumber`; whoever computes a float for
 * metadata wraps the result again.
 */
export class Float {
  constructor(readonly value: number) {}
  /** Python's `repr`: `13.48`, `1.0`, `1e-05`. */
  toString(): string {
    return floatRepr(this.value);
  }
  valueOf(): number {
    return this.value;
  }
  /** Plain JSON (reports of our own, `postMessage`) has no kinds of numbers. Metadata goes through `printJson` instead. */
  toJSON(): number {
    return this.value;
  }
}

export function isFloat(value: unknown): value is Float {
  return value instanceof Float;
}

/** The number inside a number of either kind; undefined for anything else. */
export function toNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  return value instanceof Float ? value.value : undefined;
}

/** As `floatRepr`, of a value that its source holds in 32 bits: `11.4`, not `11.399999618530273`. */
export function float32Repr(value: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return floatRepr(short);
  }
  return floatRepr(value);
}

/** Text of a float as Python's `repr` gives it: shortest digits that read back equal, always with a point or an exponent. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [mantissa, exponentText] = Math.abs(value).toExponential().split("e") as [string, string];
  const digits = mantissa.replace(".", "");
  const exponent = Number(exponentText);
  const sign = value < 0 ? "-" : "";
  if (exponent < -4 || exponent >= 16) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

/** Python's `round(value, digits)`: correctly rounded on the exact binary value, ties to even. `toFixed` differs on exact ties only. */
export function roundHalfEven(value: number, digits: number): number {
  return Number.isFinite(value) ? Number(fixedHalfEven(value, digits)) : value;
}

/** Python's `'%.3f' % value` for `digits` 3: exactly that many decimals (0 to 50), ties to even (0.125 with 2 → `0.12`). */
export function fixedHalfEven(value: number, digits: number): string {
  if (!Number.isFinite(value)) return floatRepr(value);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const size = Math.abs(value);
  if (size >= 2 ** 53) return `${sign}${BigInt(size)}${digits > 0 ? `.${"0".repeat(digits)}` : ""}`;
  const rounded = size.toFixed(digits);
  // toFixed(100) is the exact expansion as far as it can matter: a tie ends at the digit after the last one kept.
  const exact = size.toFixed(100);
  const point = exact.indexOf(".");
  const tail = exact.slice(point + 1 + digits);
  if (tail[0] !== "5" || /[1-9]/.test(tail.slice(1))) return sign + rounded;
  // toFixed rounded away from zero; with an even last digit the tie rounds down.
  const kept = digits === 0 ? exact.slice(0, point) : exact.slice(0, point + 1 + digits);
  return sign + (Number(kept.at(-1)) % 2 === 0 ? kept : rounded);
}
