import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });
const LAB = {
  ...{ "TS_01.st": stack(1), "TS_02.st": stack(2), "TS_03.st": stack(3) },
  ...{ "rec/TS_01.mrc": mrcFile([6, 12, 12], 10, { seed: 4 }) },
};

async function decided(table: string, files: Record<string, Uint8Array> = {}) {
  const laboratory = await laboratoryWith({ ...LAB, ...files, "log.csv": table });
  const { questions, files: all } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const asked = questions.filter(({ id }) => id === "rejected");
  return { asked, roles: ["TS_02.st", "TS_03.st"].map((path) => all.get(path)?.role) };
}

it.each(["TS_03,BAD,drift", "TS_03,todo,drift - do not use!", 'TS_03;"rejected"', "TS_03.st,done,don't publish"])(
  "a series that a table calls bad is asked about, and left out until then: %s",
  async (row) => {
    const { asked, roles } = await decided(`series,status\nTS_01,done\nTS_02,done\n${row}\n`);
    expect(asked.map(({ answer, text }) => [answer, text.includes("TS_03.st (log.csv: ")])).toEqual([["leave-out", true]]);
    expect(roles).toEqual(["tilt series", "left out"]);
  },
);

it.each<[string, string, Record<string, Uint8Array>]>([
  ["it has a tomogram", "TS_01,done\nTS_03,bad\n", { "rec/TS_03.mrc": mrcFile([6, 12, 12], 10, { seed: 5 }) }],
  ["a word is a part of another remark", "TS_01,done\nTS_03,not bad\nTS_02,bad ice in a corner\n", {}],
  ["a row names two series", "TS_01,done\nTS_02,TS_03,bad\n", {}],
  ["the table has no other series", "TS_03,bad\n", {}],
])("is not asked where %s", async (_, rows, files) => {
  expect((await decided(`series,status\n${rows}`, files)).asked).toEqual([]);
});
