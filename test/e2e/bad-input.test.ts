import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BadInput, type Fault, generateBadInput } from "../../examples/bad-input/generate.mjs";
import { viewProgress } from "../../src/engine/progress.js";
import { RunTail } from "../../src/engine/run-tail.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "emporium-bad-input-"));
const mounted: string[] = [];
afterAll(() => {
  for (const path of mounted) execFileSync("umount", [path]);
  rmSync(folder, { recursive: true, force: true });
});

/** All that this version imports of a deposition. */
const SELECTION = ["depositions", "datasets", "runs", "voxel-spacings", "alignments", "tomograms"]
  .map((plural) => `--import-${plural}`)
  .concat("--import-all-metadata");

interface Failure {
  code: string;
  message: string;
  file?: string;
  line?: number;
  column?: number;
  path?: string;
  byte?: number;
  hint?: string;
}

let bad: BadInput;
beforeAll(async () => {
  if (!existsSync(program)) throw new Error("dist/cli/main.js is not there: npm run build");
  bad = await generateBadInput({ out: folder });
});

function emporium(args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: "utf8", env: process.env });
  return { status, stdout, stderr };
}

/** Ingests one deposition; the report's errors and the tree that is there afterwards. */
function ingest(fault: Fault, output = join(folder, "out", fault)) {
  const args = ["ingest", "run", bad.configs[fault], bad.input, output, ...SELECTION];
  const places = ["--workspace", join(folder, "workspace", fault)];
  const { status, stdout, stderr } = emporium([...args, ...places, "--json"]);
  const { errors, ...counts } = JSON.parse(stdout) as { errors: Failure[]; done: number; failed: number; blocked: number };
  for (const { code, message } of errors) expect(stderr).toContain(`error[${code}]: ${message}`);
  return { status, errors, counts, stderr, tree: files(output) };
}

function files(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((name) => !name.startsWith(".emporium/"))
    .sort();
}

const ZARR_FILES = [".zattrs", ".zgroup", ...["0", "1", "2"].flatMap((level) => [`${level}/.zarray`, `${level}/0/0/0`])];

/**
 * What is there of a run's tomogram: all of it, nothing, or objects that are each whole while the metadata, which comes last and marks the
 * entity as complete, is not there yet. Anything else is given as the list of its files.
 */
function tomogramState(tree: readonly string[], run: string): "whole" | "absent" | "unmarked" | string[] {
  const folder = `/${run}/Reconstructions/VoxelSpacing10.000/Tomograms/100/`;
  const own = tree.filter((name) => name.includes(folder)).map((name) => name.slice(name.indexOf(folder) + folder.length));
  if (own.length === 0) return "absent";
  const zarr = ZARR_FILES.map((name) => `${run}.zarr/${name}`);
  const objects = { mrc: [`${run}.mrc`], zarr, metadata: ["tomogram_metadata.json"] };
  const there = Object.values(objects).filter((names) => names.every((name) => own.includes(name)));
  if (there.flat().length !== own.length) return own;
  if (!there.includes(objects.metadata)) return "unmarked";
  return there.length === 3 ? "whole" : own;
}

/** Line (from 1) of the first line of a configuration that holds the text. */
function lineOf(fault: Fault, text: string): number {
  return (
    readFileSync(bad.configs[fault], "utf8")
      .split("\n")
      .findIndex((line) => line.includes(text)) + 1
  );
}

/** What needs a failed item is not begun, and says so: one message a run, or one for all that names them, about no other run. */
function expectOnlyBlocked(errors: readonly Failure[], runs: readonly string[]) {
  for (const { code, message } of errors) {
    expect(code).toBe("TASK_BLOCKED");
    const named = /; in \d+ runs: (.*?)(?:, …)?$/.exec(message)?.[1]?.split(", ") ?? [message.split(":")[0]];
    expect(runs).toEqual(expect.arrayContaining(named));
  }
}

function expectSound(tree: readonly string[]) {
  expect(tomogramState(tree, "run_1")).toBe("whole");
  expect(tomogramState(tree, "run_3")).toBe("whole");
  expect(tree.filter((name) => name.includes(".part"))).toEqual([]);
}

