import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../test/laboratory-kit.js";
import { type Given, NOTHING_GIVEN } from "./decide.js";
import { givenOf, readDecisions, writeDecisions } from "./decisions-file.js";
import { decisionsOf, recognisedIn } from "./know.js";

const { signal } = new AbortController();
const volume = (seed: number, spacing = 10) => mrcFile([6, 12, 12], spacing, { seed });
const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });
const frame = (seed: number) => mrcFile([1, 32, 48], 2.5, { kind: "stack", seed });
const angles = "-6\n-3\n0\n3\n6\n";
const mdocOf = (series: string, frames: readonly string[]) =>
  `PixelSpacing = 2.5\nVoltage = 300\nImageFile = ${series}.mrc\n\n[T = SerialEM: Digitized]\n\n${frames
    .map((name, z) => `[ZValue = ${z}]\nTiltAngle = ${3 * z - 6}\nSubFramePath = X:\\${name}\n`)
    .join("\n")}`;

type Files = Record<string, string | Uint8Array>;

/** Two series with their frames and tomograms. */
function session(folder: string, name: string, seed: number): Files {
  const own: Files = {};
  for (const n of [1, 2]) {
    const series = `${name}_${n}`;
    const frames = [0, 1, 2, 3, 4].map((z) => `${series}_${z}_fractions.mrc`);
    for (const [z, file] of frames.entries()) own[`${folder}/frames/${file}`] = frame(100 * seed + 10 * n + z);
    Object.assign(own, {
      [`${folder}/${series}.mrc`]: stack(10 * seed + n),
      [`${folder}/${series}.mrc.mdoc`]: mdocOf(series, frames),
      [`${folder}/rec/${series}_rec.mrc`]: volume(10 * seed + n + 5),
    });
  }
  return own;
}

async function decided(files: Files, given: Given = NOTHING_GIVEN) {
  const laboratory = await laboratoryWith(files);
  const projects = await recognisedIn(laboratory, signal);
  const decisions = await decisionsOf(laboratory, projects, signal, given);
  return { ...decisions, laboratory, projects: projects.length, of: (path: string) => decisions.files.get(path) };
}

const yeast = session("yeast", "sc", 1);
const gain = { "yeast/gain_ref.mrc": mrcFile([1, 32, 48], 2.5, { seed: 999 }) };

describe("a folder of several projects", () => {
  it("has each of them known as if it were alone: a gain reference is of the runs of its own", async () => {
    const { projects, runs, of, notes } = await decided({
      ...yeast,
      ...gain,
      ...session("hela", "hl", 2),
      "README.md": "two visits",
    });
    expect([projects, runs]).toEqual([3, ["hl_1", "hl_2", "sc_1", "sc_2"]]);
    expect(of("yeast/gain_ref.mrc")).toMatchObject({ role: "gain", runs: ["sc_1", "sc_2"] });
    expect(notes[0]).toBe("2 separate projects, which share no run: hela; yeast.");
    expect(of("README.md")?.role ?? "left out").toBe("left out");
  });

  it("is one project where a copy is of both, where a folder has one run alone or nothing that was recorded, and where a file may be of either", async () => {
    const count = async (files: Files) => (await decided({ ...yeast, ...files })).projects;
    expect(await count({ ...session("hela", "hl", 2), "hela/rec/hl_3_rec.mrc": yeast["yeast/rec/sc_1_rec.mrc"]! })).toBe(1);
    expect(await count({ "hela/hl_1.rec": volume(50), "hela/hl_1.st": stack(51), "hela/hl_1.rawtlt": angles })).toBe(1);
    expect(await count({ "figures/one.rec": volume(50), "figures/two.rec": volume(51) })).toBe(1);
    expect(await count({ ...session("hela", "hl", 2), "gain_ref.mrc": gain["yeast/gain_ref.mrc"] })).toBe(1);
  });

  it("is one project where it has more volumes that may be copies than are compared, which is told", async () => {
    const visit = (name: string, runs: number): Files =>
      Object.fromEntries(
        Array.from({ length: runs }, (_, n) => `${name}/${name}_${n + 1}`).flatMap((path): [string, string | Uint8Array][] => [
          [`${path}.rec`, mrcFile([2, 4, 4], 10)],
          [`${path}.rawtlt`, angles],
        ]),
      );
    const few = await decided({ ...visit("am", 3), ...visit("pm", 3) });
    expect(few.projects).toBe(2);
    const many = await decided({ ...visit("am", 151), ...visit("pm", 151) });
    expect(many.projects).toBe(1);
    expect(many.notes.join()).toContain("the others were not compared");
  });

  it("tells runs of one name apart as in one project", async () => {
    const { runs, of } = await decided({ ...yeast, ...session("again", "sc", 2) });
    expect(runs).toEqual(["again_sc_1", "again_sc_2", "yeast_sc_1", "yeast_sc_2"]);
    expect(of("again/rec/sc_2_rec.mrc")?.run).toBe("again_sc_2");
  });

  it("keeps what a person has answered, though questions that are alike are one", async () => {
    const small = { "yeast/rec/extra_7.mrc": mrcFile([3, 6, 6], 10, { seed: 70 }) };
    const two = { ...session("hela", "hl", 2), "hela/rec/extra_8.mrc": mrcFile([3, 6, 6], 10, { seed: 80 }) };
    const files = { ...yeast, ...small, ...two };
    const first = await decided(files);
    expect(first.projects).toBe(2);
    const [question] = first.questions.filter(({ files: own }) => own.includes("yeast/rec/extra_7.mrc"));
    expect(question).toMatchObject({ answer: undefined, files: ["yeast/rec/extra_7.mrc", "hela/rec/extra_8.mrc"].sort() });
    expect(new Set(first.questions.map(({ id }) => id)).size).toBe(first.questions.length);

    const text = await writeDecisions(first.laboratory, first);
    const said = readDecisions(text, "d.yaml");
    const answers = said.questions.map((one) => (one.id === question!.id ? { ...one, answer: "leave-out" } : one));
    const again = await decided(files, givenOf({ ...said, questions: answers }, first.laboratory));
    for (const path of ["yeast/rec/extra_7.mrc", "hela/rec/extra_8.mrc"]) expect(again.of(path)?.role).toBe("left out");
    expect(again.notes.join()).not.toContain("no effect");
    expect(again.runs).toEqual(first.runs);
  });
});
