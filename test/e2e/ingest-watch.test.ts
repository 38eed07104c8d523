import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Clock } from "../../src/core/clock.js";
import { systemClock } from "../../src/core/clock.js";
import { makeLog } from "../../src/core/log.js";
import type { RunEvent } from "../../src/engine/events.js";
import { advance, noProgress, type ProgressView, viewProgress } from "../../src/engine/progress.js";
import { ingest, openIngest } from "../../src/stations/ingest/ingest.js";
import { type DecisionsDocument, readDecisions } from "../../src/stations/ingest/laboratory/decisions-file.js";
import { refusedHolds } from "../../src/stations/ingest/watch/holds.js";
import { watchIngest } from "../../src/stations/ingest/watch/watch.js";
import type { Store } from "../../src/stores/store.js";
import { THOROUGH } from "../thorough.js";
import { contentsOf, playedClock, removeFolder, SESSION_CONFIG, type SessionEvent, seriesOf, sessionOf } from "./watch-kit.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-watch-"));
const at = (...names: string[]) => join(folder, ...names);
const MINUTE = 60_000;
let before: string | undefined;

beforeAll(() => {
  before = process.env.SOURCE_DATE_EPOCH;
  process.env.SOURCE_DATE_EPOCH = "1790000000";
  writeFileSync(at("session.yaml"), SESSION_CONFIG);
});
afterAll(() => {
  if (before === undefined) delete process.env.SOURCE_DATE_EPOCH;
  else process.env.SOURCE_DATE_EPOCH = before;
  removeFolder(folder);
});

const optionsOf = (scene: string, output: string, clock: Clock, config = "session.yaml") => ({
  config: at(config),
  input: at(scene, "input"),
  output: at(scene, output),
  selection: { everything: true },
  workspace: at(scene, `work-${output}`),
  ...{ jobs: 2, memoryBytes: 2 ** 28, keepGoing: true, writeMrc: true, writeZarr: true, compat: false, anonymous: false },
  ...{ sync: false, verify: false, clock },
});

function inputOf(scene: string): string {
  const input = at(scene, "input", "session");
  mkdirSync(input, { recursive: true });
  return input;
}

interface Played {
  restMs?: number;
  stopAtMs?: number;
  config?: string;
  /** The sources as the watch sees them. */
  seen?: (source: Store, clock: Clock) => Store;
  decisions?: DecisionsDocument;
}

async function watched(
  scene: string,
  events: readonly SessionEvent[],
  { restMs = MINUTE, stopAtMs, config, seen, decisions }: Played = {},
) {
  const stopped = new AbortController();
  const clock = playedClock(events, inputOf(scene), (ms) => {
    if (stopAtMs !== undefined && ms >= stopAtMs) stopped.abort();
  });
  const told: string[] = [];
  /** When each round that did something was over, and how many tasks it had. */
  const rounds: { ms: number; tasks: number }[] = [];
  const log = makeLog((_, message) => {
    told.push(message);
    const [, done, already] = /^round \d+: (\d+) done, (\d+) already/.exec(message) ?? [];
    if (done !== undefined) rounds.push({ ms: clock.monotonic(), tasks: Number(done) + Number(already) });
  });
  const views: ProgressView[] = [];
  let progress = noProgress;
  const onEvent = (event: RunEvent) => {
    progress = advance(progress, event);
    views.push(viewProgress(progress));
  };
  const options = {
    ...optionsOf(scene, "watched", clock, config),
    ...{ log, onEvent },
    signal: stopped.signal,
  };
  const job = await openIngest({ ...options, dryRun: false });
  if (seen) job.source = seen(job.source, clock);
  const report = await watchIngest(job, { ...options, restMs, intervalMs: 20_000, idleMs: 5 * MINUTE, decisions });
  return { report, told, rounds, views, left: clock.left };
}

async function atOnce(scene: string, filter = {}, config?: string) {
  return ingest({
    ...optionsOf(scene, "whole", systemClock, config),
    selection: { everything: true, filter },
    dryRun: false,
    forceOverwrite: false,
  });
}

const folderOf = (names: readonly string[]) => names.map((name) => `10401/${name}`);

