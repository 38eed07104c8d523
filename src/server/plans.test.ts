import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { systemClock } from "../core/clock.js";
import { isEmporiumError } from "../core/errors.js";
import { silentLog } from "../core/log.js";
import { isHere, thisProcess } from "../engine/holder.js";
import { statusOf } from "./api/errors.js";
import type { JobKind, LocationUse } from "./job-kinds.js";
import { checkJobLocation } from "./job-locations.js";
import { jobWatch } from "./job-watch.js";
import { openPlans, type Plans } from "./plans.js";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "emporium-plans-")));
const data = join(folder, "data");
const workspace = join(folder, "data", "workspace");
const elsewhere = join(folder, "elsewhere");
const at = (name: string) => join(data, name);
const roots = [
  { location: data, writable: true },
  { location: at("one.mrc"), writable: false, isFile: true },
  { location: "s3://bucket/lab", writable: false },
];

beforeAll(() => {
  for (const path of [workspace, elsewhere, at("in")]) mkdirSync(path, { recursive: true });
  writeFileSync(at("config.yaml"), "a: 1\n");
  writeFileSync(at("one.mrc"), "");
  symlinkSync(elsewhere, at("out-of-it"));
  symlinkSync(join(elsewhere, "new"), at("dangling"));
  symlinkSync(at("in"), at("inside"));
  symlinkSync(at("loop"), at("loop"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that plans, and does: what it plans stands in a file. */
const PROGRAM = `
import { readFileSync, writeFileSync } from "node:fs";
const [verb, ...words] = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const [config, output] = words;
if (verb === "plan") {
  const text = readFileSync(config + ".plan", "utf8");
  process.stdout.write(text);
  process.exitCode = JSON.parse(text).exitStatus;
} else if (verb === "silent") {
  process.stderr.write("error[X]: nothing goes\\n");
  process.exitCode = 7;
} else writeFileSync(output, JSON.stringify({ id: process.env.EMPORIUM_RUN_ID, words: process.argv.slice(2) }));
`;
const kind = (name: string, verb: string, locations: Record<string, LocationUse>): JobKind => ({
  kind: name,
  summary: "",
  body: z.strictObject({ kind: z.literal(name), config: z.string(), output: z.string() }),
  locations,
  fields: [],
  words: (input, globals) => [verb, ...globals, "--", String(input.config), String(input.output)],
  planWords: (input) => ["plan", "--", String(input.config), String(input.output)],
  inputOf: (words) => (words[0] === verb ? { kind: name, config: words[3], output: words[4] } : undefined),
});
const planOf = (tasks: number, created: string, exitStatus = 0) =>
  JSON.stringify({
    status: exitStatus === 2 ? "failed" : "planned",
    exitStatus,
    errors: exitStatus === 2 ? [{ code: "CONFIG_FIELD", message: "no", hint: "yes", file: "c.yaml", line: 3, column: 5 }] : [],
    plan: { created, totals: { tasks }, entities: [] },
  });

function plans(now = () => Date.now(), sleep = systemClock.sleep): Plans {
  const program = join(folder, "program.mjs");
  writeFileSync(program, PROGRAM);
  const both = { config: "read", output: "write" } as const;
  return openPlans({
    ...{ kinds: [kind("do", "do", both), kind("silent", "silent", both)], roots, workspace, version: "1" },
    ...{ program: [process.execPath, program], clock: { ...systemClock, now, sleep }, log: silentLog },
  });
}
const plan = (text: string) => writeFileSync(at("config.yaml.plan"), text);

describe("plans of jobs", () => {
  it("that nobody has made are said by the beginning of their name", () => {
    expect(() => plans().plan("0123456789".repeat(9))).toThrow(
      expect.objectContaining({ code: "NOT_FOUND", message: expect.stringMatching(/^there is no plan (0123456789){4}; plans/) }),
    );
  });

  it("that take long are answered before they are there: they have no document yet, and cannot be started", async () => {
    plan(planOf(3, "today"));
    // what answers waits no more; what plans has its time
    const open = plans(undefined, (ms, signal) => (ms < 60_000 ? Promise.resolve() : systemClock.sleep(ms, signal)));
    const made = await open.make({ kind: "do", config: at("config.yaml"), output: at("slow.json") });
    expect(made).toMatchObject({ state: "planning", hasDocument: false });
    await expect(open.start(made.planId)).rejects.toMatchObject({ code: "USAGE", message: "the plan is not ready yet" });
    await expect.poll(() => open.plan(made.planId).state).toBe("planned");
    expect(open.plan(made.planId).hasDocument).toBe(true);
    await open.close();
  });

  it("start once, exactly as planned, under the id of the plan", async () => {
    const open = plans();
    plan(planOf(3, "today"));
    const made = await open.make({ kind: "do", config: at("config.yaml"), output: at("done.json") });
    expect(made).toMatchObject({ state: "planned", errors: [], plan: { totals: { tasks: 3 } } });
    expect(open.document(made.planId).toString()).toBe(planOf(3, "today"));
    plan(planOf(3, "tomorrow")); // the moment alone is no change
    expect(await open.start(made.planId)).toMatchObject({ state: "started", command: made.command });
    // the page of its run is there for whoever asks at once
    const watch = jobWatch({ workspace, clock: systemClock });
    expect(await watch.job(made.planId)).toMatchObject({ id: made.planId });
    watch.close();
    await expect
      .poll(() => existsSync(at("done.json")) && readFileSync(at("done.json"), "utf8"))
      .toBe(
        JSON.stringify({ id: made.planId, words: ["do", `--workspace=${workspace}`, "--", at("config.yaml"), at("done.json")] }),
      );
    await expect(open.start(made.planId)).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    await open.close();
  });

  it("do not start once they would do something else: another plan, other bytes of the configuration", async () => {
    const open = plans();
    const change = [
      () => plan(planOf(4, "today")),
      () => writeFileSync(at("config.yaml"), "a: 2\n"),
      () => plan(planOf(3, "today", 2)),
    ];
    for (const [i, happens] of change.entries()) {
      plan(planOf(3, "today"));
      const output = at(`never-${i}`);
      const { planId } = await open.make({ kind: "do", config: at("config.yaml"), output });
      happens();
      await expect(open.start(planId)).rejects.toMatchObject({ code: "CHANGED_MEANWHILE" });
      await expect(open.start(planId)).rejects.toMatchObject({ code: "CHANGED_MEANWHILE" });
      expect([open.plan(planId).state, existsSync(output)]).toEqual(["changed", false]);
    }
    await open.close();
  });

  it("that a command refuses say why, with its status and place, and cannot be started", async () => {
    const open = plans();
    plan(planOf(0, "today", 2));
    const made = await open.make({ kind: "do", config: at("config.yaml"), output: at("never") });
    expect(made).toMatchObject({
      ...{ state: "refused", exitStatus: 2 },
      errors: [{ code: "CONFIG_FIELD", message: "no", path: "c.yaml:3:5", hint: "yes" }],
    });
    await expect(open.start(made.planId)).rejects.toMatchObject({ code: "USAGE" });
    plan("no JSON");
    expect(await open.make({ kind: "do", config: at("config.yaml"), output: at("never") })).toMatchObject({ state: "refused" });
    await open.close();
  });

  it("(34.26) take no text that no command can take: it is refused by the name of its field, and nothing is started", async () => {
    const open = plans();
    plan(planOf(1, "today"));
    const config = at("config.yaml");
    for (const [output, says] of [
      [`${at("x")}\0`, /^output: .*U\+0000/],
      [at("x".repeat(200_000)), /^output: 2\d{5} characters; expected at most 4096$/],
      [at("y".repeat(300)), /^output: contains a name that is too long$/],
      [join(at("loop"), "x"), /^output: cannot be looked up \(ELOOP\)$/],
    ] as const) {
      await expect(open.make({ kind: "do", config, output })).rejects.toMatchObject({
        code: expect.stringMatching(/^(?:USAGE|STORE_DENIED)$/),
        message: expect.stringMatching(says),
      });
    }
    for (const more of [{ include: ["a\0b"] }, { filter: { runs: ["z".repeat(5_000)] } }])
      await expect(open.make({ kind: "do", config, output: at("never"), ...more })).rejects.toMatchObject({ code: "USAGE" });
    await open.close();
  });

  it("(34.26) keep what a job prints from others, in a folder that was open to them, too", async () => {
    const open = plans();
    mkdirSync(join(workspace, "runs"), { recursive: true });
    chmodSync(join(workspace, "runs"), 0o755);
    plan(planOf(1, "today"));
    const { planId } = await open.make({ kind: "do", config: at("config.yaml"), output: at("kept.json") });
    await open.start(planId);
    const modes = ["", planId, join(planId, "output.txt")].map((name) => statSync(join(workspace, "runs", name)).mode & 0o077);
    expect([modes[0], modes[2]]).toEqual([0, 0]);
    await expect.poll(() => existsSync(at("kept.json"))).toBe(true);
    await open.close();
  });

  it("expire, and an unknown one is not found", async () => {
    let now = Date.now();
    const open = plans(() => now);
    plan(planOf(1, "today"));
    const { planId } = await open.make({ kind: "do", config: at("config.yaml"), output: at("never") });
    now += 16 * 60_000;
    for (const id of [planId, "20261122T000000-000000", "..", ""]) {
      await expect(open.start(id)).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect(() => open.plan(id)).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    }
    await open.close();
  });

  it("whose command ends before it tells anything are jobs that have failed, with what it printed", async () => {
    const open = plans();
    plan(planOf(1, "today"));
    const { planId } = await open.make({ kind: "silent", config: at("config.yaml"), output: at("never") });
    await open.start(planId);
    const watch = jobWatch({ workspace, clock: systemClock });
    await expect
      .poll(() => watch.job(planId).catch(() => undefined), { timeout: 20_000 })
      .toMatchObject({ life: "ended", exitStatus: 7, error: { message: "error[X]: nothing goes" } });
    expect(await open.makeAgain((await watch.begin(planId)).command, folder)).toMatchObject({ kind: "silent", state: "planned" });
    await expect(open.makeAgain(["rm", "-rf", "/"], folder)).rejects.toMatchObject({ code: "USAGE" });
    watch.close();
    await open.close();
  });
});

describe("locations of jobs", () => {
  const check = (text: string, use: LocationUse) => () => checkJobLocation({ name: "x", text, use }, roots, workspace);

  it("lie in a place or below --write-root, however they are spelt and whatever links lead there", () => {
    for (const text of [data, at("in"), at("inside"), at("in/new/deep"), at("a b"), at("$(id)"), `${data}/`])
      check(text, "read")();
    for (const text of [at("in"), at("in/new/deep"), at("inside/x")]) check(text, "write")();
    check(at("one.mrc"), "read")();
    check("s3://bucket/lab/x", "read")();
    const refused = [
      ...[
        "",
        "in",
        "./in",
        "-rf",
        "../data",
        "~",
        `${data}/../elsewhere`,
        `${data}/./in`,
        `${data}/in/..`,
        elsewhere,
        "/",
        "/etc/passwd",
      ],
      ...[at("out-of-it"), at("out-of-it/x"), at("dangling"), at("dangling/x"), `${data}2`, at("x\0y"), at("x\ny"), workspace],
      ...[
        `${workspace}/runs/x`,
        `file://${data}`,
        `file:${data}/in`,
        "FILE:///etc",
        "ftp://host/x",
        "data:,x",
        "s3://bucket/other",
      ],
      ...[
        "s3://bucket/lab/../x",
        "s3://bucket",
        "s3://other/lab",
        "gs://bucket/lab",
        "http://127.0.0.1/x",
        "s3://u:p@bucket/lab",
        "javascript:1",
      ],
    ];
    for (const text of refused) {
      for (const use of ["read", "write"] as const)
        expect(check(text, use), text).toThrow(expect.objectContaining({ code: "STORE_DENIED" }));
    }
    expect(check("/etc", "read")).toThrow(
      expect.objectContaining({ facts: expect.objectContaining({ hint: expect.stringContaining("--write-root") }) }),
    );
    for (const text of [data, "s3://bucket/lab/x"]) {
      expect(check(text, "write"), text).toThrow(expect.objectContaining({ code: "STORE_DENIED" }));
    }
  });

  it.each(["gs://", "gs://b", "gs://b/c", "gs:bucket", "gs://bucket/lab", "s3://b/%zz", "gs://BUCKET_/x"])(
    "(34.26) %s is refused as a request, not as a fault of the server",
    (text) => {
      for (const use of ["read", "write"] as const) {
        let thrown: unknown;
        try {
          check(text, use)();
        } catch (error) {
          thrown = error;
        }
        expect(isEmporiumError(thrown) && statusOf(thrown), String(thrown)).toBeOneOf([400, 403]);
      }
    },
  );

  it("that are sources are portals' own addresses: 40 spellings of others are refused, and nobody is asked", () => {
    for (const text of [
      "EMPIAR-11759",
      "https://www.ebi.ac.uk/empiar/EMPIAR-11759/",
      "https://idr.openmicroscopy.org/webclient/?show=image-1",
    ]) {
      check(text, "source")();
    }
    const hosts = [
      ...[
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0",
        "[::1]",
        "[::ffff:7f00:1]",
        "[::ffff:127.0.0.1]",
        "localhost",
      ],
      ...[
        "localhost.",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "100.64.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "[fe80::1]",
        "224.0.0.1",
      ],
      ...["metadata.google.internal", "idr.openmicroscopy.org.evil.test", "evil.test", "user@www.ebi.ac.uk", "u:p@www.ebi.ac.uk"],
      ...["www.ebi.ac.uk@evil.test", "www.ebi.ac.uk:22", "www.ebi.ac.uk:8080", "www.ebi.ac.uk.", "xn--ebi-.ac.uk"],
    ];
    const others = [
      ...[
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "gopher://www.ebi.ac.uk/",
        "s3://bucket/x",
        "zarr://http://127.0.0.1/",
        "/etc/passwd",
      ],
      ...["../x", "-rf", "", "x=https://127.0.0.1/", "//127.0.0.1/", "http:///x", "javascript:alert(1)"],
    ];
    const all = [...hosts.map((host) => `http://${host}/x`), ...others];
    expect(all.length).toBeGreaterThanOrEqual(40);
    for (const text of all) expect(check(text, "source"), text).toThrow(expect.objectContaining({ code: "ADDRESS_REFUSED" }));
  });
});

it("a process is stopped only if it is the one that began the run", () => {
  const self = thisProcess();
  expect(isHere(self)).toBe(self.machine !== undefined);
  for (const other of [
    { processStart: "1" },
    { processStart: undefined },
    { host: "other" },
    { machine: "another boot" },
    { machine: undefined },
    { pid: 2 ** 22 + 1 },
  ]) {
    expect(isHere({ ...self, ...other }), JSON.stringify(other)).toBe(false);
  }
});
