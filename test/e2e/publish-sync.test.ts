import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { manualClock } from "../../src/core/clock.js";
import { publishRun } from "../../src/stations/publish/run/run.js";
import { publishVerify } from "../../src/stations/publish/verify/verify.js";
import { type FaultServer, startFaultServer } from "../faults/server.mjs";
import { planOf, writeTree } from "./publish-kit.js";

const MiB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), "emporium-publish-sync-"));
const before = { ...process.env };
let server: FaultServer;
let count = 0;

beforeAll(async () => {
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "canary-secret-key" };
  server = await startFaultServer({ credentials });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: server.url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: "us-east-1",
  });
});
afterEach(() => server.setFaults([]));
afterAll(async () => {
  process.env = before;
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

it("(34.6) a target around its own source is refused, whatever would be removed", async () => {
  const source = join(folder, "outer/source");
  mkdirSync(source, { recursive: true });
  writeTree(source, { "a.txt": "a" });
  for (const remove of [false, true]) {
    const plan = planOf(folder, [{ id: "images/ktx", action: "sync", source: `${source}/`, target: join(folder, "outer") }]);
    await expect(publishRun(plan, { workspace: join(folder, "workspace"), delete: remove })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("contains its source"),
    });
  }
  expect(readdirSync(join(folder, "outer"))).toEqual(["source"]);
  expect(readdirSync(source)).toEqual(["a.txt"]);
});

/** A source folder of its own, and a key of its own in the bucket. */
function place(files: Readonly<Record<string, string | Uint8Array>>) {
  const name = `case-${++count}`;
  const source = join(folder, name);
  mkdirSync(source);
  writeTree(source, files);
  const target = `s3://bucket/${name}`;
  const plan = (transfer = {}) =>
    planOf("s3://bucket", [{ id: "images/ktx", action: "sync", source: `${source}/`, target }], transfer);
  const workspace = join(folder, `workspace-${count}`);
  return {
    source,
    plan,
    name,
    run: (options = {}, transfer = {}) => publishRun(plan(transfer), { workspace, ...options }),
    workspace,
  };
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Objects below a name: key and hash. */
function objects(name: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [key, { segments }] of server.s3.buckets.get("bucket")!) {
    if (key.startsWith(`${name}/`))
      found[key.slice(name.length + 1)] = sha256(Buffer.concat(segments.map(({ bytes }) => bytes!)));
  }
  return found;
}
const hashes = (files: Readonly<Record<string, string | Uint8Array>>) =>
  Object.fromEntries(Object.entries(files).map(([path, body]) => [path, sha256(Buffer.from(body))]));
const puts = () =>
  server.requests.filter(({ method }) => method !== "GET" && method !== "HEAD").map(({ operation }) => operation);
/** No two MiB of it are the same. */
const random = (length: number, seed: number) => {
  const bytes = Buffer.alloc(length, createHash("sha512").update(String(seed)).digest());
  for (let at = 0; at + 4 <= length; at += MiB) bytes.writeUInt32LE(at + seed, at);
  return bytes;
};

const ODD = {
  "a b": "blank",
  "-rf": "dash",
  "; touch x": "semicolon",
  "$(id) `id` \"q\" 'q'": "quotes",
  "new\nline": "line end",
  "1+1=2 & 50%.txt": "plus",
  "%2e%2e%2f": "percent",
  "#1?x=y": "hash",
  "[1]*?{name}": "glob",
  "é/e\u0301": "both forms",
  "\u{1F52C}\uE000": "above the plane",
  ".hidden/.file": "hidden",
  "con/x.": "Windows",
  "\u202Ereversed": "reversed",
  "a!'()*~b": "marks",
  "deep/er/and/deeper/file.swc": "1 1 0 0 0 1 -1\n",
};

describe("what is sent", () => {
  it("is everything, then nothing, then what was touched or shrunk; nothing is removed", async () => {
    const files = { ...ODD, empty: "", "big/one.tif": random(3 * MiB, 7) };
    const { source, name, run } = place(files);
    const first = await run();
    expect([first.exitStatus, first.totals.uploaded, first.errors]).toEqual([0, Object.keys(files).length, []]);
    expect(objects(name)).toEqual(hashes(files));
    server.setFaults([]);
    const second = await run();
    expect([second.exitStatus, second.totals.uploaded, second.totals.skipped]).toEqual([0, 0, Object.keys(files).length]);
    expect(puts()).toEqual([]);
    const later = Date.now() / 1000 + 60;
    utimesSync(join(source, "a b"), later, later);
    expect((await run()).totals.uploaded).toBe(1);
    utimesSync(join(source, "a b"), 1, 1);
    truncateSync(join(source, "big/one.tif"), MiB);
    utimesSync(join(source, "big/one.tif"), 1, 1);
    rmSync(join(source, "-rf"));
    const third = await run();
    expect([third.totals.uploaded, third.totals.deleted]).toEqual([1, 0]);
    expect(objects(name)).toEqual(hashes({ ...files, "big/one.tif": files["big/one.tif"].slice(0, MiB) }));
  });

  it("has the kind that its name tells", async () => {
    const { name, run } = place({ "metadata.json": "{}", "n.swc": "x", "t.tif": "x", "p.png": "x" });
    await run();
    const kinds = Object.fromEntries(
      [...server.s3.buckets.get("bucket")!]
        .filter(([key]) => key.startsWith(name))
        .map(([key, { contentType }]) => [key.slice(name.length + 1), contentType]),
    );
    expect(kinds).toEqual({
      "metadata.json": "application/json",
      "n.swc": "application/octet-stream",
      "t.tif": "image/tiff",
      "p.png": "image/png",
    });
  });

  it("(34.10) follows links inside its folder, and names those that leave it or lead to nothing", async () => {
    const outside = place({ "far.txt": "far" });
    const { source, name, run } = place({ "near.txt": "near" });
    symlinkSync(join(outside.source, "far.txt"), join(source, "file-link"));
    symlinkSync(outside.source, join(source, "folder-link"));
    symlinkSync("near.txt", join(source, "near-link"));
    symlinkSync("nothing", join(source, "dangling"));
    symlinkSync(".", join(source, "loop"));
    const report = await run({ delete: true });
    expect(objects(name)).toEqual(hashes({ "near.txt": "near", "near-link": "near" }));
    expect(report.exitStatus).toBe(3);
    expect(report.errors.map(({ message }) => message.replaceAll(source, "")).sort()).toEqual([
      "/dangling is a link to nothing",
      `/file-link is reached by a link that leaves : it leads to ${outside.source}/far.txt`,
      `/folder-link is reached by a link that leaves : it leads to ${outside.source}`,
      expect.stringMatching(/^\/loop\/? is a link to a folder that it lies in$/),
    ]);
  });

  it("leaves out what filters say, on both sides", async () => {
    const { source, name, run } = place({ "a.tmp": "1", "b.txt": "2", "keep/c.tmp": "3", "keep/d.txt": "4" });
    await run();
    for (const path of ["a.tmp", "b.txt", "keep/c.tmp"]) rmSync(join(source, path));
    const filters = [
      { action: "exclude", pattern: "*.tmp" },
      { action: "include", pattern: "keep/*" },
    ];
    const report = await run({ delete: true }, { filters });
    expect([report.totals.files, report.totals.deleted]).toEqual([1, 2]);
    expect(Object.keys(objects(name))).toEqual(["a.tmp", "keep/d.txt"]);
  });

  it("compares contents where that is asked for: MD5s, and MD5s of parts of other sizes", async () => {
    const big = random(17 * MiB, 3);
    const { source, name, run } = place({ "a.txt": "one", "big.bin": big });
    await run();
    writeFileSync(join(source, "a.txt"), "two");
    for (const path of ["a.txt", "big.bin"]) utimesSync(join(source, path), 1, 1);
    expect((await run()).totals.uploaded).toBe(0);
    server.setFaults([]);
    const report = await run({ checksum: true });
    expect([report.totals.uploaded, objects(name)["a.txt"]]).toEqual([1, sha256(Buffer.from("two"))]);
    expect(server.requests.filter(({ operation }) => operation === "GetObject").length).toBeLessThan(3);
    const copy = big.slice();
    copy[16 * MiB + 5]! ^= 1;
    writeFileSync(join(source, "big.bin"), copy);
    utimesSync(join(source, "big.bin"), 1, 1);
    expect((await run({ checksum: true })).totals.uploaded).toBe(1);
    expect(objects(name)["big.bin"]).toBe(sha256(copy));
  });

  it("a dry run touches nothing and says what would be done", async () => {
    const { source, name, run } = place({ a: "1", b: "2" });
    await run();
    rmSync(join(source, "a"));
    writeTree(source, { c: "3" });
    server.setFaults([]);
    const report = await run({ delete: true, dryRun: true });
    expect([report.totals.uploaded, report.totals.deleted, report.dry_run]).toEqual([1, 1, true]);
    expect(puts()).toEqual([]);
    expect(Object.keys(objects(name))).toEqual(["a", "b"]);
    expect(report.toText()).toContain("1 would be uploaded");
  });

  it("nothing is removed below a folder that could not be read as a whole", async () => {
    const { source, name, run } = place({ "a/1": "1", "b/2": "2" });
    await run();
    rmSync(join(source, "b/2"));
    symlinkSync("nothing", join(source, "a/dangling"));
    const report = await run({ delete: true });
    expect([report.totals.deleted, report.exitStatus]).toEqual([0, 3]);
    expect(report.items[0]!.warnings[0]).toContain("could not be read as a whole, so nothing below");
    expect(Object.keys(objects(name))).toEqual(["a/1", "b/2"]);
    rmSync(join(source, "a/dangling"));
    expect((await run({ delete: true })).totals.deleted).toBe(1);
  });

  it("seam 32: run names --checksum and --delete for what it leaves alone, verify for what it finds", async () => {
    const { source, plan, run } = place({ "a.txt": "one", "b.txt": "b" });
    await run();
    writeFileSync(join(source, "a.txt"), "two");
    rmSync(join(source, "b.txt"));
    utimesSync(join(source, "a.txt"), 1, 1);
    const verified = async () => (await publishVerify(plan())).hints.map((hint) => /--\w+/.exec(hint)?.[0]);
    expect(await verified()).toEqual(["--checksum", "--delete"]);
    const left = await run();
    expect([left.totals.skipped, left.totals.extra, left.hints.map((hint) => /--\w+/.exec(hint)?.[0])]).toEqual([
      1,
      1,
      ["--checksum", "--delete"],
    ]);
    expect(left.toText()).toContain("hint: 1 object of the bucket is of no source; --delete removes it");
    expect((await run({ checksum: true, delete: true })).hints).toEqual([]);
    expect(await verified()).toEqual([]);
  });

  it("goes through a lister's pages", async () => {
    const files = Object.fromEntries(Array.from({ length: 2100 }, (_, at) => [`${at % 7}/${at}`, String(at)]));
    const { name, run } = place(files);
    expect((await run()).totals.uploaded).toBe(2100);
    expect((await run()).totals.uploaded).toBe(0);
    expect(Object.keys(objects(name))).toHaveLength(2100);
  });
});

describe("many small files, sent by threads", () => {
  const many = Object.fromEntries(Array.from({ length: 700 }, (_, at) => [`${at % 7}/${at} é`, `tile ${at}`]));

  it.each([
    ["faults that pass", { on: "PutObject", rate: 0.05, fate: { kind: "status", status: 500, code: "InternalError" } }],
    [
      "a server that asks for fewer requests",
      { on: "PutObject", skip: 300, times: 20, fate: { kind: "status", status: 503, code: "SlowDown" } },
    ],
    ["connections that break before the answer", { on: "PutObject", rate: 0.03, fate: { kind: "lost" } }],
    [
      "credentials that end",
      { on: "PutObject", skip: 300, times: 3, fate: { kind: "status", status: 400, code: "ExpiredToken" } },
    ],
  ])("arrive whole in spite of %s", async (_, row) => {
    const { name, run } = place(many);
    server.setFaults([row], 5);
    const report = await run({ clock: manualClock(Date.now()), random: () => 0.5 });
    expect([report.errors.slice(0, 1), report.totals.uploaded]).toEqual([[], 700]);
    expect(objects(name)).toEqual(hashes(many));
  });

  it("one that is refused is named, and tried no more often than the ordinary way does", async () => {
    const { name, run } = place(many);
    server.setFaults([{ key: `${name}/6/699 é`, on: "PutObject", fate: { kind: "status", status: 403, code: "AccessDenied" } }]);
    const report = await run();
    expect([report.exitStatus, report.totals.uploaded, report.errors.map(({ url }) => url)]).toEqual([
      3,
      699,
      [`s3://bucket/${name}/6/699 é`],
    ]);
    expect(server.requests.filter(({ key }) => key === `${name}/6/699 é`).length).toBeLessThanOrEqual(2);
  });
});

describe("large files", () => {
  const parts = () => server.requests.filter(({ operation }) => operation === "UploadPart");

  it("go in parts, and go on with the parts that are missing", async () => {
    const body = random(30 * MiB + 5, 11);
    const { name, run, workspace } = place({ "big.tif": body, small: "x" });
    server.setFaults([{ on: "UploadPart", skip: 2, fate: { kind: "status", status: 403, code: "AccessDenied" } }]);
    const broken = await run();
    expect([broken.exitStatus, broken.totals.failed, broken.totals.uploaded]).toEqual([3, 1, 1]);
    expect(objects(name)).toEqual(hashes({ small: "x" }));
    expect(server.s3.uploads.size).toBe(1);
    const sent = [...server.s3.uploads.values()][0]!.parts.size;
    expect(sent).toBeGreaterThan(0);
    server.setFaults([]);
    const report = await run();
    expect([report.exitStatus, report.totals.uploaded]).toEqual([0, 1]);
    expect(parts()).toHaveLength(4 - sent);
    expect(objects(name)["big.tif"]).toBe(sha256(body));
    expect(server.s3.uploads.size).toBe(0);
    const log = readFileSync(
      join(workspace, "publish", readdirSync(join(workspace, "publish")).find((file) => file.endsWith(".jsonl"))!),
      "utf8",
    );
    const lines = log
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ action, key, reason }) => [action, key?.slice(name.length + 1), reason])).toEqual([
      ["begun", "big.tif", undefined],
      ["skip", "small", undefined],
      ["beginning", "big.tif", undefined],
      ["begun", "big.tif", undefined],
      ["ended", "big.tif", undefined],
      ["put", "big.tif", "new"],
      ["summary", undefined, undefined],
    ]);
  });

  it("parts of a file that has changed since are thrown away, and so are those of one that is gone", async () => {
    const { source, name, run } = place({ "a.tif": random(20 * MiB, 1), "b.tif": random(20 * MiB, 2) });
    server.setFaults([{ on: "UploadPart", skip: 2, fate: { kind: "status", status: 403, code: "AccessDenied" } }]);
    await run();
    expect(server.s3.uploads.size).toBe(2);
    server.setFaults([]);
    const changed = random(20 * MiB, 3);
    writeFileSync(join(source, "a.tif"), changed);
    rmSync(join(source, "b.tif"));
    await run();
    expect(objects(name)).toEqual({ "a.tif": sha256(changed) });
    expect(server.s3.uploads.size).toBe(0);
  });
});