/** What the pages and the progress line show of the run of a fault: parts that no task makes are in it. */
async function progressOf(fault: Fault) {
  const runs = join(folder, "workspace", fault, "runs");
  const tail = new RunTail(join(runs, readdirSync(runs)[0]!));
  await tail.poll();
  const { tasksTotal, tasksDone, tasksFailed, tasksBlocked } = viewProgress(tail.seen!.state);
  return { tasksTotal, tasksDone, failed: tasksFailed - tasksBlocked, blocked: tasksBlocked };
}

describe("files that are not what they say", () => {
  it("a truncated volume fails alone, with both byte counts, and its run is not shown as complete", async () => {
    const { status, errors, tree, counts } = ingest("truncated");
    expect(await progressOf("truncated")).toEqual({
      tasksTotal: counts.done + counts.failed + counts.blocked,
      tasksDone: counts.done,
      failed: counts.failed,
      blocked: counts.blocked,
    });
    expect(counts.failed).toBe(1);
    expect(status).toBe(3);
    const [failed, ...blocked] = errors;
    expect(failed).toMatchObject({
      code: "FORMAT_TRUNCATED",
      file: expect.stringMatching(/lab\/truncated\/run_2\.rec$/),
      hint: expect.any(String),
    });
    const size = 1024 + 4 * 16 * 28 * 24;
    expect(failed!.message).toContain(`${size} bytes`);
    expect(failed!.message).toContain(`${size - 100}`);
    expect(failed!.byte).toBe(size - 100);
    expectOnlyBlocked(blocked, ["run_2"]);
    expect(tomogramState(tree, "run_2")).toBe("absent");
    expectSound(tree);
  });

  it("each lying header is named with file and reason, and nobody else suffers", () => {
    const { status, errors, tree } = ingest("lying-header");
    expect(status).toBe(3);
    const files = errors.filter(({ code }) => code !== "TASK_BLOCKED");
    const byFile = Object.fromEntries(files.map(({ file, code }) => [file?.split("/").at(-1), code]));
    expect(byFile).toEqual({
      "huge.rec": expect.stringMatching(/^FORMAT_(LIMIT|TRUNCATED|FIELD)$/),
      "negative.rec": "FORMAT_FIELD",
      "beyond.rec": expect.stringMatching(/^FORMAT_(LIMIT|TRUNCATED|FIELD)$/),
      "mode.rec": expect.stringMatching(/^FORMAT_(UNSUPPORTED|FIELD)$/),
      "text.rec": expect.stringMatching(/^FORMAT_/),
      "empty.rec": "FORMAT_TRUNCATED",
    });
    const runs = ["huge", "negative", "beyond", "mode", "text", "empty"];
    expect(files).toHaveLength(runs.length);
    expectOnlyBlocked(
      errors.filter((error) => !files.includes(error)),
      runs,
    );
    for (const { hint } of files) expect(hint).toEqual(expect.any(String));
    for (const run of runs) expect(tomogramState(tree, run)).toBe("absent");
    expectSound(tree);
  });
});

