import { expect, it } from "vitest";
import { printRef } from "../../src/model/ref.js";
import { refIn } from "./link.js";
import { namesOf, titleIn } from "./names.js";

it("two volumes of one title are told apart by what differs in their paths", () => {
  const at = (key: string, place = "tree") => ({ title: key.split("/").at(-1)!, key, place });
  const [raw, denoised] = [at("10000/TS_1/Tomograms/100/TS_1.zarr"), at("10000/TS_1/Tomograms/101/TS_1.zarr")];
  expect(namesOf(raw, at("10000/TS_2/Tomograms/100/TS_2.zarr"))).toEqual(["TS_1.zarr", "TS_2.zarr"]);
  expect(namesOf(raw, denoised)).toEqual(["100/TS_1.zarr", "101/TS_1.zarr"]);
  expect(namesOf(at("a.mrc", "one"), at("a.mrc", "two"))).toEqual(["one: a.mrc", "two: a.mrc"]);
  expect(titleIn("z2", namesOf(raw, denoised), undefined)).toBe("101/TS_1.zarr");
  expect(titleIn("z", namesOf(raw, denoised), "difference")).toBe("difference of 100/TS_1.zarr and 101/TS_1.zarr");
});

it("a volume is known by the address of its page, wherever the server is", () => {
  expect(refIn("https://lab.example.org/em/view/tomogram/5?p=1,2,3&l=xy")).toBe("tomogram:5");
  const ref = printRef({ kind: "place", place: "p1", key: "a folder/ä.mrc" });
  expect(refIn("/view/at/p1/a%20folder/%C3%A4.mrc#m=1")).toBe(ref);
  expect(refIn(`view/at/${ref}`)).toBe(ref);
  for (const text of ["/runs/5", "/view/tomogram", "/view/at/<b>", "/view/at/p1/%e"]) expect(refIn(text)).toBeUndefined();
});
