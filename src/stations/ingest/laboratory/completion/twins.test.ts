import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { zarrFiles } from "../../../../../test/zarr-volume.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();

it("of two tomograms of one voxel size and other sizes the answers tell the sizes: one may be a piece of the other", async () => {
  const asked = async (shape: [number, number, number]) => {
    const laboratory = await laboratoryWith({
      "TS_01.st": mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 1 }),
      "TS_01.rawtlt": "-6\n-3\n0\n3\n6\n",
      "rec/TS_01.rec": mrcFile([6, 12, 14], 10, { seed: 2 }),
      "other/TS_01_tid_0.mrc": mrcFile(shape, 10, { seed: 3 }),
    });
    const { questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    return questions
      .filter(({ id }) => id.startsWith("twins-"))
      .map(({ options }) => options.map(({ says }) => says).slice(0, 2));
  };
  expect(await asked([4, 10, 12])).toEqual([["other/TS_01_tid_0.mrc (12×10×4 voxels)", "rec/TS_01.rec (14×12×6 voxels)"]]);
  expect(await asked([6, 12, 14])).toEqual([["other/TS_01_tid_0.mrc", "rec/TS_01.rec"]]);
});

it("a tomogram that nextPYP has denoised is no twin of the one that it was made of", async () => {
  const laboratory = await laboratoryWith({
    "mrc/TS_01.mrc": mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 1 }),
    "mrc/TS_01.rec": mrcFile([6, 12, 14], 10, { seed: 2 }),
    "mrc/TS_01_den.rec": mrcFile([6, 12, 14], 10, { seed: 3 }),
    "mrc/TS_01_density.rec": mrcFile([6, 12, 14], 20, { seed: 4 }),
  });
  const { files, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const processing = ["", "_den", "_density"].map((end) => files.get(`mrc/TS_01${end}.rec`)?.details.processing);
  expect(processing).toEqual([undefined, "denoised", undefined]);
  expect(questions.filter(({ id }) => id.startsWith("twins-"))).toEqual([]);
});

it("the tomogram that bookkeeping names is proposed, also where others are put aside by their folders", async () => {
  const rec = (seed: number) => mrcFile([6, 12, 14], 10, { seed });
  const laboratory = await laboratoryWith({
    "TS_01/TS_01.edf": "Setup.DatasetName=TS_01\nSetup.PixelSize=0.25\nSetup.RawImageStackExt=st\n",
    "TS_01/TS_01.st": mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 1 }),
    "TS_01/TS_01.rec": rec(2),
    "TS_01/TS_01_16bit.rec": rec(3),
    "TS_01/do not use/TS_01.rec": rec(4),
  });
  const { questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const asked = questions.filter(({ id }) => id.startsWith("twins-"));
  const guessed = asked.map(({ options, answer }) => options.find((option) => option.answer === answer)?.says);
  expect(guessed).toEqual(["TS_01/TS_01.rec (IMOD (etomo))"]);
});

it("the tomogram that is as large as the images of its series is proposed beside a piece", async () => {
  const guessed = async (shape: [number, number, number]) => {
    const laboratory = await laboratoryWith({
      "TS_01.st": mrcFile([5, 56, 48], 2.5, { kind: "stack", seed: 1 }),
      "TS_01.rawtlt": "-6\n-3\n0\n3\n6\n",
      "rec/TS_01.rec": mrcFile([6, 14, 12], 10, { seed: 2 }),
      "unrolled/TS_01_M1.mrc": mrcFile(shape, 10, { seed: 3 }),
    });
    const { questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    const asked = questions.filter(({ id }) => id.startsWith("twins-"));
    return asked.map(({ options, answer }) => options.find((option) => option.answer === answer)?.says);
  };
  expect(await guessed([4, 20, 9])).toEqual(["rec/TS_01.rec (12×14×6 voxels)"]);
  expect(await guessed([4, 14, 12])).toEqual([undefined]);
});

it("of two tomograms with the same voxels that stays which does not lie in scratch", async () => {
  const laboratory = await laboratoryWith({
    "TS_01.st": mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 1 }),
    "TS_01.rawtlt": "-6\n-3\n0\n3\n6\n",
    "rec/bin8/TS_01_bin8.rec": mrcFile([6, 12, 14], 20, { seed: 2 }),
    "scratch/TS_01.mrc": mrcFile([6, 12, 14], 20, { seed: 2 }),
  });
  const { files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const roles = ["rec/bin8/TS_01_bin8.rec", "scratch/TS_01.mrc"].map((path) => files.get(path)?.role);
  expect(roles).toEqual(["tomogram", "left out"]);
});

it("a copy of which nothing is known is no tomogram beside the denoised one that it was made of", async () => {
  const rec = (seed: number, spacing = 20) => mrcFile([6, 12, 14], spacing, { seed });
  const laboratory = await laboratoryWith({
    "TS_01.st": mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 1 }),
    "TS_01.rawtlt": "-6\n-3\n0\n3\n6\n",
    "rec/TS_01_rec.mrc": rec(2),
    "rec/TS_01_rec_denoised.mrc": rec(3),
    "send/TS_01.mrc": rec(3, 20.0004),
  });
  const { files, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const fates = ["rec/TS_01_rec.mrc", "rec/TS_01_rec_denoised.mrc", "send/TS_01.mrc"].map((path) => files.get(path));
  expect(fates.map((file) => [file?.role, file?.details.processing])).toEqual([
    ["tomogram", undefined],
    ["tomogram", "denoised"],
    ["left out", undefined],
  ]);
  expect(questions.filter(({ id }) => id.startsWith("twins-"))).toEqual([]);
  // without it there is nothing that the other one was made of
  const two = await laboratoryWith({
    ...{ "TS_01.st": mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 1 }), "TS_01.rawtlt": "-6\n-3\n0\n3\n6\n" },
    ...{ "rec/TS_01_rec.mrc": rec(3), "rec/TS_01_rec_denoised.mrc": rec(3, 20.0004) },
  });
  const both = await decisionsOf(two, await recognisedIn(two, signal), signal);
  expect(both.files.get("rec/TS_01_rec.mrc")?.role).toBe("tomogram");
});

