import { systemClock } from "../../src/core/clock.js";
import { batchApi } from "../../src/engine/executors/batch/api.js";
import { batchExecutor } from "../../src/engine/executors/batch/executor.js";
import { type BatchServerOptions, CREDENTIALS, DEFINITION, startBatchServer } from "./batch-server.js";

/** Pauses of tests. */
const POLICY = { tries: 4, baseMs: 20, capMs: 50, retryAfterMsMax: 1_000 };

/** AWS Batch at an address, spoken to as the program does. */
export function batchAt(endpoint: string, { definition = DEFINITION, queue = "test-queue" } = {}) {
  const access = { region: "us-east-1", credentials: async () => CREDENTIALS };
  const api = batchApi({ endpoint, access, clock: systemClock, random: Math.random, policy: POLICY });
  return batchExecutor(api, { definition }, queue);
}

export async function batchUnderTest(options: BatchServerOptions = {}) {
  const server = await startBatchServer(options);
  return { server, executor: batchAt(server.url) };
}
