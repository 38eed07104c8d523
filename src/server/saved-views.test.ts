import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../core/clock.js";
import { silentLog } from "../core/log.js";
import { type KeptView, openViews, viewTag } from "./saved-views.js";

const RUN = { id: 1, dataset: 10401, name: "TS_0001" };
const view = (name: string, more: Partial<KeptView> = {}): Omit<KeptView, "id" | "savedAt"> => ({
  ...{ name, note: "", to: "/view/tomogram/5?p=1,2,3", ref: "tomogram:5", key: "10401/TS_0001/a.zarr", run: RUN, who: "ann" },
  ...more,
});
const open = (workspace: string) => openViews({ workspace, clock: systemClock, log: silentLog });

let folder: string;
let workspace: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "emporium-views-"));
  // it is made when something is saved
  workspace = join(folder, "workspace");
});
afterEach(() => rmSync(folder, { recursive: true }));
const file = () => join(workspace, "views.json");
const namesOf = async (at = open(workspace)) => (await at.all()).map(({ name }) => name);

describe("views of a workspace", () => {
  it("has none before one is saved, and makes nothing by looking", async () => {
    expect([await namesOf(), readdirSync(folder)]).toEqual([[], []]);
  });

  it("keeps what was saved for the next server, renames and removes it", async () => {
    const one = open(workspace);
    const kept = await one.add(view("Zellkern ü 細胞", { note: "two\nlines" }));
    await one.add(view("other"));
    const next = open(workspace);
    expect((await next.all())[0]).toEqual(kept);
    await next.change(kept.id, viewTag(kept), { name: "Nucleus", note: "" });
    expect(await namesOf(one)).toEqual(["Nucleus", "other"]);
    await one.remove(kept.id, viewTag({ name: "Nucleus", note: "" }));
    expect([await namesOf(next), readdirSync(workspace)]).toEqual([["other"], ["views.json"]]);
  });

  it("changes nothing that is another one by now, or gone", async () => {
    const at = open(workspace);
    const kept = await at.add(view("first"));
    await at.change(kept.id, viewTag(kept), { name: "second", note: "" });
    const words = { name: "third", note: "" };
    await expect(at.change(kept.id, viewTag(kept), words)).rejects.toMatchObject({ code: "CHANGED_MEANWHILE" });
    await expect(at.remove(kept.id, viewTag(kept))).rejects.toMatchObject({ code: "CHANGED_MEANWHILE" });
    await expect(at.change("nobody", viewTag(kept), words)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await namesOf()).toEqual(["second"]);
  });

  it("loses nothing that a program without the lock writes between reading and writing", async () => {
    const at = open(workspace);
    await at.add(view("first"));
    const theirs = readFileSync(file(), "utf8").replace("first", "their own");
    let asked = 0;
    // writes when this view is put into words, which is behind the reading
    const toJSON = () => {
      if (asked++ === 0) writeFileSync(file(), theirs);
      return RUN;
    };
    await at.add(view("second", { run: { ...RUN, toJSON } as typeof RUN }));
    expect([await namesOf(), asked]).toEqual([["their own", "second"], 2]);
  });

  it("loses nothing of several that are saved at once, through two servers", async () => {
    const servers = [open(workspace), open(workspace)];
    const names = Array.from({ length: 24 }, (_, at) => `view ${at}`);
    await Promise.all(names.map((name, at) => servers[at % 2]!.add(view(name))));
    expect((await namesOf()).sort()).toEqual(names.sort());
  });

  it("refuses one of too many of a run, and of too many of all, in a sentence, and keeps those that are there", async () => {
    const at = open(workspace);
    await at.add(view("first"));
    const put = (many: number, run: (i: number) => KeptView["run"]) => {
      const views = Array.from({ length: many }, (_, i) => ({ ...view(`${i}`, { run: run(i) }), id: `${i}`, savedAt: "x" }));
      writeFileSync(file(), JSON.stringify({ version: 1, views }));
    };
    put(999, () => RUN);
    await at.add(view("the last"));
    await expect(at.add(view("one more"))).rejects.toThrow("1000 views of run TS_0001 are saved; no more are kept");
    await at.add(view("of another run", { run: { ...RUN, name: "TS_0002" } }));
    await at.add(view("of no run", { run: undefined }));
    put(10_000, (i) => ({ ...RUN, name: `TS_${i}` }));
    const before = readFileSync(file());
    await expect(at.add(view("one more"))).rejects.toMatchObject({ code: "CONFIG_LIMIT" });
    expect(readFileSync(file()).equals(before)).toBe(true);
  });

  it("says what is wrong with a file that is none of ours, and does not write over it", async () => {
    const at = open(workspace);
    await at.add(view("first"));
    for (const [text, code] of [
      ["{", "CONFIG_SYNTAX"],
      ["[]", "CONFIG_FIELD"],
      ['{"version": 2, "views": []}', "CONFIG_FIELD"],
      ['{"version": 1, "views": [{"id": 5}]}', "CONFIG_FIELD"],
    ] as const) {
      writeFileSync(file(), text);
      await expect(at.all()).rejects.toMatchObject({ code });
      await expect(at.add(view("second"))).rejects.toMatchObject({ code });
      expect(readFileSync(file(), "utf8")).toBe(text);
    }
  });

  it("sees what another program has written", async () => {
    const at = open(workspace);
    await at.add(view("first"));
    const document = readFileSync(file(), "utf8");
    writeFileSync(file(), document.replace("first", "by hand"));
    expect(await namesOf(at)).toEqual(["by hand"]);
  });
});
