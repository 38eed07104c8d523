import { expect, it } from "vitest";
import { pageAt, placeOf, printPage, steppedPage } from "./stack-pages.js";

// two channels, three slices, four times; channels are fastest, as ImageJ writes them
const pages = { order: "czt", z: 3, c: 2, t: 4 };

it("pages have the slice, channel and time that nested loops give them, in each order", () => {
  for (const order of ["czt", "zct", "tzc", "ztc"]) {
    const own = { ...pages, order };
    let page = 0;
    const counts = (name: string) => own[name as "z" | "c" | "t"];
    for (let slow = 0; slow < counts(order[2]!); slow++)
      for (let middle = 0; middle < counts(order[1]!); middle++)
        for (let fast = 0; fast < counts(order[0]!); fast++, page++) {
          const place = { [order[0]!]: fast, [order[1]!]: middle, [order[2]!]: slow } as Record<"z" | "c" | "t", number>;
          expect([order, page, placeOf(own, page)]).toEqual([order, page, place]);
          expect([order, pageAt(own, place)]).toEqual([order, page]);
        }
  }
});

it("what the order does not name is the first", () => {
  expect(placeOf({ ...pages, order: "" }, 3)).toEqual({ z: 0, c: 0, t: 0 });
});

it("a step is a slice of the same channel and time, and ends at the last one", () => {
  const page = pageAt(pages, { c: 1, z: 0, t: 2 });
  expect(placeOf(pages, steppedPage(pages, page, 1))).toEqual({ c: 1, z: 1, t: 2 });
  expect(placeOf(pages, steppedPage(pages, page, 10))).toEqual({ c: 1, z: 2, t: 2 });
  expect(placeOf(pages, steppedPage(pages, page, -1))).toEqual({ c: 1, z: 0, t: 2 });
  // of one slice the times follow each other
  const movie = { order: "czt", z: 1, c: 2, t: 5 };
  expect(placeOf(movie, steppedPage(movie, 3, 2))).toEqual({ c: 1, z: 0, t: 3 });
});

it("a page is told by what has more than one", () => {
  expect(printPage(pages, 9)).toBe("z 2 of 3, channel 2 of 2, time 2 of 4");
  expect(printPage({ order: "czt", z: 5, c: 1, t: 1 }, 4)).toBe("z 5 of 5");
});
