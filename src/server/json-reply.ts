import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { judgeConditions, quotedEtag } from "./conditions.js";
import { accepts } from "./static.js";

/** Shorter answers are not worth the work. */
const GZIP_BYTES_MIN = 4 * 1024;
const compress = promisify(gzip);

/**
 * An answer as it is sent: JSON gets an entity tag of its text, unless it has one or may not be stored, so that what a client has already is not sent
 * again; long JSON is compressed where the client takes that. Everything else stays as it is, and so do answers of unknown length, which are streams.
 */
export async function sentJson(request: Request, response: Response): Promise<Response> {
  const { status, headers } = response;
  const isJson = headers.get("content-type")?.startsWith("application/json") === true;
  if (!isJson || !response.body || request.method === "HEAD" || headers.has("content-encoding")) return response;
  const plain = new Uint8Array(await response.arrayBuffer());
  const told = new Headers(headers);
  if (status === 200 && !told.has("etag") && told.get("cache-control") !== "no-store") {
    // weak: the same text may come compressed or not
    const etag = `W/${quotedEtag(createHash("sha256").update(plain).digest("base64url").slice(0, 22))}`;
    told.set("etag", etag);
    if (judgeConditions(request.headers, { size: plain.length, etag }) === 304) {
      told.delete("content-type");
      told.delete("content-length");
      return new Response(null, { status: 304, headers: told });
    }
  }
  let body = plain;
  if (plain.length > GZIP_BYTES_MIN) {
    told.append("vary", "Accept-Encoding");
    if (accepts(request.headers.get("accept-encoding") ?? "", "gzip")) {
      body = new Uint8Array(await compress(plain));
      told.set("content-encoding", "gzip");
      const etag = told.get("etag");
      if (etag !== null && !etag.startsWith("W/")) told.set("etag", `W/${etag}`);
    }
  }
  told.set("content-length", String(body.length));
  return new Response(body, { status, headers: told });
}
