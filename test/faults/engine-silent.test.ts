import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { tree } from "../peers/cluster-kit.js";
import { emporium } from "../peers/environment.js";

/** What a person waits for at most. */
const ANSWER_MS = 15_000;

/** Programs of engines that take jobs and never run one. */
const ENGINES = {
  slurm: {
    submit: { sbatch: "echo 17" },
    limits: { scontrol: "echo 'MaxArraySize = 1001'" },
    list: "squeue",
    empty: "",
    says: "slurm_load_jobs error: Unable to contact slurm controller (connect failure)",
    title: "Slurm",
    profile: "{engine: slurm}",
    flags: [] as string[],
  },
  sge: {
    submit: { qsub: "echo 17" },
    limits: { qconf: "echo 'max_aj_tasks 75000'" },
    list: "qstat",
    empty: "echo '<job_info></job_info>'",
    says: "error: commlib error: got select error (Connection refused)",
    title: "Grid Engine",
    profile: "{engine: sge}",
    flags: [] as string[],
  },
  lsf: {
    submit: { bsub: "echo 'Job <17> is submitted to queue <normal>.'" },
    limits: { bparams: "echo 'MAX_JOB_ARRAY_SIZE = 1000'" },
    list: "bjobs",
    empty: "",
    says: "LSF is down. Please wait ...",
    title: "LSF",
    profile: "{engine: lsf}",
    flags: [] as string[],
  },
} as const;
type Name = keyof typeof ENGINES;

