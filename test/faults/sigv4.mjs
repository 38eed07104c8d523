import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/**
 * True when the request is signed by these credentials (AWS Signature Version 4, header form).
 * Source: "Create a signed AWS API request", AWS IAM User Guide.
 * @param {{ method: string, rawPath: string, rawQuery: string, headers: Record<string, string | string[] | undefined> }} request
 * @param {{ accessKeyId: string, secretAccessKey: string }} credentials
 */
export function isSigned({ method, rawPath, rawQuery, headers }, { accessKeyId, secretAccessKey }) {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      String(headers.authorization ?? ""),
    );
  if (!match || match[1] !== accessKeyId) return false;
  const [, , day, region, service, signedHeaders, signature] = /** @type {string[]} */ (/** @type {unknown} */ (match));
  const names = signedHeaders.split(";");
  const canonical = [
    method,
    rawPath,
    rawQuery
      .split("&")
      .filter((pair) => pair !== "")
      .map((pair) => (pair.includes("=") ? pair : `${pair}=`))
      .sort()
      .join("&"),
    ...names.map(
      (name) =>
        `${name}:${String(headers[name] ?? "")
          .trim()
          .replace(/ +/g, " ")}`,
    ),
    "",
    signedHeaders,
    String(headers["x-amz-content-sha256"] ?? ""),
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, createHash("sha256").update(canonical).digest("hex")].join(
    "\n",
  );
  /** @param {string | Buffer} key @param {string} text */
  const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
  const key = hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, day), region), service), "aws4_request");
  return timingSafeEqual(hmac(key, toSign), Buffer.from(signature, "hex"));
}
