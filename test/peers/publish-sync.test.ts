import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publishRun } from "../../src/stations/publish/run/run.js";
import { publishVerify } from "../../src/stations/publish/verify/verify.js";
import { planOf, writeTree } from "../e2e/publish-kit.js";

/** `publish run` onto an S3 server that other people wrote (moto), judged by the program whose rule it follows: `aws s3 sync --dryrun`. */
const bin = fileURLToPath(new URL("../../.cache/venv-peers/bin/", import.meta.url));
const [aws, moto] = [process.env.EMPORIUM_AWS ?? `${bin}aws`, process.env.EMPORIUM_MOTO_SERVER ?? `${bin}moto_server`];
const here = existsSync(aws) && existsSync(moto);
if (!here) console.warn("skipped: no aws or no moto_server (node scripts/python-env.mjs peers makes them)");

const MiB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), "emporium-peers-sync-"));
const before = { ...process.env };
let server: ChildProcess;

/** No line end: XML 1.0 has no place for some of the others. */
const ODD = [
  "plain.txt",
  "a b",
  "-rf",
  "; touch x",
  "$(id) `id` \"q\" 'q'",
  "1+1=2 & 50%.txt",
  "%2e%2e%2f",
  "#1?x=y",
  "[1]*?{name}",
  "é",
  "e\u0301",
  "\u{1F52C}",
  "\uE000",
  ".hidden/.file",
  "a!'()*~b,;:@",
  "a/b",
  "a.b",
  "a-b/c",
];

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** What `aws s3 sync --dryrun` would still do, a line a file. */
async function left(source: string, target: string, ...flags: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(aws, ["s3", "sync", source, target, "--dryrun", ...flags], { env: process.env });
  return stdout.split("\n").filter((line) => line.startsWith("(dryrun)"));
}

describe.skipIf(!here)("publish run and aws s3 sync", () => {
  beforeAll(async () => {
    const port = await freePort();
    server = spawn(moto, ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
    const url = `http://127.0.0.1:${port}`;
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: "peers",
      AWS_SECRET_ACCESS_KEY: "peers-secret",
      AWS_REGION: "us-east-1",
      AWS_DEFAULT_REGION: "us-east-1",
      AWS_EC2_METADATA_DISABLED: "true",
      LC_ALL: "C.UTF-8",
    });
    const deadline = Date.now() + 60_000;
    while (!(await fetch(`${url}/moto-api/data.json`).catch(() => undefined))) {
      if (Date.now() > deadline || server.exitCode !== null) throw new Error("moto_server does not start");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await fetch(`${url}/peer-bucket`, { method: "PUT" });
  });
  afterAll(async () => {
    process.env = before;
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });

  it("agree that nothing is left, on odd names too; and on what there is to do after changes", async () => {
    const source = join(folder, "source");
    writeTree(source, Object.fromEntries(ODD.map((name, at) => [name, `file ${at}`])));
    // enough for the threads that send small files
    writeTree(source, Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`many/${at % 3}/${at}.ktx`, `tile ${at}`])));
    writeFileSync(join(source, "large.tif"), Buffer.alloc(17 * MiB + 3, createHash("sha512").update("x").digest()));
    writeTree(source, { "linked/near.txt": "near" });
    symlinkSync("linked", join(source, "link")); // aws follows all links, we those that stay inside
    const target = "s3://peer-bucket/images/2023-05-10";
    const plan = planOf("s3://peer-bucket", [{ id: "images/ktx", action: "sync", source: `${source}/`, target }]);
    const run = (options = {}) => publishRun(plan, { workspace: join(folder, "workspace"), ...options });
    expect(await left(source, target)).toHaveLength(ODD.length + 403);
    const report = await run();
    expect([report.exitStatus, report.totals.uploaded, report.errors]).toEqual([0, ODD.length + 403, []]);
    expect(await left(source, target, "--delete")).toEqual([]);
    expect((await run()).totals.uploaded).toBe(0);
    expect((await publishVerify(plan)).exitStatus).toBe(0);

    const later = Date.now() / 1000 + 60;
    utimesSync(join(source, "a b"), later, later);
    truncateSync(join(source, "many/0/0.ktx"), 2);
    utimesSync(join(source, "many/0/0.ktx"), 1, 1);
    utimesSync(join(source, "plain.txt"), 1, 1);
    rmSync(join(source, "é"));
    writeTree(source, { "new/one": "1" });
    const theirs = await left(source, target, "--delete");
    const ours = await run({ delete: true, dryRun: true });
    expect(theirs.map((line) => line.split(" to ")[0]!.slice("(dryrun) ".length).split(":")[0])).toHaveLength(
      ours.totals.uploaded + ours.totals.deleted,
    );
    expect([ours.totals.uploaded, ours.totals.deleted]).toEqual([3, 1]);
    await run({ delete: true });
    rmSync(join(source, "a b")); // it stays newer than any object
    expect(await left(source, target)).toEqual([]);
  });

  it("agree on filters", async () => {
    const source = join(folder, "filtered");
    writeTree(source, { "a.tmp": "1", "b/c.tmp": "2", "b/keep.tmp": "3", d1: "4", d2: "5", "e[1]": "6" });
    // an object's time has no parts of a second: what was written in the second of its upload would be newer than it
    for (const name of ["b/keep.tmp", "d2"]) utimesSync(join(source, name), 1, 1);
    const filters = [
      { action: "exclude" as const, pattern: "*.tmp" },
      { action: "include" as const, pattern: "b/k*" },
      { action: "exclude" as const, pattern: "d[!2]" },
      { action: "exclude" as const, pattern: "e[[]1]" },
    ];
    const target = "s3://peer-bucket/filtered";
    const flags = filters.flatMap(({ action, pattern }) => [`--${action}`, pattern]);
    const theirs = (await left(source, target, ...flags))
      .map((line) => line.slice(line.lastIndexOf("filtered/") + "filtered/".length))
      .sort();
    const plan = planOf("s3://peer-bucket", [{ id: "images/ktx", action: "sync", source: `${source}/`, target }], { filters });
    await publishRun(plan, { workspace: join(folder, "workspace") });
    expect(theirs).toEqual(["b/keep.tmp", "d2"]);
    expect(await left(source, target, ...flags)).toEqual([]);
  });
});
