import { availableParallelism } from "node:os";
import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { LIMITS } from "../core/limits.js";
import { formatBytes, parseBytes } from "../core/units.js";
import { IO_MODES } from "../stores/io-mode.js";
import { fewFiles } from "../system/open-files.js";

/** Values of options that several commands share. A message says what is wanted; the parser puts what was found before it. */

export const wholeNumber = (least: number, most?: number) => {
  const wanted = `a whole number from ${least}${most === undefined ? "" : ` to ${most}`}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, wanted)
    .transform(Number)
    .refine((value) => value >= least && value <= (most ?? value), wanted);
};

export const amountOfBytes = (least: number) =>
  z.string().transform((text, context) => {
    try {
      const bytes = parseBytes(text);
      if (bytes >= least) return bytes;
    } catch {
      // falls through to the message below, which says the form as well
    }
    context.addIssue({ code: "custom", message: `an amount of bytes of ${formatBytes(least)} or more, such as 512MiB or 2GB` });
    return z.NEVER;
  });

export const ioMode = () =>
  z.enum(IO_MODES).default("auto").meta({
    description: "for long reads and writes of files: bypass the page cache (direct), use it, or whichever is faster",
    value: "MODE",
  });

const AGE_MS = { d: 24 * 3600_000, h: 3600_000 } as const;

/** `30d` or `12h`, in milliseconds. */
export const age = () =>
  z
    .string()
    .regex(/^\d{1,6}[dh]$/, "days or hours, such as 30d or 12h")
    .transform((text) => Number(text.slice(0, -1)) * AGE_MS[text.at(-1) as "d" | "h"]);

const DURATION_MS = { s: 1000, m: 60_000, h: 3600_000 } as const;

/** `90s`, `5m` or `2h`, in milliseconds. */
export const duration = () =>
  z
    .string()
    .regex(/^\d{1,6}[smh]$/, "seconds, minutes or hours, such as 60s, 5m or 2h")
    .transform((text) => Number(text.slice(0, -1)) * DURATION_MS[text.at(-1) as "s" | "m" | "h"]);

/** `50MB/s`; the `/s` may be left out. For the `transform` of an option. */
export function perSecond(
  text: string,
  parse: (amount: string) => number,
  wanted: string,
  context: z.core.$RefinementCtx,
): number {
  const amount = text.trim().replace(/\s*\/\s*s(?:ec(?:ond)?)?$/i, "");
  try {
    const value = parse(amount);
    if (amount !== "" && Number.isFinite(value) && value > 0) return value;
  } catch (error) {
    if (!(error instanceof EmporiumError)) throw error;
  }
  context.addIssue({ code: "custom", message: wanted });
  return z.NEVER;
}

export const bytesPerSecond = () =>
  z.string().transform((text, context) => perSecond(text, parseBytes, "an amount of bytes a second, such as 50MB/s", context));

export const httpUrl = () =>
  z.string().refine((text) => /^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : ""), "an http(s) address");

/** Worker threads unless `--jobs` says otherwise. Each keeps about five files open. */
export function defaultJobs(): number {
  return fewFiles ? 1 : availableParallelism();
}

/**
 * Ceiling for buffers unless `--memory` says otherwise: 512 MiB, or half of what a control group allows where that is less, since
 * code, thread stacks and the file cache of the group need room beside the buffers.
 *
 * @param constrainedBytes the limit of the control group; 0 or more than there is for none (`process.constrainedMemory()`).
 */
export function defaultMemoryBytes(constrainedBytes: number | undefined = process.constrainedMemory()): number {
  const half = constrainedBytes ? Math.floor(constrainedBytes / 2) : Number.POSITIVE_INFINITY;
  return Math.max(LIMITS.memoryBytesMin, Math.min(LIMITS.memoryBytes, half));
}

/** `1/20`: the first of twenty shares. @throws {EmporiumError} USAGE where there is no such share. */
export function shareOf(text: string | undefined): { part: number; of: number } | undefined {
  if (text === undefined) return undefined;
  const [part = 0, of = 0] = text.split("/").map(Number);
  if (part <= of) return { part, of };
  throw new EmporiumError("USAGE", `--subset: expected a share such as 1/20, found "${text}"`, {
    hint: `give a share from 1/${of} to ${of}/${of}`,
  });
}
