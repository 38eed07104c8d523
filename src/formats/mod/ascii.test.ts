import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { general, modAscii, oneLine } from "./ascii.js";
import { readModDocument } from "./document.js";
import { encodeMod, type NewMod } from "./write.js";

const golden = new URL("../../../test/golden/mod/", import.meta.url);
const fixture = new URL("../../../test/fixtures/mod/imodmodel-0.1.0.mod", import.meta.url);

const { numbers } = JSON.parse(readFileSync(new URL("numbers.json", golden), "utf8")) as { numbers: [string, string][] };

describe("numbers with six digits", () => {
  it.each(numbers)("%s is %s", (hex, text) => {
    expect(general(Buffer.from(hex, "hex").readFloatBE())).toBe(text);
  });
});

const asciiOf = async (model: NewMod) => modAscii(await readModDocument(inMemory(encodeMod(model)))).split("\n");

describe("the text form", () => {
  it.each([
    ["drawn", new URL("imodinfo/drawn.mod", golden)],
    ["old", new URL("imodinfo/old.mod", golden)],
    ["imodmodel-0.1.0", fixture],
  ])("(34.34) is that of imodinfo -a, line for line: %s", async (name, file) => {
    const lines = modAscii(await readModDocument(inMemory(readFileSync(file), name))).split("\n");
    expect(lines).toEqual(readFileSync(new URL(`imodinfo/${name}.txt`, golden), "latin1").split("\n"));
  });

  it("has a label with blanks whole, and a blank where there is none", async () => {
    const slicer = { time: 1, angles: [13.1, 0, -30.2], center: [235.5196, 682.7441, 302] } as const;
    const lines = await asciiOf({
      max: [9, 9, 9],
      objects: [],
      slicerAngles: [
        { ...slicer, label: "upper ring, good" },
        { ...slicer, label: "" },
      ],
    });
    expect(lines.filter((line) => line.startsWith("slicerAngle"))).toEqual([
      "slicerAngle 1 13.1 0 -30.2 235.52 682.744 302 upper ring, good",
      "slicerAngle 1 13.1 0 -30.2 235.52 682.744 302 ",
    ]);
  });

  it("has the rotation and the origin where the model's flags say that they are stored", async () => {
    const image = { oldTranslation: [1, 2, 3], scale: [4, 4, 4], translation: [5, 6, 7], rotation: [90, 0, 0] } as const;
    const bytes = encodeMod({ max: [9, 9, 9], objects: [], image });
    const refs = async () =>
      modAscii(await readModDocument(inMemory(bytes)))
        .split("\n")
        .filter((line) => line.startsWith("ref"));
    expect(await refs()).toEqual(["refcurscale 4 4 4", "refcurtrans 5 6 7", "refcurrot 90 0 0", "refoldtrans 1 2 3"]);
    new DataView(bytes.buffer).setUint32(8 + 144, 0x3e00);
    expect(await refs()).toEqual(["refcurscale 4 4 4", "refcurtrans 5 6 7"]);
  });

  it("no name begins a line of its own", async () => {
    const lines = await asciiOf({ max: [9, 9, 9], objects: [{ name: "a\nobject 7 7 7\r\x1b[2J", contours: [] }] });
    expect(lines).toContain("name a object 7 7 7 [2J");
    expect(oneLine("a\u2028b\u0085c\td")).toBe("a b c d");
  });
});
