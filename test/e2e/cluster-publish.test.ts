import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FaultServer, startFaultServer } from "../faults/server.mjs";
import { emporium } from "../peers/environment.js";
import { killOnce, locksIn, playedCluster } from "./cluster-stations-kit.js";
import { DATASET, planText, runFiles, TREE, writeTree } from "./publish-kit.js";

const WRITTEN = new Date("2026-01-01T00:00:00Z");

/**
 * A bucket is filled by the jobs of a cluster as by one machine: the same objects and report, in an order that readers can bear. Most of the time
 * is spent waiting for jobs, so the cases, each with prefixes, a workspace and an engine of its own, wait beside each other.
 */
describe.concurrent("publishing on a cluster", { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-publish-"));
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "canary-secret-key" };
  let server: FaultServer;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    server = await startFaultServer({ credentials });
    env = {
      AWS_ENDPOINT_URL: server.url,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: "us-east-1",
    };
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function objects(name: string): Record<string, string> {
    const found = [...server.s3.buckets.get("bucket")!].filter(([key]) => key.startsWith(`${name}/`));
    const hash = (parts: Buffer[]) => createHash("sha256").update(Buffer.concat(parts)).digest("hex");
    return Object.fromEntries(
      found
        .map(([key, { segments }]) => [key.slice(name.length + 1), hash(segments.map(({ bytes }) => bytes!))] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  }

  /** A tree, and one prefix of the bucket for this machine, another for a cluster. */
  function scene(name: string, files: Readonly<Record<string, string | Uint8Array>>, prologue: readonly string[] = []) {
    const tree = join(folder, name);
    writeTree(tree, files);
    const engine = join(folder, `${name}.engine`);
    const cluster = playedCluster(engine, prologue);
    Object.assign(cluster.env, env);
    const at = (where: string) => `${name}-${where}`;
    const words = (where: string, more: readonly string[]) => [
      ...["publish", "tree", tree, `s3://bucket/${at(where)}`, "--workspace", join(folder, `${at(where)}.work`), ...more],
    ];
    const answered = async (args: readonly string[]) => {
      const { stdout, stderr, status } = await emporium([...args, "--json", "-q"], cluster.env);
      if (stdout === "") throw new Error(stderr);
      return { status, report: JSON.parse(stdout) as Record<string, unknown> };
    };
    const home = join(folder, `${at("cluster")}.work/publish`);
    return {
      ...{ tree, cluster, at, words, home },
      here: (...more: string[]) => answered(words("here", more)),
      /** By this machine to the place of the cluster. */
      sent: () => answered([...words("cluster", []), "--workspace", join(folder, `${name}-sent.work`)]),
      async there(...more: string[]) {
        const { run } = await cluster.submit(words("cluster", more));
        const { exitStatus: status, report } = await cluster.ended(home, run);
        return { status, report };
      },
    };
  }

  /** A report without what differs from place to place. */
  const alike = ({ seconds: _, logs, ...report }: Record<string, unknown>) =>
    JSON.parse(
      JSON.stringify({ ...report, logs: (logs as string[]).length })
        .replaceAll(/-(here|cluster)\b/g, "")
        .replaceAll(/request [^"]*?"/g, '"'),
    ) as Record<string, unknown>;
  const many = Object.fromEntries(Array.from({ length: 450 }, (_, n) => [`10001/TS_01/Frames/${n}.tif`, `frame ${n}`]));

  it("sends a tree in the order of its documents, though a job is killed", async () => {
    const files = { ...TREE, ...many, "10001/TS_02/Frames/big.mrc": new Uint8Array(20 * 1024 * 1024).fill(7) };
    const engine = join(folder, "order.engine");
    const home = join(folder, "order-cluster.work/publish");
    const { here, cluster, words, at } = scene("order", files, [killOnce(engine, `${home}/.emporium/locks/task-*.json`)]);
    const local = await here();
    expect(local.status).toBe(0);
    const begun = await cluster.submit(words("cluster", []));
    const over = await cluster.ended(home, begun.run);
    expect(over).toMatchObject({ status: "done", done: over.tasks, exitStatus: 0 });
    expect(over.stages.map(({ name }) => name)).toEqual(["data", "runs", "datasets", "depositions", "rest"]);
    expect(over.stages[0]!.submissions).toBe(2);
    expect(objects(at("cluster"))).toEqual(objects(at("here")));
    expect(Object.keys(objects(at("cluster")))).toEqual(Object.keys(files).sort());
    const { items } = alike(over.report) as { items: { uploaded: number; skipped: number }[] };
    // what the killed job had sent was there for the next
    expect(items.map(({ uploaded, skipped }) => uploaded + skipped)).toEqual(
      (alike(local.report) as { items: { uploaded: number }[] }).items.map(({ uploaded }) => uploaded),
    );
    const order = server.requests
      .filter(({ operation, status, key }) => operation === "PutObject" && status < 300 && key.startsWith(`${at("cluster")}/1`))
      .map(({ key }) => key.slice(at("cluster").length + 1));
    const isDocument = /(_metadata|neuroglancer_config|ribosome-1\.0)\.json$|\/(info|\.z\w+)$/;
    expect(order.findIndex((key) => isDocument.test(key))).toBeGreaterThan(order.findLastIndex((key) => !isDocument.test(key)));
    for (const run of ["TS_01", "TS_02"]) {
      const of = order.filter((key) => key.startsWith(`10001/${run}/`));
      expect(of.at(-1)).toBe(`10001/${run}/run_metadata.json`);
    }
    expect(order.at(-1)).toBe("10001/dataset_metadata.json");
    expect(locksIn(home)).toEqual([]);
    const log = readFileSync((over.report.logs as string[])[0]!, "utf8");
    expect(log.match(/"action": ?"put"/g)!.length).toBeGreaterThan(400);
  });

  it("holds documents back as one machine does, and sends the rest the second time", async () => {
    const { here, there, at } = scene("held", TREE);
    const broken = "10001/TS_01/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_01.zarr/0/0/0/0";
    server.setFaults(
      ["here", "cluster"].map((where) => ({
        ...{ key: `${at(where)}/${broken}`, on: "PutObject" },
        fate: { kind: "status", status: 403, code: "AccessDenied" },
      })),
    );
    const [local, cluster] = [await here(), await there()];
    expect([local.status, cluster.status]).toEqual([3, 3]);
    expect(objects(at("cluster"))).toEqual(objects(at("here")));
    expect(Object.keys(objects(at("cluster")))).not.toContain("depositions_metadata/10301/deposition_metadata.json");
    const totals = ({ report }: typeof local) => report.totals;
    expect(totals(cluster)).toEqual(totals(local));
    server.setFaults([]);
    const again = [await here(), await there()];
    expect(again.map(({ status }) => status)).toEqual([0, 0]);
    expect(alike(again[1]!.report)).toEqual(alike(again[0]!.report));
    expect(Object.keys(objects(at("cluster")))).toEqual(Object.keys(TREE).sort());
  });

  it("removes what the tree has no more, once, at the end", async () => {
    const { here, there, at, tree, sent } = scene("gone", { ...TREE, ...DATASET("10002"), ...runFiles("10002", "TS_09") });
    await here();
    await sent();
    rmSync(join(tree, "10001/TS_02"), { recursive: true });
    rmSync(join(tree, "10001/TS_01/Frames/TS_01.mdoc"));
    const kept = await here();
    expect(kept.report.totals).toMatchObject({ deleted: 0 });
    const removed = [await here("--delete"), await there("--delete")];
    expect(removed[0]!.report.totals).toMatchObject({ deleted: Object.keys(runFiles("10001", "TS_02")).length + 1 });
    expect(alike(removed[1]!.report)).toEqual(alike(removed[0]!.report));
    expect(objects(at("cluster"))).toEqual(objects(at("here")));
  });

  it("locks the bucket while it runs, and leaves it free when it is cancelled", async () => {
    const { cluster, words, at, home } = scene("cancel", TREE, ["sleep 600"]);
    const begun = await cluster.submit(words("cluster", []));
    const other = await emporium(
      [...words("cluster", []), "--json", "-q", "--workspace", join(folder, "other.work")],
      cluster.env,
    );
    expect([other.status, JSON.parse(other.stdout).errors[0].code]).toEqual([11, "TARGET_LOCKED"]);
    // the same command goes on with its run
    expect(await cluster.submit(words("cluster", []))).toMatchObject({ status: "submitted", run: begun.run });
    expect((await emporium(["engine", "cancel", begun.run], cluster.env)).status).toBe(0);
    expect([Object.keys(objects(at("cluster"))), locksIn(home)]).toEqual([[], []]);
    expect((await emporium([...words("cluster", []), "-q"], cluster.env)).status).toBe(0);
  });

  it("leaves the bucket free where no engine takes the first job", async () => {
    const { cluster, words, at, home } = scene("refused", TREE);
    writeFileSync(join(folder, "refused.engine/engine/bin/qsub"), "#!/bin/sh\necho 'unknown queue' >&2\nexit 1\n");
    const refused = await emporium([...words("cluster", []), "--executor", "sge", "--json", "-q"], cluster.env);
    expect([refused.status, Object.keys(objects(at("cluster"))), locksIn(home)]).toEqual([1, [], []]);
    expect((await emporium([...words("cluster", []), "-q"], cluster.env)).status).toBe(0);
  });

  it("sends a plan of a sample as one machine does, with what is left over removed", async () => {
    const source = join(folder, "sample");
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`${n % 7}/${n}.ktx`, `tile ${n}`]));
    writeTree(source, { ...files, "one.txt": "single" });
    // objects have whole seconds: what is sent in the second in which it was written is sent again
    for (const key of ["one.txt", ...Object.keys(files)]) utimesSync(join(source, key), WRITTEN, WRITTEN);
    const { cluster } = scene("plans", {});
    const run = async (where: string, flags: readonly string[]): Promise<Record<string, unknown>> => {
      const items = [
        { id: "images/ktx", action: "sync" as const, source: `${source}/`, target: `s3://bucket/plan-${where}/all` },
        { id: "images/one", action: "cp" as const, source: join(source, "one.txt"), target: `s3://bucket/plan-${where}/` },
        { id: "images/none", action: "cp" as const, source: join(source, "none.txt"), target: `s3://bucket/plan-${where}/` },
      ];
      const plan = join(folder, `plan-${where}.json`);
      writeFileSync(plan, planText("s3://bucket", items as never));
      const words = ["publish", "run", plan, "--json", "-q", "--workspace", join(folder, `plan-${where}.work`), ...flags];
      const { stdout, status, stderr } = await emporium(words, cluster.env);
      if (stdout === "") throw new Error(stderr);
      return { ...(JSON.parse(stdout) as Record<string, unknown>), status };
    };
    const onCluster = ["--executor", "sge", "--driver", "here"];
    const plain = ({ log: _, ...report }: Record<string, unknown>) => alike(report);
    const old = [await run("here", []), await run("cluster", [])];
    expect([old[0]!.status, old[0]!.totals]).toEqual([3, expect.objectContaining({ uploaded: 302 })]);
    expect(plain(old[1]!)).toEqual(plain(old[0]!));
    rmSync(join(source, "3"), { recursive: true });
    writeTree(source, Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`new/${n}.ktx`, `new tile ${n}`])));
    const now = [await run("here", ["--delete"]), await run("cluster", [...onCluster, "--delete"])];
    expect(plain(now[1]!)).toEqual(plain(now[0]!));
    expect(now[1]!.status).toBe(3);
    expect(now[1]!.totals).toMatchObject({
      uploaded: 300,
      deleted: Object.keys(files).filter((key) => key.startsWith("3/")).length,
    });
    expect(existsSync(String(now[1]!.log))).toBe(true);
    expect(objects("plan-cluster")).toEqual(objects("plan-here"));
  });
});
