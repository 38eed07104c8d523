import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../src/core/random.js";
import { writeTiffFile } from "./catalog-fixtures.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const base = mkdtempSync(join(tmpdir(), "emporium-catalog-kill-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const FRAMES = 48;
const EDGE = 192;
const ID = "KILL-2024-01-02-03-04-05-0001";
/** More at night: `CATALOG_KILLS=300`. */
const KILLS = Number(process.env.CATALOG_KILLS ?? 2);
const seed = Number(process.env.CATALOG_SEED ?? 11);

function run(folder: string, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [program, "catalog", ...words, "--json", "--workspace", join(folder, "workspace")],
    {
      encoding: "utf8",
      cwd: folder,
    },
  );
  return {
    status,
    stderr,
    result: JSON.parse(stdout) as { status: string; count: number; objects: number; datasets: { status: string }[] },
  };
}

/** @returns whether the process was killed before its end. */
async function killed(folder: string, words: readonly string[], afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [program, "catalog", ...words, "--json", "--workspace", join(folder, "workspace")], {
    cwd: folder,
    stdio: "ignore",
  });
  const ended = new Promise<boolean>((resolve) => child.once("exit", (_, signal) => resolve(signal === "SIGKILL")));
  const timer = setTimeout(() => child.kill("SIGKILL"), afterMs);
  const answer = await ended;
  clearTimeout(timer);
  return answer;
}

describe("kill -9 of an upload", () => {
  it(`at any moment, up to three times, seed ${seed}: rows equal objects, and the same command ends it`, {
    timeout: 60_000 + KILLS * 20_000,
  }, async () => {
    expect(existsSync(program), "npm run build was run").toBe(true);
    const random = seededRandom(seed);
    const images = join(base, "images");
    for (let z = 0; z < FRAMES; z++) {
      const plane = Uint16Array.from({ length: EDGE * EDGE }, (_, i) => (i * 2_654_435_761 + z * 977) >>> 18);
      await writeTiffFile(join(images, `img_a_t000_p000_z${String(z).padStart(3, "0")}.tif`), [plane], {
        height: EDGE,
        width: EDGE,
      });
    }
    const begin = (name: string): { folder: string; words: string[] } => {
      const folder = join(base, name);
      mkdirSync(join(folder, "storage"), { recursive: true });
      writeFileSync(join(folder, "files.csv"), `dataset_id,file_name\n${ID},${images}\n`);
      const config = { upload_type: "frames", frames_format: "tif_folder", microscope: "m", filename_parser: "parse_sms_name" };
      writeFileSync(join(folder, "config.json"), JSON.stringify(config));
      return { folder, words: ["upload", "--csv", "files.csv", "--config", "config.json", "--storage", "storage"] };
    };
    const whole = begin("whole");
    run(whole.folder, "init");
    const begunMs = Date.now();
    expect(run(whole.folder, ...whole.words).status).toBe(0);
    const tookMs = Date.now() - begunMs;
    const names = readdirSync(join(whole.folder, "storage", "raw_frames", ID));
    expect(names).toHaveLength(FRAMES);

    let kills = 0;
    for (let round = 0; kills < KILLS; round++) {
      const { folder, words } = begin(`round-${round}`);
      run(folder, "init");
      for (let attempt = 0; attempt < 3 && kills < KILLS; attempt++) {
        if (!(await killed(folder, words, random() * tookMs))) break;
        kills++;
        const { status, result } = run(folder, "query");
        expect([status, result.count <= 1]).toEqual([0, true]);
        // what the database knows is wholly there
        if (result.count === 1)
          expect(run(folder, "verify", "--storage", "storage").result).toMatchObject({ status: "proven", objects: FRAMES });
      }
      const last = run(folder, ...words);
      // 2: a kill came when all was done, between the last word and the end
      expect([0, 2], last.stderr).toContain(last.status);
      expect(run(folder, "verify", "--storage", "storage").result).toMatchObject({ status: "proven", objects: FRAMES });
      const left = readdirSync(join(folder, "storage"), { recursive: true, encoding: "utf8" }).filter((name) =>
        /\.png$|\.part$/.test(name),
      );
      expect(left.map((name) => name.split("/").at(-1)).sort()).toEqual(names.sort());
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
