import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Plan, parsePlan } from "../../src/stations/publish/plan/plan.js";
import { awsWords, bsubWords, sbatchWords } from "../../src/stations/publish/script/commands.js";
import { renderScripts } from "../../src/stations/publish/script/render.js";
import { emporium } from "./cli-host.js";

interface Case {
  name: string;
  sample: string;
  products: string[];
  suffixes: string[];
  imagesBase: string;
  files: string[];
  status: number;
  scripts: Record<string, string>;
  stdout: string;
  messages: string[];
}

const golden = fileURLToPath(new URL("../golden/publish-script/scripts.json", import.meta.url));
const { cases } = JSON.parse(readFileSync(golden, "utf8")) as { cases: Case[] };

const folder = mkdtempSync(join(tmpdir(), "emporium-publish-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let trees = 0;
function treeOf(files: readonly string[]): string {
  const root = join(folder, `tree-${trees++}`);
  mkdirSync(root);
  for (const file of files) {
    mkdirSync(dirname(root + file), { recursive: true });
    writeFileSync(root + file, "x");
  }
  return root;
}

function flagsOf({ sample, products, suffixes, imagesBase }: Case, root: string): string[] {
  return [
    ...["--sample", sample, "--products", products.join(","), "--root", root],
    ...suffixes.flatMap((suffix) => ["--segmentation-suffix", suffix]),
    ...(imagesBase === "" ? [] : ["--images-base", imagesBase]),
  ];
}

function scriptsIn(out: string): Record<string, string> {
  if (!existsSync(out)) return {};
  return Object.fromEntries(readdirSync(out).map((name) => [name, readFileSync(join(out, name), "utf8")]));
}

describe("publish script --compat reference", () => {
  it.each(cases)("$name: the reference's scripts, output, messages", async (one) => {
    const root = treeOf(one.files);
    const out = join(root, "scripts");
    const answer = await emporium(["publish", "script", ...flagsOf(one, root), "--out-dir", out, "--compat", "reference"]);
    expect(scriptsIn(out)).toEqual(one.scripts);
    expect(answer.out).toBe(one.stdout);
    // what the reference ends with -1 has a code and a hint here
    expect(answer.status).toBe(one.status === 0 ? 0 : 1);
    if (one.status === 0) {
      const missing = answer.err.split("\n").filter((line) => line.includes("Could not find"));
      expect(missing).toEqual(one.messages.map((message) => `warning: ${message}`));
    } else expect(answer.err).toMatch(new RegExp(`^error\\[KTX_(MISSING|OBSOLETE)\\]: ${one.messages[0]}\n`, "m"));
  });
});

/** Programs that write their own arguments down; the schedulers then do what a node would. */
const stubs = join(folder, "stubs");
const record = join(folder, "record");
beforeAll(() => {
  mkdirSync(stubs);
  const note = `printf '%s\\0' "$(($# + 1))" "\${0##*/}" "$@" >>"$RECORD"`;
  const run = `for last; do :; done\nsh -c "$last"`;
  for (const [name, lines] of Object.entries({
    aws: note,
    bsub: `${note}\n${run}`,
    sbatch: `${note}\n${run} >&2\necho '17;local'`,
  })) {
    writeFileSync(join(stubs, name), `#!/bin/sh\n${lines}\n`);
    chmodSync(join(stubs, name), 0o755);
  }
});

/** Runs a script with the stubs first in PATH. @returns what was called, word by word. */
function called(shell: string, script: string): string[][] {
  rmSync(record, { force: true });
  execFileSync(shell, [script], {
    env: { PATH: `${stubs}:${process.env.PATH}`, RECORD: record },
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (!existsSync(record)) return [];
  const words = readFileSync(record, "utf8").split("\0").slice(0, -1);
  const calls: string[][] = [];
  while (words.length > 0) calls.push(words.splice(0, Number(words.shift())));
  return calls;
}

const shells = ["sh", "dash", "bash"].filter((name) => process.env.PATH!.split(":").some((at) => existsSync(join(at, name))));

const everything = cases[0]!;

async function planOf(one: Case, more: readonly string[] = []): Promise<Plan> {
  const { status, out } = await emporium(["publish", "plan", ...flagsOf(one, treeOf(one.files)), ...more, "--json"]);
  expect(status).toBe(0);
  return parsePlan(out, "plan.json");
}

/** As the reference's README has it, and its program not: carveouts are jobs too, and their folder has its last slash. */
const byScheduler = {
  "2023-05-10_carveouts.sh": `echo 'Uploading carveouts'\n${["mouselight", "mouselight-v2"]
    .map((base, at) => {
      const words = `/nrs/funke/${base}/2023-05-10/ s3://janelia-mouselight-imagery/carveouts/2023-05-10/ --only-show-errors`;
      return `bsub -J car0510-${at + 1} -n 4 -P mouselight 'aws s3 sync ${words} --profile FlyLightPDSAdmin'\n`;
    })
    .join("")}`,
};

describe("seam 30: every product goes by the scheduler, and a product that is named is sent", () => {
  const scripted = async (one: Case, ...more: string[]) => {
    const root = treeOf(one.files);
    const out = join(root, "scripts");
    const answer = await emporium(["publish", "script", ...flagsOf(one, root), "--out-dir", out, ...more]);
    return { ...answer, scripts: scriptsIn(out) };
  };

  it("carveouts are jobs of LSF or Slurm, with --scheduler none the script sends them", async () => {
    const one = { ...everything, products: ["carveouts"] };
    expect((await scripted(one, "--no-robust")).scripts).toEqual(byScheduler);
    const slurm = byScheduler["2023-05-10_carveouts.sh"]
      .replaceAll("bsub", "sbatch")
      .replaceAll(/-P mouselight '/g, "-A mouselight --wrap '");
    expect((await scripted(one, "--no-robust", "--scheduler", "slurm")).scripts).toEqual({ "2023-05-10_carveouts.sh": slurm });
    const none = byScheduler["2023-05-10_carveouts.sh"].replaceAll(/bsub .* '(aws .*)'$/gm, "$1");
    expect((await scripted(one, "--no-robust", "--scheduler", "none")).scripts).toEqual({ "2023-05-10_carveouts.sh": none });
    expect((await scripted(one, "--compat", "reference")).scripts).toEqual({
      "2023-05-10_carveouts.sh": everything.scripts["2023-05-10_carveouts.sh"],
    });
  });

  it("segmentation without a suffix is all of stitching-output", async () => {
    const one = { ...everything, products: ["segmentation"], suffixes: [] };
    const { scripts, err, out } = await scripted(one, "--no-robust");
    // what the reference's program writes for the suffix stitching-output
    const [line] = everything.scripts["2023-05-10_cluster.sh"]!.split("\n").filter((text) => text.includes("-J seg"));
    expect(scripts).toEqual({ "2023-05-10_cluster.sh": `echo 'Uploading segmentation'\n${line}\n` });
    expect([err, out]).toEqual(["", expect.stringContaining("_cluster.sh  1 command\n")]);
    const plan = await planOf(one);
    expect(plan.items.map(({ id, exists }) => [id, exists])).toEqual([["segmentation/stitching-output", true]]);
    expect((await scripted(one, "--compat", "reference")).scripts).toEqual({
      "2023-05-10_cluster.sh": "echo 'Uploading segmentation'\n",
    });
  });

  it("a script without a command is not written, and what is missing is named", async () => {
    const files = everything.files.filter((file) => !file.includes("/mousebrainmicro/") && !file.includes("/funke/"));
    const { scripts, out, err } = await scripted({ ...everything, files, suffixes: [] });
    expect(Object.keys(scripts)).toEqual(["2023-05-10_images.sh"]);
    expect(err.match(/Could not find \S+/g)).toHaveLength(6);
    expect(err).toContain(
      "Could not find /groups/mousebrainmicro/mousebrainmicro/cluster/Reconstructions/2023-05-10/stitching-output\n",
    );
    expect(out).not.toMatch(/ 0 commands/);
    const nothing = await scripted({ ...everything, files, products: ["tracings", "carveouts"] });
    expect([nothing.status, nothing.out, nothing.scripts]).toEqual([0, "nothing is there to send, so there is no script\n", {}]);
  });
});

describe("publish script", () => {
  it("writes programs that stop at the first failure, executable, and says which", async () => {
    const root = treeOf(everything.files);
    const out = join(root, "scripts");
    const { status, out: text, err } = await emporium(["publish", "script", ...flagsOf(everything, root), "--out-dir", out]);
    expect([status, err]).toEqual([0, ""]);
    expect(text.split("\n").slice(0, -1)).toEqual(
      ["images.sh  5 commands", "cluster.sh  4 commands", "carveouts.sh  2 commands"].map((line) =>
        join(out, `2023-05-10_${line}`),
      ),
    );
    for (const [name, script] of Object.entries(scriptsIn(out))) {
      expect(script).toMatch(/^#!\/bin\/sh\n# .*\nset -eu\n/);
      expect(script.split("\n").slice(3).join("\n")).toBe({ ...everything.scripts, ...byScheduler }[name]);
      expect(statSync(join(out, name)).mode & 0o777).toBe(0o755);
    }
    expect(readdirSync(out)).toHaveLength(3);
    expect(() => called("sh", writeFail(join(out, "2023-05-10_images.sh")))).toThrow();
    expect(readFileSync(record, "utf8").match(/aws\0s3/g)).toHaveLength(1);
  });

  /** The script with a program that fails behind its first command. */
  function writeFail(path: string): string {
    const lines = readFileSync(path, "utf8").split("\n");
    const at = lines.findIndex((line) => line.startsWith("aws"));
    writeFileSync(path, [...lines.slice(0, at + 1), "false", ...lines.slice(at + 1)].join("\n"));
    return path;
  }

  it("takes a plan in place of what names a sample, and not both", async () => {
    const root = treeOf(everything.files);
    const plan = join(root, "plan.json");
    expect((await emporium(["publish", "plan", ...flagsOf(everything, root), "--out", plan])).status).toBe(0);
    const words = ["publish", "script", plan, "--no-robust", "--out-dir", join(root, "scripts")];
    const { status, out } = await emporium([...words, "--json"]);
    expect([status, JSON.parse(out)]).toEqual([
      0,
      expect.objectContaining({
        status: "done",
        sample: "2023-05-10",
        scheduler: "lsf",
        warnings: [expect.stringContaining("no file")].slice(1),
      }),
    ]);
    expect(scriptsIn(join(root, "scripts"))).toEqual({ ...everything.scripts, ...byScheduler });
    expect(
      (await emporium(["publish", "script", plan, "--compat", "reference", "--out-dir", join(root, "reference")])).status,
    ).toBe(0);
    expect(scriptsIn(join(root, "reference"))).toEqual(everything.scripts);
    expect(await emporium([...words, "--sample", "2023-05-10"])).toMatchObject({
      status: 2,
      err: expect.stringContaining("--sample"),
    });
  });

  it.each(["lsf", "slurm", "none"] as const)("calls what the plan says, in every shell: %s", async (scheduler) => {
    const root = treeOf(everything.files);
    const plan = await planOf(everything);
    const out = join(root, "scripts");
    await emporium(["publish", "script", ...flagsOf(everything, root), "--out-dir", out, "--scheduler", scheduler]);
    const commands = plan.items.map((item) => {
      const words = awsWords(item, plan);
      if (item.job === undefined || scheduler === "none") return [words];
      const submit = scheduler === "lsf" ? bsubWords : sbatchWords;
      return [submit(words, { job: item.job }, plan), words];
    });
    for (const shell of shells) {
      const calls = ["images", "cluster", "carveouts"].flatMap((kind) => called(shell, join(out, `2023-05-10_${kind}.sh`)));
      expect(calls).toEqual(commands.flat());
    }
  });

  it("renders queue, time, memory, logs and order of a profile for both schedulers", async () => {
    const profile = join(folder, "lab.yaml");
    const cluster = "slots: 2, queue: long, walltime: '1:30', memory: 4GiB, logs: /var/log jobs, order: sample";
    const flags = "region: eu-west-1, endpoint: 'http://127.0.0.1:9', acl: public-read, storageClass: STANDARD_IA";
    const filters = "filters: [{action: exclude, pattern: '*'}, {action: include, pattern: '*.[nk]*'}]";
    writeFileSync(
      profile,
      `{extends: mouselight, ${flags}, ${filters}, delete: true, cluster: {kind: slurm, project: p, ${cluster}}}`,
    );
    const plan = await planOf({ ...everything, products: ["registration", "tracings"] }, ["--profile", profile]);
    const aws = plan.items.map((item) => awsWords(item, plan));
    expect(aws[0]!.slice(5)).toEqual([
      ...["--only-show-errors", "--profile", "FlyLightPDSAdmin", "--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:9"],
      ...["--acl", "public-read", "--storage-class", "STANDARD_IA", "--exclude", "*", "--include", "*.[nk]*", "--delete"],
    ]);
    const slurm = ["-n", "2", "-A", "p", "-p", "long", "-t", "1:30:00", "--mem=4096M"];
    const wait = ["--dependency=afterok:17", "--kill-on-invalid-dep=yes"];
    const lsf = ["-n", "2", "-P", "p", "-q", "long", "-W", "1:30", "-M", "4096MB"];
    const script = join(folder, "ordered.sh");
    for (const shell of shells) {
      writeFileSync(script, renderScripts(plan, "robust")[0]!.text);
      const sbatch = called(shell, script).filter(([program]) => program === "sbatch");
      expect(sbatch.map((words) => words.slice(1, -2))).toEqual([
        ["--parsable", "-J", "reg0510", ...slurm, "-o", "/var/log jobs/reg0510.%j.log"],
        ["--parsable", ...wait, "-J", "tra0510-1", ...slurm, "-o", "/var/log jobs/tra0510-1.%j.log"],
        ["--parsable", ...wait, "-J", "tra0510-2", ...slurm, "-o", "/var/log jobs/tra0510-2.%j.log"],
      ]);
      writeFileSync(
        script,
        renderScripts({ ...plan, cluster: { ...plan.cluster, kind: "lsf", order: "product" } }, "robust")[0]!.text,
      );
      const calls = called(shell, script);
      expect(calls.filter(([program]) => program === "bsub").map((words) => words.slice(1, -1))).toEqual([
        ["-J", "reg0510", ...lsf, "-o", "/var/log jobs/reg0510.%J.log"],
        ["-J", "tra0510-1", ...lsf, "-o", "/var/log jobs/tra0510-1.%J.log"],
        ["-J", "tra0510-2", ...lsf, "-o", "/var/log jobs/tra0510-2.%J.log", "-w", 'done("tra0510-1")'],
      ]);
      expect(calls.filter(([program]) => program === "aws")).toEqual(aws);
    }
  });

  it("10,000 hostile words reach aws as they are, directly and through both schedulers", async () => {
    const plan = await planOf({ ...everything, products: ["registration"] });
    const nasty = [
      "'",
      '"',
      "\\",
      "`id`",
      "$(touch x)",
      `\${HOME}`,
      "$x",
      "\n",
      "\r",
      "\t",
      " ",
      "*",
      "?",
      "[1]",
      "{a,b}",
      ";",
      "&",
      "|",
      "<",
      ">",
      "(",
      ")",
      "#",
      "~",
      "!",
      "-rf",
      "--",
      "=",
      "%s",
      "é",
      "日",
      "😀",
      "‘",
      "\u202e",
      "\u0001",
      "-",
    ];
    const word = fc.string({
      unit: fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 })),
      minLength: 3,
      maxLength: 9,
    });
    const words = fc.sample(
      word.filter((text) => !text.includes("\0")),
      { numRuns: 10_000, seed: 20230510 },
    );
    expect(new Set(words).size).toBeGreaterThan(9_000);
    const [item] = plan.items;
    // forty commands, each with 250 words and a source of its own
    const plans = Array.from({ length: 40 }, (_, at): Plan => {
      const flags = words.slice(at * 250, at * 250 + 250);
      return {
        ...plan,
        transfer: { ...plan.transfer, awsFlags: flags },
        items: [{ ...item!, source: `/data/${flags.join("")}/` }],
      };
    });
    const script = join(folder, "hostile.sh");
    for (const kind of ["none", "lsf", "slurm"] as const) {
      const text = plans.map((one) => renderScripts({ ...one, cluster: { ...one.cluster, kind } }, "robust")[0]!.text);
      writeFileSync(script, text.join(""));
      const expected = plans.map((one) => awsWords(one.items[0]!, one));
      for (const shell of kind === "none" ? shells : shells.slice(1)) {
        expect(called(shell, script).filter(([program]) => program === "aws")).toEqual(expected);
      }
    }
    expect(existsSync("x")).toBe(false);
  });

  it("a suffix that looks like a command, and folders with blanks and quotes, stay names", async () => {
    const root = treeOf(everything.files);
    const base = "/groups/mousebrainmicro/mousebrainmicro/cluster/Reconstructions/2023-05-10";
    const suffixes = ["a; rm -rf x", 'it\'s a "$(id)"', "-rf", "new\nline"];
    for (const suffix of suffixes) {
      mkdirSync(`${root}${base}/${suffix}`, { recursive: true });
      writeFileSync(`${root}${base}/${suffix}/file`, "x");
    }
    const one = { ...everything, products: ["segmentation"], suffixes };
    const out = join(root, "scripts");
    expect(await emporium(["publish", "script", ...flagsOf(one, root), "--out-dir", out])).toMatchObject({ status: 0, err: "" });
    const sources = called("sh", join(out, "2023-05-10_cluster.sh")).flatMap(([program, , , source]) =>
      program === "aws" ? source : [],
    );
    expect(sources).toEqual(suffixes.map((suffix) => `${base}/${suffix}/`));
  });

  it.each([
    [["--sample", "2023-02-30"], "USAGE"],
    [["--sample", "2023-05-10; rm -rf x"], "USAGE"],
    [[], "USAGE"],
    [["--sample", "2023-05-10", "--products", "imges"], "USAGE"],
    [["--sample", "2099-01-01"], "USAGE"],
    [["--sample", "2023-05-10", "--products", "segmentation", "--segmentation-suffix", "../x"], "NAME_UNSAFE"],
    [["--sample", "2023-05-10", "--products", "segmentation", "--segmentation-suffix", "/etc"], "NAME_UNSAFE"],
    [["--sample", "2023-05-10", "--profile", "FOLDER/none.yaml"], "STORE_ABSENT"],
    [["--sample", "2023-05-10", "--profile", "FOLDER/file-bucket.yaml"], "CONFIG_RULE"],
  ])("%j: nothing is written", async (words, code) => {
    writeFileSync(join(folder, "file-bucket.yaml"), "extends: mouselight\nbucket: /data/bucket\n");
    const root = treeOf(everything.files);
    const out = join(root, "scripts");
    const given = words.map((word) => word.replace("FOLDER", folder));
    const { status, err } = await emporium(["publish", "script", ...given, "--root", root, "--out-dir", out]);
    expect(err).toContain(`error[${code}]`);
    expect(status).toBe(code === "STORE_ABSENT" ? 1 : 2);
    expect(existsSync(out)).toBe(false);
  });
});

describe("publish plan", () => {
  it("prints JSON where nobody looks, and a table where somebody does", async () => {
    const words = ["publish", "plan", ...flagsOf(everything, treeOf(everything.files))];
    const { out } = await emporium(words);
    expect(parsePlan(out, "plan.json").totals).toEqual({ items: 11, missing: 0, files: 11, bytes: 11 });
    let table = "";
    await emporium(words, { stdout: { isTTY: true, write: (text: string) => (table += text) } });
    expect(table).toMatch(/^ {2}images\/ktx +sync +ok +1 file, 1 B +/m);
    expect(table).toMatch(/^11 items, 11 files, 11 B$/m);
  });

  it("lists images that cannot be published as an item with an error", async () => {
    const one = cases.find(({ name }) => name === "obsolete names")!;
    const root = treeOf(one.files);
    const { status, out, err } = await emporium(["publish", "plan", ...flagsOf(one, root)]);
    const plan = parsePlan(out, "plan.json");
    expect(status).toBe(1);
    expect(err).toContain("error[KTX_OBSOLETE]");
    expect(plan.items[0]!.error).toMatchObject({ code: "KTX_OBSOLETE", message: one.messages[0] });
    expect(plan.errors).toHaveLength(1);
  });

  it("asks on a terminal for what no flag answers, and for nothing else", async () => {
    const b = cases.find(({ sample }) => sample === "2014-06-24-b")!;
    const root = treeOf([...everything.files, ...b.files]);
    const file = join(root, "plan.json");
    const ask = (words: readonly string[], answers: readonly string[]) =>
      emporium(["publish", "plan", "--root", root, "--out", file, ...words], {
        stdout: { isTTY: true, write: () => true },
        stdin: Readable.from(answers.map((answer) => `${answer}\n`)),
      });
    const read = () => parsePlan(readFileSync(file, "utf8"), file);

    const all = await ask([], ["2", "images, segmentation", "none", "stitching-output", ""]);
    expect(all).toMatchObject({ status: 0, err: expect.stringContaining("  1  2023-05-10\n  2  2014-06-24-b\n") });
    expect(all.err).toContain(
      "warning: Could not find /groups/mousebrainmicro/mousebrainmicro/cluster/Reconstructions/2014-06-24-b/none",
    );
    expect(read()).toMatchObject({
      sample: "2014-06-24-b",
      products: ["images", "segmentation"],
      totals: { items: 6, missing: 0 },
    });

    expect((await ask([], ["", ""])).status).toBe(0);
    expect(read()).toMatchObject({ sample: "2023-05-10", products: ["images"] });

    const elsewhere = "/nrs/mouselight/SAMPLES/2023-05-10";
    expect((await ask(["--sample", "2020-01-01", "--products", "images"], [elsewhere])).status).toBe(0);
    expect(read()).toMatchObject({ sample: "2020-01-01", imagesBase: elsewhere });

    const said = await ask(["--sample", "2023-05-10", "--products", "registration"], []);
    expect(said).toMatchObject({ status: 0, err: "" });
  });
});
