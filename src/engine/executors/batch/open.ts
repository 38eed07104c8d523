import { systemClock } from "../../../core/clock.js";
import { awsAccess } from "../../../stores/s3/access.js";
import type { EngineExecutor } from "../engine-executor.js";
import { batchApi } from "./api.js";
import { batchExecutor } from "./executor.js";
import type { BatchSettings } from "./settings.js";

/** AWS Batch of the region and credentials that buckets are opened with, unless the profile says others. */
export async function openBatch(
  settings: BatchSettings,
  { queue, env }: { queue: string | undefined; env: Readonly<Record<string, string | undefined>> },
): Promise<EngineExecutor> {
  const endpointOf = (region: string) =>
    env.AWS_ENDPOINT_URL_BATCH ??
    env.AWS_ENDPOINT_URL ??
    `https://batch.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
  const access = await awsAccess(endpointOf, settings, systemClock);
  const endpoint = endpointOf(access.region).replace(/\/$/, "");
  return batchExecutor(batchApi({ endpoint, access, clock: systemClock, random: Math.random }), settings, queue);
}