describe("configurations that cannot be followed", () => {
  it("a run data map that is missing is reported where it is named, and nothing is touched", () => {
    const { status, errors, tree } = ingest("missing-map");
    expect(status).toBe(2);
    expect(errors[0]).toMatchObject({
      line: lineOf("missing-map", "run_data_map_file"),
      column: expect.any(Number),
      hint: expect.any(String),
    });
    expect(`${errors[0]!.message}`).toContain("runs.tsv");
    expect(tree).toEqual([]);
  });

  it("a finder of runs that finds nothing is reported at its line, and nothing is touched", () => {
    const { status, errors, tree } = ingest("empty-runs");
    expect(status).toBe(2);
    expect(errors[0]).toMatchObject({
      code: "CONFIG_EMPTY",
      line: lineOf("empty-runs", "nowhere/*.rec"),
      hint: expect.any(String),
    });
    expect(tree).toEqual([]);
  });

  it("a finder of tomograms that finds nothing is reported at its line", () => {
    const { status, errors } = ingest("empty-tomograms");
    expect(status).toBe(3);
    expect(errors[0]).toMatchObject({
      code: "CONFIG_EMPTY",
      line: lineOf("empty-tomograms", "tomograms/{run_name}.rec"),
      hint: expect.any(String),
    });
  });

  it("two sources for one name are refused, naming both; other runs are done", () => {
    const { status, errors, tree } = ingest("collision");
    expect(status).toBe(3);
    expect(errors[0]).toMatchObject({
      code: "CONFIG_COLLISION",
      line: lineOf("collision", "{run_name}.*"),
      hint: expect.any(String),
    });
    expect(errors[0]!.message).toMatch(/run_3\.rec/);
    expect(errors[0]!.message).toMatch(/run_3\.mrc/);
    expectOnlyBlocked(
      errors.filter(({ code }) => code !== "CONFIG_COLLISION"),
      ["run_3"],
    );
    expect(tomogramState(tree, "run_1")).toBe("whole");
    expect(tomogramState(tree, "run_3")).toBe("absent");
    expect(tree.filter((name) => name.includes(".part"))).toEqual([]);
  });

  it("a configuration that is not there, a volume that is not there", () => {
    const absent = join(folder, "nowhere.yaml");
    const run = emporium(["ingest", "run", absent, bad.input, join(folder, "out", "absent"), ...SELECTION]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/^error\[(STORE_ABSENT|USAGE|CONFIG_SYNTAX)\]: /m);
    expect(run.stderr).toContain("nowhere.yaml");
    const convert = emporium(["ingest", "convert", join(folder, "nowhere.mrc"), join(folder, "out", "absent")]);
    expect(convert.status).not.toBe(0);
    expect(convert.stderr).toMatch(/^error\[STORE_ABSENT\]: /m);
    expect(convert.stderr).toMatch(/nowhere\.mrc/);
    expect(convert.stderr).toMatch(/^ {2}hint: /m);
    expect(files(join(folder, "out", "absent"))).toEqual([]);
  });
});

describe("targets that cannot be written", () => {
  it("a file where the folder should be", () => {
    const target = join(folder, "a-file");
    writeFileSync(target, "mine");
    const { status, errors } = ingest("sound", join(target, "below"));
    expect(status).toBe(1);
    expect(errors[0]!.code).toMatch(/^STORE_/);
    expect(errors[0]!.hint).toEqual(expect.any(String));
    expect(readFileSync(target, "utf8")).toBe("mine");
  });

  it("a folder that may not be written", (context) => {
    const target = join(folder, "readonly");
    mkdirSync(target, { mode: 0o555 });
    // root may write anywhere: only a read-only mount stops it
    if (process.getuid?.() === 0 && !mount(target, "ro,size=1m"))
      return skipVisibly(context, "root, and no tmpfs can be mounted");
    const { status, errors, tree } = ingest("sound", target);
    expect(status).toBe(1);
    expect(errors[0]!.code).toMatch(/^STORE_(DENIED|READONLY)$/);
    expect(errors[0]!.hint).toEqual(expect.any(String));
    expect(tree).toEqual([]);
  });

  it("a full disk stops before or fails in part; what is there is whole, and room lets it go on", (context) => {
    const target = join(folder, "full");
    mkdirSync(target);
    if (!mount(target, "size=160k")) return skipVisibly(context, "no tmpfs can be mounted here");
    const first = ingest("sound", target);
    expect([1, 3]).toContain(first.status);
    expect(first.errors.map(({ code }) => code)).toContain("DISK_FULL");
    const full = first.errors.find(({ code }) => code === "DISK_FULL")!;
    expect(full.hint).toEqual(expect.any(String));
    expect(first.tree.filter((name) => name.includes(".part"))).toEqual([]);
    for (const run of ["run_1", "run_3"]) expect(["whole", "unmarked", "absent"]).toContain(tomogramState(first.tree, run));
    execFileSync("mount", ["-o", "remount,size=64m", target]);
    const second = ingest("sound", target);
    expect(second.status).toBe(0);
    expectSound(second.tree);
  });
});

function mount(path: string, options: string): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  if (spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path]).status !== 0) return false;
  mounted.push(path);
  return true;
}

function skipVisibly(context: { skip(note?: string): void }, why: string): void {
  console.warn(`skipped: ${why}`);
  context.skip(why);
}
