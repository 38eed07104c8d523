import { systemClock } from "../../../core/clock.js";
import { awsAccess } from "../../../stores/s3/access.js";
import { serviceEndpoint } from "../../../stores/s3/service.js";
import type { EngineExecutor } from "../engine-executor.js";
import { batchApi } from "./api.js";
import { batchExecutor } from "./executor.js";
import type { BatchSettings } from "./settings.js";

/** AWS Batch of the region and credentials that buckets are opened with, unless the profile says others. */
export async function openBatch(
  settings: BatchSettings,
  { queue, env }: { queue: string | undefined; env: Readonly<Record<string, string | undefined>> },
): Promise<EngineExecutor> {
  const endpointOf = (region: string) => serviceEndpoint("batch", "BATCH", region, env);
  const access = await awsAccess(endpointOf, settings, systemClock);
  const endpoint = endpointOf(access.region);
  return batchExecutor(batchApi({ endpoint, access, clock: systemClock, random: Math.random }), settings, queue);
}
