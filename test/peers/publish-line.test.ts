import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { freePort, type Newcomer, newcomer } from "../e2e/seams/newcomer.js";
import { type FaultServer, startFaultServer } from "../faults/server.mjs";
import { hasEnvironment, python, type Verdict } from "./environment.js";
import { filesBelow } from "./serve-kit.js";

/** The other half of test/e2e/seams/publish-line.test.ts: what boto3 finds in the published bucket, and copick in the bucket that is served. */
const interpreter = fileURLToPath(new URL("../../.cache/venv-peers/bin/python", import.meta.url));
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "canary-secret-key" };
const TREE = "Ausgabe für Ä";

const LISTING = `
import boto3, hashlib, json
s3 = boto3.client("s3")
pages = s3.get_paginator("list_objects_v2").paginate(Bucket="bucket", Prefix="v 1/")
keys = [entry["Key"] for page in pages for entry in page["Contents"]]
print(json.dumps({key[4:]: hashlib.sha256(s3.get_object(Bucket="bucket", Key=key)["Body"].read()).hexdigest() for key in keys}))
`;

describe.skipIf(!hasEnvironment("peers"))("seam 29: a published tree, as other programs find it", () => {
  let server: FaultServer;
  let person: Newcomer;
  const environment = () => ({
    AWS_ENDPOINT_URL_S3: server.url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
  });

  beforeAll(async () => {
    server = await startFaultServer({ credentials });
    person = newcomer(environment());
    await generateLab({ out: person.at("lab"), deposits: ["imod"], sections: "all" });
    for (const words of [
      ["ingest", "run", "lab/imod.yaml", "lab/input", TREE, "--import-everything"],
      ["publish", "tree", TREE, "s3://bucket/v 1"],
      ["catalog", "import", "s3://bucket/v 1"],
    ])
      expect(await person.run(...words)).toMatchObject({ status: 0 });
  }, 300_000);
  afterAll(async () => {
    await person?.leave();
    await server?.close();
  });

  it("boto3: the bucket holds the tree, byte for byte, and nothing else", async () => {
    const env = { ...process.env, ...environment(), AWS_CONFIG_FILE: "/dev/null", AWS_SHARED_CREDENTIALS_FILE: "/dev/null" };
    // the server is in this process, so nothing here may block it
    const { stdout } = await promisify(execFile)(interpreter, ["-W", "ignore", "-c", LISTING], { env });
    const found: unknown = JSON.parse(stdout);
    const tree = person.at(TREE);
    const keys = filesBelow(tree).filter((key) => !key.startsWith(".emporium/"));
    const sha256 = (key: string) =>
      createHash("sha256")
        .update(readFileSync(join(tree, key)))
        .digest("hex");
    expect(found).toEqual(Object.fromEntries(keys.map((key) => [key, sha256(key)])));
  });

  it.each([1, 2])("copick: the bucket that is served has what the tree has, time %s", async (time) => {
    const port = String(await freePort());
    const served = await person.start(/Serving at (http:\/\/127\.0\.0\.1:\d+) /, "serve", "s3://bucket/v 1", "--port", port);
    const url = served.match[1]!;
    const project = person.at(`projekt ${time}.json`);
    expect(await person.run("catalog", "export", "copick", url, "--out", project)).toMatchObject({ status: 0 });
    const env = { AWS_ENDPOINT_URL_S3: `${url}/s3`, AWS_REGION: "us-east-1" };
    const answer = await python("peers", "copick_project.py", [project, person.at(TREE), `${url}/graphql`], env);
    const { verdicts, listed } = JSON.parse(answer.trim().split("\n").at(-1)!) as {
      verdicts: Verdict[];
      listed: Record<string, unknown>;
    };
    expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
    expect(listed.TS_0001).toEqual({ tomograms: ["13.48/wbp-raw"], picks: 2, points: 10, segmentations: 5 });
    expect(await served.stop()).toBe(0);
  });
});