it("the tomogram outside of copick is proposed beside one of its size that copick shows, and tries are put aside", async () => {
  const rec = (seed: number, shape = [6, 12, 14] as [number, number, number]) => mrcFile(shape, 10, { seed });
  const guessed = async (shape: [number, number, number]) => {
    const laboratory = await laboratoryWith({
      "TS_01.st": mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 1 }),
      "TS_01.rawtlt": "-6\n-3\n0\n3\n6\n",
      "rec/TS_01_rec.mrc": rec(2),
      "tries/TS_01_rec.mrc": rec(3, [8, 12, 14]),
      ...Object.fromEntries(
        [...zarrFiles({ shape, dtype: "float32", chunk: shape, scale: [10, 10, 10], unit: "angstrom" })].map(([key, body]) => [
          `copick/ExperimentRuns/TS_01/VoxelSpacing10.000/wbp.zarr/${key}`,
          body instanceof Uint8Array ? body : JSON.stringify(body),
        ]),
      ),
    });
    const { questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    const asked = questions.filter(({ id }) => id.startsWith("twins-"));
    return asked.map(({ options, answer }) => options.find((option) => option.answer === answer)?.says);
  };
  expect(await guessed([6, 12, 14])).toEqual(["rec/TS_01_rec.mrc (14×12×6 voxels, program not known)"]);
  expect(await guessed([6, 10, 12])).toEqual([undefined]);
});

it("what one of two tomograms was binned to goes with it, and what is of both or of none does not", async () => {
  const fine = (seed: number) => mrcFile([12, 40, 48], 10, { seed });
  const binned = (bytes: Uint8Array) => {
    const own = mrcFile([6, 20, 24], 20, { seed: 9 });
    const [from, to] = [bytes, own].map((one) => new Float32Array(one.buffer, 1024)) as [Float32Array, Float32Array];
    for (let at = 0; at < to.length; at++) {
      const [z, y, x] = [Math.floor(at / 480), Math.floor((at % 480) / 24), at % 24];
      const mean = [0, 1, 2, 3, 4, 5, 6, 7].map(
        (n) => from[((2 * z + (n >> 2)) * 40 + 2 * y + ((n >> 1) & 1)) * 48 + 2 * x + (n & 1)]!,
      );
      to[at] = mean.reduce((sum, one) => sum + one, 0) / 8;
    }
    return own;
  };
  const asked = async (coarse: Uint8Array) => {
    const laboratory = await laboratoryWith({
      ...{ "TS_01.st": mrcFile([5, 160, 192], 2.5, { kind: "stack", seed: 1 }), "a/TS_01_rec.mrc": fine(2) },
      ...{ "b/TS_01_rec.mrc": fine(3), "bin2/TS_01_bin2.mrc": coarse },
    });
    const { questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    const [twins] = questions.filter(({ id }) => id.startsWith("twins-"));
    const fates = twins!.options.map(({ claims }) => claims.find(({ path }) => path.startsWith("bin2/"))?.role);
    return [twins!.why?.includes("bin2/TS_01_bin2.mrc"), ...fates];
  };
  expect(await asked(binned(fine(2)))).toEqual([true, "tomogram", "left out", "tomogram"]);
  expect(await asked(mrcFile([6, 20, 24], 20, { seed: 9 }))).toEqual([false, undefined, undefined, undefined]);
});

it("of two tomograms the one is proposed that is not of bytes, where nothing else tells it", async () => {
  const bytes = new Uint8Array(mrcFile([6, 12, 14], 10, { seed: 3 }).subarray(0, 1024 + 6 * 12 * 14));
  for (let at = 1024; at < bytes.length; at++) bytes[at] = (at * 7919) % 251;
  new DataView(bytes.buffer).setInt32(12, 0, true);
  const laboratory = await laboratoryWith({
    "TS_01.st": mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 1 }),
    ...{ "a/TS_01_rec.mrc": bytes, "b/TS_01_rec.mrc": mrcFile([6, 12, 14], 10, { seed: 2 }) },
  });
  const { questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const [asked] = questions.filter(({ id }) => id.startsWith("twins-"));
  expect([asked?.answer, asked?.why]).toEqual([
    "2",
    "They have the same voxel size. Only b/TS_01_rec.mrc has more than 8 bits per voxel.",
  ]);
});

it("tomograms that lie alike are one question, whatever shape the names of their runs have", async () => {
  const runs = ["Lamella1_Position_3", "Position_4", "Position_4_2"];
  const volume = (folder: string, run: string, at: number) => [
    `${folder}/${run}.mrc`,
    mrcFile([6, 12, 14], 10, { seed: at + folder.length }),
  ];
  const stack = (run: string, at: number) => [`stacks/${run}.st`, mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 50 + at })];
  const files = runs.flatMap((run, at) => [stack(run, 7 * at), volume("rec", run, 7 * at), volume("again", run, 7 * at)]);
  const laboratory = await laboratoryWith(Object.fromEntries(files) as Record<string, Uint8Array>);
  const { questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  expect(questions).toMatchObject([
    {
      text: "Which of the 2 tomograms of run Lamella1_Position_3 should be published? The answer is for Position_4, Position_4_2, too.",
      why: "They have the same voxel size. Nothing in their names or in the files beside them tells which one counts.",
    },
  ]);
});
