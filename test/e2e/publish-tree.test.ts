import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type FaultServer, type Row, startFaultServer } from "../faults/server.mjs";
import { emporium } from "./cli-host.js";
import { DATASET, runFiles, TREE, writeTree } from "./publish-kit.js";

/** `publish tree`, and `publish verify` of a tree, against an S3 server of our own that notes the order of requests. */
const MiB = 1024 * 1024;
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "emporium publish tree ü-"));
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

/** A tree of its own, and a prefix of its own in the bucket. */
function place(files: Readonly<Record<string, string | Uint8Array>> = TREE) {
  const name = `case-${++count}`;
  const tree = join(folder, name);
  writeTree(tree, files);
  const location = `s3://bucket/${name}`;
  const workspace = join(folder, `workspace-${count}`);
  const words = (...more: string[]) => [...more, "--workspace", workspace];
  return {
    ...{ name, tree, location, workspace },
    publish: (...more: string[]) => answered(words("publish", "tree", tree, location, ...more)),
    verify: (...more: string[]) => answered(words("publish", "verify", tree, location, ...more)),
    there: () => objects(name),
  };
}

async function answered(words: readonly string[]) {
  const { status, out, err } = await emporium([...words, "--json"], { env: process.env });
  return { status, err, report: out === "" ? undefined : JSON.parse(out) };
}

