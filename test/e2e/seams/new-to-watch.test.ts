import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Series, seriesOf, sessionOf } from "../watch-kit.js";
import { newcomer } from "./newcomer.js";

/** A configuration that was made of the first tilt series takes those that come after it, and what it does not know is told and decided once. */
const person = newcomer();
const [first, ...later] = seriesOf(3) as [Series, ...Series[]];

/** Everything that the microscope writes of some series, at once. */
async function acquire(series: readonly Series[]): Promise<void> {
  const before = seriesOf(3).findIndex(({ name }) => name === series[0]!.name);
  for (const event of await sessionOf([...seriesOf(before), ...series], person.at("scratch"), 1)) {
    if (!series.some(({ name }) => event.path.includes(name))) continue;
    const path = person.at("session", event.path);
    mkdirSync(dirname(path), { recursive: true });
    if ("append" in event) appendFileSync(path, event.append);
    else if ("write" in event) writeFileSync(path, event.write);
    else renameSync(path, person.at("session", event.to));
  }
  for (const { name } of series) writeFileSync(person.at("session", `${name}.log`), `log of ${name}\n`);
}

const watch = async (config: string, output: string) => {
  const words = ["ingest", "watch", config, "session", output, "--import-everything"];
  const running = person.run(...words, "--rest", "1s", "--interval", "1s", "--until", "idle:4s", "--json");
  return running.then(({ status, out, err }) => ({
    status,
    err,
    report: JSON.parse(out) as { runs: string[]; unknown: string[]; notes: string[] },
  }));
};

beforeAll(() => acquire([first]));
afterAll(() => person.leave());

describe("ingest new of the first tilt series → ingest watch", () => {
  it("takes the others as they come; what the first one taught to leave out is not told again, another kind of file is", async () => {
    const made = await person.run("ingest", "new", "--from", "session", "--out", "session.yaml");
    expect(made.status, made.err).toBe(0);
    const decisions = readFileSync(person.at("session.decisions.yaml"), "utf8");
    expect(decisions).toMatch(/files: TS_01\.log, is: left out/);
    const watching = watch("session.yaml", "portal");
    await expect.poll(() => existsSync(person.at("portal")), { timeout: 20_000 }).toBe(true);
    await acquire(later);
    writeFileSync(person.at("session", "atlas.bin"), Buffer.from([1, 2, 3, 4, 5]));
    const { status, err, report } = await watching;
    expect([status, report.runs], err).toEqual([0, ["1/TS_01", "1/TS_02", "1/TS_03"]]);
    expect(report.unknown).toEqual([person.at("session", "atlas.bin")]);
    expect(report.notes.join()).toContain("1 file is not used");
    for (const { name } of later) expect(readdirSync(join(person.at("portal", "1", name)))).toContain("TiltSeries");
  });

  it("is told no more once it is left out in the file of decisions", async () => {
    const text = readFileSync(person.at("session.decisions.yaml"), "utf8");
    writeFileSync(
      person.at("session.decisions.yaml"),
      text.replace(/^files:\n/m, "files:\n  - {files: atlas.bin, is: left out}\n"),
    );
    const { status, err, report } = await watch("session.yaml", "portal");
    expect([status, report.unknown], err).toEqual([0, []]);
  });
});
