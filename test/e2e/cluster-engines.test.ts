import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { guideBlock } from "../conformance/engine-guide.js";
import { playerEnvironment } from "../conformance/engine-suite.js";
import { hasEnded, leftovers, type RunStatus, tree } from "../peers/cluster-kit.js";
import { emporium } from "../peers/environment.js";

const POLL_MS = 200;

/** An import through each engine that is played, as a person calls it: submitted, watched, found done the second time, proven. */
describe("an import through an engine", { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-engines-"));
  let local: Map<string, string>;

  const ingest = (target: string, flags: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    emporium(
      [
        ...[
          "ingest",
          "run",
          join(folder, "lab/imod.yaml"),
          join(folder, "lab/input"),
          join(folder, target),
          "--import-everything",
        ],
        ...["-q", "--json", "--workspace", join(folder, `${target}.work`), ...flags],
      ],
      { SOURCE_DATE_EPOCH: "1767225600", ...env },
    );

  /** A folder of settings with these profiles. */
  function configWith(text: string): string {
    const config = mkdtempSync(join(folder, "config-"));
    mkdirSync(join(config, "emporium"));
    writeFileSync(join(config, "emporium/emporium.engines.yaml"), text);
    return config;
  }

  beforeAll(async () => {
    await generateLab({ out: join(folder, "lab"), deposits: ["imod"], runs: 2, shape: [8, 32, 24] });
    expect((await ingest("local", [])).status).toBe(0);
    local = tree(join(folder, "local"));
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  // Grid Engine's is a real one: test/peers/cluster-sge.test.ts
  it.each(["lsf", "pbs", "command"] as const)("%s", async (dialect) => {
    const env = {
      ...playerEnvironment(dialect === "command" ? "slurm" : dialect, join(folder, `${dialect}.engine`)),
      ...(dialect === "command" ? { XDG_CONFIG_HOME: configWith(guideBlock("Another engine")) } : {}),
    };
    const target = join(folder, dialect);
    expect(JSON.parse((await ingest(dialect, ["--executor", dialect], env)).stdout)).toMatchObject({ status: "submitted" });
    while (!hasEnded(target)) await sleep(POLL_MS);
    const now = JSON.parse((await emporium(["engine", "status", target, "--json"], env)).stdout) as RunStatus;
    expect(now).toMatchObject({ status: "done", done: now.tasks });
    expect(tree(target)).toEqual(local);
    expect(leftovers(target)).toEqual([]);
    const again = JSON.parse((await ingest(dialect, ["--executor", dialect], env)).stdout) as { status: string; done: number };
    expect([again.status, again.done]).toEqual(["done", 0]);
    const checked = await emporium(["verify", target, "--json", "--workspace", join(folder, "other.work")]);
    expect((JSON.parse(checked.stdout) as { status: string }).status).toBe("proven");
  });

  it.each([
    ["--queue of a cluster, here", ["--queue", "cpu", "--slots", "3"], "--queue, --slots"],
    ["--fail-fast, on a cluster", ["--executor", "lsf", "--fail-fast"], "--fail-fast"],
  ])("refuses what would have no effect: %s", async (_, flags, named) => {
    const refused = await ingest("flags", flags);
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining(named)]);
    expect(existsSync(join(folder, "flags"))).toBe(false);
  });
  it("an engine by commands needs them, and one whose jobs wait for nobody needs somebody who stays", async () => {
    const bare = await ingest("bare", ["--executor", "command"]);
    expect([bare.status, bare.stderr]).toEqual([2, expect.stringContaining("needs a profile with templates")]);
    const config = configWith(guideBlock("Another engine").replace(/^.*\{after\}.*\n/m, ""));
    const env = { ...playerEnvironment("slurm", join(folder, "alone.engine")), XDG_CONFIG_HOME: config };
    const gates = await ingest("bare", ["--executor", "command"], env);
    expect([gates.status, gates.stderr]).toEqual([2, expect.stringContaining("--driver here")]);
    expect(existsSync(join(folder, "bare"))).toBe(false);
    expect((await ingest("alone", ["--executor", "command", "--driver", "here"], env)).status).toBe(0);
    expect(tree(join(folder, "alone"))).toEqual(local);
  });
  it("an engine that is not here is told before anything is touched", async () => {
    const absent = await ingest("absent", ["--executor", "slurm"], { PATH: "/nowhere" });
    expect(absent.status).toBe(2);
    expect(JSON.parse(absent.stdout)).toMatchObject({
      errors: [{ code: "ENGINE_ABSENT", hint: expect.stringContaining("--executor") }],
    });
    expect(existsSync(join(folder, "absent"))).toBe(false);
  });
  it("a profile that is wrong is told with its line, one that is not there with those that are", async () => {
    const config = join(folder, "config");
    mkdirSync(join(config, "emporium"), { recursive: true });
    writeFileSync(join(config, "emporium/emporium.engines.yaml"), "profiles:\n  big:\n    cpu: 4\n");
    const env = { ...playerEnvironment("lsf", join(folder, "profiles.engine")), XDG_CONFIG_HOME: config };
    const wrong = await ingest("wrong", ["--executor", "lsf"], env);
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining("emporium.engines.yaml:3:5")]);
    writeFileSync(join(config, "emporium/emporium.engines.yaml"), "profiles:\n  big: {memory: 100MiB}\n");
    const other = await ingest("wrong", ["--executor", "lsf", "--engine-profile", "huge"], env);
    expect([other.status, other.stderr]).toEqual([2, expect.stringContaining("choose one of big")]);
    const small = await ingest("wrong", ["--executor", "lsf"], env);
    expect([small.status, small.stderr]).toEqual([2, expect.stringContaining("memory: 720MiB")]);
    expect(existsSync(join(folder, "wrong"))).toBe(false);
  });
});
