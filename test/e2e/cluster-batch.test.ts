import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { type BatchServer, CREDENTIALS, startBatchServer } from "../conformance/batch-server.js";
import { guideBlock } from "../conformance/engine-guide.js";
import { type FaultServer, startFaultServer } from "../faults/server.mjs";
import { program, type RunStatus } from "../peers/cluster-kit.js";
import { emporium } from "../peers/environment.js";

const POLL_MS = 200;
const BUCKET = "portal";

/** An import of files on this machine into a bucket, by containers that see both; they are child processes here. */
describe("an import through AWS Batch", { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-aws-"));
  let bucket: FaultServer;
  let batch: BatchServer;
  let env: NodeJS.ProcessEnv;
  let local: Map<string, string>;

  const ingest = (target: string, flags: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    emporium(
      [
        ...["ingest", "run", join(folder, "lab/imod.yaml"), join(folder, "lab/input"), target, "--import-everything"],
        ...["-q", "--json", "--workspace", join(folder, "work"), ...flags],
      ],
      { ...env, ...more },
    );
  const objects = (prefix: string, server = bucket) =>
    new Map(
      [...server.s3.buckets.get(BUCKET)!]
        .filter(([key]) => key.startsWith(prefix) && !key.slice(prefix.length).startsWith(".emporium"))
        .map(([key, { segments }]): [string, string] => {
          const hash = createHash("sha256");
          for (const { bytes } of segments) hash.update(bytes!);
          return [key.slice(prefix.length), hash.digest("hex")];
        })
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  const hasEnded = (prefix: string) =>
    [...bucket.s3.buckets.get(BUCKET)!.keys()].some(
      (key) => key.startsWith(prefix) && /^\.emporium\/runs\/[^/]+\/end\.json$/.test(key.slice(prefix.length)),
    );

  beforeAll(async () => {
    await generateLab({ out: join(folder, "lab"), deposits: ["imod"], runs: 2, shape: [8, 32, 24] });
    bucket = await startFaultServer({ buckets: [BUCKET], credentials: CREDENTIALS });
    const settings = {
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL_S3: bucket.url,
      SOURCE_DATE_EPOCH: "1767225600",
      XDG_CONFIG_HOME: join(folder, "config"),
    };
    // containers have the address of the queue too, for gates; it is known when the server is there
    const inside: NodeJS.ProcessEnv = { ...process.env, ...settings };
    batch = await startBatchServer({ env: inside });
    inside.AWS_ENDPOINT_URL_BATCH = batch.url;
    env = { ...settings, AWS_ENDPOINT_URL_BATCH: batch.url };
    mkdirSync(join(folder, "config/emporium"), { recursive: true });
    const profile = guideBlock("AWS Batch").replace("definition: emporium:3", "definition: test-definition");
    const here = `    command: ${JSON.stringify([process.execPath, program])}\n`; // the image has its own
    writeFileSync(
      join(folder, "config/emporium/emporium.engines.yaml"),
      profile.replace(/queue: .*\n/, `queue: test-queue\n${here}`),
    );
    // metadata names its own address, so the same one is written at another server
    const other = await startFaultServer({ buckets: [BUCKET], credentials: CREDENTIALS });
    expect((await ingest(`s3://${BUCKET}/made/`, [], { AWS_ENDPOINT_URL_S3: other.url })).status).toBe(0);
    local = objects("made/", other);
    await other.close();
    rmSync(join(folder, "work"), { recursive: true }); // with its journal
  }, 240_000);
  afterAll(async () => {
    await batch?.close();
    await bucket?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("makes the objects of an import by this machine alone, byte for byte, while nobody watches", async () => {
    const target = `s3://${BUCKET}/made/`;
    const begun = await ingest(target, ["--executor", "aws-batch"]);
    expect(JSON.parse(begun.stdout), begun.stderr).toMatchObject({ status: "submitted" });
    while (!hasEnded("made/")) await sleep(POLL_MS);
    const now = JSON.parse((await emporium(["engine", "status", target, "--json"], env)).stdout) as RunStatus;
    expect(now).toMatchObject({ status: "done", done: now.tasks });
    expect(objects("made/")).toEqual(local);
    const again = JSON.parse((await ingest(target, ["--executor", "aws-batch"])).stdout) as Record<string, unknown>;
    expect(again).toMatchObject({ status: "done", done: 0 });
  });
  it("is cancelled, and nothing of it is left in the queue", async () => {
    const target = `s3://${BUCKET}/cancelled/`;
    await ingest(target, ["--executor", "aws-batch"]);
    expect((await emporium(["engine", "cancel", target], env)).status).toBe(0);
    const { resources } = runRecord("cancelled/");
    expect(resources).toMatchObject({ queue: "test-queue", settings: { definition: "test-definition" } });
    const terminated = batch.calls.filter(({ operation }) => operation === "terminatejob");
    expect(terminated.length).toBeGreaterThanOrEqual(1); // of the array and its gate, what had not ended by itself
    expect(batch.left()).toEqual([]);
  });
  it("an expired token is told with what to do, before anything is touched", async () => {
    batch.failNext(1, { status: 403, type: "ExpiredTokenException" });
    const expired = await ingest(`s3://${BUCKET}/expired/`, ["--executor", "aws-batch"]);
    expect([expired.status, expired.stderr]).toEqual([1, expect.stringContaining("log in again")]);
    expect(objects("expired/").size).toBe(0);
  });

  it("doctor tells that the engine of a profile answers", async () => {
    const { findings } = JSON.parse((await emporium(["doctor", "--json"], env)).stdout) as {
      findings: { name: string; found: string }[];
    };
    expect(findings.find(({ name }) => name === "cluster")?.found).toContain(
      "aws-batch of profile cloud (arrays of up to 10000)",
    );
  });

  function runRecord(prefix: string): { resources: unknown } {
    const [, { segments }] = [...bucket.s3.buckets.get(BUCKET)!].find(
      ([key]) => key.startsWith(`${prefix}.emporium/runs/`) && key.endsWith("/run.json"),
    )!;
    return JSON.parse(Buffer.concat(segments.map(({ bytes }) => bytes!)).toString()) as { resources: unknown };
  }
});
