import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../../examples/lab/generate.mjs";
import { newcomer, type Outcome } from "./newcomer.js";

/** From a folder that nobody described to a proven tree, with the words that a newcomer types and no option of ours. */
const person = newcomer();
const INPUT = "Meine Daten";
const CONFIG = "konfig.yaml";
const RUN = ["ingest", "run", CONFIG, INPUT, "Das Portal", "--import-everything"];

beforeAll(async () => {
  const lab = await generateLab({ out: person.at("..", "lab"), deposits: ["sim"], sections: "all" });
  // the picks are of a larger volume than this laboratory's: validate would say so, and be right
  cpSync(join(lab.input, "lab", "sim"), person.at(INPUT), { recursive: true, filter: (path) => !path.endsWith("Picks") });
});
afterAll(() => person.leave());

const said = ({ status, out, err }: Outcome) => `${status}\n${out}${err}`;

describe("ingest new → check → plan → run → validate → verify", () => {
  it("go through, each with what the one before it wrote", async () => {
    const made = await person.run("ingest", "new", "--from", INPUT, "--out", CONFIG);
    expect(made.status, said(made)).toBe(0);
    // what is there stays as it is
    const before = readFileSync(person.at(CONFIG), "utf8");
    expect((await person.run("ingest", "new", "--from", INPUT, "--out", CONFIG)).status).not.toBe(0);
    expect(readFileSync(person.at(CONFIG), "utf8")).toBe(before);

    const checked = await person.run("ingest", "check", CONFIG);
    expect(checked.status, said(checked)).toBe(0);
    const planned = await person.run("ingest", "plan", CONFIG, INPUT, "Das Portal", "--import-everything");
    expect(planned.status, said(planned)).toBe(0);
    expect(existsSync(person.at("Das Portal"))).toBe(false);
  });

  it.each([
    ["beside the data", "Meine Daten", "portal"],
    ["in the data", ".", "../portal"],
  ])("the commands that new prints are taken as they are: %s", async (_, from, tree) => {
    const config = `printed ${tree === "portal" ? 1 : 2}.yaml`;
    const within = (words: string[]) => (from === "." ? person.runIn(INPUT, ...words) : person.run(...words));
    const made = await within(["ingest", "new", "--from", from, "--out", from === "." ? `../${config}` : config]);
    const commands = made.out.split("\n").flatMap((line) => /^ {5}emporium (.*)$/.exec(line)?.[1] ?? []);
    expect(commands.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
      ...["ingest new", "ingest check", "ingest plan", "ingest run"],
    ]);
    for (const line of commands) {
      const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
      const { status, out, err } = await within(words);
      expect(status, `${line}\n${out}${err}`).toBe(0);
    }
    expect(existsSync(person.at(from === "." ? "." : "", "portal", "1", "dataset_metadata.json"))).toBe(true);
  });

  it("stopped in the middle and given again, twice, end with a tree that is valid and proven", async () => {
    const stopped = await person.stop(() => existsSync(person.at("Das Portal", "1", "TS_1")), ...RUN);
    expect([0, 130], said(stopped)).toContain(stopped.status);
    for (const again of [1, 2]) {
      const ran = await person.run(...RUN);
      expect(ran.status, `${again}: ${said(ran)}`).toBe(0);
      const valid = await person.run("ingest", "validate", "standardized", CONFIG, "Das Portal");
      expect(valid.status, `${again}: ${said(valid)}`).toBe(0);
      const proven = await person.run("verify", "Das Portal");
      expect(proven.status, `${again}: ${said(proven)}`).toBe(0);
    }
  });
});
