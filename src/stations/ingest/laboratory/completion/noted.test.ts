import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const volume = (seed: number) => mrcFile([6, 12, 12], 10, { seed });
const LAB = {
  ...{ "rec/TS_01.mrc": volume(1), "rec/TS_02.mrc": volume(2), "first_try/TS_03.mrc": volume(3) },
  ...{ "bob/TS_11.mrc": volume(4), "bob/TS_12.mrc": volume(5) },
};

async function decided(notes: Record<string, string>) {
  const laboratory = await laboratoryWith({ ...LAB, ...notes });
  const { files, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  return {
    questions: questions.map(({ id, answer, text, why }) => [id.replace(/-.*/, ""), answer, text, why]),
    left: Object.keys(LAB).filter((path) => files.get(path)?.role !== "tomogram"),
  };
}

describe("what a note says of the data beside it", () => {
  it("makes a question of a folder whose own note forbids to publish it", async () => {
    const { questions, left } = await decided({
      "bob/README": "Bob 2024: my try, only for the network.\nPlease do not distribute, goes with my paper.\n",
    });
    expect(questions).toEqual([
      [
        "noted",
        "leave-out",
        "Should these 2 files be published?",
        "bob/README says “Please do not distribute, goes with my paper.”",
      ],
    ]);
    expect(left).toEqual(["bob/TS_11.mrc", "bob/TS_12.mrc"]);
  });

  it.each([
    [
      "by its folder",
      "rec/        final\nfirst_try/  wrong axis, see below.\n            Only kept for Fig. S2, not to be published\nbob/  Bob's\n",
    ],
    ["in a column", "rec/  final\n      first_try = wrong axis, it does not fit\n      the others, not to be published\n"],
    ["by its name alone, as an item of a list", "Folders:\n- rec: final\n- first_try: do not use!\n- bob: Bob's\n"],
    ["in a list with commas", "rec, bob: final\nfirst_try, scratch: how bad is it? throw away\n"],
    ["as what is not for publication", "rec  final\nscratch, first_try  each for a comparison. not for publication!\n"],
    ["as what is to be ignored", "rec  final\nfirst_try: a test of the axis, ignore\n"],
    ["in German", "rec: gut\nfirst_try: nur ein Versuch, nicht zur Veröffentlichung\n"],
    ["in Markdown", "# Folders\n\n* `rec/` final\n* `first_try` of the old axis, **do not use**\n* `bob/` Bob's\n"],
    ["below another one", "* `rec` mine\n  * `first_try` of the old axis. Do not deposit.\n"],
    ["with others that are no longer needed", "rec/  final\nfirst_try/ scratch/   not needed any more\n"],
  ])("makes a question of what a line of a note above names: %s", async (_, text) => {
    const { questions, left } = await decided({ "README.txt": text, "scratch/log.txt": "done\n" });
    expect(questions.map(([id, answer]) => [id, answer])).toEqual([["noted", "leave-out"]]);
    expect(left).toEqual(["first_try/TS_03.mrc"]);
  });

  it("makes a question of what has a copy among backups, and not of what has one elsewhere", async () => {
    const said = { "first_try/notes.txt": "wrong axis, do not use\n" };
    const copied = (folder: string) => decided({ ...said, [`${folder}/TS_03.mrc`]: volume(3) as unknown as string });
    expect((await copied("backup_2023")).left).toEqual(["first_try/TS_03.mrc"]);
    expect((await copied("first_try_of_2023")).questions).toEqual([]);
  });

  it("makes a question of what lies elsewhere of a series, by the note in its own folder, and not by that of a stage", async () => {
    const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed }) as unknown as string;
    const of = async (folder: string) => {
      const { left } = await decided({ [`${folder}/TS_03.st`]: stack(3), [`${folder}/notes.txt`]: "bad ice, do not use\n" });
      return left;
    };
    expect(await of("krios/TS_03")).toEqual(["first_try/TS_03.mrc"]);
    expect(await of("krios/raw")).toEqual([]);
  });

  it("makes a question of the last of many folders with a note", async () => {
    const notes = Array.from({ length: 300 }, (_, at) => [`a/${at}/notes.txt`, "fine\n"] as const);
    const { left } = await decided({ ...Object.fromEntries(notes), "first_try/notes.txt": "wrong axis, do not\nuse.\n" });
    expect(left).toEqual(["first_try/TS_03.mrc"]);
  });

  it("makes a question of files that lie further below, by their names, and of nothing beside them", async () => {
    const said = "TS_11.mrc, TS_12.mrc  one each. not to be published!\nTS_13.mrc  what was agreed on\n";
    const laboratory = await laboratoryWith({
      ...LAB,
      "all/bob/TS_11.mrc": volume(6),
      "all/bob/TS_12.mrc": volume(7),
      "all/bob/TS_13.mrc": volume(8),
      "all/README.txt": said,
    });
    const { files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    const left = [...files.values()].filter(
      ({ role, because }) => role === "left out" && because.includes("not to be published"),
    );
    expect(left.map(({ path }) => path)).toEqual(["all/bob/TS_11.mrc", "all/bob/TS_12.mrc"]);
  });

  it.each([
    ["a name", "rec/  final. TS_02 drifted: do not use.\nbob/  Bob's\n", ["rec/TS_02.mrc"]],
    ["a pattern", "* `bob/` Bob's. The `*_12.mrc` are of his paper: do not deposit. TS_11 he gave me.\n", ["bob/TS_12.mrc"]],
    ["a name of no file there", "first_try/  as in Fig_2 of 2019, do not use\n", ["first_try/TS_03.mrc"]],
    ["two of them", "rec/  TS_01 is thick, do not use. TS_02 drifted, do not use.\n", ["rec/TS_01.mrc", "rec/TS_02.mrc"]],
    [
      "none, but the one before it",
      "bob/  TS_11.mrc has the wrong pixel size. Do not use, kept for the paper.\nrec/  final\n",
      ["bob/TS_11.mrc"],
    ],
    ["none, of what is not to be shared", "bob/  TS_11.mrc is in his paper. Do not share.\n", ["bob/TS_11.mrc", "bob/TS_12.mrc"]],
  ])("is about those files of a folder alone of which its sentence has %s", async (_, text, left) => {
    expect((await decided({ "README.md": text })).left).toEqual(left);
  });

  it("is about the folder that the sentence before it names, below that of its line", async () => {
    const text = "krios: warp_old was processed with 1.57 A by mistake. Do not use, kept only for comparison.\n";
    const laboratory = await laboratoryWith({
      ...LAB,
      "krios/warp_old/TS_21.mrc": volume(9),
      "krios/warp/TS_22.mrc": volume(10),
      "README.txt": text,
    });
    const { questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    expect(questions.map(({ files }) => files)).toEqual([["krios/warp_old/TS_21.mrc"]]);
  });

  it("is said by the name of a note alone", async () => {
    const { questions, left } = await decided({ "bob/DO_NOT_USE.txt": "half the pixel size\n", "rec/do_not_use_yet.txt": "\n" });
    expect(questions).toEqual([
      ["noted", "leave-out", "Should these 2 files be published?", "bob/DO_NOT_USE.txt is in the folder."],
    ]);
    expect(left).toEqual(["bob/TS_11.mrc", "bob/TS_12.mrc"]);
  });

  it("is no question of what lies elsewhere, too", async () => {
    const laboratory = await laboratoryWith({
      ...LAB,
      "final/TS_11.mrc": volume(4),
      "bob/README": "Do not publish Fig. 3 or any of it.\nDo not distribute.\n",
    });
    const { files, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    expect(questions.map((one) => one.files)).toEqual([["bob/TS_12.mrc"]]);
    const roles = ["bob/TS_11.mrc", "final/TS_11.mrc"].map((path) => files.get(path)?.role);
    expect(roles.sort()).toEqual(["left out", "tomogram"]);
  });

  it.each([
    ["is about everything", "README.txt", "Unpublished data, please do not distribute.\n"],
    ["is about how to do something", "bob/README.md", "Do not use spaces in names of files.\n"],
    ["names a part of the folder", "bob/notes.txt", "Everything is fine. TS_11.mrc is thick, do not use.\n"],
    ["goes on behind an item", "README.txt", "first_try/  on the old workstation\nThe ones of 2019 are not to be published.\n"],
    ["names folders in a sentence", "README.txt", "bob, first_try and rec are of one grid. Not for publication are the films.\n"],
    ["is no note", "bob/protocol.txt", "do not distribute\n"],
  ])("asks nothing where it %s", async (_, path, text) => {
    expect(await decided({ [path]: text })).toEqual({ questions: [], left: [] });
  });
});
