import { describe, expect, it } from "vitest";
import { turns } from "./parallel.js";

describe("turns", () => {
  it("lets so many in, and whoever waits longest next", async () => {
    const turn = turns(2);
    const seen: string[] = [];
    const come = async (name: string) => {
      const leave = await turn();
      seen.push(name);
      return leave;
    };
    const first = await come("a");
    const second = await come("b");
    const third = come("c");
    const fourth = come("d");
    await Promise.resolve();
    expect(seen).toEqual(["a", "b"]);
    second();
    const leave = await third;
    // the place went to c: nobody who comes now may overtake d
    const fifth = come("e");
    first();
    await fourth;
    expect(seen).toEqual(["a", "b", "c", "d"]);
    leave();
    await fifth;
    expect(seen).toEqual(["a", "b", "c", "d", "e"]);
  });
  it("lets in whose shares fit together, and alone whoever wants more than there is", async () => {
    const turn = turns(10);
    const seen: number[] = [];
    const come = async (share: number) => {
      const leave = await turn(share);
      seen.push(share);
      return leave;
    };
    const [six, four] = [await come(6), await come(4)];
    const large = come(11);
    const one = come(1);
    six();
    await Promise.resolve();
    // the small one does not overtake
    expect(seen).toEqual([6, 4]);
    four();
    (await large)();
    await one;
    expect(seen).toEqual([6, 4, 11, 1]);
  });
});
