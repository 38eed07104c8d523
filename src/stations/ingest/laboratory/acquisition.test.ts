import { describe, expect, it } from "vitest";
import { laboratoryWith } from "../../../../test/laboratory-kit.js";
import { movedBack, readAngleLists } from "./acquisition.js";

describe("angles of an alignment beside a list that was cut short", () => {
  const tlt = "-10.3\n-7.2\n-4.3\n-1.4\n1.7\n";
  const known = { range: { min: -10.3, max: 1.7 }, step: 3 };
  const range = async (cut: string) => {
    const laboratory = await laboratoryWith({ "a.tlt": tlt, "a.rawtlt": cut });
    const back = await movedBack(laboratory, known, { aligned: "a.tlt", cut: "a.rawtlt" });
    return back?.range && [back.range.min, back.range.max, back.movedBack!.by];
  };

  it("are moved back by what its whole lines show", async () => {
    expect(await range("-12\n-9\n-6\n-")).toEqual([-12, 0, 1.73]);
    // the last line has lost its digits
    expect(await range("-12\n-9\n-6\n-30")).toEqual([-12, 0, 1.73]);
  });

  it("stay where it shows too little, or an alignment that moves each image otherwise", async () => {
    expect(await range("-12\n-9\n-6")).toBeUndefined();
    expect(await range("-12\n-8\n-6\n-3\n")).toBeUndefined();
    expect(await range("60\n57\n54\n")).toBeUndefined();
    expect(await range("")).toBeUndefined();
  });
});

describe("lists of angles", () => {
  it("are read once, however often they are asked for", async () => {
    const files = { "a.rawtlt": "-3\n0\n3\n", "b.rawtlt": "no angle\n" };
    const whole = await laboratoryWith(files);
    const asked: string[] = [];
    const laboratory = {
      ...whole,
      text: (path: string, max?: number) => {
        asked.push(path);
        return whole.text(path, max);
      },
    };
    const first = await readAngleLists(laboratory, ["a.rawtlt"]);
    const second = await readAngleLists(laboratory, ["b.rawtlt", "a.rawtlt"]);
    expect([first.get("a.rawtlt"), [...second.keys()]]).toEqual([
      expect.objectContaining({ range: { min: -3, max: 3 }, count: 3 }),
      ["b.rawtlt", "a.rawtlt"],
    ]);
    expect([second.get("b.rawtlt"), asked]).toEqual([undefined, ["a.rawtlt", "b.rawtlt"]]);
  });
});
