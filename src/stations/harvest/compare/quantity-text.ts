import { floatRepr } from "../../../core/number.js";
import type { Quantity } from "../../../formats/peek/facts.js";
import { JOULE_PER_EV } from "../../../formats/peek/tiff-acquisition.js";

const PREFIXES: readonly (readonly [factor: number, prefix: string])[] = [
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
  [1, ""],
  [1e-3, "m"],
  [1e-6, "µ"],
  [1e-9, "n"],
  [1e-12, "p"],
  [1e-15, "f"],
];

/** SI units with or without a prefix; beam energies are in electronvolts. */
const UNIT = /^[GMkmµunpf]?(eV|A|Hz|s|V|m)$/;

/** `220 pA` for 0.22 nA: the prefix with which one to three digits are before the point. Days, degrees and plain numbers stay. */
export function shownQuantity(quantity: Quantity): string {
  const unit = UNIT.exec(quantity.unit)?.[1];
  if (unit === undefined) return originalQuantity(quantity, shortNumber);
  return engineering(unit === "eV" ? quantity.si / JOULE_PER_EV : quantity.si, unit);
}

/** The unit of `si`; null for plain numbers and unknown units. */
export function siUnit({ unit }: Quantity): string | null {
  const bare = UNIT.exec(unit)?.[1];
  if (bare !== undefined) return bare === "eV" ? "J" : bare;
  return /^deg/.test(unit) ? "rad" : /^days?$/.test(unit) ? "s" : null;
}

/** `1.9 keV`, `0.0 nA`, `1 day`: as in its source, floats with their point. */
export function originalQuantity({ value, unit }: Quantity, number: (value: number) => string = floatRepr): string {
  if (/^days?$/.test(unit)) return `${shortNumber(value)} ${value === 1 ? "day" : "days"}`;
  return unit === "" ? number(value) : `${number(value)} ${unit}`;
}

/** A number with a prefixed unit: `5.32 µm`, `0 A`. */
export function engineering(value: number, unit: string): string {
  const size = Math.abs(value);
  if (size === 0 || !Number.isFinite(size)) return `${value} ${unit}`;
  // rounding may reach the next prefix: 999.97 is 1 k
  const rounded = Number(size.toPrecision(4));
  const [factor, prefix] = PREFIXES.find(([border]) => rounded >= border * (1 - 1e-12)) ?? PREFIXES.at(-1)!;
  return `${value < 0 ? "-" : ""}${shortNumber(size / factor)} ${prefix}${unit}`;
}

/** Four digits, without zeros at the end: `7.998`, `500`, `1e+21`. */
function shortNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}
