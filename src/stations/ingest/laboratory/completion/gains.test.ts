import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import type { Decision } from "../decide.js";
import { givenOf } from "../decisions-file.js";
import { decisionsOf, recognisedIn } from "../know.js";
import { placeGains } from "./gains.js";

const { signal } = new AbortController();
const frame = (seed: number) => mrcFile([1, 32, 48], 2.5, { kind: "stack", seed });
const mdocOf = (series: string) =>
  `PixelSpacing = 2.5\nVoltage = 300\nImageFile = ${series}.mrc\n\n[T = SerialEM: Digitized]\n\n${[0, 1, 2]
    .map((z) => `[ZValue = ${z}]\nTiltAngle = ${3 * z - 3}\nSubFramePath = X:\\${series}_${z}_fractions.mrc\n`)
    .join("\n")}`;

function series(folder: string, name: string, seed: number): Record<string, string | Uint8Array> {
  const frames = [0, 1, 2].map((z) => [`${folder}/frames/${name}_${z}_fractions.mrc`, frame(10 * seed + z)] as const);
  return { ...Object.fromEntries(frames), [`${folder}/${name}.mrc.mdoc`]: mdocOf(name) };
}

describe("a gain reference that nobody names", () => {
  const files = { ...series("grid1", "TS_1", 1), ...series("grid2", "TS_2", 2), "grid1/gain/gain_ref.mrc": frame(99) };

  it("is that of the frames nearest to it; whether of others, too, is asked, and until then it is not", async () => {
    const laboratory = await laboratoryWith(files);
    const projects = await recognisedIn(laboratory, signal);
    const { files: decided, questions } = await decisionsOf(laboratory, projects, signal);
    expect(decided.get("grid1/gain/gain_ref.mrc")).toMatchObject({ role: "gain", runs: ["TS_1"] });
    const asked = questions.find(({ text }) => text.includes("gain reference"))!;
    expect(asked).toMatchObject({
      text: "Is grid1/gain/gain_ref.mrc also the gain reference of TS_2?",
      why: "It is near the frames of other runs.",
      answer: "none",
    });
    const { id } = asked;
    const said = { runs: [], files: [], questions: [{ id, answer: "also" }] };
    const answered = await decisionsOf(laboratory, projects, signal, givenOf(said, laboratory));
    expect(answered.files.get("grid1/gain/gain_ref.mrc")).toMatchObject({ role: "gain", runs: ["TS_1", "TS_2"] });
  });

  it("is that of all where it lies beside none of them", async () => {
    const { "grid1/gain/gain_ref.mrc": gain, ...others } = files;
    const laboratory = await laboratoryWith({ ...others, "gain_ref.mrc": gain! });
    const { files: decided, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    expect(decided.get("gain_ref.mrc")).toMatchObject({ role: "gain", run: undefined, runs: undefined });
    expect(questions).toEqual([]);
  });
});

it("a gain reference that is only called one is asked about, where bookkeeping names another one that is gone", async () => {
  const told = async (name: string) => {
    const of = series("grid1", "TS_1", 1);
    const named = mdocOf("TS_1").replace("TiltAngle = -3", "TiltAngle = -3\nGainReference = X:\\CountRef_1.dm4");
    const laboratory = await laboratoryWith({ ...of, "grid1/TS_1.mrc.mdoc": named, [`grid1/frames/${name}`]: frame(99) });
    const { files, questions, notes } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    const gone = "grid1/TS_1.mrc.mdoc names a gain reference that is not in the folder: X:\\CountRef_1.dm4.";
    expect(notes).toContain(gone);
    return [files.get(`grid1/frames/${name}`)?.role, ...questions.flatMap(({ text, why }) => [text, why])];
  };
  expect(await told("gain_alt.mrc")).toEqual([
    "left out",
    "Is grid1/frames/gain_alt.mrc the gain reference of TS_1?",
    "grid1/TS_1.mrc.mdoc names another one, X:\\CountRef_1.dm4, which is not in the folder.",
  ]);
  expect(await told("CountRef_1.mrc")).toEqual(["gain"]);
});

const decision = (path: string, of: Partial<Decision>): [string, Decision] => [
  path,
  { path, role: "frame", because: "", strength: "bookkeeping", details: {}, ...of },
];

const image = (edge: number) => mrcFile([3, edge, edge], 1, { kind: "stack" });

/** Runs that a gain is of after all: a program knew of TS_1 alone. */
async function runsOfGain(gains: readonly [string, Decision][], { last = "session/TS_2_001.mrc", edge = 8 } = {}) {
  const frames = [decision("session/TS_1_001.mrc", { run: "TS_1" }), decision(last, { run: "TS_2" })];
  const files = new Map([...frames, ...gains]);
  const laboratory = await laboratoryWith({ "session/TS_1_001.mrc": image(8), [last]: image(edge) });
  expect(await placeGains(files, laboratory, ["TS_1", "TS_2", "TS_3"])).toEqual([]);
  return gains.map(([path]) => files.get(path)?.runs);
}

describe("a gain reference that nobody names, beside one that bookkeeping names for the runs", () => {
  it("is that of another session, and left out, also if it lies as near and has the size of the frames", async () => {
    const mdoc = mdocOf("TS_1").replaceAll("SubFramePath", "GainReference = X:\\gain_march.mrc\nSubFramePath");
    const gains = { "gains/gain_march.mrc": frame(98), "gains/gain_may.mrc": frame(99) };
    const laboratory = await laboratoryWith({ ...series("grid1", "TS_1", 1), ...gains, "grid1/TS_1.mrc.mdoc": mdoc });
    const { files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    expect(files.get("gains/gain_march.mrc")).toMatchObject({ role: "gain", run: "TS_1" });
    expect(files.get("gains/gain_may.mrc")).toMatchObject({
      role: "left out",
      because: "called a gain reference, and all frames have one that is named",
    });
  });
});

describe("a gain reference that a program gives to the runs which it has processed", () => {
  const gain = decision("session/gain.tiff", { role: "gain", runs: ["TS_1"] });

  it("is that of the other runs with frames in the same folder, too", async () => {
    expect(await runsOfGain([gain])).toEqual([["TS_1", "TS_2"]]);
  });

  it("is that of these also where another session has one that nobody names", async () => {
    const [other, unnamed] = [
      decision("other/TS_3_001.mrc", { run: "TS_3" }),
      decision("other/gain.mrc", { role: "gain", strength: "name" }),
    ];
    const frames = ["TS_1", "TS_2"].map((run) => decision(`session/${run}_001.mrc`, { run }));
    const files = new Map([...frames, other, unnamed, gain]);
    const laboratory = await laboratoryWith({
      ...{ "session/TS_1_001.mrc": image(8), "session/TS_2_001.mrc": image(8) },
      ...{ "other/TS_3_001.mrc": image(8), "other/gain.mrc": image(8) },
    });
    expect(await placeGains(files, laboratory, ["TS_1", "TS_2", "TS_3"])).toEqual([]);
    expect([gain, unnamed].map(([path]) => files.get(path)?.runs)).toEqual([["TS_1", "TS_2"], ["TS_3"]]);
  });

  it("is not that of a run of the same name without frames", async () => {
    expect(await runsOfGain([decision("session/gain.tiff", { role: "gain", runs: ["TS_1", "TS_2", "TS_3"] })])).toEqual([
      ["TS_1", "TS_2"],
    ]);
  });

  it("is not that of frames of another size", async () => {
    expect(await runsOfGain([gain], { edge: 6 })).toEqual([["TS_1"]]);
  });

  it("is not that of frames elsewhere, or of frames among which another one is used, or against a person's word", async () => {
    expect(await runsOfGain([gain], { last: "session_2/TS_2_001.mrc" })).toEqual([["TS_1"]]);
    const other = decision("session/gain_b.tiff", { role: "gain", runs: ["TS_2"] });
    expect(await runsOfGain([gain, other])).toEqual([["TS_1"], ["TS_2"]]);
    expect(await runsOfGain([[gain[0], { ...gain[1], strength: "person" }]])).toEqual([["TS_1"]]);
  });
});

it("a stack of DigitalMicrograph is no gain reference, with frames or without", async () => {
  const dm = (name: string) => new Uint8Array(readFileSync(new URL(`../../../../../test/fixtures/dm/${name}`, import.meta.url)));
  const fates = async (files: Record<string, string | Uint8Array>) => {
    const laboratory = await laboratoryWith({
      ...files,
      "raw/Hel_03.dm3": dm("volume-i2-le.dm3"),
      "raw/Hel_04.dm4": dm("image-f8.dm4"),
    });
    const { files: decided } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    return ["raw/Hel_03.dm3", "raw/Hel_04.dm4"].map((path) => decided.get(path)?.because.replace(/\d+/, "N"));
  };
  const stack = "a stack of N images of DigitalMicrograph, and no gain reference: convert it to MRC, where it is a tilt series";
  const one = mrcFile([6, 24, 24], 8, { seed: 3 });
  expect(await fates({ "rec/Hel_03.rec": one })).toEqual([stack, "there are no frames that it corrects"]);
  expect((await fates(series("raw", "TS_1", 1)))[0]).toBe(stack);
});

it("a gain reference of another session is not that of what Warp processed, even where Warp names none", async () => {
  const parameters = { DataFolder: "../ours/frames", ProcessingFolder: "warp_frameseries", Extension: "*.mrc" };
  const settings = Object.entries(parameters).map(([name, value]) => `<Param Name="${name}" Value="${value}" />`);
  const rows = [0, 1, 2].map((z) => `../warp_frameseries/TS_1_${z}_fractions.mrc  ${3 * z - 3}.00  84.10  ${z}.00\n`).join("");
  const laboratory = await laboratoryWith({
    ...series("ours", "TS_1", 1),
    ...series("facility/grid1", "Position_1", 2),
    "facility/20230208_EER_gain.mrc": frame(99),
    "warp/warp_frameseries.settings": `<?xml version="1.0" encoding="utf-8"?>\n<Settings><Import>${settings.join("")}</Import></Settings>`,
    "warp/warp_frameseries/TS_1_0_fractions.xml": `<?xml version="1.0" encoding="utf-8"?>\n<Movie><CTF /></Movie>`,
    "warp/tomostar/TS_1.tomostar": `\ndata_\n\nloop_\n_wrpMovieName #1\n_wrpAngleTilt #2\n_wrpAxisAngle #3\n_wrpDose #4\n${rows}`,
  });
  const { files, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  expect(files.get("facility/20230208_EER_gain.mrc")).toMatchObject({ role: "gain", runs: ["Position_1"] });
  expect(questions.map(({ answer }) => answer)).toEqual(["none"]);
});
