/** Checksums of the whole object that an answer's headers carry, as `md5:` and hexadecimal digits, by rising strength. */
export function headerChecksums(header: (name: string) => string | undefined, status: number): string[] {
  // Google unpacks what was stored packed; its hash stays that of the packed bytes.
  const stored = header("x-goog-stored-content-encoding") ?? "identity";
  const found: string[] = [];
  const add = (algorithm: string, base64: string | undefined, bytes: number) => {
    const digest = base64 === undefined ? undefined : Buffer.from(base64, "base64");
    if (digest?.length === bytes) found.push(`${algorithm}:${digest.toString("hex")}`);
  };
  // S3, and those who speak like it, tag an object that came in one piece with its MD5; one of several parts has a dash.
  const tag = /^"([0-9a-f]{32})"$/i.exec(header("etag") ?? "")?.[1];
  if (tag !== undefined && stored.toLowerCase() === "identity") found.push(`md5:${tag.toLowerCase()}`);
  if (stored.toLowerCase() === "identity")
    add("md5", /(?:^|[,\s])md5=([A-Za-z0-9+/=]+)/.exec(header("x-goog-hash") ?? "")?.[1], 16);
  // Of a part's answer this would be the part's.
  if (status === 200) add("md5", header("content-md5")?.trim(), 16);
  add("md5", header("x-ms-blob-content-md5")?.trim(), 16);
  // RFC 3230 and RFC 9530: of the whole representation, also beside a part of it.
  const digest = `${header("digest") ?? ""},${header("repr-digest") ?? ""}`;
  add("sha256", /(?:^|[,\s])sha-256=:?([A-Za-z0-9+/=]+?):?(?:[,;\s]|$)/i.exec(digest)?.[1], 32);
  add("sha512", /(?:^|[,\s])sha-512=:?([A-Za-z0-9+/=]+?):?(?:[,;\s]|$)/i.exec(digest)?.[1], 64);
  return found;
}
