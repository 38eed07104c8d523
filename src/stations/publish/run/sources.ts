import type { Clock } from "../../../core/clock.js";
import { EmporiumError } from "../../../core/errors.js";
import type { StoreOptions } from "../../../stores/location.js";
import type { LearntWay } from "../../../stores/s3/direct-put.js";
import type { Store } from "../../../stores/store.js";
import { openStore, parseLocation } from "../../../stores/url.js";
import { pathTaken } from "../plan/filters.js";
import { type Plan, type PlanItem, sourcePath } from "../plan/plan.js";
import { JOBS } from "../sync/carrier.js";
import { type Senders, startSenders } from "../sync/sender-threads.js";
import type { SyncSource } from "../sync/wanted.js";

/** Opens the bucket of a plan. Keys are relative to its location. */
export async function openBucket({ bucket, transfer }: Plan, { jobs = JOBS, ...options }: BucketOptions = {}): Promise<Store> {
  const { awsProfile, endpoint, region, acl, storageClass } = transfer;
  return openStore(bucket, { ...options, profile: awsProfile, endpoint, region, acl, storageClass, inFlight: jobs });
}

export interface BucketOptions extends Pick<StoreOptions, "clock" | "random" | "readOnly" | "onWay" | "io"> {
  jobs?: number | undefined;
}

/** Paths and key of a plan's item. @throws {EmporiumError} CONFIG_RULE for a target outside the bucket */
export function syncSource(plan: Plan, item: PlanItem): SyncSource {
  const { id, action, target } = item;
  const bucket = plan.bucket.replace(/\/+$/, "");
  if (target !== bucket && !target.startsWith(`${bucket}/`)) {
    throw new EmporiumError("CONFIG_RULE", `the target ${target} of ${id} is not below ${plan.bucket}`, {
      place: { path: "target" },
    });
  }
  const folder = target.slice(bucket.length).replace(/^\/+|\/+$/g, "");
  const path = sourcePath(plan, item);
  const takes = pathTaken(plan.transfer.filters);
  if (action === "sync") return { id, kind: "folder", path, key: folder, takes };
  const name = path.slice(path.lastIndexOf("/") + 1);
  return { id, kind: "file", path, key: folder === "" ? name : `${folder}/${name}`, takes };
}

/** Options for writing to a bucket, beyond its location. */
export interface BucketWrites {
  bucket: string;
  acl?: string | undefined;
  storageClass?: string | undefined;
  /** Limit of the buffers of all threads. */
  memoryBytes?: number | undefined;
}

/** The sender threads of a bucket. They start at the first request after the connection to the bucket is known. */
export function sendersOf({ bucket, acl, storageClass, memoryBytes }: BucketWrites, clock: Clock) {
  let way: LearntWay | undefined;
  let senders: Senders | undefined;
  return {
    onWay(learnt: LearntWay): void {
      way = learnt;
    },
    senders(): Senders | undefined {
      if (!way || senders) return senders;
      const { prefix = "" } = parseLocation(bucket);
      const headers = {
        ...(acl === undefined ? {} : { "x-amz-acl": acl }),
        ...(storageClass === undefined ? {} : { "x-amz-storage-class": storageClass }),
      };
      senders = startSenders(way, { base: prefix === "" ? "" : `${prefix}/`, headers, clock, memoryBytes });
      return senders;
    },
    close: async () => senders?.close(),
  };
}
