import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { leftovers, tree } from "./cluster-kit.js";
import { emporium, hasEnvironment, python } from "./environment.js";

/** A name that does harm wherever it is not quoted: in a shell, in Python, in texts that Snakemake and Argo fill in. */
const HARMFUL = 'it\'s $(touch harm) {harm} {{harm}} "ü" \\';
const SNAKEMAKE = fileURLToPath(new URL("../../.cache/venv-workflows/bin/snakemake", import.meta.url));

describe.runIf(hasEnvironment("workflows"))("a run as a workflow of another program", { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-workflows-"));
  const env = { SOURCE_DATE_EPOCH: "1767225600" };
  let local: Map<string, string>;

  const ingest = (target: string, flags: readonly string[]) => {
    const words = ["ingest", "run", join(folder, "lab/imod.yaml"), join(folder, "lab/input"), join(folder, target)];
    return emporium([...words, "--import-everything", "-q", "--workspace", join(folder, "work"), ...flags], env);
  };
  const exported = (target: string, as: string, file: string, more: readonly string[] = []) =>
    emporium(["engine", "export", join(folder, target), "--as", as, "--output", file, ...more], env);
  const snakemake = (words: readonly string[]) =>
    new Promise<{ status: number; output: string }>((done) => {
      const options = { cwd: folder, env: { ...process.env, ...env, XDG_CACHE_HOME: join(folder, "cache") } };
      const child = execFile(SNAKEMAKE, [...words], options, (_, stdout, stderr) =>
        done({ status: child.exitCode ?? -1, output: stdout + stderr }),
      );
    });

  beforeAll(async () => {
    await generateLab({ out: join(folder, "lab"), deposits: ["imod"], runs: 3, shape: [8, 32, 24] });
    expect((await ingest("local", [])).status).toBe(0);
    local = tree(join(folder, "local"));
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("Snakemake does it: the tree of a local import, byte for byte, and nothing to do the second time", async () => {
    await ingest(HARMFUL, ["--driver", "none"]);
    const file = join(folder, "Snakefile");
    expect((await exported(HARMFUL, "snakemake", file)).status).toBe(0);
    const first = await snakemake(["--cores", "2"]);
    expect([first.status, first.output]).toEqual([0, expect.stringContaining("(100%) done")]);
    expect(tree(join(folder, HARMFUL))).toEqual(local);
    expect(leftovers(join(folder, HARMFUL))).toEqual([]);
    expect(readdirSync(folder)).not.toContain("harm");
    const again = await snakemake(["--cores", "2"]);
    expect([again.status, again.output]).toEqual([0, expect.stringContaining("Nothing to be done")]);
  });
  it("Snakemake begins a slice again that ends with 75, and counts its tries", async () => {
    await ingest("again", ["--driver", "none"]);
    const file = join(folder, "again.smk");
    await exported("again", "snakemake", file);
    // in the place of the program: every slice has more to do the first time
    const stand = join(folder, "stand.sh");
    writeFileSync(stand, '[ "$1" = work ] && echo "$*" >>calls && [ "$8" = 0 ] && exit 75\nexit 0\n');
    const program = /\/[^" ]+ [^" ]+main\.js engine/g;
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(program, `sh ${stand}`));
    const { status } = await snakemake(["--snakefile", file, "--cores", "2"]);
    expect(status).toBe(0);
    const calls = readFileSync(join(folder, "calls"), "utf8").trim().split("\n");
    const tries = calls.map((call) => /--stage (\S+) --slice (\d+) --attempt (\d+)$/.exec(call)!.slice(1).join(" ")).sort();
    const slices = ["datasets 0", "depositions 0", "runs 0", "runs 1", "runs 2"];
    expect(tries).toEqual(slices.flatMap((slice) => [`${slice} 0`, `${slice} 1`]));
  });
  it("Argo's schema knows every field of its workflow", async () => {
    await ingest("argo", ["--driver", "none"]);
    const file = join(folder, "argo.yaml");
    expect((await exported("argo", "argo", file, ["--image", "registry.example/emporium:1"])).status).toBe(0);
    const read = JSON.parse(await python("workflows", "check_argo.py", [file])) as { steps: unknown; missing: unknown };
    expect(read.missing).toBeNull();
    expect(read.steps).toEqual([
      ["runs", "work-runs", "3"],
      ["runs-end", "gate-runs", null],
      ["datasets", "work-datasets", "1"],
      ["datasets-end", "gate-datasets", null],
      ["depositions", "work-depositions", "1"],
      ["depositions-end", "gate-depositions", null],
    ]);
  });
});