const sha256 = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function objects(name: string): Record<string, string> {
  const found = [...server.s3.buckets.get("bucket")!].filter(([key]) => key.startsWith(`${name}/`));
  return Object.fromEntries(
    found
      .map(
        ([key, { segments }]) =>
          [key.slice(name.length + 1), sha256(Buffer.concat(segments.map(({ bytes }) => bytes!)))] as const,
      )
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
const hashes = (files: Readonly<Record<string, string | Uint8Array>>) =>
  Object.fromEntries(
    Object.entries(files)
      .map(([key, body]) => [key, sha256(body)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

/** Keys in the order in which requests of a kind were answered, without the lock. */
const keysOf = (operation: string, name: string) =>
  server.requests
    .filter((request) => request.operation === operation && request.status < 300 && !request.key.includes("/.emporium/"))
    .map(({ key }) => key.slice(name.length + 1));

const denied = (key: string, on = "PutObject"): Row => ({ key, on, fate: { kind: "status", status: 403, code: "AccessDenied" } });

describe("seam 29: a standardised tree goes to its bucket", () => {
  it("whole, metadata after what they tell of, children before parents; then nothing more; then what changed", async () => {
    const { name, tree, publish, verify, there } = place();
    writeTree(tree, {
      ".emporium/locks/old.json": "{}",
      "10001/.emporium/journal.jsonl": "receipts",
      "10001/TS_01/Frames/.frame.mrc.w-abc-1-1.part": "half",
      "10001/TS_01/Frames/.frame.mrc.token.part/1": "half",
    });
    const first = await publish();
    expect([first.status, first.err, first.report.totals.uploaded]).toEqual([0, expect.any(String), Object.keys(TREE).length]);
    expect(there()).toEqual(hashes(TREE));
    const order = keysOf("PutObject", name);
    const isBefore = (a: string, b: string) => expect([a, order.indexOf(a) < order.indexOf(b)]).toEqual([a, true]);
    const isDocument = /(_metadata|neuroglancer_config|ribosome-1\.0)\.json$|\/(info|\.z\w+)$/;
    const lastBody = order.findLastIndex((key) => !isDocument.test(key) && key.startsWith("10001/"));
    expect(order.findIndex((key) => isDocument.test(key))).toBeGreaterThan(lastBody);
    for (const run of ["TS_01", "TS_02"]) {
      const spacing = `10001/${run}/Reconstructions/VoxelSpacing13.480`;
      const volume = `${spacing}/Tomograms/100/${run}.zarr`;
      isBefore(`${volume}/0/.zarray`, `${volume}/.zattrs`);
      isBefore(`${volume}/.zattrs`, `${spacing}/NeuroglancerPrecompute/100-neuroglancer_config.json`);
      isBefore(
        `${spacing}/NeuroglancerPrecompute/100-ribosome-1.0_point/info`,
        `${spacing}/NeuroglancerPrecompute/100-neuroglancer_config.json`,
      );
      isBefore(
        `${spacing}/NeuroglancerPrecompute/100-neuroglancer_config.json`,
        `${spacing}/Tomograms/100/tomogram_metadata.json`,
      );
      isBefore(`10001/${run}/TiltSeries/100/tiltseries_metadata.json`, `10001/${run}/Alignments/100/alignment_metadata.json`);
      isBefore(`10001/${run}/Alignments/100/alignment_metadata.json`, `${spacing}/Tomograms/100/tomogram_metadata.json`);
      for (const key of order.filter((one) => one.startsWith(`10001/${run}/`) && !one.endsWith("/run_metadata.json")))
        isBefore(key, `10001/${run}/run_metadata.json`);
      isBefore(`10001/${run}/run_metadata.json`, "10001/dataset_metadata.json");
    }
    isBefore("10001/dataset_metadata.json", "depositions_metadata/10301/deposition_metadata.json");
    expect(order.at(-1)).toBe("depositions_metadata/10301/deposition_metadata.json");

    server.setFaults([]);
    expect((await publish()).report.totals).toMatchObject({ uploaded: 0, skipped: Object.keys(TREE).length });
    expect(keysOf("PutObject", name)).toEqual([]);
    writeFileSync(join(tree, "10001/TS_01/run_metadata.json"), "{}");
    expect((await publish()).report.totals.uploaded).toBe(1);
    expect((await verify()).status).toBe(0);
    expect([...server.s3.buckets.get("bucket")!.keys()].filter((key) => /\.emporium|\.part/.test(key))).toEqual([]);
  });

  it("what fails keeps the metadata above it back, and nothing else; the same command sends the rest", async () => {
    const { name, publish, there } = place();
    const chunk = "10001/TS_01/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_01.zarr/0/0/0/0";
    server.setFaults([denied(`${name}/${chunk}`)]);
    const broken = await publish();
    expect([broken.status, broken.report.errors.map(({ url }: { url: string }) => url)]).toEqual([
      3,
      [`s3://bucket/${name}/${chunk}`],
    ]);
    const spacing = "10001/TS_01/Reconstructions/VoxelSpacing13.480";
    const held = [
      chunk,
      `${spacing}/NeuroglancerPrecompute/100-neuroglancer_config.json`,
      ...[".zattrs", ".zgroup", "0/.zarray"].map((document) => `${spacing}/Tomograms/100/TS_01.zarr/${document}`),
      `${spacing}/Tomograms/100/tomogram_metadata.json`,
      "10001/TS_01/run_metadata.json",
      "10001/dataset_metadata.json",
      "depositions_metadata/10301/deposition_metadata.json",
    ];
    expect(
      Object.keys(TREE)
        .filter((key) => !(key in there()))
        .sort(),
    ).toEqual([...held].sort());
    expect(broken.report.totals).toMatchObject({ failed: 1, held: held.length - 1 });
    server.setFaults([]);
    const again = await publish();
    expect([again.status, again.report.totals.uploaded]).toEqual([0, held.length]);
    expect(there()).toEqual(hashes(TREE));
  });

  it("a document that fails keeps its parents back; an alignment that fails what names it", async () => {
    const { name, publish, there } = place();
    server.setFaults([denied(`${name}/10001/TS_02/Alignments/100/alignment_metadata.json`)]);
    expect((await publish()).status).toBe(3);
    const missing = Object.keys(TREE).filter((key) => !(key in there()));
    expect(missing.map((key) => key.replace(/.*\//, "")).sort()).toEqual(
      [
        "alignment_metadata.json",
        "dataset_metadata.json",
        "deposition_metadata.json",
        "ribosome-1.0.json",
        "run_metadata.json",
        "tomogram_metadata.json",
      ].sort(),
    );
    expect(missing.every((key) => !key.startsWith("10001/TS_01/"))).toBe(true);
  });

  it("--delete removes what the tree has no more, metadata first, and nothing where something failed", async () => {
    const { name, tree, publish, verify, there } = place({ ...TREE, ...DATASET("10002"), ...runFiles("10002", "TS_09") });
    await publish();
    rmSync(join(tree, "10001/TS_02"), { recursive: true });
    rmSync(join(tree, "10001/TS_01/Reconstructions/VoxelSpacing13.480/Annotations"), { recursive: true });
    rmSync(join(tree, "10002"), { recursive: true });
    const kept = await publish();
    expect([kept.report.totals.deleted, kept.report.totals.extra]).toEqual([0, 20]);
    expect(kept.report.hints.join()).toContain("20 objects of the bucket are of no source; --delete removes them");
    expect((await verify()).report.hints).toEqual(["publish tree --delete removes objects without a source"]);
    const dry = await publish("--delete", "--dry-run");
    expect([dry.report.totals.deleted, Object.keys(there()).length]).toEqual([20, Object.keys(TREE).length + 20]);

    writeTree(tree, { "10001/TS_01/Frames/new": "new" });
    server.setFaults([denied(`${name}/10001/TS_01/Frames/new`)]);
    const failed = await publish("--delete");
    expect([failed.status, failed.report.totals.deleted]).toEqual([3, 0]);
    expect(failed.report.items[0].warnings.join()).toContain("nothing is removed, since not everything could be sent");

    server.setFaults([]);
    const done = await publish("--delete");
    expect([done.status, done.report.totals.deleted]).toEqual([0, 20]);
    const gone = keysOf("DeleteObject", name);
    const documents = gone.findIndex((key) => !/(_metadata|neuroglancer_config|ribosome-1\.0)\.json$|\/(info|\.z\w+)$/.test(key));
    expect(gone.slice(0, documents)).toHaveLength(gone.filter((key) => /\.json$|\/info$|\/\.z\w+$/.test(key)).length);
    expect(gone[0]).toBe("10001/TS_02/run_metadata.json");
    expect(gone.indexOf("10001/TS_02/Reconstructions/VoxelSpacing13.480/Tomograms/100/tomogram_metadata.json")).toBeLessThan(
      gone.indexOf("10001/TS_02/Alignments/100/alignment_metadata.json"),
    );
    // a dataset that the tree does not hold was not meant
    expect(Object.keys(there()).filter((key) => key.startsWith("10002/"))).toHaveLength(20);
    expect(Object.keys(there()).some((key) => key.startsWith("10001/TS_02"))).toBe(false);
    expect((await verify()).status).toBe(0);
  });

  it("--dataset, --run, --include and --exclude choose what is sent, removed and verified", async () => {
    const files = { ...TREE, ...DATASET("10002"), ...runFiles("10002", "TS_09") };
    const { tree, publish, verify, there } = place(files);
    const chosen = await publish("--dataset", "10001", "--run", "TS_01$");
    expect(chosen.status).toBe(0);
    const of = (...starts: string[]) =>
      Object.keys(files)
        .filter((key) => starts.some((start) => key.startsWith(start)))
        .sort();
    expect(Object.keys(there())).toEqual(of("10001/TS_01/", "10001/dataset", "10001/Images", "depositions_metadata"));
    expect((await verify("--dataset", "10001", "--run", "TS_01$")).status).toBe(0);
    expect((await verify()).report.items.map(({ missing }: { missing: { count: number } }) => missing.count)).toEqual([
      18, 20, 0,
    ]);

    await publish("--dataset", "10002", "--exclude", "*.mrc", "--exclude", "Frames/");
    expect(Object.keys(there()).filter((key) => key.startsWith("10002/"))).toEqual(
      of("10002/").filter((key) => !/\.mrc$|\/Frames\//.test(key)),
    );
    await publish("--include", "10001/TS_02/**/*.json");
    expect(Object.keys(there()).filter((key) => key.startsWith("10001/TS_02/"))).toEqual(
      of("10001/TS_02/").filter((key) => key.endsWith(".json")),
    );

    await publish();
    for (const run of ["10001/TS_01", "10001/TS_02", "10002/TS_09"]) rmSync(join(tree, run, "Frames"), { recursive: true });
    rmSync(join(tree, "10001/Images"), { recursive: true });
    rmSync(join(tree, "10001/TS_02"), { recursive: true });
    const frames = () => Object.keys(there()).filter((key) => key.includes("/Frames/")).length;
    expect((await publish("--run", "TS_02", "--dataset", "10001", "--delete")).report.totals.deleted).toBe(18);
    expect([frames(), "10001/Images/snapshot.png" in there()]).toEqual([4, true]);
    expect((await publish("--dataset", "10002", "--delete", "--exclude", "*.mdoc")).report.totals.deleted).toBe(1);
    expect(frames()).toBe(3);
    expect(Object.keys(there()).some((key) => key.startsWith("10001/Images/"))).toBe(true);
  });

  it.each<[string, string[], number, RegExp]>([
    [
      "a dataset that is not there",
      ["--dataset", "10010"],
      2,
      /--dataset: .* holds no 10010\/dataset_metadata.json\n.*\n?.*did you mean 10001\?/,
    ],
    ["a run that is not there", ["--run", "TS_7"], 2, /--run: no run matches TS_7\n.*choose from TS_01, TS_02/],
    ["an expression that is none", ["--run", "TS_(["], 2, /CONFIG_REGEX/],
    ["globs that take nothing", ["--include", "*.tif"], 2, /nothing of 10001 is taken by --include and --exclude/],
    ["globs that take nothing, with --delete", ["--include", "*.tif", "--delete"], 2, /nothing of 10001 is taken/],
  ])("%s: nothing is touched", async (_, words, status, says) => {
    const { publish } = place();
    server.setFaults([]);
    const answer = await publish(...words);
    expect([answer.status, answer.err]).toEqual([status, expect.stringMatching(says)]);
    expect(server.requests.filter(({ method }) => method !== "GET" && method !== "HEAD")).toEqual([]);
  });

  it("(34.33) a storage of microscope images is sent and compared like a tree, some of its data sets or all", async () => {
    const [cells, plate] = ["CELLS-2024-05-17-10-30-00-0001", "ML-2018-11-07-09-35-54-0010"];
    const files = {
      [`raw_frames/${cells}/im_c000_z000_t000_p000.png`]: "one",
      [`raw_frames/${cells}/im_c000_z001_t000_p000.png`]: "two",
      [`raw_files/${plate}/run_metadata.json`]: "{}",
      [`raw_files/${plate}/plate.lif`]: "three",
    };
    const { tree, publish, verify, there } = place(files);
    writeTree(tree, { "raw_frames/stray.txt": "x" });
    const some = await publish("--dataset", cells);
    expect([some.status, Object.keys(there())]).toEqual([0, Object.keys(files).slice(0, 2)]);
    expect((await verify()).status).toBe(4);
    const all = await publish();
    expect([all.status, all.report.totals.uploaded]).toEqual([0, 2]);
    expect(all.report.warnings).toEqual([expect.stringContaining("raw_frames/stray.txt")]);
    expect(there()).toEqual(hashes(files));
    expect((await verify("--checksum")).status).toBe(0);
    rmSync(join(tree, `raw_files/${plate}/run_metadata.json`));
    expect((await publish("--delete")).report.totals.deleted).toBe(1);
    expect(await publish("--run", "TS_01")).toMatchObject({ status: 2, err: expect.stringContaining("which has no runs") });
    expect(await publish("--dataset", "CELLS-1")).toMatchObject({ status: 2, err: expect.stringContaining("--dataset") });
  });

  it("what is no standardised tree, or lies within itself, is refused; a folder without its document is named", async () => {
    const empty = place({ "notes.txt": "x", "a folder/file": "x" });
    expect(await empty.publish("--delete")).toMatchObject({
      status: 1,
      err: expect.stringContaining("no standardised tree found"),
    });
    const gone = await answered(["publish", "tree", join(folder, "nowhere"), "s3://bucket/x"]);
    expect([gone.status, gone.err]).toEqual([1, expect.stringContaining("nowhere does not exist; expected a standardised tree")]);
    const { tree, publish } = place({ ...TREE, "10005/TS_01/run_metadata.json": "{}", "notes/x": "x" });
    for (const inside of [tree, join(tree, "10001"), join(tree, "not", "there")])
      expect(await answered(["publish", "tree", tree, inside])).toMatchObject({
        status: 2,
        err: expect.stringMatching(/LOCATION .* (is|is inside of) .*, which is only read/),
      });
    const around = join(folder, "around/10001/tree");
    writeTree(around, TREE);
    expect(await answered(["publish", "tree", around, join(folder, "around"), "--delete"])).toMatchObject({
      status: 2,
      err: expect.stringContaining("which would be written"),
    });
    const named = await publish();
    expect([named.status, named.report.errors.map(({ message }: { message: string }) => message), named.report.warnings]).toEqual(
      [3, ["10005 has no dataset_metadata.json, so it is not sent"], ["no part of a standardised tree, and not sent: notes"]],
    );
    expect(named.report.totals.uploaded).toBe(Object.keys(TREE).length);
  });

  it("a tree that is being ingested, and a target that somebody writes, are refused with 11", async () => {
    const holder = (heartbeatMs: number) =>
      JSON.stringify({
        token: "t",
        pid: 1,
        processStart: "0",
        boot: "b",
        host: `not-${hostname()}`,
        job: "ingest lab",
        startedMs: 0,
        heartbeatMs,
      });
    const now = 1_790_000_000_000; // the clock of `emporium` in tests
    const { name, tree, publish, verify } = place();
    for (const lock of ["dataset-10001", "deposition-10301"]) {
      writeTree(tree, { [`.emporium/locks/${lock}.json`]: holder(now) });
      server.setFaults([]);
      expect(await publish()).toMatchObject({ status: 11, err: expect.stringContaining("ingest lab") });
      expect(await verify()).toMatchObject({ status: 11 });
      expect(keysOf("PutObject", name)).toEqual([]);
      rmSync(join(tree, ".emporium"), { recursive: true });
    }
    writeTree(tree, { ".emporium/locks/deposition-99.json": holder(now) });
    const other = await publish();
    expect([other.status, other.err]).toEqual([
      0,
      expect.stringContaining("what it adds to the datasets of this run is not sent"),
    ]);
    rmSync(join(tree, ".emporium"), { recursive: true });

    const one = place();
    let second: Awaited<ReturnType<typeof one.publish>> | undefined;
    server.setFaults([
      { on: "PutObject", key: `${one.name}/10001/dataset_metadata.json`, fate: { kind: "status", status: 500 }, times: 1 },
    ]);
    const running = one.publish();
    while (second?.status !== 11 && (second === undefined || second.report?.totals.uploaded === undefined)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if ([...server.s3.buckets.get("bucket")!.keys()].some((key) => key.startsWith(`${one.name}/.emporium/locks/`)))
        second = await answered(["publish", "tree", one.tree, one.location, "--workspace", join(folder, "another")]);
    }
    expect([(await running).status, second.status, second.err]).toEqual([0, 11, expect.stringContaining("publish tree")]);
  });

  it("goes from bucket to bucket, and to a folder, in parts where it is large", async () => {
    const big = Buffer.alloc(17 * MiB, createHash("sha512").update("big").digest());
    const files = { ...TREE, "10001/TS_01/Frames/big.mrc": big };
    const staging = place(files);
    await staging.publish();
    const production = `${staging.name}-production`;
    const words = ["publish", "tree", staging.location, `s3://bucket/${production}`, "--workspace", staging.workspace];
    const sent = await answered(words);
    expect([sent.status, sent.report.totals.uploaded]).toEqual([0, Object.keys(files).length]);
    expect(objects(production)).toEqual(hashes(files));
    expect((await answered(words)).report.totals.uploaded).toBe(0);
    expect((await answered(["publish", "verify", staging.location, `s3://bucket/${production}`])).status).toBe(0);
    const local = join(folder, `${production} lokal`);
    expect((await answered(["publish", "tree", `s3://bucket/${production}`, local, "--memory", "64MiB"])).status).toBe(0);
    const paths = readdirSync(local, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(
      Object.fromEntries(
        paths
          .map((entry) => join(entry.parentPath, entry.name))
          .map((path) => [path.slice(local.length + 1), sha256(readFileSync(path))]),
      ),
    ).toEqual(hashes(files));
    expect((await answered(["publish", "verify", staging.tree, local])).status).toBe(0);
  });

  it.each(["direct", "buffered"])(
    "a large file goes to a folder and is compared there, %s, also when its sender was killed",
    async (io) => {
      const big = Buffer.alloc(33 * MiB + 5, createHash("sha512").update("large").digest());
      for (let mib = 0; mib < big.length; mib += MiB) big.writeUInt32LE(mib, mib);
      const { tree, name, workspace } = place({ ...TREE, "10001/TS_01/Frames/big.mrc": big });
      const local = join(folder, `${name} on a disk`);
      const words = ["publish", "tree", tree, local, "--io", io, "--workspace", workspace];
      const halfway = spawn(process.execPath, [program, ...words, "--limit", "20MB/s"], { stdio: "ignore" });
      const ended = new Promise((resolve) => halfway.once("exit", resolve));
      const parts = () =>
        (existsSync(local) ? readdirSync(local, { recursive: true }) : []).filter((path) => `${path}`.endsWith("/log"));
      while (parts().length === 0 && halfway.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
      halfway.kill("SIGKILL");
      await ended;
      expect(parts()).toHaveLength(1);
      expect((await answered(words)).status).toBe(0);
      expect(readFileSync(join(local, "10001/TS_01/Frames/big.mrc")).equals(big)).toBe(true);
      expect(parts()).toEqual([]);
      expect((await answered(["publish", "verify", tree, local, "--io", io])).status).toBe(0);
      const changed = await open(join(local, "10001/TS_01/Frames/big.mrc"), "r+");
      await changed.write(Buffer.of(255 - big[33 * MiB + 4]!), 0, 1, 33 * MiB + 4);
      await changed.close();
      expect((await answered(["publish", "verify", tree, local, "--io", io])).status).toBe(4);
    },
  );

  it("the words of help, and of who guesses", async () => {
    const guessed = await emporium(["publish", "plan", "tree"]);
    expect([guessed.status, guessed.err]).toEqual([2, expect.stringContaining("publish tree TREE LOCATION")]);
    const half = await emporium(["publish", "verify", folder, "--dataset", "10001"]);
    expect([half.status, half.err]).toEqual([2, expect.stringContaining("publish verify TREE LOCATION")]);
    const alone = await emporium(["publish", "verify", folder]);
    expect(alone.err).toContain("publish verify TREE LOCATION");
    const both = await emporium(["publish", "verify", folder, "s3://bucket", "--sample", "2023-05-10"]);
    expect(both.status).toBe(2);
  });
});

describe("seam 32: what verify finds has a command that mends it, and run says what it did not compare", () => {
  it("other contents of the same size, and objects of no source", async () => {
    const { name, tree, publish, verify } = place();
    await publish();
    const path = join(tree, "10001/TS_01/Frames/TS_01.mdoc");
    writeFileSync(path, "FRAMES");
    utimesSync(path, 1, 1);
    const found = await verify();
    expect([found.status, found.report.hints]).toEqual([
      4,
      ["publish tree --checksum sends objects with different contents, which size and time alone do not reveal"],
    ]);
    const text = await emporium(["publish", "tree", tree, `s3://bucket/${name}`], { env: process.env });
    expect(text.out).toMatch(/40 already there.*\nhint: .*use --checksum to compare contents/s);
    expect((await publish("--checksum")).report).toMatchObject({ totals: { uploaded: 1 }, hints: [] });
    expect((await verify()).status).toBe(0);
    rmSync(path);
    expect((await verify()).report.hints).toEqual(["publish tree --delete removes objects without a source"]);
    expect((await publish("--checksum")).report.hints).toEqual([expect.stringContaining("--delete removes")]);
    expect((await publish("--checksum", "--delete")).status).toBe(0);
    expect(await verify()).toMatchObject({ status: 0, report: { hints: [] } });
    mkdirSync(join(tree, "10001/TS_01/Frames"), { recursive: true });
    writeFileSync(path, "new");
    expect((await verify()).report.hints).toEqual(["publish tree sends missing objects and those of another size"]);
  });
});

describe("links of a tree", () => {
  it("(34.10) that leave it are refused by name and the rest is sent, status 3; links inside are followed", async () => {
    const { tree, publish, verify, there } = place();
    const outside = join(folder, `outside-${count}`);
    writeTree(outside, { id_ed25519: "key", "runs/TS_09/a.mrc": "foreign", "10009/dataset_metadata.json": "{}" });
    const leaving = {
      "10001/Images/key.png": "id_ed25519",
      "10001/TS_01/Reconstructions/more": "runs",
      "10001/TS_09": "runs/TS_09",
      "10009": "10009",
      "depositions_metadata/10309": "10009",
      "key.txt": "id_ed25519",
    };
    for (const [name, target] of Object.entries(leaving)) {
      mkdirSync(join(tree, name, ".."), { recursive: true });
      symlinkSync(join(outside, target), join(tree, name));
    }
    symlinkSync("TS_02", join(tree, "10001/TS_03"));
    symlinkSync(".", join(tree, "10001/TS_02/loop"));
    symlinkSync("nothing", join(tree, "10001/TS_02/dangling"));
    const { status, report } = await publish();
    const copies = Object.entries(TREE).map(([key, body]) => [key.replace("10001/TS_02/", "10001/TS_03/"), body]);
    for (const [key, hash] of Object.entries(there())) {
      expect({ ...hashes({ ...TREE, ...Object.fromEntries(copies) }) }[key], key).toBe(hash);
    }
    const told = (errors: { code: string; message: string }[]) =>
      errors
        .filter(({ code }) => code === "STORE_DENIED")
        .map(({ message }) => message.slice(tree.length + 1).split(" ")[0])
        .sort();
    expect([status, told(report.errors)]).toEqual([3, Object.keys(leaving).sort()]);
    expect(Object.keys(there())).toEqual(
      expect.arrayContaining(Object.keys(TREE).filter((key) => /TS_0\d\/.*mrc|TS_0\d\/.*rawtlt/.test(key))),
    );
    const verified = await verify();
    expect([verified.status, told(verified.report.errors)]).toEqual([4, Object.keys(leaving).sort()]);
    const part = await publish("--run", "TS_0[19]");
    expect([part.status, told(part.report.errors)]).toEqual([3, expect.arrayContaining(["10001/TS_09"])]);
  });
});
