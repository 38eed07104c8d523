import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import type { Clock } from "../../core/clock.js";
import { markSecret } from "../../core/redact.js";
import { s3Error } from "./errors.js";
import type { S3Credentials } from "./sign.js";

/** Region and credentials for requests to Amazon's services. */
export interface AwsAccess {
  readonly region: string;
  /** The credentials; fresh ones when the old ones have ended. @throws {EmporiumError} STORE_DENIED where there are none */
  credentials(): Promise<S3Credentials>;
}

/**
 * Region and credentials as the store of buckets finds them: environment, profile, machine role.
 *
 * @param url of the service, for messages
 */
export async function awsAccess(
  url: (region: string) => string,
  { region, profile }: { region?: string | undefined; profile?: string | undefined },
  clock: Clock,
): Promise<AwsAccess> {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  for (const name of ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]) markSecret(process.env[name]);
  const config: S3ClientConfig = {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
  };
  const client = new S3Client(config); // sends nothing: it knows all the ways in which people give credentials
  const found = await client.config.region().catch(() => "us-east-1");
  return {
    region: found,
    credentials: () =>
      client.config.credentials().catch((thrown: unknown) => {
        throw s3Error(thrown, url(found), clock.now());
      }),
  };
}
