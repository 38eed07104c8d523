import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { s3Store } from "../../src/stores/s3/store.js";
import { type FaultServer, startFaultServer } from "../faults/server.mjs";
import { emporium } from "../peers/environment.js";

const machineOf = (number: string, environment = "staging") =>
  `arn:aws:states:us-west-2:${number}:stateMachine:cryoet-ingestion-${environment}-default-wdl`;
const MACHINE = machineOf("123456789012");
const RUNS = 3;

/** What the portal's own program starts: `writtenBy` says which. */
const golden = JSON.parse(readFileSync(new URL("../golden/enqueue/executions.json", import.meta.url), "utf8")) as {
  unix: number;
  account: string;
  buckets: string[];
  objects: Record<string, string[]>;
  cases: { words: string[]; started: Start[] }[];
};

interface Start {
  stateMachineArn: string;
  name: string;
  input: string;
}

/** What the portal's account answers: who asks, which buckets there are, and the state machine, which takes a name once. */
describe("ingest queue", { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-queue-"));
  let bucket: FaultServer;
  let account: Server;
  let url: string;
  let started: Start[] = [];
  let asked = 0;
  /** Answers of the service to come, in place of its own. */
  let replies: { status: number; type: string }[] = [];
  let number = "123456789012";
  let machines = [MACHINE];
  let buckets = ["org-staging-swipe-wdl", "org-prod-swipe-wdl", "org-staging-swipe-comms"];

  const read = async (request: IncomingMessage) => {
    let text = "";
    for await (const piece of request) text += String(piece);
    return text;
  };
  const refused = (response: ServerResponse, type: string, status = 400) =>
    response.writeHead(status).end(JSON.stringify({ __type: type, message: `it is ${type}` }));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.headers["x-amz-target"];
    const scope = /Credential=AKIDEXAMPLE\/\d{8}\/us-west-2\/(\w+)\/aws4_request/.exec(request.headers.authorization ?? "")?.[1];
    if (request.url !== "/") {
      const sent = await fetch(`${bucket.url}${request.url}`, { method: request.method ?? "GET" });
      const kept = ["etag", "content-type", "last-modified", "content-length", "content-range"];
      const headers = kept.flatMap((name) => (sent.headers.get(name) === null ? [] : [[name, sent.headers.get(name)!] as const]));
      response.writeHead(sent.status, Object.fromEntries(headers)).end(Buffer.from(await sent.arrayBuffer()));
      return;
    }
    const text = await read(request);
    if (scope === "s3") {
      response.end(`<R><Buckets>${buckets.map((name) => `<Bucket><Name>${name}</Name></Bucket>`).join("")}</Buckets></R>`);
      return;
    }
    if (scope === "sts" && text.includes("Action=GetCallerIdentity")) {
      response.end(`<R><Account>${number}</Account></R>`);
      return;
    }
    expect([scope, request.headers["content-type"]]).toEqual(["states", "application/x-amz-json-1.0"]);
    const document = JSON.parse(text) as Start;
    if (target === "AWSStepFunctions.DescribeStateMachine") {
      if (machines.includes(document.stateMachineArn))
        response.end(JSON.stringify({ stateMachineArn: document.stateMachineArn }));
      else refused(response, "StateMachineDoesNotExist");
      return;
    }
    expect(target).toBe("AWSStepFunctions.StartExecution");
    asked++;
    const reply = replies.shift();
    if (reply) refused(response, reply.type, reply.status);
    else if (started.some(({ name }) => name === document.name)) refused(response, "ExecutionAlreadyExists");
    else {
      started.push(document);
      response.end(JSON.stringify({ executionArn: `${MACHINE}:${document.name}`, startDate: 1 }));
    }
  }

  beforeAll(async () => {
    await generateLab({ out: join(folder, "lab"), deposits: ["imod"], runs: RUNS, shape: [8, 16, 16] });
    bucket = await startFaultServer({ buckets: ["lab-input", "lab-output", ...Object.keys(golden.objects)] });
    const bucketOf = (name: string) =>
      s3Store({
        bucket: name,
        endpoint: bucket.url,
        prefix: "",
        region: "us-west-2",
        credentials: { accessKeyId: "a", secretAccessKey: "b" },
      });
    for (const [name, keys] of Object.entries(golden.objects)) {
      for (const key of keys) await bucketOf(name).write(key, new TextEncoder().encode("{}"));
    }
    const store = bucketOf("lab-input");
    const input = join(folder, "lab/input");
    for (const name of readdirSync(input, { recursive: true, encoding: "utf8" })) {
      if (statSync(join(input, name)).isFile()) await store.write(name, readFileSync(join(input, name)));
    }
    account = createServer(
      (request, response) => void answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error))),
    );
    await new Promise<void>((resolve) => account.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(account.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    [started, asked, replies] = [[], 0, []];
  });
  afterAll(async () => {
    account.close();
    await bucket.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (workspace: string, ...words: string[]) => {
    const done = await emporium(["ingest", "queue", ...words, "--json", "-q", "--workspace", join(folder, workspace)], {
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "canary-secret-key",
      AWS_REGION: "us-west-2",
    });
    return { ...done, report: JSON.parse(done.stdout) as Record<string, never> };
  };
  const queue = (workspace: string, ...flags: string[]) =>
    start(workspace, join(folder, "lab/imod.yaml"), "s3://lab-input", "s3://lab-output/tree", ...flags);

  it("starts one execution for each run, with the input of the portal's own program", async () => {
    const { status, report } = await queue("a", "--import-everything", "--filter-run-name", "TS_");
    expect([status, report]).toMatchObject([0, { status: "done", started: RUNS, already: 0, failed: 0 }]);
    expect(started.map(({ name }) => name.replace(/^\d+-/, "")).sort()).toEqual(
      Array.from({ length: RUNS }, (_, n) => `dep10301-ds10401-runTS-000${n + 1}`),
    );
    for (const { stateMachineArn, name, input } of started) {
      expect(stateMachineArn).toBe(MACHINE);
      const run = `TS_${name.slice(-4)}`;
      expect(JSON.parse(input)).toEqual({
        Input: {
          Run: {
            aws_region: "us-west-2",
            docker_image_id: "123456789012.dkr.ecr.us-west-2.amazonaws.com/cryoet-staging:main",
            config_file: join(folder, "lab/imod.yaml"),
            input_bucket: "lab-input",
            output_path: "lab-output/tree",
            flags: `--import-everything --https-prefix https://files.cryoetdataportal.cziscience.com --filter-dataset-name '^10401$' --filter-run-name '^${run}$'`,
          },
        },
        OutputPrefix: `s3://org-staging-swipe-comms/swipe/swipe-job-output/${name}/results`,
        RUN_WDL_URI: "s3://org-staging-swipe-wdl/standardize_dirs.wdl-v0.0.1.wdl",
        RunEC2Memory: 24000,
        RunEC2Vcpu: 1,
        RunSPOTMemory: 24000,
        RunSPOTVcpu: 1,
        StateMachineArn: MACHINE,
      });
    }
  });

  it("starts nothing twice when it is called twice, and all anew with --again", async () => {
    const names = async (...flags: string[]) => {
      const { report } = await queue("b", "--import-tomograms", ...flags);
      return [report.started, report.already, new Set(started.map(({ name }) => name)).size];
    };
    expect(await names()).toEqual([RUNS, 0, RUNS]);
    expect(await names()).toEqual([0, RUNS, RUNS]);
    expect(await names("--again")).toEqual([RUNS, 0, 2 * RUNS]);
  });

  it("waits where the service throttles, tells what it refuses, and starts the rest the second time", async () => {
    replies = [
      { status: 400, type: "ThrottlingException" },
      { status: 429, type: "TooManyRequestsException" },
      { status: 503, type: "ServiceUnavailable" },
    ];
    expect((await queue("c", "--import-runs")).report).toMatchObject({ started: RUNS, failed: 0 });
    expect(asked).toBe(RUNS + 3);
    replies = [{ status: 400, type: "ExecutionLimitExceeded" }];
    const partial = await queue("d", "--import-runs", "--skip-until-run-name", "TS_0002", "--parallelism", "1");
    expect([partial.status, partial.report]).toMatchObject([3, { started: 1, failed: 1, errors: [{ code: "ENGINE_REFUSED" }] }]);
    const rest = await queue("d", "--import-runs", "--skip-until-run-name", "TS_0002", "--parallelism", "1");
    expect([rest.status, rest.report]).toMatchObject([0, { started: 1, already: 1 }]);
  });

  it("plans only with --dry-run, and says what is missing of an account", async () => {
    const { report } = await queue("e", "--import-runs", "--dry-run", "--memory", "4GB", "--ecr-tag", "v2");
    expect(report).toMatchObject({ status: "planned", executions: [{ run: "TS_0001", input: { RunEC2Memory: 4000 } }, {}, {}] });
    expect(asked).toBe(0);
    const absent = await queue("e", "--import-runs", "--environment", "prod");
    expect([absent.status, absent.stderr]).toEqual([1, expect.stringContaining("swipe-comms and prod")]);
    const all = buckets;
    buckets = [...all, "org-prod-swipe-comms"];
    const machine = await queue("e", "--import-runs", "--environment", "prod");
    buckets = all;
    expect(machine.stderr).toContain("no state machine cryoet-ingestion-prod-default-wdl");
  });

  describe("the portal's own program (34.32)", () => {
    const usual = { number, machines, buckets };
    beforeAll(() => {
      [number, buckets] = [golden.account, golden.buckets];
      machines = ["staging", "prod"].map((environment) => machineOf(number, environment));
    });
    afterAll(() => {
      ({ number, machines, buckets } = usual);
    });

    /** Of `queue` flags have an order of their own, `--write-mrc` is left out and `--no-write-zarr` given: docs/reference/compat.md. */
    const flagsOf = (input: string) => (JSON.parse(input) as { Input: { Run: { flags: string } } }).Input.Run.flags;
    const withoutFlags = (input: string) => input.replace(/"flags": "(?:[^"\\]|\\.)*"/, '"flags": ""');
    const sorted = (flags: string) =>
      flags
        .split(/ (?=--)/)
        .filter((flag) => flag !== "--write-mrc" && flag !== "--no-write-zarr")
        .sort();

    it.each(golden.cases.map(({ words, started }, at) => [words.join(" ").slice(0, 70), words, started, at] as const))(
      "starts what %s starts there",
      async (_, [name, ...words], wanted, at) => {
        const config = join(folder, "lab/imod.yaml");
        const here: Record<string, string> = { CONFIG: config, "lab-input": "s3://lab-input", "lab-output": "s3://lab-output" };
        const given = words.map((word, n) => (words[n - 1] === "--memory" ? `${word}MB` : (here[word] ?? word)));
        if (name === "queue") given.push("--filter-run-name", "TS_000[12]");
        else given.unshift(name!);
        const { status, stderr } = await start(`golden-${at}`, ...given, "--parallelism", "1");
        expect([status, stderr.replace(/^.*takes every name that begins so.*\n/m, "")]).toEqual([0, ""]);
        const then = (text: string) => text.replaceAll(/\b\d{10}(?=-(?:dep|dbimport|sync|validate))/g, String(golden.unix));
        const found = started.map(({ input, ...rest }) => ({
          ...rest,
          name: then(rest.name),
          input: then(input).replace(JSON.stringify(config), '"CONFIG"'),
        }));
        if (name !== "queue") expect(found).toEqual(wanted);
        else {
          const apart = (all: readonly Start[]) =>
            all.map(({ input, ...rest }) => [rest, withoutFlags(input), sorted(flagsOf(input))]);
          expect(apart(found)).toEqual(apart(wanted));
        }
      },
    );

    it.each([
      ["a dataset that is not there", ["db-import", "--include-dataset", "999"], "--include-dataset 999"],
      ["a dataset with a slash behind it", ["db-import", "--include-dataset", "10301/"], "--include-dataset 10301/: no folder"],
      ["filters that leave nothing", ["sync", "--filter-datasets", "2"], "3 datasets there"],
      ["nothing to copy", ["sync", "--no-sync-dataset"], "--include-deposition"],
      ["a bucket copied onto itself", ["sync", "--output-bucket", "s3://cryoet-data-portal-staging"], "onto itself"],
      ["a name that a shell takes apart", ["validate", "10301;ls"], '"10301;ls" cannot stand'],
      ["validation elsewhere", ["source-validate", "a.yaml", "--environment", "prod"], "expected one of staging"],
    ])("refuses %s, and starts nothing", async (_, words, said) => {
      const { status, stderr } = await start("refused", ...words);
      expect([status, stderr, started]).toEqual([2, expect.stringContaining(said), []]);
    });

    it("starts nothing twice here either, and two names that come to the same are told apart", async () => {
      const twice = async () => (await start("again", "validate", "a.1", "a-1", "a.1")).report;
      expect([(await twice()).started, (await twice()).already]).toEqual([2, 2]);
      const names = started.map(({ name }) => name.replace(/^\d+/, "")).sort();
      expect(names).toEqual(["-validate-staging-a-1", expect.stringMatching(/^-validate-staging-a-1-[0-9a-f]{8}$/)]);
    });
  });

  it.each([
    ["nothing to import", ["s3://lab-input", "s3://lab-output"], []],
    ["a folder", [".", "s3://lab-output"], ["--import-runs"]],
    ["a prefix of the input", ["s3://lab-input/lab", "s3://lab-output"], ["--import-runs"]],
  ])("refuses %s", async (_, places, flags) => {
    const refusal = await emporium(["ingest", "queue", join(folder, "lab/imod.yaml"), ...places, ...flags], {});
    expect(refusal.status).toBe(2);
    expect(asked).toBe(0);
  });
});
