import { describe, expect, it } from "vitest";
import { seeming } from "./kinds.js";

const of = (path: string) => {
  const seen = seeming({ path, size: 10, format: "text" }, { tiltCounts: new Set(), has: () => false });
  return [seen?.role, seen?.details?.format];
};

describe("what names suggest", () => {
  it("tells estimates of Gctf from lists of particles, and emClarity's tables from lists of angles", () => {
    expect(of("ctf/TS_01_gctf.star")).toEqual(["ctf", "RELION"]);
    expect(of("picks/TS_01.star")).toEqual(["points", undefined]);
    expect(of("ctf/TS_01_ali1_ctf.tlt")).toEqual(["left out", undefined]);
    expect(of("TS_01_ali1.tlt")).toEqual(["alignment", "IMOD"]);
  });
});
