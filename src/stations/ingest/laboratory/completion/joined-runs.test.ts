import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { zarrFiles } from "../../../../../test/zarr-volume.js";
import { type Given, NOTHING_GIVEN } from "../decide.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const volume = (seed: number, spacing = 10) => mrcFile([6, 12, 12], spacing, { seed });
const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });
const angles = "-6\n-3\n0\n3\n6\n";

type Files = Record<string, string | Uint8Array>;

async function decided(files: Files, given: Given = NOTHING_GIVEN) {
  const laboratory = await laboratoryWith(files);
  const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal, given);
  return { ...decisions, of: (path: string) => decisions.files.get(path) };
}

const project = {
  ...{ "TS_01.st": stack(1), "TS_01.rawtlt": angles, "rec/TS_01.rec": volume(11) },
  ...{ "TS_02.st": stack(2), "TS_02.rawtlt": angles, "rec/TS_02.rec": volume(12) },
};

describe("volumes with the same voxels under the names of two runs", () => {
  it("are of one run, and published once", async () => {
    const { runs, of, notes } = await decided({ ...project, "paper/lamella_7.mrc": volume(12, 0) });
    expect(runs).toEqual(["TS_01", "TS_02"]);

    expect(of("paper/lamella_7.mrc")).toMatchObject({ role: "left out", because: "the same voxels as rec/TS_02.rec" });
    expect(notes).toEqual(["paper/lamella_7.mrc and rec/TS_02.rec have the same voxels: they are one run."]);
    const alone = { ...project, "lamella_7/lamella_7.edf": "Setup.DatasetName=lamella_7\nSetup.Version.Etomo.Created=4.11.12\n" };
    const named = await decided({ ...alone, "lamella_7/lamella_7.rec": volume(12) });
    expect(named.runs).toEqual(["TS_01", "TS_02"]);
    expect(named.notes).toContain("lamella_7/lamella_7.rec and rec/TS_02.rec have the same voxels: they are one run.");
  });

  it("also stacks with the same images in another order, of which one is asked for", async () => {
    const sorted = (bytes: Uint8Array) => {
      const section = (bytes.length - 1024) / 5;
      const at = (z: number) => bytes.subarray(1024 + z * section, 1024 + (z + 1) * section);
      return new Uint8Array(Buffer.concat([bytes.subarray(0, 1024), ...[4, 2, 0, 1, 3].map(at)]));
    };
    const { runs, notes, questions } = await decided({
      ...project,
      "sorted/lamella_9.st": sorted(stack(1)),
      "sorted/lamella_9.rawtlt": angles,
    });
    expect(runs).toEqual(["TS_01", "TS_02"]);
    expect(notes).toEqual(["TS_01.st and sorted/lamella_9.st have the same images: they are one run."]);
    expect(questions.map(({ id, files }) => [id.replace(/-.*/, ""), files.length])).toContainEqual(["series", 2]);
  });

  it("also where one of them is an OME-Zarr", async () => {
    const mrc = volume(12);
    const values = new Float32Array(mrc.slice(1024).buffer);
    const zarr = zarrFiles({
      shape: [6, 12, 12],
      dtype: "float32",
      chunk: [6, 12, 12],
      scale: [10, 10, 10],
      unit: "angstrom",
      value: (z, y, x) => values[(z * 12 + y) * 12 + x]!,
    });
    const files = Object.fromEntries(
      [...zarr].map(([key, body]) => [`web/lamella_7.zarr/${key}`, body instanceof Uint8Array ? body : JSON.stringify(body)]),
    );
    const { runs, of } = await decided({ ...project, ...files });
    expect(runs).toEqual(["TS_01", "TS_02"]);

    expect(of("web/lamella_7.zarr")).toMatchObject({ role: "left out" });
  });

  it("tell nothing where they have one value alone", async () => {
    const empty = mrcFile([6, 12, 12], 10, { value: 0 });
    const { runs } = await decided({ ...project, "rec/TS_01.rec": empty, "rec/TS_02.rec": empty });
    expect(runs).toEqual(["TS_01", "TS_02"]);
  });

  it("join nothing where the stacks of both runs differ, and are asked about", async () => {
    const { runs, of, questions } = await decided({ ...project, "rec/TS_02.rec": volume(11) });
    expect(runs).toEqual(["TS_01", "TS_02"]);
    expect(questions).toMatchObject([
      {
        id: expect.stringMatching(/^shared-/),
        text: "Which run does this tomogram belong to: TS_01 or TS_02?",
        why: "rec/TS_01.rec, rec/TS_02.rec have the same voxels, but the tilt series of these runs show different images.",
        answer: undefined,
      },
    ]);
    expect(questions[0]!.options.map(({ answer, says }) => [answer, says])).toEqual([
      ["1", "TS_01: rec/TS_01.rec is published"],
      ["2", "TS_02: rec/TS_02.rec is published"],
      ["leave-out", "not published"],
    ]);
    expect([of("rec/TS_01.rec"), of("rec/TS_02.rec")]).toEqual([undefined, undefined]);
  });
});

