import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { redact } from "../../core/redact.js";
import { networkError } from "../../net/errors.js";

export interface FtpReply {
  code: number;
  message: string;
}

/** A reply that is no success, by its number alone (RFC 959 §4.2): 4yz may pass, 5yz will not. */
export function replyError({ code, message }: FtpReply, url: string): EmporiumError {
  const shown = redact(url);
  const place = { url: shown };
  const what = `${shown}: the server answers ${redact(message.split("\n").at(-1)!.slice(0, 200))}`;
  if ([331, 332, 430, 530, 532].includes(code)) {
    return new EmporiumError("STORE_DENIED", what, { place, hint: "give a user and password, as ftp://user:password@host/path" });
  }
  if (code === 550 || code === 553) {
    return new EmporiumError("STORE_DENIED", what, { place, hint: "check that you may read this" });
  }
  if (code === 421) return new EmporiumError("STORE_UNAVAILABLE", what, { place, retry: "later" });
  if (code >= 400 && code < 500) {
    return new EmporiumError("STORE_UNAVAILABLE", what, { place, retry: "later", hint: "try again later" });
  }
  return new EmporiumError("STORE_FAILED", what, {
    place,
    hint: "use another address of the same data: the server may not support this request",
  });
}

const losses = new WeakSet<Error>();

/** The control connection is lost. The caller replaces a connection that was idle. */
export function lost(thrown: unknown, url: string): EmporiumError {
  if (isEmporiumError(thrown)) return thrown;
  const error = networkError(thrown, url);
  losses.add(error);
  return error;
}

export function isLost(error: unknown): boolean {
  return error instanceof Error && losses.has(error);
}

/** The port of `229 … (|||6446|)` or `227 … (h1,h2,h3,h4,p1,p2)`; undefined for any other reply. */
export function passivePort({ code, message }: FtpReply): number | undefined {
  if (code === 229) {
    const text = /\(([!-~])\1\1(\d{1,5})\1\)/.exec(message)?.[2];
    return portOf(Number(text ?? Number.NaN));
  }
  if (code !== 227) return undefined;
  // The brackets are often left out.
  const numbers = /(?<![\d,])\d{1,3},\d{1,3},\d{1,3},\d{1,3},(\d{1,3}),(\d{1,3})(?![\d,])/.exec(message);
  return numbers ? portOf(Number(numbers[1]) * 256 + Number(numbers[2])) : undefined;
}

function portOf(port: number): number | undefined {
  return port >= 1 && port <= 65535 ? port : undefined;
}

/** `213 5030`, the answer to SIZE. */
export function sizeIn({ code, message }: FtpReply): number | undefined {
  const text = code === 213 ? /^213\s+(\d{1,16})\s*$/.exec(message)?.[1] : undefined;
  return text === undefined ? undefined : Number(text);
}

/** `20240115120000` or `20240115120000.123`, UTC: what MDTM and the fact `modify` hold. */
export function timeIn(text: string): { stamp: string; ms: number } | undefined {
  const match = /^\s*((\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d))(?:\.\d+)?\s*$/.exec(text);
  if (!match) return undefined;
  const [, stamp, ...parts] = match as unknown as string[];
  const [year, month, day, hour, minute, second] = parts.map(Number) as [number, number, number, number, number, number];
  return { stamp: stamp!, ms: Date.UTC(year, month - 1, day, hour, minute, second) };
}

/** Identity of a file: its size and its time. */
export function ftpEtag(size: number, stamp: string | undefined): string {
  return `"${size}-${stamp ?? ""}"`;
}
