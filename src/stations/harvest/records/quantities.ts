import { nanometresPer, type Quantity } from "../../../formats/peek/facts.js";
import { JOULE_PER_EV } from "../../../formats/peek/tiff-acquisition.js";

/** A length in the unit of its source. */
export interface Length {
  value: number;
  unit: string;
}

/** Undefined for an unknown unit. */
export function nanometres({ value, unit }: Length): number | undefined {
  const factor = nanometresPer(unit);
  return factor === undefined ? undefined : value * factor;
}

const SI: Readonly<Record<string, number>> = {
  "": 1,
  eV: JOULE_PER_EV,
  keV: 1e3 * JOULE_PER_EV,
  A: 1,
  mA: 1e-3,
  µA: 1e-6,
  nA: 1e-9,
  pA: 1e-12,
  Hz: 1,
  kHz: 1e3,
  MHz: 1e6,
  s: 1,
  ms: 1e-3,
  µs: 1e-6,
  ns: 1e-9,
  V: 1,
  kV: 1e3,
  mm: 1e-3,
  deg: Math.PI / 180,
  day: 86_400,
  hour: 3_600,
};

/** A quantity with its SI value; undefined for an unknown unit. */
export function quantity(value: number, unit: string): Quantity | undefined {
  const factor = Object.hasOwn(SI, unit) ? SI[unit] : undefined;
  return factor === undefined || !Number.isFinite(value) ? undefined : { value, unit, si: scaled(value, factor) };
}

/** `0.4 · 10⁶` and `200 · 10⁻¹²` without rounding errors of products. */
function scaled(value: number, factor: number): number {
  return Number((value * factor).toPrecision(15));
}

/** Whether two measurements agree, given the rounding in texts. */
export function agree(a: number, b: number, relative = 0.01): boolean {
  return Math.abs(a - b) <= relative * Math.max(Math.abs(a), Math.abs(b));
}