describe("a session that is watched", () => {
  it("ends as the tree that one ingest at the end makes", async () => {
    // forty series in an hour, with EMPORIUM_THOROUGH=1
    const series = seriesOf(THOROUGH ? 40 : 10);
    const { report, told, rounds, views, left } = await watched("a", await sessionOf(series, at("scratch-a"), 90_000));
    expect(left).toBe(0);
    expect(report).toMatchObject({ exitStatus: 0, status: "done", waiting: [], errors: [], notes: [] });
    expect(report.runs).toEqual(folderOf(series.map(({ name }) => name)));
    expect(report.rounds).toBeGreaterThan(2);
    expect(told.filter((line) => !/^(?:round|waiting: )/.test(line))).toEqual([]);
    // who looks on is told that it waits, and for what; nothing says that all is done
    expect(views.filter(({ fraction }) => fraction === 1)).toEqual([]);
    expect(views[0]!.waits).toMatchObject({ taken: 0 });
    expect(views.flatMap(({ waits }) => waits?.lines ?? [])).toContainEqual(expect.stringMatching(/TS_02\.st is still growing/));
    expect(views.at(-1)!.waits).toEqual({ taken: series.length, count: 0, lines: [] });
    // a round has the tasks of what is new, and of the dataset: not of all runs before
    const least = rounds[0]!.tasks;
    expect(rounds.filter(({ tasks }) => tasks > 2 * least)).toEqual([]);
    expect(await atOnce("a")).toMatchObject({ exitStatus: 0 });
    expect(contentsOf(at("a", "watched"))).toEqual(contentsOf(at("a", "whole")));
  });

  it("names what is never complete, and ingests nothing of it", async () => {
    const events = await sessionOf(seriesOf(8), at("scratch-b"), 90_000);
    const end = events.at(-1)!.atMs;
    const text = (words: string) => new TextEncoder().encode(words);
    const changed = events.flatMap((event): SessionEvent[] => {
      // 2: a frame that its mdoc names never comes; 3: one keeps its temporary name; 4: the angles stay empty
      if (event.path.startsWith("frames/TS_02_002")) return [];
      if (event.path.startsWith("frames/TS_03_003") && "to" in event) return [];
      if (event.path === "TS_04.rawtlt") return [{ ...event, write: text("") } as SessionEvent];
      // 6: the stack is cut short, as a copy that stopped; 8: the angles never come
      if (event.path === "TS_06.st" && "append" in event && event.append.length === 512)
        return [{ ...event, append: event.append.subarray(1) }];
      if (event.path === "TS_08.rawtlt") return [];
      // 7: all files come under other names, in another order, and are renamed at the end
      if (event.path.includes("TS_07") && !("to" in event)) return [{ ...event, path: event.path.replace("TS_07", "old") }];
      return event.path.includes("TS_07") ? [] : [event];
    });
    const olds = [...new Set(changed.map(({ path }) => path).filter((path) => path.includes("old")))];
    const renamed = olds.map((path, i): SessionEvent => {
      return { atMs: end + i * 1000, path, to: path.replace("old", "TS_07").replace(/\.part$/, "") };
    });
    // 5: its mdoc grows as long as anybody looks
    const growing = Array.from({ length: 350 }, (_, i): SessionEvent => {
      return { atMs: 6 * MINUTE + i * 5000, path: "TS_05.mdoc", append: text("\n") };
    });
    const all = [...changed, ...renamed, ...growing].sort((a, b) => a.atMs - b.atMs);
    const { report, told } = await watched("b", all, { stopAtMs: end + 15 * MINUTE });
    expect(report.runs).toEqual(folderOf(["TS_01", "TS_07"]));
    expect(report).toMatchObject({ exitStatus: 3, status: "waiting" });
    const why = Object.fromEntries(report.waiting.map(({ run, reasons }) => [run ?? "", reasons.join(" ")]));
    expect(why.TS_02).toMatch(/TS_02\.mdoc names TS_02_002\.tif, missing or incomplete/);
    expect(why.TS_03).toMatch(/TS_03_003\.tif\.part has a temporary name/);
    expect(why.TS_04).toMatch(/TS_04\.rawtlt is empty/);
    expect(why[""]).toMatch(/TS_05\.mdoc is still growing/);
    expect(why.TS_06).toMatch(/TS_06\.st/);
    expect(why.TS_08).toMatch(/nothing found for rawtilts yet/);
    expect(report.errors.map(({ code }) => code)).toEqual(report.waiting.map(() => "SOURCE_INCOMPLETE"));
    for (const run of ["TS_02", "TS_03", "TS_05"]) expect(told.filter((line) => line.includes(run)).length).toBeGreaterThan(0);
    const names = Object.keys(contentsOf(at("b", "watched")));
    expect(names.filter((name) => /TS_0[234568]/.test(name))).toEqual([]);
    // one ingest of the two that are complete makes the same
    const filter = { run: ["TS_0[17]"] };
    expect(await atOnce("b", filter)).toMatchObject({ exitStatus: 0 });
    expect(contentsOf(at("b", "watched"))).toEqual(contentsOf(at("b", "whole")));
  });

  it("takes a series that was given up early with what it has, and a run without angles once nothing more comes", async () => {
    const series = seriesOf(4).map((one) => (one.name === "TS_02" ? { ...one, tilts: 2 } : one));
    const events = (await sessionOf(series, at("scratch-c"), 90_000)).filter(({ path }) => path !== "TS_03.rawtlt");
    const { report } = await watched("c", events);
    expect(report).toMatchObject({ exitStatus: 0, status: "done" });
    expect(report.runs).toHaveLength(4);
    expect(report.notes).toEqual([
      "10401/TS_02 has 2 images (most have 3) and was ingested as it is",
      "10401/TS_03 was ingested without rawtilts: nothing was found",
    ]);
    await atOnce("c");
    expect(contentsOf(at("c", "watched"))).toEqual(contentsOf(at("c", "whole")));
  });

  it("gives up a round whose sources change while it is planned, and takes the run when it rests again", async () => {
    const path = at("e", "input", "session", "TS_01.rawtlt");
    let changedMs: number | undefined;
    const seen = (source: Store, clock: Clock): Store => {
      let listedMs = -1;
      return {
        ...source,
        children(folder, options) {
          // listed a second time in one round: what is complete is being planned
          if (folder === "session/" && changedMs === undefined && clock.monotonic() === listedMs) {
            changedMs = listedMs;
            writeFileSync(path, readFileSync(path, "utf8").replace("-3", "-3.01"));
          }
          if (folder === "session/") listedMs = clock.monotonic();
          return source.children(folder, options);
        },
      };
    };
    const { report, rounds } = await watched("e", await sessionOf(seriesOf(1), at("scratch-e"), 90_000), { seen });
    expect(report).toMatchObject({ exitStatus: 0, status: "done", errors: [] });
    expect(rounds[0]!.ms).toBeGreaterThanOrEqual(changedMs! + MINUTE);
    expect(rounds).toHaveLength(1);
    await atOnce("e");
    expect(contentsOf(at("e", "watched"))).toEqual(contentsOf(at("e", "whole")));
  });

  it("(34.law) runs that are refused wait by name, and the others are taken; a configuration that is mended takes all", async () => {
    // the frames of TS_10 are found for TS_1 as well
    writeFileSync(at("wide.yaml"), SESSION_CONFIG.replace("frames/{run_name}_*", "frames/{run_name}*"));
    const series = ["TS_1", "TS_10", "TS_2"].map((name) => ({ name, tilts: 3 }));
    const { report, told } = await watched("f", await sessionOf(series, at("scratch-f"), 0), { config: "wide.yaml" });
    expect(report.runs).toEqual(folderOf(["TS_2"]));
    expect(report).toMatchObject({ exitStatus: 3, status: "partial" });
    const why = expect.stringMatching(/frames\/\{run_name\}\* of run TS_1 also finds files of run TS_10: 3 files/);
    expect(report.waiting.map(({ run, reasons }) => [run, reasons])).toEqual([
      ["TS_1", [why]],
      ["TS_10", [why]],
    ]);
    expect(report.errors.map(({ code, message }) => [code, message.split(":")[0]])).toEqual([
      ["CONFIG_SHARED", "TS_1"],
      ["CONFIG_SHARED", "TS_10"],
    ]);
    expect(report.toText()).toMatch(/1 run ingested; 0 incomplete, 2 refused/);
    expect(told.filter((line) => /^waiting: TS_10?: .*also finds/.test(line))).toHaveLength(2);
    // nothing of the refused ones is there: the tree is that of the other alone
    expect(await atOnce("f", { run: ["TS_2$"] }, "wide.yaml")).toMatchObject({ exitStatus: 0 });
    expect(contentsOf(at("f", "watched"))).toEqual(contentsOf(at("f", "whole")));
    const mended = await watched("f", []);
    expect(mended.report).toMatchObject({ exitStatus: 0, status: "done", runs: folderOf(["TS_1", "TS_10", "TS_2"]) });
    expect(await atOnce("f")).toMatchObject({ exitStatus: 0 });
    expect(contentsOf(at("f", "watched"))).toEqual(contentsOf(at("f", "whole")));
  });

  it("(34.law) a run that shares files with one that was taken is refused, and what was taken stays", async () => {
    const series = ["TS_1", "TS_2", "TS_10"].map((name) => ({ name, tilts: 3 }));
    const { report } = await watched("g", await sessionOf(series, at("scratch-g"), 4 * MINUTE), { config: "wide.yaml" });
    expect(report).toMatchObject({ exitStatus: 3, status: "partial" });
    expect(report.waiting.map(({ run }) => run)).toEqual(["TS_1", "TS_10"]);
    expect(new Set(report.errors.map(({ code }) => code))).toEqual(new Set(["CONFIG_SHARED"]));
    removeFolder(at("g", "input", "session", "frames", "TS_10_001.tif"));
    removeFolder(at("g", "input", "session", "frames", "TS_10_002.tif"));
    removeFolder(at("g", "input", "session", "frames", "TS_10_003.tif"));
    removeFolder(at("g", "input", "session", "TS_10.mdoc"));
    await atOnce("g");
    expect(contentsOf(at("g", "watched"))).toEqual(contentsOf(at("g", "whole")));
  });

  it("(34.law) a refusal for all runs, or of more than runs, holds all of a round", async () => {
    writeFileSync(at("all.yaml"), SESSION_CONFIG.replace("frames/{run_name}_*", "frames/*"));
    const { report } = await watched("h", await sessionOf(seriesOf(2), at("scratch-h"), 0), { config: "all.yaml" });
    expect(report).toMatchObject({ exitStatus: 1, status: "failed", runs: [], rounds: 0 });
    expect(report.errors.map(({ code }) => code)).toEqual(["CONFIG_SHARED", "CONFIG_SHARED"]);
    expect(() => contentsOf(at("h", "watched"))).toThrow("ENOENT");
    const [ofRun, ofAll] = ["TS_01", "all"].map((message) => ({ code: "CONFIG_SHARED", message }) as const);
    const refusedRuns = new Map([[ofRun!, ["10401/TS_01"]]]);
    expect(refusedHolds({ refusals: [ofRun!], refusedRuns }, []).map(({ run }) => run)).toEqual(["TS_01"]);
    expect(refusedHolds({ refusals: [ofRun!, ofAll!], refusedRuns }, [])).toEqual([]);
  });

  it("takes again what changes after it was taken, and does nothing twice", async () => {
    const events = await sessionOf(seriesOf(2), at("scratch-d"), 90_000);
    const late: SessionEvent = { atMs: 5 * MINUTE, path: "TS_01.rawtlt", write: new TextEncoder().encode("-3.01\n0.01\n3.01\n") };
    const first = await watched("d", [...events, late]);
    expect(first.report).toMatchObject({ exitStatus: 0, status: "done" });
    // the last look of all plans everything: by then it was done
    expect(first.rounds.at(-1)!.ms).toBeLessThan(8 * MINUTE);
    expect(first.rounds).toHaveLength(3);
    await atOnce("d");
    expect(contentsOf(at("d", "watched"))).toEqual(contentsOf(at("d", "whole")));
    const again = await watched("d", []);
    expect(again.report).toMatchObject({ exitStatus: 0, runs: folderOf(["TS_01", "TS_02"]) });
    expect(again.told.filter((line) => line.startsWith("round"))).toEqual([]);
    expect(contentsOf(at("d", "watched"))).toEqual(contentsOf(at("d", "whole")));
    const renamed: SessionEvent = { atMs: 4 * MINUTE, path: "TS_02.rawtlt", to: "TS_02.angles" };
    const third = await watched("d", [renamed]);
    expect(third.report.notes).toEqual([
      "10401/TS_02 was ingested without rawtilts: nothing was found",
      expect.stringMatching(/TS_02\.rawtlt was renamed or removed after its import; its outputs stay$/),
      expect.stringMatching(/^1 file is not used, .*TS_02\.angles: make the configuration again/),
    ]);
  });
});

