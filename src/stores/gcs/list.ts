import { throwIfCancelled } from "../../core/cancel.js";
import type { Clock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import { isJsonObject } from "../../core/json-fields.js";
import { LIMITS } from "../../core/limits.js";
import { readBody, type Timeouts } from "../../net/body.js";
import { drop } from "../../net/client.js";
import { parseRetryAfter, protocol, statusError } from "../../net/errors.js";
import type { HttpAnswer, HttpRequest } from "../../net/requests.js";

export interface GcsObject {
  /** The bucket's key. */
  name: string;
  size: number;
  /** Lower-case hexadecimal. Objects that were composed of several have none. */
  md5: string | undefined;
  /** CRC-32C, base64 of four bytes, big-endian, as Google states it. */
  crc32c: string | undefined;
  modifiedMs: number | undefined;
}

interface Bucket {
  endpoint: string;
  bucket: string;
  request(request: HttpRequest): Promise<HttpAnswer>;
  timeouts: Timeouts;
  clock: Clock;
}

/** Pages of the JSON API's listing, without an account. With a delimiter: one level, where folders end with it. */
export async function* gcsPages(
  { endpoint, bucket, request, timeouts, clock }: Bucket,
  prefix: string,
  delimiter: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ items: GcsObject[]; prefixes: string[] }> {
  const shown = `${endpoint}/storage/v1/b/${encodeURIComponent(bucket)}/o`;
  const seen = new Set<string>();
  for (let token = ""; ; ) {
    throwIfCancelled(signal);
    const query = new URLSearchParams({
      prefix,
      ...(delimiter === "" ? {} : { delimiter }),
      ...(token === "" ? {} : { pageToken: token }),
      fields: "items(name,size,md5Hash,crc32c,updated),prefixes,nextPageToken",
    });
    const answer = await request({ method: "GET", url: `${shown}?${query}`, shown, signal });
    const { status, header, body } = answer;
    if (status !== 200) {
      await drop(answer);
      if (status === 401 || status === 403) throw notPublic(shown, status);
      throw statusError(status, shown, { retryAfterMs: parseRetryAfter(header("retry-after"), clock.now()) });
    }
    const length = header("content-length");
    const announced = length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
    const { bytes } = await readBody(body, {
      url: shown,
      length: LIMITS.replyBytes + 1,
      announced,
      etag: undefined,
      timeouts,
      signal,
    });
    const page = bytes.length > LIMITS.replyBytes ? undefined : parse(new TextDecoder().decode(bytes));
    if (!page) throw protocol(shown, "answers with what is not a listing", undefined, "no");
    yield {
      items: listOf(page.items).flatMap(objectOf),
      prefixes: listOf(page.prefixes).filter((one) => typeof one === "string"),
    };
    const next = page.nextPageToken;
    if (typeof next !== "string" || next === "") return;
    if (seen.has(next)) throw protocol(shown, "repeats a page of its listing", undefined, "no");
    seen.add(next);
    token = next;
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function objectOf(value: unknown): GcsObject[] {
  if (typeof value !== "object" || value === null) return [];
  const { name, size, md5Hash, crc32c, updated } = value as Record<string, unknown>;
  // Sizes are text: JSON's numbers end at 2^53.
  if (typeof name !== "string" || !/^\d{1,16}$/.test(String(size))) return [];
  const modifiedMs = typeof updated === "string" ? Date.parse(updated) : Number.NaN;
  return [
    {
      name,
      size: Number(size),
      md5:
        typeof md5Hash === "string" && /^[A-Za-z0-9+/]{22}==$/.test(md5Hash)
          ? Buffer.from(md5Hash, "base64").toString("hex")
          : undefined,
      crc32c: typeof crc32c === "string" ? crc32c : undefined,
      modifiedMs: Number.isNaN(modifiedMs) ? undefined : modifiedMs,
    },
  ];
}

function notPublic(url: string, status: number): EmporiumError {
  return new EmporiumError("STORE_DENIED", `${url}: the server answers ${status}, so the bucket may not be listed by everybody`, {
    place: { url },
    hint: "name the objects one by one: many buckets may be read and not listed",
  });
}
