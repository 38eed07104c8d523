import { type Clock, systemClock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { TIMEOUTS, type Timeouts } from "../../net/body.js";
import { checkKey } from "../keys.js";
import { type S3Access, type S3Sender, s3Client } from "./client.js";
import { faultOf } from "./errors.js";

export interface S3BucketOptions extends S3Access {
  /** Keys of the store are below this, without a last `/`; `""` is the whole bucket. */
  prefix?: string | undefined;
  /** Canned access list of written objects, beside their storage class. Default: the bucket's own. */
  acl?: string | undefined;
  storageClass?: string | undefined;
  timeouts?: Partial<Timeouts> | undefined;
  clock?: Clock | undefined;
}

/** Longest key that S3 allows, in bytes of UTF-8. */
const KEY_BYTES_MAX = 1024;

/** Codes by which servers refuse checksums that they do not know. */
const CHECKSUM_REFUSED = new Set(["NotImplemented", "InvalidArgument", "InvalidRequest", "XNotImplemented"]);

/** Everything that operations on a bucket share: the client, and the mapping from keys of the store to keys of the bucket. */
export interface S3Bucket extends S3Sender {
  readonly bucket: string;
  /** Prefix of every key in the bucket: `""`, or ends with `/`. */
  readonly base: string;
  readonly timeouts: Timeouts;
  readonly acl: string | undefined;
  readonly storageClass: string | undefined;
  /** Address of a key, for messages; `""` is the root. */
  urlOf(key: string): string;
  /** The names of an object in a command. */
  objectOf(key: string): { Bucket: string; Key: string };
  /** Runs a call with checksums, and without them from the first time that the server turns out not to know them. */
  summed<T>(call: (sum: boolean) => Promise<T>): Promise<T>;
}

export function s3Bucket(options: S3BucketOptions): S3Bucket {
  const { bucket, prefix = "", clock = systemClock } = options;
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const base = prefix === "" ? "" : `${prefix}/`;
  const root = `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`;
  const urlOf = (key: string) => (key === "" ? root : `${root}/${key}`);
  let checksums = true;
  return {
    bucket,
    base,
    timeouts,
    acl: options.acl,
    storageClass: options.storageClass,
    ...s3Client(options, timeouts, clock),
    urlOf,
    objectOf(key) {
      const full = base + checkKey(key);
      if (full.length > KEY_BYTES_MAX / 3 && Buffer.byteLength(full) > KEY_BYTES_MAX) {
        throw new EmporiumError(
          "NAME_UNSAFE",
          `${urlOf(key)}: the key has ${counted(Buffer.byteLength(full), "byte")}, S3 allows ${KEY_BYTES_MAX}`,
          {
            place: { url: urlOf(key) },
            hint: "shorten the name or its folders",
          },
        );
      }
      return { Bucket: bucket, Key: full };
    },
    async summed(call) {
      if (!checksums) return call(false);
      try {
        return await call(true);
      } catch (error) {
        const fault = faultOf(error);
        if (!fault || !CHECKSUM_REFUSED.has(fault.code)) throw error;
        const result = await call(false);
        checksums = false;
        return result;
      }
    },
  };
}
