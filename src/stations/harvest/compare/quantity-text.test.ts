import { describe, expect, it } from "vitest";
import { engineering, originalQuantity, shownQuantity, siUnit } from "./quantity-text.js";

describe("engineering", () => {
  it.each([
    [2.2e-10, "A", "220 pA"],
    [5e-7, "s", "500 ns"],
    [0.9999e-6, "s", "999.9 ns"],
    [0.99999e-6, "s", "1 µs"],
    [1900, "eV", "1.9 keV"],
    [0, "A", "0 A"],
    [-7.737e-4, "m", "-773.7 µm"],
    [3e-20, "m", "3e-05 fm"],
    [1e13, "Hz", "10000 GHz"],
    [7.998250424861908e-9, "m", "7.998 nm"],
  ])("%d %s is %s", (value, unit, text) => expect(engineering(value, unit)).toBe(text.replace("3e-05", "0.00003")));
});

describe("a quantity", () => {
  it.each([
    [{ value: 0.22, unit: "nA", si: 2.2e-10 }, "220 pA", "0.22 nA", "A"],
    [{ value: 200, unit: "eV", si: 3.204353268e-17 }, "200 eV", "200.0 eV", "J"],
    [{ value: 5e-7, unit: "s", si: 5e-7 }, "500 ns", "5e-07 s", "s"],
    [{ value: 0.4, unit: "MHz", si: 4e5 }, "400 kHz", "0.4 MHz", "Hz"],
    [{ value: 1, unit: "day", si: 86400 }, "1 day", "1 day", "s"],
    [{ value: 13, unit: "day", si: 1123200 }, "13 days", "13 days", "s"],
    [{ value: 2159, unit: "", si: 2159 }, "2159", "2159.0", null],
    [{ value: 3.5, unit: "deg", si: 0.0610865 }, "3.5 deg", "3.5 deg", "rad"],
    [{ value: 3, unit: "furlong", si: 603.5 }, "3 furlong", "3.0 furlong", null],
  ])("%j", (quantity, shown, original, si) => {
    expect([shownQuantity(quantity), originalQuantity(quantity), siUnit(quantity)]).toEqual([shown, original, si]);
  });
});
