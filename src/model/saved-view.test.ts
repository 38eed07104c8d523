import { describe, expect, it } from "vitest";
import { printRef } from "./ref.js";
import { layersIn, SAVED_LETTERS, shownByAddress, withLayers } from "./saved-view.js";

const OF_KEY = printRef({ kind: "place", place: "lab", key: "a b/zellkern ü.mrc" });

describe("an address of the viewer", () => {
  it.each([
    ["/view/tomogram/5", "tomogram:5"],
    ["/view/tiltseries/7?l=tilt&p=1,2,3", "tiltseries:7"],
    ["/view/frame/9?c=-1,2.5,1,0", "frame:9"],
    [`/view/at/${OF_KEY}?z=1.5`, OF_KEY],
    ["/view/at/lab/a%20b/zellkern%20%C3%BC.mrc", OF_KEY],
    ["/view/tomogram/5?p=1,2,3#on=100,101&o=100:0.5&m=lz1,2,3_4,5,6", "tomogram:5"],
  ])("%s shows %s", (to, ref) => {
    expect(shownByAddress(to)).toEqual({ ref, other: undefined });
  });

  it("names the volume beside it, too", () => {
    expect(shownByAddress("/view/tomogram/5?l=compare&w=tomogram:6")).toEqual({ ref: "tomogram:5", other: "tomogram:6" });
  });

  it.each([
    "",
    "/",
    "/view/",
    "/view/tomogram",
    "/view/tomogram/",
    "/view/tomogram/0",
    "/view/tomogram/5/6",
    "/view/tomogram/x",
    "/view/annotationfile/5",
    "/view/dropped/a.mrc",
    "/runs/5",
    "//elsewhere.example/view/tomogram/5",
    "https://elsewhere.example/view/tomogram/5",
    "javascript:alert(1)//view/tomogram/5",
    "/view/../runs/5",
    "/view/tomogram/../../api/v1/session",
    "/view/tomogram/%2e%2e/5",
    "/view\\tomogram/5",
    "/view/tomogram/5 ",
    "/view/tomogram/5\n",
    "/view/tomogram/5?q=1",
    "/view/tomogram/5?p=1&p=2",
    "/view/tomogram/5?p=1,2,3#p=1,2,3",
    "/view/tomogram/5#token=abcdefgh",
    "/view/tomogram/5?access=key",
    "/view/tomogram/5?w=../x",
    "/view/tomogram/5?__proto__=1",
    "/view/at/%zz",
    "/view/at/lab/ü.mrc",
    `/view/tomogram/5?on=${"1,".repeat(SAVED_LETTERS.address / 2)}`,
  ])("is not %j", (to) => {
    expect(shownByAddress(to)).toBeUndefined();
  });

  it("loses the layers that somebody may not see, wherever they are named", () => {
    const to = "/view/tomogram/5?on=100,101,tilt-axis&p=1,2,3#o=100:0.5,101:0.2";
    expect(layersIn(to)).toEqual(["100", "101", "tilt-axis", "100", "101"]);
    const less = withLayers(to, (id) => id !== "100");
    expect(less).toBe("/view/tomogram/5?on=101,tilt-axis&p=1,2,3#o=101:0.2");
    expect(withLayers(to, () => true)).toBe(to);
    // none is on: not those that the layers begin with
    expect(withLayers("/view/tomogram/5?on=100", () => false)).toBe("/view/tomogram/5?on=");
  });
});