describe("what goes wrong", () => {
  it("one file that fails is named, the others are sent, and passing errors are not told of", async () => {
    const { name, run } = place({ a: "1", bad: "2", c: "3" });
    server.setFaults([
      { key: `${name}/bad`, on: "PutObject", fate: { kind: "status", status: 403, code: "AccessDenied" } },
      { key: `${name}/c`, on: "PutObject", times: 1, fate: { kind: "status", status: 500, code: "InternalError" } },
    ]);
    const report = await run();
    expect([report.exitStatus, report.items[0]!.state]).toEqual([3, "failed"]);
    expect(report.errors).toMatchObject([{ code: "STORE_DENIED", url: `s3://bucket/${name}/bad` }]);
    expect(Object.keys(objects(name))).toEqual(["a", "c"]);
  });

  it("when nothing works, no more is tried", async () => {
    const { run, name } = place(Object.fromEntries(Array.from({ length: 300 }, (_, at) => [String(at), "x"])));
    server.setFaults([{ on: "PutObject", fate: { kind: "status", status: 403, code: "AccessDenied" } }]);
    const report = await run({ jobs: 4 });
    expect(report.totals.failed).toBeLessThan(30);
    expect(report.items[0]!.warnings).toEqual(["stopped after 20 failures one after the other"]);
    expect(objects(name)).toEqual({});
  });

  it("an answer that is no answer of S3 is no success", async () => {
    const { run } = place({ a: "some bytes", b: "more" });
    server.setFaults([{ on: "PutObject", fate: { kind: "html" } }]);
    const report = await run({ clock: manualClock(1_790_000_000_000), random: () => 0.5 });
    expect(report.errors.map(({ code }) => code)).toEqual(["STORE_PROTOCOL", "STORE_PROTOCOL"]);
  });

  it("a source that is missing leaves the others, status 3", async () => {
    const { source, name } = place({ a: "1" });
    const plan = planOf("s3://bucket", [
      { id: "carveouts/1", action: "sync", source: `${source}-gone/`, target: `s3://bucket/${name}/one` },
      { id: "images/t", action: "cp", source: `${source}/a`, target: `s3://bucket/${name}/two/` },
    ]);
    const report = await publishRun(plan, { workspace: join(folder, "w"), delete: true });
    expect(report.exitStatus).toBe(3);
    expect(report.items.map(({ id, state }) => [id, state])).toEqual([
      ["carveouts/1", "missing"],
      ["images/t", "done"],
    ]);
    expect(Object.keys(objects(name))).toEqual(["two/a"]);
  });

  it("two sources of one key with different contents are refused before anything is sent", async () => {
    const one = place({ "x/1": "same", "x/2": "one", only: "1" });
    const two = place({ "x/1": "same", "x/2": "two", other: "2" });
    const items = [one, two].map(({ source }, at) => ({
      id: `carveouts/${at}`,
      action: "sync" as const,
      source: `${source}/`,
      target: `s3://bucket/both${count}${at === 0 ? "" : "/"}`,
    }));
    server.setFaults([]);
    await expect(publishRun(planOf("s3://bucket", items), { workspace: join(folder, "w") })).rejects.toMatchObject({
      code: "COLLISION",
      message: expect.stringContaining(`both${count}/x/2 (${join(one.source, "x/2")}, ${join(two.source, "x/2")})`),
    });
    expect(puts()).toEqual([]);
    writeTree(two.source, { "x/2": "one" });
    const report = await publishRun(planOf("s3://bucket", items), { workspace: join(folder, "w"), delete: true });
    expect(report.exitStatus).toBe(0);
    expect(Object.keys(objects(`both${count}`)).sort()).toEqual(["only", "other", "x/1", "x/2"]);
  });

  it("images without usable tiles are refused", async () => {
    const { plan } = place({ a: "1" });
    const faulty = plan();
    faulty.items[0]!.error = { code: "KTX_MISSING", message: "Could not find ktx directory in /x" };
    await expect(publishRun(faulty, { workspace: join(folder, "w") })).rejects.toMatchObject({ code: "KTX_MISSING" });
  });
});

