import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openCatalog } from "../../src/catalog/migrate.js";
import { silentLog } from "../../src/core/log.js";
import { THOROUGH } from "../thorough.js";
import { giveCluster } from "./cluster-template.js";
import { contentsOf, play, removeFolder, SESSION_CONFIG, type SessionEvent, seriesOf, sessionOf } from "./watch-kit.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const KILLS = THOROUGH ? 20 : 3;
const SERIES = THOROUGH ? 40 : 6;
/** Files that are new when it is killed: within a run, between two. */
const MORE = [1, 7, 3, 12, 5];

const folder = mkdtempSync(join(tmpdir(), "emporium-watch-kill-"));
const at = (...names: string[]) => join(folder, ...names);
let events: SessionEvent[];

beforeAll(async () => {
  writeFileSync(at("session.yaml"), SESSION_CONFIG);
  events = await sessionOf(seriesOf(SERIES), at("scratch"), 90_000);
});
afterAll(() => removeFolder(folder));

const words = (command: string, output: string, more: readonly string[]) => [
  ...[program, "--workspace", at(`work-${output}`), "ingest", command, at("session.yaml"), at("input"), at(output)],
  ...["--import-everything", "--no-sync", "--json", ...more],
];
const env = { ...process.env, EMPORIUM_DATABASE_URL: "", SOURCE_DATE_EPOCH: "1790000000" };
const WATCH = ["--rest", "1s", "--interval", "1s"];
/** While it is written: a folder may be gone before it is read. */
function filesIn(output: string): number {
  try {
    return readdirSync(at(output), { recursive: true }).filter((name) => !String(name).startsWith(".")).length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return 0;
  }
}
const run = (command: string, output: string, more: readonly string[]) =>
  spawnSync(process.execPath, words(command, output, more), { encoding: "utf8", env });

/** Starts it, and sends a signal once it is time to, if it does not end by itself before. */
async function signalled(output: string, signal: NodeJS.Signals, isTime: (err: string) => boolean) {
  const child = spawn(process.execPath, words("watch", output, [...WATCH, "--until", "idle:5s"]), { env });
  let [out, err] = ["", ""];
  child.stdout.on("data", (text: Buffer) => (out += text.toString()));
  child.stderr.on("data", (text: Buffer) => (err += text.toString()));
  const look = setInterval(() => {
    if (!isTime(err)) return;
    clearInterval(look); // a second signal would end it at once
    child.kill(signal);
  }, 5);
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearInterval(look);
  return { status, out, err };
}

it(`a session that is killed ${KILLS} times ends as the tree that one ingest makes`, async () => {
  mkdirSync(at("input", "session"), { recursive: true });
  const share = Math.ceil(events.length / KILLS);
  let killed = 0;
  for (let k = 0; k < KILLS; k++) {
    play(events.slice(k * share, (k + 1) * share), at("input", "session"));
    const wanted = filesIn("watched") + MORE[k % MORE.length]!;
    const { status } = await signalled("watched", "SIGKILL", () => filesIn("watched") >= wanted);
    if (status === null) killed++;
  }
  expect(killed).toBeGreaterThan(KILLS / 2);
  await giveCluster(at("work-watched"));
  const last = run("watch", "watched", [...WATCH, "--until", "idle:1s", "--catalog"]);
  expect([last.status, JSON.parse(last.stdout)]).toMatchObject([0, { status: "done", waiting: [] }]);
  expect(run("run", "whole", []).status).toBe(0);
  expect(contentsOf(at("watched"))).toEqual(contentsOf(at("whole")));
  const database = await openCatalog({ workspace: at("work-watched"), role: "writer", purpose: "test", log: silentLog });
  const { rows } = await database.pool.query("SELECT name FROM emporium_portal.run ORDER BY name");
  await database.close();
  expect(rows).toEqual(seriesOf(SERIES).map(({ name }) => ({ name })));
  expect(JSON.stringify(readdirSync(at("watched"), { recursive: true }))).not.toContain(".part");
});

it("Ctrl-C ends it with what waits named, and the exit status tells of it", async () => {
  writeFileSync(at("input", "session", "TS_99.mdoc.tmp"), "[ZValue = 0]\n");
  const { status, out } = await signalled("stopped", "SIGINT", (err) => err.includes("round 1: "));
  expect([status, JSON.parse(out)]).toMatchObject([3, { status: "waiting", rounds: 1 }]);
  const reasons = [expect.stringMatching(/TS_99\.mdoc\.tmp has a temporary name$/)];
  expect(JSON.parse(out).waiting).toEqual([{ reasons }]);
});
