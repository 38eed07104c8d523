import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { leftovers, type RunStatus, tree } from "../peers/cluster-kit.js";
import { emporium } from "../peers/environment.js";

/** A name that does harm wherever it is not quoted: in a shell, in Snakemake's and Argo's texts. */
const HARMFUL = 'it\'s $(touch harm) `touch harm` {harm} {{harm}} "ü" \\';

/** Runs that no engine begins: written into the target, and done by a script that `engine export` writes. */
describe("a run for another program", { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-export-"));
  const config = join(folder, "lab/imod.yaml");
  let local: Map<string, string>;

  const env = { SOURCE_DATE_EPOCH: "1767225600" };
  const ingest = (target: string, flags: readonly string[], input = join(folder, "lab/input")) => {
    const words = ["ingest", "run", config, input, join(folder, target), "--import-everything", "-q", "--json"];
    return emporium([...words, "--workspace", join(folder, "work"), ...flags], env);
  };
  const engine = (verb: string, target: string, flags: readonly string[] = []) =>
    emporium(["engine", verb, join(folder, target), "--json", ...flags], env);
  const status = async (target: string) => JSON.parse((await engine("status", target)).stdout) as RunStatus;
  const script = (path: string, slices = 2) =>
    new Promise<number>((done) => {
      const child = execFile("sh", [path, String(slices)], { cwd: folder, env: { ...process.env, ...env } });
      child.once("exit", (code) => done(code ?? -1));
    });

  beforeAll(async () => {
    await generateLab({ out: join(folder, "lab"), deposits: ["imod"], runs: 3, shape: [8, 32, 24] });
    expect((await ingest("local", [])).status).toBe(0);
    local = tree(join(folder, "local"));
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("a shell script does it: the tree of a local import, nothing left, nothing to do the second time", async () => {
    const prepared = JSON.parse((await ingest(HARMFUL, ["--driver", "none"])).stdout) as { status: string; run: string };
    expect(prepared.status).toBe("prepared");
    expect(await status(HARMFUL)).toMatchObject({ status: "prepared", done: 0 });
    // the same command finds the same run, and nobody else may write there meanwhile
    expect(JSON.parse((await ingest(HARMFUL, ["--driver", "none"])).stdout)).toMatchObject({ run: prepared.run });
    expect((await ingest(HARMFUL, [])).status).toBe(11);
    const file = join(folder, "harmful.sh");
    expect((await engine("export", HARMFUL, ["--as", "sh", "--output", file])).status).toBe(0);
    expect(await script(file)).toBe(0);
    expect(await status(HARMFUL)).toMatchObject({ status: "done" });
    expect(tree(join(folder, HARMFUL))).toEqual(local);
    expect(leftovers(join(folder, HARMFUL))).toEqual([]);
    expect(readdirSync(folder)).not.toContain("harm");
    expect(JSON.parse((await ingest(HARMFUL, [])).stdout)).toMatchObject({ status: "done", done: 0 });
    expect((await engine("export", HARMFUL, ["--as", "sh"])).status).toBe(2);
  });
  it("a script that was stopped goes on, and one whose run an engine has ended does nothing", async () => {
    await ingest("stopped", ["--driver", "none"]);
    const file = join(folder, "stopped.sh");
    await engine("export", "stopped", ["--as", "sh", "--output", file]);
    // only the first stage, and of it one slice
    const part = join(folder, "part.sh");
    writeFileSync(part, `${readFileSync(file, "utf8").split("\nstage runs")[0]}\nslice runs 0\n`);
    expect(await script(part)).toBe(0);
    const after = await status("stopped");
    expect([after.status, after.done]).toEqual(["running", expect.toSatisfy((done: number) => done > 0 && done < after.tasks)]);
    const run = (await engine("gate", "stopped", ["--stage", "runs"])).status;
    expect(run).toBe(75);
    expect((await engine("gate", "stopped", ["--stage", "none"])).status).toBe(2);
    expect((await engine("resume", "stopped", ["--executor", "local"])).status).toBe(0);
    expect(await script(file)).toBe(0);
    expect(tree(join(folder, "stopped"))).toEqual(local);
  });
  it("what fails for good is listed, the rest is done, and the script ends with status 3", async () => {
    await generateLab({ out: join(folder, "second"), deposits: ["imod"], runs: 3, shape: [8, 32, 24] });
    const volume = damagedVolume(join(folder, "second/input"));
    await ingest("partial", ["--driver", "none"], join(folder, "second/input"));
    writeFileSync(volume, readFileSync(volume).subarray(0, 1500));
    const file = join(folder, "partial.sh");
    await engine("export", "partial", ["--as", "sh", "--output", file]);
    expect(await script(file)).toBe(3);
    const over = await status("partial");
    expect(over).toMatchObject({ status: "partial", failed: expect.toSatisfy((failed: number) => failed > 0) });
    // the ids of what failed stay its own
    expect(leftovers(join(folder, "partial"))).toEqual([".emporium/ids.json"]);
    expect((await engine("dead", "partial")).status).toBe(3);
  });
  it("a dry run tells what it would take, with the profile's price, and writes nothing", async () => {
    mkdirSync(join(folder, "config/emporium"), { recursive: true });
    writeFileSync(
      join(folder, "config/emporium/emporium.engines.yaml"),
      "profiles:\n  lab: {engine: slurm, price: 3600 EUR, slices: 2}\n",
    );
    const words = [
      "ingest",
      "run",
      config,
      join(folder, "lab/input"),
      join(folder, "dry"),
      "--import-everything",
      "-q",
      "--json",
    ];
    const dry = await emporium([...words, "--driver", "none", "--dry-run", "--workspace", join(folder, "work")], {
      ...env,
      XDG_CONFIG_HOME: join(folder, "config"),
    });
    const { estimate } = JSON.parse(dry.stdout) as { estimate: Record<string, unknown> & { readBytes: number; tasks: number } };
    const cpuHours = (estimate.readBytes + estimate.tasks * 4 * 2 ** 20) / 20e6 / 3600;
    expect(estimate).toMatchObject({
      basis: "stated",
      bytesPerCpuSecond: 20e6,
      cpuHours: expect.closeTo(cpuHours, 3),
      cost: expect.closeTo(cpuHours * 3600, 0),
      price: { perCpuHour: 3600, currency: "EUR" },
      stages: [{ name: "runs", slices: 2 }, { name: "datasets" }, { name: "depositions" }],
    });
    expect(existsSync(join(folder, "dry"))).toBe(false);
  });
  it("another version on a node does nothing, and says which one began the run", async () => {
    const { run } = JSON.parse((await ingest("version", ["--driver", "none"])).stdout) as { run: string };
    const record = join(folder, "version/.emporium/runs", run.split("/").at(-1)!, "run.json");
    const text = readFileSync(record, "utf8");
    writeFileSync(record, text.replace(/"program": ?"[^"]*"/, '"program":"9.9.9"'));
    const before = tree(join(folder, "version"));
    for (const words of [
      ["work", run, "--stage", "runs", "--slice", "0"],
      ["gate", run],
      ["resume", run, "--executor", "local"],
    ]) {
      const refused = await emporium(["engine", ...words], env);
      expect([refused.status, refused.stderr]).toEqual([2, expect.stringMatching(/ENGINE_VERSION.*9\.9\.9/s)]);
    }
    expect(tree(join(folder, "version"))).toEqual(before);
    expect(existsSync(join(record, "../journal"))).toBe(false);
    writeFileSync(record, text);
    expect((await engine("cancel", "version")).status).toBe(0);
  });
  it("flags that contradict each other are refused", async () => {
    await ingest("flags", ["--driver", "none"]);
    const flags = (words: readonly string[]) => engine("export", "flags", words);
    expect((await flags(["--as", "argo"])).stdout).toContain("--image");
    expect((await flags(["--as", "sh", "--image", "a/b"])).status).toBe(2);
    expect((await engine("cancel", "flags")).status).toBe(0);
    expect(existsSync(join(folder, "flags/10000"))).toBe(false);
  });
});

/** The first volume of a deposit's input. */
function damagedVolume(input: string): string {
  const names = readdirSync(input, { recursive: true, encoding: "utf8" }).sort();
  return join(input, names.find((name) => name.endsWith(".rec"))!);
}
