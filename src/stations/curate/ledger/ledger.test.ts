import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { manualClock } from "../../../core/clock.js";
import { addBatch, listBatches, setBatch } from "./batches.js";
import { readLedger, withLedger } from "./ledger.js";
import { BATCH_STATES, checkMove, MOVES } from "./states.js";

let workspace: string;
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), "emporium-ledger-"));
});
afterEach(() => rmSync(workspace, { recursive: true, force: true }));

const path = () => join(workspace, "curate/ledger/batches.jsonl");
const clock = manualClock(Date.UTC(2026, 0, 2, 3, 4, 5));
const options = () => ({ workspace, clock });
const add = (id: string, facts = {}) => addBatch(id, { facts }, options());

describe("the ledger of batches", () => {
  it("is empty where nothing was ever sent", async () => {
    expect((await listBatches({ workspace })).toText()).toBe("no batches");
  });

  it("adds a line for each thing and never changes one", async () => {
    await addBatch(
      "d3-MS",
      { state: "submitted", facts: { label: "MS", drives: ["grp_tomo_db1_d3"], note: "by hand" } },
      options(),
    );
    const before = readFileSync(path(), "utf8");
    clock.advance(86_400_000);
    await setBatch("d3-MS", { state: "accepted", facts: { recipient: "portal" } }, options());
    expect(readFileSync(path(), "utf8").startsWith(before)).toBe(true);
    const { batches, toText } = await listBatches({ workspace, history: true });
    expect(batches).toMatchObject([
      {
        id: "d3-MS",
        label: "MS",
        drives: ["grp_tomo_db1_d3"],
        note: "by hand",
        recipient: "portal",
        state: "accepted",
        next: ["published"],
        dates: { submitted: "2026-01-02T03:04:05.000Z", accepted: "2026-01-03T03:04:05.000Z" },
        history: [{ state: "submitted" }, { state: "accepted", recipient: "portal" }],
      },
    ]);
    expect(toText()).toContain("d3-MS  accepted  2026-01-03  MS");
  });

  it("moves a batch along its states alone", async () => {
    await add("b");
    await expect(setBatch("b", { state: "published", facts: {} }, options())).rejects.toMatchObject({ code: "USAGE" });
    for (const state of ["packed", "submitted", "rejected", "draft", "packed", "submitted", "accepted", "published"] as const)
      await setBatch("b", { state, facts: {} }, options());
    for (const state of BATCH_STATES.filter((other) => other !== "published"))
      await expect(setBatch("b", { state, facts: {} }, options())).rejects.toMatchObject({ code: "USAGE" });
    for (const from of BATCH_STATES)
      for (const to of BATCH_STATES) {
        if (MOVES[from].includes(to)) checkMove("b", from, to);
        else expect(() => checkMove("b", from, to)).toThrow();
      }
  });

  it("refuses names that are none, that are there, or that are not", async () => {
    for (const id of ["", "-x", "a/b", "a\nb", "x".repeat(200)]) await expect(add(id)).rejects.toMatchObject({ code: "USAGE" });
    await add("b");
    await expect(add("b")).rejects.toMatchObject({ code: "USAGE" });
    await expect(setBatch("c", { state: "packed", facts: {} }, options())).rejects.toMatchObject({ code: "USAGE" });
    await expect(setBatch("b", { facts: {} }, options())).rejects.toMatchObject({ code: "USAGE" });
    await expect(listBatches({ workspace, ids: ["c"] })).rejects.toMatchObject({ code: "USAGE" });
  });

  it("passes over a line that was cut short, and writes the next one in its place", async () => {
    await add("a");
    const whole = readFileSync(path());
    for (let cut = 1; cut < whole.length; cut += 7) {
      writeFileSync(path(), Buffer.concat([whole, whole.subarray(0, cut)]));
      expect([...(await readLedger({ workspace })).batches.keys()]).toEqual(["a"]);
    }
    await add("b");
    expect(readFileSync(path(), "utf8").trimEnd().split("\n")).toHaveLength(2);
    expect([...(await readLedger({ workspace })).batches.keys()]).toEqual(["a", "b"]);
  });

  it("names a damaged line and touches nothing", async () => {
    await add("a");
    appendFileSync(path(), "no line\n");
    const before = readFileSync(path());
    await expect(add("b")).rejects.toMatchObject({ code: "JOURNAL_DAMAGED", facts: { place: { line: 2 } } });
    expect(readFileSync(path())).toEqual(before);
  });

  it("seam 36: in a shared folder takes the lines of all who write at once", async () => {
    const ledger = join(workspace, "geteilt ü");
    const people = ["ada", "ben", "eve"].map((name) => ({ workspace: join(workspace, name), ledger }));
    await Promise.all(people.map((person, at) => addBatch(`b${at}`, { facts: { note: `n${at}` } }, person)));
    for (const person of people) {
      const { ledger: file, batches } = await listBatches(person);
      expect(file).toBe(join(ledger, "batches.jsonl"));
      expect(batches.map(({ id }) => id).sort()).toEqual(["b0", "b1", "b2"]);
    }
    expect((await listBatches({ workspace })).batches).toEqual([]);
  });

  it("is one command's at a time", async () => {
    await withLedger(options(), "one", async () => {
      await expect(addBatch("b", { facts: {} }, options())).rejects.toMatchObject({ code: "TARGET_LOCKED" });
    });
    await add("b");
  });
});
