import { Float } from "../../../core/number.js";
import type { Scalar } from "./nodes.js";

/*
 * Conversion of an unquoted word of YAML 1.1 to a value, exactly as in PyYAML's safe loader, with which the portal reads
 * configurations. Its rules are narrower than the YAML 1.1 text (`1e3`, `1.5e3`, `y` and `n` are strings).
 */
const BOOLEAN = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const NULL = /^(?:~|null|Null|NULL|)$/;
const INTEGER =
  /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIMESTAMP =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|([-+])(\d\d?)(?::(\d\d))?))?$/;

/**
 * @returns the value of a plain (unquoted) scalar.
 * @throws {RangeError} for what has the form of a number or date and is none (`0b_`, `2026-02-30`).
 */
export function resolvePlain(text: string): Scalar {
  if (NULL.test(text)) return null;
  if (BOOLEAN.test(text)) return booleanOf(text);
  if (INTEGER.test(text)) return integerOf(text);
  if (FLOAT.test(text)) return floatOf(text);
  return dateOf(text) ?? text;
}

/**
 * The value of a scalar with an explicit tag (`!!str 012`).
 *
 * @param tag the full tag.
 * @returns undefined for a tag that a safe loader does not know.
 */
export function resolveTagged(tag: string, text: string): Scalar | undefined {
  switch (tag) {
    case "!":
    case "tag:yaml.org,2002:str":
      return text;
    case "tag:yaml.org,2002:null":
      return null;
    case "tag:yaml.org,2002:bool":
      if (!BOOLEAN.test(text)) throw new RangeError(`${text} is not a boolean`);
      return booleanOf(text);
    case "tag:yaml.org,2002:int":
      if (!INTEGER.test(text)) throw new RangeError(`${text} is not an integer`);
      return integerOf(text);
    case "tag:yaml.org,2002:float":
      if (!FLOAT.test(text) && !INTEGER.test(text) && !/^[-+]?[0-9.]+[eE][-+]?[0-9]+$/.test(text))
        throw new RangeError(`${text} is not a number`);
      return floatOf(text);
    case "tag:yaml.org,2002:timestamp": {
      const date = dateOf(text);
      if (date === undefined) throw new RangeError(`${text} is not a date`);
      return date;
    }
    default:
      return undefined;
  }
}

function booleanOf(text: string): boolean {
  return ["yes", "true", "on"].includes(text.toLowerCase());
}

function integerOf(text: string): number | bigint {
  const digits = text.replaceAll("_", "").replace(/^[-+]/, "");
  const sign = text.startsWith("-") ? -1n : 1n;
  let value: bigint;
  if (digits === "0") value = 0n;
  else if (digits.includes(":")) value = digits.split(":").reduce((sum, part) => sum * 60n + BigInt(part), 0n);
  else if (/^0[bx]/.test(digits)) {
    if (digits.length === 2) throw new RangeError(`${text} has no digits`);
    value = BigInt(digits);
  } else value = digits.startsWith("0") ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
  const signed = sign * value;
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
}

function floatOf(text: string): Float {
  const lower = text.replaceAll("_", "").toLowerCase();
  const sign = lower.startsWith("-") ? -1 : 1;
  const digits = lower.replace(/^[-+]/, "");
  if (digits === ".inf") return new Float(sign * Number.POSITIVE_INFINITY);
  if (digits === ".nan") return new Float(Number.NaN);
  if (!digits.includes(":")) return new Float(sign * Number(digits));
  let value = 0;
  let base = 1;
  for (const part of digits.split(":").reverse()) {
    value += Number(part) * base;
    base *= 60;
  }
  return new Float(sign * value);
}

/** ISO text of a date or time, as Python's `isoformat` prints it; undefined for other words. */
function dateOf(text: string): string | undefined {
  const day = DATE.exec(text);
  if (day) {
    checkDay(text, Number(day[1]), Number(day[2]), Number(day[3]));
    return text;
  }
  const match = TIMESTAMP.exec(text);
  if (!match) return undefined;
  const [year, month, date, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  checkDay(text, year, month, date);
  if (hour > 23 || minute > 59 || second > 59) throw new RangeError(`${text} is not a time of day`);
  const two = (n: number) => String(n).padStart(2, "0");
  const micro = (match[7] ?? "").slice(0, 6).padEnd(6, "0");
  const fraction = /[1-9]/.test(micro) ? `.${micro}` : "";
  const offset = match[10] === undefined ? "" : `${match[9]}${two(Number(match[10]))}:${match[11] ?? "00"}`;
  const zone = match[8] === undefined ? "" : match[8] === "Z" || /^[-+]00:00$/.test(offset) ? "+00:00" : offset;
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(date)}T${two(hour)}:${two(minute)}:${two(second)}${fraction}${zone}`;
}

function checkDay(text: string, year: number, month: number, day: number): void {
  if (!isDayOf(year, month, day)) throw new RangeError(`${text} is not a day of the calendar`);
}

/** Whether the calendar has this day. */
export function isDayOf(year: number, month: number, day: number): boolean {
  const days = month < 1 || month > 12 ? 0 : new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  return year >= 1 && day >= 1 && day <= days;
}
