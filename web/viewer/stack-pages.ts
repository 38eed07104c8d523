import type { StackPages } from "../../src/model/page-api.js";

/** Axes that the pages of a file run along, besides or in place of slices. */
const NAMES = { z: "z", c: "channel", t: "time" } as const;
export type PageAxis = keyof typeof NAMES;
const PAGE_AXES = ["z", "c", "t"] as const satisfies readonly PageAxis[];

const inOrder = ({ order }: StackPages): readonly PageAxis[] =>
  [...order].filter((name): name is PageAxis => Object.hasOwn(NAMES, name));

/** Axes along which there is more than one page. */
export const longAxes = (pages: StackPages): readonly PageAxis[] => PAGE_AXES.filter((name) => pages[name] > 1);

export const pageAxisName = (axis: PageAxis): string => NAMES[axis];

/** Slice, channel and time of a page, from 0. */
export function placeOf(pages: StackPages, page: number): Readonly<Record<PageAxis, number>> {
  const place = { z: 0, c: 0, t: 0 };
  let rest = page;
  for (const axis of inOrder(pages)) {
    place[axis] = rest % pages[axis];
    rest = Math.floor(rest / pages[axis]);
  }
  return place;
}

/** The page of a slice, channel and time; of those beyond the end that of the last. */
export function pageAt(pages: StackPages, place: Readonly<Record<PageAxis, number>>): number {
  let [page, each] = [0, 1];
  for (const axis of inOrder(pages)) {
    page += Math.min(Math.max(place[axis], 0), pages[axis] - 1) * each;
    each *= pages[axis];
  }
  return page;
}

/** The page so many slices on, of the same channel and time; where there is one slice, so many times, or channels. */
export function steppedPage(pages: StackPages, page: number, by: number): number {
  const [axis = "z"] = (["z", "t", "c"] as const).filter((name) => pages[name] > 1);
  const place = placeOf(pages, page);
  return pageAt(pages, { ...place, [axis]: place[axis] + by });
}

/** `z 3 of 12, channel 1 of 2`. */
export function printPage(pages: StackPages, page: number): string {
  const place = placeOf(pages, page);
  return longAxes(pages)
    .map((axis) => `${NAMES[axis]} ${place[axis] + 1} of ${pages[axis]}`)
    .join(", ");
}
