import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const HEADER = 1024;
const large = (seed: number) => mrcFile([5, 64, 64], 2, { kind: "stack", seed });

/** The images of a stack, each pixel the mean of two by two. */
function binned(stack: Uint8Array): Uint8Array {
  const from = new Float32Array(stack.slice(HEADER).buffer);
  const bytes = mrcFile([5, 32, 32], 4, { kind: "stack", seed: 1 });
  const to = new Float32Array(5 * 32 * 32);
  for (const [at] of to.entries()) {
    const [z, y, x] = [Math.floor(at / 1024), Math.floor((at % 1024) / 32), at % 32];
    const corner = z * 4096 + 2 * y * 64 + 2 * x;
    to[at] = [0, 1, 64, 65].reduce((sum, step) => sum + from[corner + step]! / 4, 0);
  }
  bytes.set(new Uint8Array(to.buffer), HEADER);
  return bytes;
}

async function decided(look: Uint8Array) {
  const angles = "-6\n-3\n0\n3\n6\n";
  const laboratory = await laboratoryWith({
    ...{ "ts_01/ts_01.st": large(1), "ts_01/ts_01.rawtlt": angles, "ts_01/ts_01_rec.mrc": mrcFile([6, 16, 16], 8, { seed: 7 }) },
    ...{ "ts_02/ts_02.st": large(2), "ts_02/ts_02.rawtlt": angles, "ts_02/ts_02_b2_look.st": look },
  });
  return decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
}

it("a stack that was binned to be looked at is no series of its own, and one of other images is", async () => {
  const { files, runs } = await decided(binned(large(2)));
  expect(runs).toEqual(["ts_01", "ts_02"]);
  expect(files.get("ts_02/ts_02_b2_look.st")).toMatchObject({
    role: "left out",
    because: "the same images as ts_02/ts_02.st, binned",
  });
  expect((await decided(binned(large(3)))).files.get("ts_02/ts_02_b2_look.st")?.role).toBe("tilt series");
});

it("so one of the same run, which a program has binned for itself, but for that whose alignment lies beside it", async () => {
  const roleOf = async (more: Record<string, string | Uint8Array>) => {
    const angles = "-6\n-3\n0\n3\n6\n";
    const laboratory = await laboratoryWith({
      ...{
        "ts_01/ts_01.mrc": large(1),
        "ts_01/ts_01.rawtlt": angles,
        "ts_01/ts_01_rec.mrc": mrcFile([6, 16, 16], 8, { seed: 7 }),
      },
      ...{ "ts_02/ts_02.mrc": large(2), "ts_02/ts_02_rec.mrc": mrcFile([6, 16, 16], 8, { seed: 8 }) },
      ...{ "ali/ts_02/temp/ts_02.mrc": binned(large(2)), ...more },
    });
    const { files, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    return [files.get("ali/ts_02/temp/ts_02.mrc")?.because, files.get("ts_02/ts_02.mrc")?.role, questions.length];
  };
  expect(await roleOf({})).toEqual(["the same images as ts_02/ts_02.mrc, binned", "tilt series", 0]);
  expect((await roleOf({ "ali/ts_02/temp/ts_02.xf": "1 0 0 1 0 0\n".repeat(5) }))[0]).not.toContain("binned");
});
