import { EmporiumError } from "../../../core/errors.js";
import { type JsonObject, printJsonLine } from "../../../core/json.js";
import { redact } from "../../../core/redact.js";
import { type AwsAccount, codeOf, type ServiceAnswer } from "../../../stores/s3/account.js";
import type { Execution } from "./executions.js";

/** Resources of the portal's AWS account for one environment. */
export interface PortalAccount {
  readonly registry: string;
  readonly wdlBucket: string;
  readonly commsBucket: string;
  readonly stateMachine: string;
}

/**
 * Finds the account's number, the buckets of the workflow engine and the state machine of an environment.
 *
 * @throws {EmporiumError} STORE_ABSENT where one of them is missing: probably the profile of another account; STORE_DENIED, STORE_…
 */
export async function findPortalAccount(account: AwsAccount, environment: string): Promise<PortalAccount> {
  const form = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
  const who = await account.ask({
    ...{ service: "sts", variable: "STS", method: "POST", headers: form },
    body: "Action=GetCallerIdentity&Version=2011-06-15",
  });
  const number = /<Account>(\d+)<\/Account>/.exec(allowed(who))?.[1];
  if (number === undefined) throw new EmporiumError("STORE_PROTOCOL", "AWS does not return the number of the account");
  const listed = await account.ask({ service: "s3", variable: "S3", method: "GET", headers: {}, body: "" });
  const buckets = [...allowed(listed).matchAll(/<Name>([^<]+)<\/Name>/g)].map(([, name]) => name!);
  const bucketOf = (word: string): string => {
    const found = buckets.find((name) => name.includes(word) && name.includes(environment));
    if (found !== undefined) return found;
    throw missing(`no bucket of account ${number} has ${word} and ${environment} in its name`, environment);
  };
  const [wdlBucket, commsBucket] = [bucketOf("swipe-wdl"), bucketOf("swipe-comms")];
  const name = `cryoet-ingestion-${environment}-default-wdl`;
  const stateMachine = `arn:aws:states:${account.region}:${number}:stateMachine:${name}`;
  const described = await steps(account, "DescribeStateMachine", { stateMachineArn: stateMachine });
  if (described.status >= 400 && /DoesNotExist|InvalidArn/.test(codeOf(described.text)))
    throw missing(`account ${number} has no state machine ${name} in ${account.region}`, environment);
  allowed(described);
  return { registry: `${number}.dkr.ecr.${account.region}.amazonaws.com`, wdlBucket, commsBucket, stateMachine };
}

function missing(message: string, environment: string): EmporiumError {
  return new EmporiumError("STORE_ABSENT", message, {
    hint: `check that AWS_PROFILE and AWS_REGION are those of ${environment}, or give another --environment`,
  });
}

/** Starts an execution. @returns `already` if an execution of this name exists */
export async function startExecution(
  account: AwsAccount,
  stateMachine: string,
  { name, input }: Execution,
): Promise<{ arn: string | undefined; already: boolean }> {
  // the service takes the input as a text, and a repeated call must give the same one
  const body = { stateMachineArn: stateMachine, name, input: printJsonLine(input) };
  const answer = await steps(account, "StartExecution", body);
  if (answer.status >= 400 && codeOf(answer.text) === "ExecutionAlreadyExists") return { arn: undefined, already: true };
  const { executionArn } = JSON.parse(allowed(answer)) as { executionArn?: string };
  return { arn: executionArn, already: false };
}

function steps(account: AwsAccount, operation: string, body: JsonObject): Promise<ServiceAnswer> {
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AWSStepFunctions.${operation}` };
  return account.ask({ service: "states", variable: "SFN", method: "POST", headers, body: printJsonLine(body) });
}

/** @throws {EmporiumError} STORE_DENIED, ENGINE_REFUSED */
function allowed({ status, text }: ServiceAnswer): string {
  if (status < 400) return text;
  const isDenied =
    status === 401 || status === 403 || /AccessDenied|UnrecognizedClient|ExpiredToken|InvalidClientToken/.test(codeOf(text));
  const said = /"[mM]essage"\s*:\s*"([^"]*)"/.exec(text)?.[1] ?? /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? "";
  const message = `AWS refuses with ${codeOf(text) || status}${said === "" ? "" : `: ${redact(said)}`}`;
  throw new EmporiumError(isDenied ? "STORE_DENIED" : "ENGINE_REFUSED", message, {
    hint: isDenied ? "check the credentials, and what they allow" : "check --environment and the account's limits",
  });
}
