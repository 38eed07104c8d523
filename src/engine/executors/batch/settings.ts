import { z } from "zod";

/** Settings of a profile for AWS Batch. */
export const BatchSettings = z.strictObject({
  /** Name, `name:revision` or ARN of a job definition whose image has the program. */
  definition: z.string().min(1).max(1_000),
  region: z.string().min(1).max(100).optional(),
  /** Profile of the AWS configuration. */
  profile: z.string().min(1).max(1_000).optional(),
});
export type BatchSettings = z.output<typeof BatchSettings>;