describe("files that the configuration does not know", () => {
  const unknown = (name: string, atMs: number): SessionEvent => ({
    atMs,
    path: name,
    write: new TextEncoder().encode(`of ${name}\n`),
  });

  it("are told once when they are complete, and again at the end, unless the file of decisions leaves them out", async () => {
    const series = seriesOf(3);
    const more = [unknown("TS_01.log", 60_000), unknown("TS_03.log", 200_000), unknown("maps/grid.map", 70_000)];
    const events = [...(await sessionOf(series, at("scratch-u"), 90_000)), ...more].sort((a, b) => a.atMs - b.atMs);
    const { report, told } = await watched("u", events);
    expect(report).toMatchObject({ exitStatus: 0, status: "done", waiting: [] });
    const names = ["TS_01.log", "TS_03.log", "maps/grid.map"].map((name) => at("u", "input", "session", name));
    expect(report.unknown).toEqual(names);
    expect(report.notes).toEqual([
      expect.stringMatching(/^3 files are not used, since no line of the configuration names them: /),
    ]);
    const lines = told.filter((line) => line.includes("not used"));
    for (const name of names) expect(lines.filter((line) => line.includes(name))).toHaveLength(1);
    // decided of the first series: those of later ones are called alike
    const decisions = readDecisions("runs: [TS_01]\nfiles: [{ files: TS_01.log, is: left out }]\n", "x");
    const again = await watched("v", events, { decisions });
    expect(again.report.unknown).toEqual([at("v", "input", "session", "maps/grid.map")]);
  });
});
