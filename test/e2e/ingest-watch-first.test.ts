import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { makeLog } from "../../src/core/log.js";
import { readConfig } from "../../src/stations/ingest/check/read-config.js";
import { openIngest } from "../../src/stations/ingest/ingest.js";
import type { Answers } from "../../src/stations/ingest/laboratory/answers.js";
import { readDecisions } from "../../src/stations/ingest/laboratory/decisions-file.js";
import { readProfile } from "../../src/stations/ingest/laboratory/given-files.js";
import { newConfig } from "../../src/stations/ingest/laboratory/new-config.js";
import { awaitFirstConfig, type FirstConfigOptions } from "../../src/stations/ingest/watch/first-config.js";
import { watchIngest } from "../../src/stations/ingest/watch/watch.js";
import { playedClock, removeFolder, type SessionEvent, seriesOf, sessionOf, TILT_MS } from "./watch-kit.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-watch-first-"));
const at = (...names: string[]) => join(folder, ...names);
const MINUTE = 60_000;
const SERIES_MS = 2 * MINUTE;
writeFileSync(
  at("krios.yaml"),
  `deposition_id: 10301
dataset_id: 10401
title: A session
description: Tilt series as they are acquired.
authors: [{name: Example Author, ORCID: 0000-0002-1825-0097}]
dates: {deposition_date: 2026-01-10, release_date: 2026-02-01}
sample_type: organism
tissue: {name: spore, id: "BTO:0001293"}
is_gain_corrected: true
organism: {name: Bacillus subtilis, taxonomy_id: 1423}
microscope: {manufacturer: TFS, model: Krios}
camera: {manufacturer: TFS, model: FALCON 4i}
energy_filter: Selectris
spherical_aberration_constant: 2.7
tilt_series_quality: 4
`,
);
const ANSWERS = await readProfile(at("krios.yaml"));
afterAll(() => removeFolder(folder));

interface Played {
  answers?: Answers;
  idleMs?: number | undefined;
  onTime?: (ms: number) => void;
  stopAtMs?: number;
  more?: Pick<FirstConfigOptions, "allowPlaceholders" | "exclusions">;
}

/** Waits for the configuration of a folder in which a session happens; `writtenMs`: when it was there. */
async function waited(
  scene: string,
  events: readonly SessionEvent[],
  { answers = ANSWERS, idleMs, onTime, stopAtMs, more }: Played = {},
) {
  const input = at(scene, "input");
  mkdirSync(input, { recursive: true });
  const config = at(scene, "session.yaml");
  const stopped = new AbortController();
  let writtenMs: number | undefined;
  const clock = playedClock(events, input, (ms) => {
    if (existsSync(config)) writtenMs ??= ms;
    onTime?.(ms);
    if (stopAtMs !== undefined && ms >= stopAtMs) stopped.abort();
  });
  const told: string[] = [];
  const log = makeLog((_, message) => told.push(message));
  const given = {
    config,
    input,
    anonymous: false,
    restMs: MINUTE,
    intervalMs: 10_000,
    idleMs,
    clock,
    log,
    signal: stopped.signal,
  };
  const report = await awaitFirstConfig({ ...given, ...more, answers });
  return { report, told, config, input, clock, log, atMs: clock.monotonic(), writtenMs };
}

