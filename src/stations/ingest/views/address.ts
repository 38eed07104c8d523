/** URL of the public portal's tree: the reference's own default. */
const PORTAL = "https://files.cryoetdataportal.cziscience.com";
/** URL at which a tree on this machine is usually served. */
const HERE = "http://127.0.0.1:8080";

/**
 * The URL of the tree in views if none is given: that of the bucket or server to which it is written; for a tree on this machine
 * this machine, port 8080.
 *
 * @param target URL of the output.
 * @param compat the reference's: the public portal.
 */
export function viewAddress(target: string, compat: boolean): string {
  if (compat) return PORTAL;
  if (/^https?:/.test(target)) return target;
  const [, bucket, path = ""] = /^s3:\/\/([^/]+)(\/.*)?$/.exec(target) ?? [];
  return bucket === undefined ? HERE : `https://${bucket}.s3.amazonaws.com${path}`;
}
