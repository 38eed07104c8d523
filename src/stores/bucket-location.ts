import { unsafe } from "./keys.js";
import { type Location, type Scheme, unknownLocation } from "./location.js";

/** `s3://bucket/key`, `gs://bucket/key`; keys are literal. @throws {EmporiumError} LOCATION_UNKNOWN, NAME_UNSAFE */
export function bucketLocation(text: string, scheme: Scheme): Location {
  const match = /^[^:]+:\/\/([^/]*)\/?(.*)$/s.exec(text)!;
  const bucket = match[1]!;
  // S3's own rules, and nothing that could be read as another host.
  if (!/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/i.test(bucket))
    throw unknownLocation(text, `has no valid bucket name ("${bucket}")`, `the form is ${scheme}://bucket/key`);
  const prefix = match[2]!.replace(/\/+$/, "");
  for (const segment of prefix === "" ? [] : prefix.split("/")) {
    if (segment === "" || segment === "." || segment === "..") throw unsafe(prefix, `has the segment "${segment}"`);
  }
  const url = prefix === "" ? `${scheme}://${bucket}` : `${scheme}://${bucket}/${prefix}`;
  const slash = prefix.lastIndexOf("/");
  return {
    scheme,
    url,
    root: slash < 0 ? `${scheme}://${bucket}` : `${scheme}://${bucket}/${prefix.slice(0, slash)}`,
    key: prefix.slice(slash + 1),
    bucket,
    prefix,
  };
}

/** The folder that an object of a bucket is in. */
export function bucketParent({ root, prefix = "" }: Location): Partial<Location> {
  return { url: root, prefix: prefix.split("/").slice(0, -1).join("/") };
}