describe("a tomogram that somebody was given", () => {
  const person = (seed: number) => ({
    "raw/TS_01.st": stack(seed),
    "imod/TS_01/TS_01.xf": "1 0 0 1 0 0\n".repeat(5),
    "imod/TS_01/TS_01.tlt": angles,
    "imod/TS_01/TS_01_bin4.rec": volume(seed + 10),
  });
  const below = (folder: string, files: Files): Files =>
    Object.fromEntries(Object.entries(files).map(([path, content]) => [`${folder}/${path}`, content]));
  const two = { ...below("anna", person(1)), ...below("bo", person(2)) };

  it("is of the series that it lies beside, whatever the copy is called and however near it lies to the top", async () => {
    for (const copy of ["anna/from_bo/TS_01_bin4.rec", "anna/from_bo/TS_01_ribosomes.rec"]) {
      const { runs, of, questions } = await decided({ ...two, [copy]: volume(12) });
      expect(runs).toEqual(["anna_TS_01", "bo_TS_01"]);
      expect(of("bo/imod/TS_01/TS_01_bin4.rec")).toMatchObject({ role: "tomogram", run: "bo_TS_01" });
      expect(of("anna/imod/TS_01/TS_01_bin4.rec")).toMatchObject({ role: "tomogram", run: "anna_TS_01" });
      expect(of(copy)).toMatchObject({ role: "left out" });
      // a copy under the very name is known as such; another name may be that of another tomogram
      const asked = questions.map(({ id, options, answer }) => [
        id.replace(/-.*/, ""),
        options.find((one) => one.answer === answer)?.says,
      ]);
      expect(asked).toEqual(
        copy.includes("ribosomes") ? [["shared", "bo_TS_01: bo/imod/TS_01/TS_01_bin4.rec is published"]] : [],
      );
    }
  });
});

describe("copies of tomograms of which a name means two specimens", () => {
  const two = {
    ...{ "anna/mito/TS_01.st": stack(1), "anna/mito/TS_01.rawtlt": angles, "anna/mito/TS_01.rec": volume(11) },
    ...{ "boris/bact/TS_01.rec": volume(12), "talks/mito_A.mrc": volume(11), "talks/bug7.mrc": volume(12) },
  };

  it("are of the specimen of their twin, whatever the answer is", async () => {
    const { runs, questions, of } = await decided(two);
    expect(questions.map(({ id, answer }) => [id.replace(/-.*/, ""), answer])).toEqual([["whose", "separate-runs"]]);
    expect(runs).toEqual(["anna_TS_01", "boris_TS_01"]);
    expect(of("talks/mito_A.mrc")).toMatchObject({ role: "left out", because: "the same voxels as anna/mito/TS_01.rec" });
    expect(of("talks/bug7.mrc")).toMatchObject({ role: "left out", because: "the same voxels as boris/bact/TS_01.rec" });

    const away = await decided({ ...two, "b/x.mrc": volume(11) });
    expect(away.of("b/x.mrc")).toMatchObject({ role: "left out", because: "the same voxels as anna/mito/TS_01.rec" });

    const given = { ...NOTHING_GIVEN, answers: new Map([[questions[0]!.id, "one-run"]]) };
    const one = await decided(two, given);
    expect(one.runs).toEqual(["TS_01"]);
    expect([one.of("talks/mito_A.mrc")?.role, one.of("talks/bug7.mrc")?.role]).toEqual(["left out", "left out"]);
  });
});

it("copies of a stack under the names of two runs are of one run", async () => {
  const { runs } = await decided({ ...project, "renamed/lamella_7.st": stack(2), "renamed/lamella_7.rawtlt": angles });
  expect(runs).toEqual(["TS_01", "TS_02"]);
});

it("(34.silence) more volumes than are compared are told", async () => {
  const many = Object.fromEntries(
    Array.from({ length: 301 }, (_, n) => [`rec/TS_${1000 + n}.rec`, mrcFile([6, 12, 12], 10, { value: 1 })]),
  );
  const { notes } = await decided(many);
  expect(notes.join()).toContain("There are more than 300 volumes");
});
