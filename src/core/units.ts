import { EmporiumError } from "./errors.js";

const FACTORS: Record<string, number> = {
  "": 1,
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};

/** `512MiB`, `1.5 GB`, `4096` → bytes. Powers of ten and of two are distinguished by the `i`; a bare K, M, G means the power of two. */
export function parseBytes(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(text);
  if (!match || !Object.hasOwn(FACTORS, match[2]!)) {
    throw new EmporiumError("USAGE", `"${text}" is not an amount of bytes`, {
      hint: "write it as 512MiB, 1GB or a plain number",
    });
  }
  return Math.round(Number(match[1]) * FACTORS[match[2]!]!);
}

/** 1536 → `1.5 KiB`. For people; programs get the number. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = bytes;
  let unit = 0;
  while (Math.round(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? `${bytes} B` : `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** 75.3 → `1m15s`; below a minute `12s`, below ten seconds `9.4s`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${seconds < 9.95 ? seconds.toFixed(1) : whole}s`;
  const h = Math.floor(whole / 3600);
  const m = Math.floor((whole % 3600) / 60);
  return h > 0 ? `${h}h${String(m).padStart(2, "0")}m` : `${m}m${String(whole % 60).padStart(2, "0")}s`;
}

/** `1 run`, `0 runs`, `2 entries`. @param many where it is not `one` with an s */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