describe("a cluster that does not answer", { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-silent-"));
  let local: Map<string, string>;
  const sockets = new Set<{ destroy(): void }>();
  let blackHole: Server;

  beforeAll(async () => {
    await generateLab({ out: join(folder, "lab"), deposits: ["imod"], runs: 2, shape: [8, 32, 24] });
    expect((await ingest("local", [], {})).status).toBe(0);
    local = tree(join(folder, "local"));
    blackHole = createServer((socket) => void sockets.add(socket));
    await new Promise<void>((done) => blackHole.listen(0, "127.0.0.1", done));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    blackHole?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const ingest = (target: string, flags: readonly string[], env: NodeJS.ProcessEnv) =>
    emporium(
      [
        ...["ingest", "run", join(folder, "lab/imod.yaml"), join(folder, "lab/input"), join(folder, target)],
        ...["--import-everything", "-q", "--json", "--workspace", join(folder, `${target}.work`), ...flags],
      ],
      { SOURCE_DATE_EPOCH: "1767225600", ...env },
    );
  const engine = async (words: readonly string[], env: NodeJS.ProcessEnv) => {
    const begun = performance.now();
    const { status, stdout, stderr } = await emporium(["engine", ...words], env);
    return { status, stdout, stderr, ms: performance.now() - begun };
  };
  const submissions = (target: string) =>
    readdirSync(join(folder, target, ".emporium/runs"), { recursive: true, encoding: "utf8" }).filter((name) =>
      /submitted\.\d+\.json$/.test(name),
    );

  /** An environment in which the engine's programs are these. */
  function programs(name: string, scripts: Readonly<Record<string, string>>, profile = "{}"): NodeJS.ProcessEnv {
    const bin = mkdtempSync(join(folder, `${name}-bin-`));
    for (const [program, script] of Object.entries(scripts)) {
      writeFileSync(join(bin, program), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, program), 0o755);
    }
    mkdirSync(join(bin, "config/emporium"), { recursive: true });
    writeFileSync(join(bin, "config/emporium/emporium.engines.yaml"), `profiles:\n  one: ${profile}\n`);
    return { PATH: `${bin}:/usr/bin:/bin`, XDG_CONFIG_HOME: join(bin, "config") };
  }
  const spoken = (name: Name, list: string) => {
    const { submit, limits, list: program, profile } = ENGINES[name];
    return programs(name, { ...submit, ...limits, [program]: list }, profile);
  };

  const rows: { name: Name; how: string; list: string; said: string }[] = [
    { name: "slurm", how: "hangs", list: "sleep 300", said: "no answer in 10 s" },
    ...(Object.keys(ENGINES) as Name[]).map((name) => {
      const { says } = ENGINES[name];
      return { name, how: "fails", list: `echo '${says}' >&2; exit 1`, said: says };
    }),
  ];
  it.each(rows)(
    "(34.15) $name whose list $how: status says so in 15 s and ends with 12, resume and cancel refuse",
    async (row) => {
      const { name, how, list, said } = row;
      const target = `${name}-${how}`;
      const at = join(folder, target);
      const answers = spoken(name, ENGINES[name].empty);
      const begun = await ingest(target, ["--executor", name], answers);
      expect(JSON.parse(begun.stdout)).toMatchObject({ status: "submitted" });
      // jobs of which the queue knows nothing, asked and told so: that run has stopped
      const gone = await engine(["status", at], answers);
      expect([gone.status, gone.stdout]).toEqual([0, expect.stringContaining("no job of it is left: emporium engine resume")]);

      const silent = spoken(name, list);
      const { title } = ENGINES[name];
      const shown = await engine(["status", at], silent);
      expect(shown.ms).toBeLessThan(ANSWER_MS);
      expect(shown.status).toBe(12);
      expect(shown.stderr).toContain("error[ENGINE_SILENT]");
      expect(shown.stderr).toContain(said);
      expect(shown.stdout).toContain(`${title} does not answer: its jobs may still be running`);
      expect(shown.stdout).not.toContain("no job of it is left");
      expect(shown.stdout).not.toContain("goes on");
      const before = submissions(target);
      const resumed = await engine(["resume", at], silent);
      expect([resumed.status, resumed.stderr]).toEqual([12, expect.stringContaining(`${title} does not answer`)]);
      expect(resumed.ms).toBeLessThan(ANSWER_MS);
      expect(submissions(target)).toEqual(before);
      if (how === "hangs") return; // what follows waits as long again, and is the same
      const document = JSON.parse((await engine(["status", at, "--json"], silent)).stdout) as object;
      expect(document).toMatchObject({ status: "unknown", exitStatus: 12, done: 0, errors: [{ code: "ENGINE_SILENT" }] });
      const again = await ingest(target, ["--executor", name], silent);
      expect([again.status, again.stderr]).toEqual([12, expect.stringContaining("ENGINE_SILENT")]);
      const cancelled = await engine(["cancel", at], silent);
      expect([cancelled.status, cancelled.stderr]).toEqual([12, expect.stringContaining("ENGINE_SILENT")]);
      expect(existsSync(join(at, ".emporium/locks"))).toBe(true);
    },
  );

  it("(34.15) this machine may do the rest of a run whose cluster is silent: it is told what that means", async () => {
    const target = "moved";
    const answers = spoken("slurm", "");
    expect((await ingest(target, ["--executor", "slurm"], answers)).status).toBe(0);
    const silent = spoken("slurm", `echo '${ENGINES.slurm.says}' >&2; exit 1`);
    const moved = await engine(["resume", join(folder, target), "--executor", "local"], silent);
    expect([moved.status, moved.stderr]).toEqual([0, expect.stringContaining("do the same work and write the same bytes")]);
    expect(tree(join(folder, target))).toEqual(local);
    // it has ended: nobody needs to be asked
    expect((await engine(["status", join(folder, target)], silent)).status).toBe(0);
  });

  it("(34.15) kubernetes: kubectl that hangs", async () => {
    const answers = (list: string) =>
      programs(
        "kubernetes",
        { kubectl: `case "$1" in auth) echo yes;; create) cat >/dev/null; echo job.batch/one;; get) ${list};; esac` },
        "{engine: kubernetes, kubernetes: {image: emporium}}",
      );
    const at = join(folder, "pods");
    const stays = ingest("pods", ["--executor", "kubernetes", "--driver", "none"], answers("echo '{\"items\": []}'"));
    expect((await stays).status).toBe(0);
    // as the command that stays leaves it when it is stopped
    const [run = ""] = readdirSync(join(at, ".emporium/runs"));
    mkdirSync(join(at, ".emporium/runs", run, "stages/runs"), { recursive: true });
    const submitted = { number: 0, slices: [0], job: "one", by: "test", engine: "kubernetes", id: "one" };
    writeFileSync(join(at, ".emporium/runs", run, "stages/runs/submitted.0.json"), JSON.stringify(submitted));
    const shown = await engine(["status", at], answers("sleep 300"));
    expect(shown.ms).toBeLessThan(ANSWER_MS);
    expect([shown.status, shown.stdout]).toEqual([12, expect.stringContaining("Kubernetes does not answer")]);
    expect((await engine(["resume", at], answers("sleep 300"))).status).toBe(12);
  });

  it("(34.15) AWS Batch whose address takes connections and says nothing", async () => {
    const { port } = blackHole.address() as { port: number };
    const env = {
      ...programs("batch", {}, "{engine: aws-batch, queue: q, batch: {definition: d, region: us-east-1}}"),
      AWS_ENDPOINT_URL_BATCH: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: "key",
      AWS_SECRET_ACCESS_KEY: "secret",
    };
    const at = join(folder, "batch");
    expect((await ingest("batch", ["--driver", "none"], { PATH: process.env.PATH })).status).toBe(0);
    const [run = ""] = readdirSync(join(at, ".emporium/runs"));
    const record = join(at, ".emporium/runs", run, "run.json");
    const read = JSON.parse(readFileSync(record, "utf8")) as { resources: object };
    const settings = { definition: "d", region: "us-east-1" };
    writeFileSync(
      record,
      JSON.stringify({ ...read, engine: "aws-batch", resources: { ...read.resources, queue: "q", settings } }),
    );
    mkdirSync(join(at, ".emporium/runs", run, "stages/runs"), { recursive: true });
    const submitted = { number: 0, slices: [0], job: "one", by: "test", engine: "aws-batch", id: "one" };
    writeFileSync(join(at, ".emporium/runs", run, "stages/runs/submitted.0.json"), JSON.stringify(submitted));
    const shown = await engine(["status", at], env);
    expect(shown.ms).toBeLessThan(ANSWER_MS);
    expect([shown.status, shown.stdout]).toEqual([12, expect.stringContaining("AWS Batch does not answer")]);
    expect((await engine(["resume", at], env)).status).toBe(12);
  });

  it("(34.15) a machine without the cluster's programs shows the run all the same, and that the queue is not shown", async () => {
    const target = "elsewhere";
    expect((await ingest(target, ["--executor", "slurm"], spoken("slurm", ""))).status).toBe(0);
    const shown = await engine(["status", join(folder, target)], { PATH: "/nowhere" });
    expect([shown.status, shown.stdout]).toEqual([
      0,
      expect.stringContaining("the queue is not shown: squeue is not on this machine"),
    ]);
  });
});
