import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Choice, decideRow, decisionsOf, readDecisionFile, rowName } from "./decide.js";
import { parseDecisionSheet, parseDecisions } from "./decisions.js";
import { matchRuns } from "./match-runs.js";

const rowsOf = (...rows: readonly [path: string, run: string, id: string][]) =>
  new Map(
    rows.map(([path, portalRun, portalRunId]) => [rowName({ path, portalRun, portalRunId })!, { path, portalRun, portalRunId }]),
  );
const rows = rowsOf(["/d1/a", "run-a", "7"], ["/d1/b", "run-b", "8"], ["/d2/x/b", "run-b", "8"], ["/d1/c", "run-c", ""]);
const [a, b, b2, c] = [...rows.keys()] as [string, string, string, string];
const HEAD = "archive_path,portal_run_id,decision,who,note\n";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "emporium-decide-"));
  file = join(folder, "decisions.csv");
});
afterEach(() => rmSync(folder, { recursive: true }));

const decide = (name: string, choice: Choice, who = "ann", more: { note?: string; check?: () => void; of?: typeof rows } = {}) =>
  decideRow(file, { rows: more.of ?? rows, name }, { choice, who, note: more.note, check: more.check ?? (() => {}) });
const text = () => readFileSync(file, "utf8");

describe("one decision in decisions.csv", () => {
  it("makes the file; accept, reject, and undo, which leaves who it was", async () => {
    expect(await decide(a, "accept")).toEqual({ decision: "accept", who: "ann", note: "" });
    expect(await decide(c, "reject", "bob", { note: "too thick, twice" })).toMatchObject({ decision: "reject", who: "bob" });
    expect(text()).toBe(`${HEAD}/d1/a,7,accept,ann,\n/d1/c,run-c,reject,bob,"too thick, twice"\n`);
    expect(await decide(a, "undo", "bob")).toEqual({ who: "bob", note: "" });
    expect(text()).toBe(`${HEAD}/d1/a,7,,bob,\n/d1/c,run-c,reject,bob,"too thick, twice"\n`);
    expect(parseDecisions(readFileSync(file), "d").map(({ archivePath, accepted }) => [archivePath, accepted])).toEqual([
      ["/d1/c", false],
    ]);
    await decide(a, "accept");
    expect(text().split("\n")[1]).toBe("/d1/a,7,accept,ann,");
    expect(readdirSync(folder)).toEqual(["decisions.csv"]); // neither lock nor part
  });

  it("nothing to undo writes nothing", async () => {
    expect(await decide(a, "undo")).toEqual({ who: "", note: "" });
    expect(existsSync(file)).toBe(false);
  });

  it.each([
    [
      "a byte order mark, CRLF, columns of their own in another order, and no last line end",
      '\ufeffmine,who, decision ,archive_path,portal_run_id\r\n"my ""own""", ann ,yes,/d9/z,99\r\n\r\nx,,,"/d1/a",7',
      '\ufeffmine,who, decision ,archive_path,portal_run_id\r\n"my ""own""", ann ,yes,/d9/z,99\r\n\r\nx,ann,accept,"/d1/a",7',
    ],
    [
      "a short line",
      "archive_path,portal_run_id,decision,note,who\n/d1/a/,7\n/d1/q,1,no\n",
      "archive_path,portal_run_id,decision,note,who\n/d1/a/,7,accept,,ann\n/d1/q,1,no\n",
    ],
    [
      "without a column for who",
      "archive_path,portal_run_id,decision\n/d1/q,1,no\n",
      "archive_path,portal_run_id,decision,who\n/d1/q,1,no\n/d1/a,7,accept,ann\n",
    ],
    [
      "semicolons, as spreadsheets write where a comma is the decimal mark",
      "archive_path;portal_run_id;decision\r\n/d1/q, 2;1;no\r\n",
      "archive_path;portal_run_id;decision;who\r\n/d1/q, 2;1;no\r\n/d1/a;7;accept;ann\r\n",
    ],
    ["no line end at all", HEAD.trim(), `${HEAD}/d1/a,7,accept,ann,\n`],
    [
      "the end of a path, and a note that stays",
      `${HEAD}d1/a,run-a,no,me,"hm, \nno"\n`,
      `${HEAD}d1/a,run-a,accept,ann,"hm, \nno"\n`,
    ],
    [
      "two lines about one row: the last counts",
      `${HEAD}/d1/a,7,no,,\n/d1/a,7,yes,,\n`,
      `${HEAD}/d1/a,7,no,,\n/d1/a,7,accept,ann,\n`,
    ],
    ["an end that is not one folder's", `${HEAD}b,8,no,,\n`, `${HEAD}b,8,no,,\n/d1/a,7,accept,ann,\n`],
  ])("by hand: %s", async (_, before, after) => {
    writeFileSync(file, before);
    await decide(a, "accept");
    expect(text()).toBe(after);
    expect(decisionsOf(await readDecisionFile(file), rows).get(a)).toMatchObject({ decision: "accept", who: "ann" });
  });

  it("bytes that are not UTF-8 stay as they are", async () => {
    const odd = Buffer.concat([Buffer.from(`${HEAD}/d9/`), Buffer.of(0xff, 0xed, 0xb2, 0x80), Buffer.from(",1,no,,\n")]);
    writeFileSync(file, odd);
    await decide(a, "accept");
    expect(readFileSync(file)).toEqual(Buffer.concat([odd, Buffer.from("/d1/a,7,accept,ann,\n")]));
    const strange = rowsOf(["/d1/\udcff", "r", "1"]);
    await decide([...strange.keys()][0]!, "reject", "ann", { of: strange });
    expect(decisionsOf(await readDecisionFile(file), strange).size).toBe(1);
  });

  it("a line about several rows is not undone for one of them; accepting one adds a line behind it", async () => {
    const twice = rowsOf(["/d1/a", "run", "1"], ["/d1/a", "run", "2"]);
    const [first, second] = [...twice.keys()] as [string, string];
    writeFileSync(file, `${HEAD}/d1/a,run,no,me,\n`);
    await expect(decide(first, "undo", "ann", { of: twice })).rejects.toMatchObject({ code: "CONFIG_FIELD" });
    await decide(first, "accept", "ann", { of: twice });
    expect(text()).toBe(`${HEAD}/d1/a,run,no,me,\n/d1/a,1,accept,ann,\n`);
    const now = decisionsOf(await readDecisionFile(file), twice);
    expect([now.get(first)?.decision, now.get(second)?.decision]).toEqual(["accept", "reject"]);
  });

  it("undo opens every line about the row", async () => {
    writeFileSync(file, `${HEAD}/d1/a,7,no,me,\n/d1/b,8,no,me,x\nd1/a,run-a,yes,me,\n`);
    await decide(a, "undo");
    expect(text()).toBe(`${HEAD}/d1/a,7,,ann,\n/d1/b,8,no,me,x\nd1/a,run-a,,ann,\n`);
  });

  it("what is wrong by hand is told, and stays", async () => {
    for (const [wrong, code] of [
      ["a,b\n", "CONFIG_FIELD"],
      [`${HEAD}/d1/a,7,perhaps,,\n`, "CONFIG_FIELD"],
      [`${HEAD}"/d1/a,7`, "CONFIG_SYNTAX"],
      ["archive_path,portal_run_id,decision\n/d,7,yes,what is this\n", "CONFIG_FIELD"],
    ] as const) {
      writeFileSync(file, wrong);
      await expect(decide(a, "accept")).rejects.toMatchObject({ code });
      expect(text()).toBe(wrong);
    }
  });

  it("a link is refused, and what it leads to stays", async () => {
    const other = join(folder, "other.csv");
    writeFileSync(other, HEAD);
    symlinkSync(other, file);
    await expect(decide(a, "accept")).rejects.toMatchObject({ code: "STORE_DENIED" });
    expect(readFileSync(other, "utf8")).toBe(HEAD);
  });

  it("a check that throws leaves the file alone", async () => {
    writeFileSync(file, `${HEAD}/d1/a,7,no,bob,\n`);
    const check = () => {
      throw new Error("another one");
    };
    await expect(decide(a, "accept", "ann", { check })).rejects.toThrow("another one");
    expect(text()).toBe(`${HEAD}/d1/a,7,no,bob,\n`);
  });

  it("a spreadsheet that saves in between is not overwritten: its rows are read again", async () => {
    let saved = 0;
    const check = () => {
      if (saved++ === 0) writeFileSync(file, `${HEAD}/d1/b,8,no,sheet,by hand\n`);
    };
    await decide(a, "accept", "ann", { check });
    expect([saved, text()]).toEqual([2, `${HEAD}/d1/b,8,no,sheet,by hand\n/d1/a,7,accept,ann,\n`]);
  });

  it("many at once in one process: each is there", async () => {
    await Promise.all([a, b, b2, c].map((name, at) => decide(name, at % 2 === 0 ? "accept" : "reject", `p${at}`)));
    expect([...decisionsOf(await readDecisionFile(file), rows).values()].map(({ who }) => who).sort()).toEqual([
      "p0",
      "p1",
      "p2",
      "p3",
    ]);
  });

  it("any text comes back as it was written, and no cell begins as a formula", async () => {
    const word = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("=1+1", "'=1", "+x", "-x", "@a", "\t=1", '"', "a\r\nb", "＝1"),
    );
    await fc.assert(
      fc.asyncProperty(word, word, word, async (path, who, note) => {
        rmSync(file, { force: true });
        const of = rowsOf([`/d/${path.replaceAll("\0", "")}/x`, "r", "1"]);
        const [name] = of.keys();
        await decide(name!, "accept", who, { of, note });
        expect(decisionsOf(await readDecisionFile(file), of).get(name!)).toEqual({ decision: "accept", who, note });
        expect(parseDecisions(readFileSync(file), "d")).toEqual([
          { archivePath: of.get(name!)!.path, portalRun: "1", accepted: true, who, note },
        ]);
      }),
      { numRuns: 30 },
    );
  });

  it("what the page says of a row is what curate match makes of the file", () => {
    const folders = ["/d1/a", "/d2/a", "/d2/x/b"].map((path) => ({ path, name: path.slice(-1), looksLikeRun: true }));
    const runs = ["a", "b"].map((name, at) => ({ name, id: String(at + 1), datasetId: "1", datasetTitle: "" }));
    const cell = fc.constantFrom("/d1/a", "d2/a", "a", "b", "x/b", "/d2/x/b/", "2/x/b");
    const line = fc.tuple(cell, fc.constantFrom("1", "2", "a", "b", "3"), fc.constantFrom("accept", "reject", ""));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        const bytes = Buffer.from(HEAD + lines.map((cells) => `${cells.join()},,\n`).join(""));
        const made = matchRuns(folders, runs as never, parseDecisions(bytes, "d")).rows;
        const table = new Map(
          folders.flatMap(({ path }) =>
            runs.map(({ name, id }) => [`${path} ${id}`, { path, portalRun: name, portalRunId: id }]),
          ),
        );
        const sheet = { sheet: parseDecisionSheet(bytes, "d") };
        const said = [...decisionsOf(sheet, table)].filter(([, { decision }]) => decision === "accept").map(([name]) => name);
        const manual = made.filter(({ status }) => status === "manual").map(({ path, portalRunId }) => `${path} ${portalRunId}`);
        expect(manual.sort()).toEqual(said.sort());
      }),
    );
  });
});