describe("the first configuration of a session", () => {
  it("is written when a series is whole, and takes all that come", async () => {
    const events = await sessionOf(seriesOf(3), at("scratch"), SERIES_MS);
    const { report, config, input, clock, log, atMs } = await waited("whole", events);
    expect(report).toBeUndefined();
    // the angles, which come last, rest for a minute
    expect(atMs).toBeGreaterThanOrEqual(3 * TILT_MS + 5000 + MINUTE);
    expect(atMs).toBeLessThan(SERIES_MS + 3 * TILT_MS);
    const written = readFileSync(config, "utf8");
    expect(readConfig(Buffer.from(written), config).placeholders?.filter(({ kind }) => kind !== "guess")).toEqual([]);
    const options = {
      ...{ config, input, output: at("whole", "output"), selection: { everything: true }, workspace: at("whole", "work") },
      ...{ jobs: 1, memoryBytes: 2 ** 28, keepGoing: true, writeMrc: true, writeZarr: false, compat: false, anonymous: false },
      ...{ sync: false, verify: false, dryRun: false, clock, log },
    };
    const watch = { restMs: MINUTE, intervalMs: 10_000, idleMs: 5 * MINUTE };
    const result = await watchIngest(await openIngest(options), { ...options, ...watch });
    expect([result.exitStatus, result.runs, result.unknown]).toEqual([0, ["10401/TS_01", "10401/TS_02", "10401/TS_03"], []]);
    // the whole session would have given the same lines
    const later = await newConfig({ from: input, answers: ANSWERS, signal: new AbortController().signal });
    const lines = (text: string) => text.split("\n").filter((line) => !line.startsWith("#"));
    expect(lines(written)).toEqual(lines(later.yaml));
    const decisions = readDecisions(readFileSync(at("whole", "session.decisions.yaml"), "utf8"), "session.decisions.yaml");
    expect(decisions.runs).toEqual(["TS_01"]);
  });

  it("is that of the only series, once nothing comes any more", async () => {
    const { report, told, atMs } = await waited("alone", await sessionOf(seriesOf(1), at("scratch"), SERIES_MS));
    expect([report, told.filter((line) => line.includes("more of TS_01 may come"))]).toEqual([undefined, [expect.any(String)]]);
    expect(atMs).toBeGreaterThanOrEqual(3 * TILT_MS + 5 * MINUTE);
  });

  it("waits for a person where the profile leaves a line to fill in, also while the file is no YAML for a moment", async () => {
    const { depositionId: _, ...answers } = ANSWERS;
    let filledMs = 0;
    const onTime = (ms: number) => {
      const path = at("asked", "session.yaml");
      if (!existsSync(path)) return;
      const text = readFileSync(path, "utf8");
      if (ms > 30 * MINUTE && filledMs === 0) {
        filledMs = ms;
        writeFileSync(path, `${text}\n  - [`);
      } else if (filledMs > 0 && text.endsWith("["))
        writeFileSync(path, text.slice(0, -6).replace(/ 1 # please fill in: number of the deposition.*/, " 10301"));
    };
    const { report, told, atMs } = await waited("asked", await sessionOf(seriesOf(2), at("scratch"), SERIES_MS), {
      answers,
      onTime,
    });
    expect(report).toBeUndefined();
    expect(told.join("\n")).toMatch(/waiting: \S+session\.yaml waits for .*number of the deposition at the portal.*\(line \d+\)/);
    expect(told.filter((line) => line.startsWith("waiting: ") && /line|column|YAML/i.test(line)).length).toBeGreaterThan(1);
    expect(atMs - filledMs).toBeLessThan(MINUTE);
  });

  it("does not wait for a person who wants placeholders as they are", async () => {
    const { depositionId: _, ...answers } = ANSWERS;
    const events = await sessionOf(seriesOf(2), at("scratch"), SERIES_MS);
    const { report, atMs } = await waited("allowed", events, { answers, idleMs: 60 * MINUTE, more: { allowPlaceholders: true } });
    expect(report).toBeUndefined();
    expect(atMs).toBeLessThan(SERIES_MS + 3 * TILT_MS);
  });

  it("is judged by the exclusions that the person gives: a file that is none is refused", async () => {
    const exclusions = at("exclusions.json");
    writeFileSync(exclusions, "no JSON");
    await expect(waited("whole", [], { more: { exclusions } })).rejects.toMatchObject({
      code: "CONFIG_SYNTAX",
      facts: { place: { file: exclusions } },
    });
  });

  it("is not written of a folder in which nothing comes: the end says so", async () => {
    const { report } = await waited("nothing", [], { idleMs: 5 * MINUTE });
    expect(report).toMatchObject({ exitStatus: 1, status: "failed", runs: [] });
    expect(report!.errors[0]!.message).toMatch(/session\.yaml is not written yet: \S*input has no complete tilt series/);
    expect(existsSync(at("nothing", "session.yaml"))).toBe(false);
  });

  it("leaves a configuration that is there as it is, and refuses at once what is none", async () => {
    const given = at("whole", "session.yaml");
    const before = statSync(given).mtimeMs;
    const { told } = await waited("whole", []);
    expect([statSync(given).mtimeMs, told.join()]).toEqual([before, expect.stringContaining("--profile is not read")]);
    mkdirSync(at("broken"), { recursive: true });
    writeFileSync(at("broken", "session.yaml"), "a: [");
    await expect(waited("broken", [])).rejects.toMatchObject({ code: "CONFIG_SYNTAX" });
  });
});
