import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { tree } from "../peers/cluster-kit.js";
import { emporium } from "../peers/environment.js";
import { killOnce, locksIn, playedCluster } from "./cluster-stations-kit.js";

/** A tree is verified by the jobs of a cluster as by one machine: the same report, the same proofs, whatever becomes of a job. */
describe("verify on a cluster", { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-verify-"));
  const made = join(folder, "made");
  const env = { SOURCE_DATE_EPOCH: "1767225600" };
  const workspace = ["--workspace", join(folder, "work")];

  beforeAll(async () => {
    await generateLab({ out: join(folder, "lab"), deposits: ["imod"], runs: 5, shape: [8, 32, 24] });
    const words = ["ingest", "run", join(folder, "lab/imod.yaml"), join(folder, "lab/input"), made, "--import-everything", "-q"];
    expect((await emporium([...words, ...workspace], env)).status).toBe(0);
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const here = async (location: string, flags: readonly string[] = []) =>
    withoutTime(JSON.parse((await emporium(["verify", location, "--json", ...workspace, ...flags], env)).stdout));
  const withoutTime = (report: Record<string, unknown>): Record<string, unknown> => ({ ...report, seconds: 0 });
  const home = join(folder, "work/verify");

  it("gives the report of one machine, also after a job was killed", async () => {
    const local = await here(made);
    expect(local.status).toBe("proven");
    const cluster = playedCluster(join(folder, "a"), [killOnce(join(folder, "a"), `${home}/.emporium/locks/task-*.json`)]);
    const begun = await cluster.submit(["verify", made, ...workspace]);
    expect(begun.status).toBe("submitted");
    const over = await cluster.ended(home, begun.run);
    expect(over).toMatchObject({ status: "done", done: over.tasks });
    expect(over.stages[0]!.submissions).toBe(2);
    expect(withoutTime(over.report)).toEqual(local);
    expect(locksIn(home)).toEqual([]);
  });

  it("finds what is wrong, by the exit status too, and reads it again the next time", async () => {
    const key = [...tree(made).keys()].find((name) => name.endsWith(".mrc"))!;
    appendFileSync(join(made, key), "more");
    const local = await here(made);
    expect(local.status).toBe("wrong");
    const cluster = playedCluster(join(folder, "b"));
    const driven = await emporium(["verify", made, ...workspace, "--executor", "sge", "--driver", "here", "--json", "-q"], {
      ...cluster.env,
      ...env,
    });
    expect(driven.status).toBe(4);
    expect(withoutTime(JSON.parse(driven.stdout))).toEqual(local);
  });

  it("writes the proofs of one machine", async () => {
    const bare = join(folder, "bare");
    const cluster = playedCluster(join(folder, "c"));
    const words = ["ingest", "run", join(folder, "lab/imod.yaml"), join(folder, "lab/input"), bare, "--import-everything", "-q"];
    expect((await emporium([...words, ...workspace], env)).status).toBe(0);
    const driven = ["--write-proof", "--executor", "sge", "--driver", "here", "--json", "-q"];
    const first = await emporium(["verify", bare, ...workspace, ...driven], { ...cluster.env, ...env });
    const onCluster = tree(bare);
    for (const key of onCluster.keys()) if (key.endsWith("emporium-proof.jsonl")) rmSync(join(bare, key));
    const local = await here(bare, ["--write-proof"]);
    expect(withoutTime(JSON.parse(first.stdout))).toEqual(local);
    expect(local.proofsWritten).not.toEqual([]);
    expect(tree(bare)).toEqual(onCluster);
  });

  it("leaves nothing locked when it is cancelled", async () => {
    const cluster = playedCluster(join(folder, "d"), ["sleep 600"]);
    const begun = await cluster.submit(["verify", made, ...workspace]);
    expect((await emporium(["engine", "cancel", begun.run], cluster.env)).status).toBe(0);
    expect(locksIn(home)).toEqual([]);
    expect((await here(made)).status).toBe("wrong");
  });
});
