import { LIMITS } from "../core/limits.js";
import { readBody, type Timeouts } from "../net/body.js";
import type { HttpReply } from "../net/client.js";
import type { NetRequest } from "./portal.js";
import { decompressed, tooLong } from "./reply-body.js";

/**
 * The reply to one request of a chain of redirections. `bytes` are empty for HEAD and for ranges, of which the head is what is
 * asked for.
 */
export interface Answer {
  readonly status: number;
  header(name: string): string | undefined;
  readonly bytes: Uint8Array;
}

/** @throws {EmporiumError} FORMAT_LIMIT for a body above `bytesMax`, STORE_UNAVAILABLE, PORTAL_REPLY, CANCELLED */
export async function readAnswer(
  reply: HttpReply,
  method: string,
  { headers = {}, bytesMax = LIMITS.replyBytes }: NetRequest,
  { shown, timeouts, signal }: { shown: string; timeouts: Timeouts; signal: AbortSignal | undefined },
): Promise<Answer> {
  const { status, header, body } = reply;
  const answer = { status, header, bytes: new Uint8Array(0) };
  if (method === "HEAD") {
    await body.dump({ limit: 1024 }).catch(() => {});
    return answer;
  }
  if (headers.range !== undefined) {
    body.destroy();
    return answer;
  }
  const length = header("content-length");
  const announced = length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
  if (announced !== undefined && announced > bytesMax) {
    body.destroy();
    throw tooLong(shown, announced, bytesMax);
  }
  const { bytes } = await readBody(body, { url: shown, length: bytesMax + 1, announced, etag: undefined, timeouts, signal });
  if (bytes.length > bytesMax) throw tooLong(shown, bytes.length, bytesMax);
  return { ...answer, bytes: await decompressed(bytes, header("content-encoding"), shown, bytesMax) };
}
