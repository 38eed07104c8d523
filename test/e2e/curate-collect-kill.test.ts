import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { put, remove, smallArchive } from "./curate-kit.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
/** Files that are there when the process is killed; `EMPORIUM_THOROUGH=1` tries more moments. */
const MOMENTS = process.env.EMPORIUM_THOROUGH ? Array.from({ length: 20 }, (_, at) => 2 * at) : [0, 17];
const RUNS = Array.from({ length: 40 }, (_, at) => `mka2019-11-19-${at + 1}`);

const folder = smallArchive(RUNS.map((run, at) => ({ run, points: [[at % 9, 2, 3]] })));
afterAll(() => remove(folder));
const at = (...names: string[]) => join(folder, ...names);
put(
  at("m.csv"),
  `sc_run_name,CZI_run_name,CZI_run_id,dataset_id\n${RUNS.map((run, id) => `${run},${run},${id + 1},10052\n`).join("")}`,
);

const words = (dest: string, workspace: string) => [
  program,
  "--workspace",
  at(workspace),
  ...["curate", "collect", at("grp_tomo_db1_d3"), "--matches", at("m.csv"), "--label", "MS", "--dest", at(dest), "--json"],
];
const contents = (dest: string) =>
  Object.fromEntries(
    (readdirSync(at(dest), { recursive: true }) as string[])
      .filter((name) => statSync(at(dest, name)).isFile() && !name.endsWith("manifest.json"))
      .sort()
      .map((name) => [name, readFileSync(at(dest, name), "latin1")]),
  );
const finished = (dest: string) =>
  existsSync(at(dest, "10052")) ? readdirSync(at(dest, "10052")).filter((name) => !name.startsWith(".")) : [];

/** Runs it, and kills it when so many files are there. */
async function killed(dest: string, files: number): Promise<void> {
  const child = spawn(process.execPath, words(dest, `work-${dest}`), { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const watch = setInterval(() => {
    if (existsSync(at(dest)) && finished(dest).length >= files) child.kill("SIGKILL");
  }, 1);
  await ended;
  clearInterval(watch);
}

describe("a collection that is killed", () => {
  it("leaves whole files alone, and ends with the same batch", async () => {
    const whole = spawnSync(process.execPath, words("whole", "work-whole"), { encoding: "utf8" });
    expect([whole.status, whole.stderr]).toEqual([0, ""]);
    const expected = contents("whole");
    for (const moment of MOMENTS) {
      const dest = `killed-${moment}`;
      await killed(dest, moment);
      for (const name of finished(dest))
        expect(readFileSync(at(dest, "10052", name), "latin1")).toBe(expected[join("10052", name)]);
      const again = spawnSync(process.execPath, words(dest, `work-${dest}`), { encoding: "utf8" });
      expect([again.status, JSON.parse(again.stdout).counts]).toMatchObject([0, { files: RUNS.length }]);
      expect(contents(dest)).toEqual(expected);
      const ledger = readFileSync(at(`work-${dest}`, "curate/ledger/batches.jsonl"), "utf8")
        .trim()
        .split("\n");
      expect(ledger.map((line) => (JSON.parse(line) as { state: string }).state)).toEqual(["draft", "packed"]);
    }
  });
});
