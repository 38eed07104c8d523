import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type FaultServer, startFaultServer } from "../faults/server.mjs";
import { emporium } from "./cli-host.js";
import { planText, writeTree } from "./publish-kit.js";

const MiB = 1024 * 1024;
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "emporium-publish-kill-"));
const [source, plan, workspace] = [join(folder, "source"), join(folder, "plan.json"), join(folder, "workspace")];
const before = { ...process.env };
const large = Buffer.alloc(41 * MiB + 7, createHash("sha512").update("large").digest());
const small = Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`tiles/${at % 5}/${at}.ktx`, `tile ${at}`]));
let server: FaultServer;

beforeAll(async () => {
  for (let mib = 0; mib < large.length; mib += MiB) large.writeUInt32LE(mib, mib);
  writeTree(source, { ...small, "default.0.tif": large });
  writeFileSync(
    plan,
    planText("s3://bucket", [{ id: "images/ktx", action: "sync", source: `${source}/`, target: "s3://bucket/images" }]),
  );
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "canary-secret-key" };
  server = await startFaultServer({ credentials });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: server.url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: "us-east-1",
  });
});
afterAll(async () => {
  process.env = before;
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the program and kills it once so many requests of a kind have been answered. */
async function killedAfter(count: number, operation: string): Promise<void> {
  const from = server.requests.length;
  const child = spawn(
    process.execPath,
    [program, "publish", "run", plan, "--workspace", workspace, "--io", "direct", "--quiet"],
    {
      env: process.env,
      stdio: "ignore",
    },
  );
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const seen = () =>
    server.requests.slice(from).filter((request) => request.operation === operation && request.status === 200).length;
  while (child.exitCode === null && seen() < count) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill("SIGKILL");
  await ended;
}

/** A number that no longer grows: what a killed process had sent, the server may still be reading. */
async function settled(count: () => number): Promise<number> {
  for (let before = -1; ; ) {
    const now = count();
    if (now === before) return now;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

it.skipIf(!existsSync(program))("killed twice and run again, everything is there once, and nothing else", async () => {
  // parts wait, so that the upload is neither begun nor at its end when a process is killed
  const busy = { on: "UploadPart", fate: { kind: "status", status: 503, code: "SlowDown", retryAfter: 1 } };
  server.setFaults([busy]);
  await killedAfter(150, "PutObject");
  // what the killed process had sent counts for nothing
  await settled(() => server.requests.length);
  server.setFaults([{ ...busy, skip: 2 }]);
  await killedAfter(2, "UploadPart");
  expect(server.s3.uploads.size).toBe(1);
  const held = await settled(() => [...server.s3.uploads.values()][0]!.parts.size);
  server.setFaults([]);
  const from = server.requests.length;
  const { status, out } = await emporium(["publish", "run", plan, "--workspace", workspace, "--json"], { env: process.env });
  const report = JSON.parse(out);
  expect([status, report.errors, report.totals.files]).toEqual([0, [], 601]);
  expect(report.totals.skipped).toBeGreaterThanOrEqual(150);
  expect(server.requests.slice(from).filter(({ operation }) => operation === "UploadPart").length).toBe(6 - held);
  expect(server.s3.uploads.size).toBe(0);
  const objects = [...server.s3.buckets.get("bucket")!].map(([key, { segments }]) => [
    key,
    createHash("sha256")
      .update(Buffer.concat(segments.map(({ bytes }) => bytes!)))
      .digest("hex"),
  ]);
  const wanted = Object.entries({ ...small, "default.0.tif": large }).map(([path, body]) => [
    `images/${path}`,
    createHash("sha256").update(body).digest("hex"),
  ]);
  expect(objects.sort()).toEqual(wanted.sort());
  const verified = await emporium(["publish", "verify", plan, "--json"], { env: process.env });
  expect(verified.status).toBe(0);
  expect(out + verified.out + verified.err).not.toContain("canary-secret-key");
});

it.skipIf(!existsSync(program)).each(["the next run sends the same file", "the file is gone"])(
  "(34.26) an upload that began while the program was killed is aborted: %s",
  async (what) => {
    const key = "images/second.0.tif";
    const isGone = what.endsWith("gone");
    const path = join(source, "second.0.tif");
    writeFileSync(path, large.subarray(0, 20 * MiB));
    // the server has begun the upload, and the program never hears which
    server.setFaults([{ on: "CreateMultipartUpload", fate: { kind: "stall", at: 0 } }]);
    const child = spawn(process.execPath, [program, "publish", "run", plan, "--workspace", workspace, "--quiet"], {
      env: process.env,
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await expect.poll(() => server.s3.uploads.size, { timeout: 30_000 }).toBe(1);
    child.kill("SIGKILL");
    await ended;
    server.setFaults([]);
    // of somebody else: of another key, and of this one before the program asked for its own
    const others = [["elsewhere/x", Date.now()] as const, [key, Date.now() - 3_600_000] as const];
    for (const [at, [other, begunMs]] of others.entries())
      server.s3.uploads.set(`other-${at}`, { ...[...server.s3.uploads.values()][0]!, key: other, begunMs, parts: new Map() });
    if (isGone) rmSync(path);
    const { status, out } = await emporium(["publish", "run", plan, "--workspace", workspace, "--json"], { env: process.env });
    expect([status, JSON.parse(out).errors]).toEqual([0, []]);
    expect([...server.s3.uploads.keys()]).toEqual(["other-0", "other-1"]);
    expect(server.s3.buckets.get("bucket")!.has(key)).toBe(!isGone);
    server.s3.uploads.clear();
    server.s3.buckets.get("bucket")!.delete(key);
    rmSync(path, { force: true });
  },
);

it.skipIf(!existsSync(program))("usage: a plan and a sample are not both given, and a plan that is none is refused", async () => {
  const both = await emporium(["publish", "run", plan, "--sample", "2023-05-10"]);
  expect([both.status, both.err]).toEqual([2, expect.stringContaining("give one of them")]);
  const other = join(folder, "other.json");
  writeFileSync(
    other,
    planText("s3://bucket", [{ id: "images/x", action: "sync", source: "/x/", target: "s3://elsewhere/images" }]),
  );
  const outside = await emporium(["publish", "run", other]);
  expect([outside.status, outside.err]).toEqual([2, expect.stringContaining("CONFIG_RULE")]);
});
