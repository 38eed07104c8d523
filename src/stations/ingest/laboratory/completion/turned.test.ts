import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import type { Decision } from "../decide.js";
import { decisionsOf, recognisedIn } from "../know.js";
import { turnedQuestions } from "./turned.js";

const { signal } = new AbortController();
const stack = mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 1 });
const list = (angles: readonly number[]) => angles.map((angle) => `${angle}\n`).join("");
const mdoc = (angles: readonly number[]) =>
  `PixelSpacing = 2.5\nImageFile = TS_01.st\n\n${angles.map((angle, z) => `[ZValue = ${z}]\nTiltAngle = ${angle}\n`).join("\n")}`;
const RECORDED = [0, 3, -3, 6, 9];

async function decided(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith({ "TS_01.st": stack, ...files });
  const { questions, files: all } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  return [questions.map(({ id, answer }) => `${id}: ${answer}`).join(), all.get("TS_01.rawtlt")?.role];
}
const beside = (angles: readonly number[], name = "TS_01.st.mdoc") =>
  decided({ "TS_01.rawtlt": list(angles), [name]: mdoc(RECORDED) });

describe("lists of raw angles", () => {
  it("in the order of the images, or a little other ones, are published", async () => {
    expect(await beside(RECORDED)).toEqual(["", "raw tilts"]);
    expect(await beside([0.4, 3.2, -2.9, 6, 9])).toEqual(["", "raw tilts"]);
  });

  it("whose signs are turned are asked about, in whatever order", async () => {
    expect(await beside(RECORDED.map((angle) => -angle))).toEqual(["angles-turned: leave-out", "left out"]);
    expect(await beside([-9, -6, -3, 0, 3])).toEqual(["angles-turned: leave-out", "left out"]);
  });

  it("whose range is the same on both sides are compared by the order of the images", async () => {
    const files = { "TS_01.rawtlt": list([0, -3, 3, -6, 6]), "TS_01.st.mdoc": mdoc([0, 3, -3, 6, -6]) };
    expect(await decided(files)).toEqual(["angles-turned: leave-out", "left out"]);
  });

  it("are asked about beside Warp's table of turned angles, where their order is that of its rows, as WarpTools writes them, and not Warp 1", async () => {
    const taken = [0, 3, -3, 6, -6];
    const sorted = [-6, -3, 0, 3, 6];
    const movie = (angle: number) => `TS_01_${taken.indexOf(angle)}.tif`;
    const recorded = `PixelSpacing = 2.5\nImageFile = TS_01.mrc\n\n${taken.map((angle, z) => `[ZValue = ${z}]\nTiltAngle = ${angle}\nSubFramePath = D:\\${movie(angle)}\n`).join("\n")}`;
    const rows = sorted.map((angle) => `${movie(angle)} ${-angle} 84.1 0\n`).join("");
    const tomostar = `data_\n\nloop_\n_wrpMovieName #1\n_wrpAngleTilt #2\n_wrpAxisAngle #3\n_wrpDose #4\n${rows}`;
    const told = (angles: readonly number[]) =>
      decided({ "TS_01.rawtlt": list(angles), "mdoc/TS_01.mdoc": recorded, "tomostar/TS_01.tomostar": tomostar });
    expect(await told(sorted.map((angle) => -angle))).toEqual(["angles-turned: leave-out", "left out"]);
    expect(await told(sorted)).toEqual(["", "raw tilts"]);
  });

  it("that are sorted beside a stack which is not are asked about; of an mdoc elsewhere the stack may be sorted", async () => {
    expect(await beside([-3, 0, 3, 6, 9])).toEqual(["angles-sorted: leave-out", "left out"]);
    expect(await beside([-3, 0, 3, 6, 9], "mdocs/TS_01.mdoc")).toEqual(["", "raw tilts"]);
  });

  it("that are sorted and lie beside another stack, or beside one that is gone, are asked about, where the acquisition file lies beside the published one", async () => {
    const roles = {
      "session/TS_01.mrc": "tilt series",
      "session/TS_01.mdoc": "acquisition",
      "tiltstack/TS_01.rawtlt": "raw tilts",
    } as const;
    const of = async (recorded: readonly number[], others: Record<string, Uint8Array>) => {
      const texts = { "session/TS_01.mdoc": mdoc(recorded), "tiltstack/TS_01.rawtlt": list([-3, 0, 3, 6, 9]) };
      const laboratory = await laboratoryWith({ "session/TS_01.mrc": stack, ...texts, ...others });
      const known = Object.entries(roles).map(([path, role]): [string, Decision] => [
        path,
        { path, role, run: "TS_01", because: "", strength: "name", details: {} },
      ]);
      return (await turnedQuestions(new Map(known), laboratory)).map(({ id, guess }) => `${id}: ${guess}`).join();
    };
    const sorted = { "tiltstack/TS_01.st": mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 2 }) };
    expect(await of(RECORDED, sorted)).toBe("angles-sorted: leave-out");
    expect(await of([-3, 0, 3, 6, 9], sorted)).toBe("");
    expect(await of(RECORDED, {})).toBe("angles-sorted: leave-out");
  });

  it("that are sorted beside a stack with an mdoc of its own are asked about, whichever mdoc describes the run", async () => {
    const of = async (own: readonly number[]) => {
      const laboratory = await laboratoryWith({
        ...{ "raw/TS_01.mrc": stack, "raw/TS_01.mrc.mdoc": mdoc([-3, 0, 3, 6, 9]) },
        ...{ "stacks/TS_01.mrc": stack, "stacks/TS_01.mrc.mdoc": mdoc(own), "stacks/TS_01.rawtlt": list([-3, 0, 3, 6, 9]) },
      });
      const roles = [
        ["raw/TS_01.mrc.mdoc", "acquisition"],
        ["stacks/TS_01.mrc", "tilt series"],
        ["stacks/TS_01.rawtlt", "raw tilts"],
      ] as const;
      const known = roles.map(([path, role]): [string, Decision] => [
        path,
        { path, role, run: "TS_01", because: "", strength: "name", details: {} },
      ]);
      return (await turnedQuestions(new Map(known), laboratory)).map(({ id, guess }) => `${id}: ${guess}`).join();
    };
    expect(await of(RECORDED)).toBe("angles-sorted: leave-out");
    expect(await of([-3, 0, 3, 6, 9])).toBe("");
  });

  it("are compared with the angles of the alignment, which may move all of them", async () => {
    const aligned = (angles: readonly number[]) =>
      decided({ "TS_01.rawtlt": list([-3, 0, 3, 6, 9]), "TS_01.xf": "1 0 0 1 0 0\n".repeat(5), "TS_01.tlt": list(angles) });
    expect(await aligned([5, 8, 11, 14, 17])).toEqual(["", "raw tilts"]);
    expect(await aligned([3, 0, -3, -6, -9])).toEqual(["angles-turned: leave-out", "left out"]);
  });
});
