import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { emporium } from "./environment.js";
import { type Moto, motoProgram, startMoto } from "./moto-kit.js";

const REGION = "us-west-2";
const NAME = "cryoet-ingestion-staging-default-wdl";

/** Executions that `ingest queue` starts, as a Step Functions service has them that other people wrote. */
describe.skipIf(!motoProgram)("ingest queue and moto's Step Functions", { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-steps-"));
  let server: Moto;

  async function steps<T>(operation: string, body: object): Promise<T> {
    const headers = {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `AWSStepFunctions.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=peers/20260102/${REGION}/states/aws4_request, SignedHeaders=host, Signature=0`,
    };
    const reply = await fetch(server.url, { method: "POST", headers, body: JSON.stringify(body) });
    return (await reply.json()) as T;
  }
  const put = async (path: string, body?: Buffer) => {
    const reply = await fetch(`${server.url}/${path}`, { method: "PUT", ...(body ? { body: new Uint8Array(body) } : {}) });
    expect(reply.status).toBe(200);
  };
  beforeAll(async () => {
    await generateLab({ out: join(folder, "lab"), deposits: ["imod"], runs: 2, shape: [8, 16, 16] });
    server = await startMoto();
    for (const bucket of ["lab-input", "lab-output", "org-staging-swipe-wdl", "org-staging-swipe-comms"]) await put(bucket);
    const input = join(folder, "lab/input");
    for (const name of readdirSync(input, { recursive: true, encoding: "utf8" })) {
      if (statSync(join(input, name)).isFile()) await put(`lab-input/${name}`, readFileSync(join(input, name)));
    }
    const definition = JSON.stringify({ StartAt: "Wait", States: { Wait: { Type: "Wait", Seconds: 3600, End: true } } });
    await steps("CreateStateMachine", { name: NAME, definition, roleArn: "arn:aws:iam::123456789012:role/service-role/unknown" });
  }, 240_000);
  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const queue = async () => {
    const words = ["ingest", "queue", join(folder, "lab/imod.yaml"), "s3://lab-input", "s3://lab-output", "--import-everything"];
    const { stdout } = await emporium([...words, "--json", "-q", "--workspace", join(folder, "work")], {
      AWS_ENDPOINT_URL: server.url,
      AWS_ACCESS_KEY_ID: "peers",
      AWS_SECRET_ACCESS_KEY: "peers-secret",
      AWS_REGION: REGION,
    });
    return JSON.parse(stdout) as { stateMachine: string; executions: { name: string; input: object }[] };
  };

  it("are there under their names, with their inputs, and once", async () => {
    const first = await queue();
    expect(first).toMatchObject({ status: "done", started: 2, already: 0 });
    expect(await queue()).toMatchObject({ status: "done", started: 0, already: 2 });
    const listed = await steps<{ executions: { name: string; executionArn: string }[] }>("ListExecutions", {
      stateMachineArn: `arn:aws:states:${REGION}:123456789012:stateMachine:${NAME}`,
    });
    expect(listed.executions.map(({ name }) => name.replace(/^\d+-/, "")).sort()).toEqual([
      "dep10301-ds10401-runTS-0001",
      "dep10301-ds10401-runTS-0002",
    ]);
    for (const { name, executionArn } of listed.executions) {
      const { input } = await steps<{ input: string }>("DescribeExecution", { executionArn });
      expect(JSON.parse(input)).toMatchObject({
        Input: {
          Run: {
            docker_image_id: `123456789012.dkr.ecr.${REGION}.amazonaws.com/cryoet-staging:main`,
            input_bucket: "lab-input",
            output_path: "lab-output",
          },
        },
        OutputPrefix: `s3://org-staging-swipe-comms/swipe/swipe-job-output/${name}/results`,
        RunEC2Memory: 24000,
      });
    }
  });
});
