import { createHash, createHmac } from "node:crypto";
import { isLoopback } from "../../net/public-address.js";

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface RequestToSign {
  readonly method: string;
  /** Host with its port, as the `Host` header carries it. */
  readonly host: string;
  /** Percent-encoded as S3 wants it (`encodeKey`). */
  readonly path: string;
  /** Names and values, not encoded; sorted by the signature itself. */
  readonly query: Readonly<Record<string, string>>;
  /** Lower-case names. `host` and those of the signature are added. */
  readonly headers: Readonly<Record<string, string>>;
  /** Lower-case SHA-256 of the body, or `UNSIGNED-PAYLOAD`. */
  readonly bodySha256: string;
  readonly nowMs: number;
}

export interface SignedRequest {
  /** Path and query, as they go over the wire. */
  readonly target: string;
  readonly headers: Record<string, string>;
}

export const UNSIGNED = "UNSIGNED-PAYLOAD";

/**
 * Whether nobody on the way could change a body: TLS protects it, or it does not leave this machine. Its hash need not be signed then; that it came
 * whole its CRC-32 proves.
 *
 * @param protocol `https:`
 * @param hostname an address of IPv6 with its brackets or without
 */
export function isProtected(protocol: string, hostname: string): boolean {
  return protocol === "https:" || hostname === "localhost" || isLoopback(hostname.replace(/^\[|\]$/g, ""));
}

/**
 * AWS Signature Version 4, header form. The key of a day is cached, so a signature costs three short hashes.
 *
 * Source: "Create a signed AWS API request", AWS IAM User Guide.
 */
export function requestSigner(
  region: string,
  service = "s3",
): (request: RequestToSign, credentials: S3Credentials) => SignedRequest {
  let lastSecond = Number.NaN;
  let moment = "";
  let day = "";
  let secret = "";
  let key: Buffer = Buffer.alloc(0);
  return ({ method, host, path, query, headers, bodySha256, nowMs }, credentials) => {
    const second = Math.floor(nowMs / 1000);
    if (second !== lastSecond) moment = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, "");
    lastSecond = second;
    const today = moment.slice(0, 8);
    if (today !== day || credentials.secretAccessKey !== secret) {
      const steps = [today, region, service, "aws4_request"];
      key = steps.reduce<Buffer>(hmac, Buffer.from(`AWS4${credentials.secretAccessKey}`));
      [day, secret] = [today, credentials.secretAccessKey];
    }
    const all: Record<string, string> = {
      ...headers,
      host,
      "x-amz-content-sha256": bodySha256,
      "x-amz-date": moment,
      ...(credentials.sessionToken === undefined ? {} : { "x-amz-security-token": credentials.sessionToken }),
    };
    const names = Object.keys(all).sort();
    const search = Object.entries(query)
      .map(([name, value]) => `${encodePart(name)}=${encodePart(value)}`)
      .sort()
      .join("&");
    let canonical = `${method}\n${path}\n${search}\n`;
    for (const name of names) canonical += `${name}:${all[name]!.trim().replace(/ {2,}/g, " ")}\n`;
    const signed = names.join(";");
    canonical += `\n${signed}\n${bodySha256}`;
    const scope = `${today}/${region}/${service}/aws4_request`;
    const text = `AWS4-HMAC-SHA256\n${moment}\n${scope}\n${createHash("sha256").update(canonical).digest("hex")}`;
    const signature = hmac(key, text).toString("hex");
    all.authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
    return { target: search === "" ? path : `${path}?${search}`, headers: all };
  };
}

/** A key as the path of an address: everything but letters, digits, `-._~` and `/` is percent-encoded. */
export function encodeKey(key: string): string {
  return /^[\w.~/-]*$/.test(key) ? key : key.split("/").map(encodePart).join("/");
}

function encodePart(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