describe("a folder as the bucket", () => {
  it("receives the same objects, and verify finds them", async () => {
    const { source } = place({ ...ODD, "big.tif": random(20 * MiB, 5) });
    const bucket = join(folder, "bucket-folder");
    const plan = planOf(bucket, [{ id: "images/ktx", action: "sync", source: `${source}/`, target: `${bucket}/images` }]);
    const report = await publishRun(plan, { workspace: join(folder, "w-folder") });
    expect([report.exitStatus, report.totals.uploaded]).toEqual([0, Object.keys(ODD).length + 1]);
    expect((await publishRun(plan, { workspace: join(folder, "w-folder") })).totals.uploaded).toBe(0);
    expect((await publishVerify(plan)).exitStatus).toBe(0);
    expect(existsSync(join(bucket, ".emporium"))).toBe(false);
  });
});

describe("publish verify", () => {
  it("finds what is missing, extra, of another size or content", async () => {
    const { source, name, run, plan } = place({ same: "1", gone: "2", longer: "3", other: "4", "big.bin": random(17 * MiB, 9) });
    await run();
    expect((await publishVerify(plan())).exitStatus).toBe(0);
    const bucket = server.s3.buckets.get("bucket")!;
    bucket.delete(`${name}/gone`);
    server.s3.put("bucket", `${name}/extra`, Buffer.from("x"));
    server.s3.put("bucket", `${name}/longer`, Buffer.from("33"));
    server.s3.put("bucket", `${name}/other`, Buffer.from("5"));
    symlinkSync("nothing", join(source, "dangling"));
    const report = await publishVerify(plan());
    expect(report.exitStatus).toBe(4);
    const key = (path: string) => ({ count: 1, keys: [`${name}/${path}`] });
    expect(report.items[0]).toMatchObject({
      source: { files: 5 },
      bucket: { files: 5 },
      missing: key("gone"),
      extra: key("extra"),
      size_differs: key("longer"),
      checksum_differs: key("other"),
      unread: key("dangling"),
    });
    expect(report.toText()).toContain(`  1 in the bucket without a source\n    ${name}/extra`);
    const quick = await publishVerify(plan(), { checksum: false });
    expect(quick.items[0]!.checksum_differs.count).toBe(0);
  });
});
