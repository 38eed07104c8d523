import { unless } from "../../../../core/finding.js";
import { type Check, checksOf, STANDARDIZED } from "../check.js";
import { known, readable } from "../facts/fact.js";
import { textAt } from "../facts/fields.js";
import type { PhotoSubject } from "../subjects.js";

/** Least pixels along each side of a picture. */
const LEAST = 50;
/** Least height in pixels of a tomogram's pictures, a thumbnail's and half a page's; the width goes with it as 4 to 3. */
const HEIGHTS = { "tomogram-thumbnail": 100, "tomogram-snapshot": 384 };
const ASPECT = 4 / 3;

function largeEnough(role: keyof typeof HEIGHTS) {
  return async ({ facts, key }: PhotoSubject) => {
    const { width, height } = await known(facts);
    const [least, wide] = [HEIGHTS[role], HEIGHTS[role] * ASPECT];
    return unless(height >= least && width >= wide, { key }, `${width}×${height} pixels`, `${Math.ceil(wide)}×${least} at least`);
  };
}

/** Pictures of depositions, datasets and tomograms. */
export const PHOTO_CHECKS: readonly Check[] = [
  ...checksOf("photo", { marks: ["photo"], suites: STANDARDIZED }, [
    {
      id: "photo.exists",
      statement: "a picture that metadata name is there",
      async judge({ facts, key }) {
        const result = await facts();
        const isThere = "value" in result || result.fault !== undefined;
        // an address that was not asked for is undecided
        if (!isThere && result.why !== "no picture") await known(facts);
        return unless(isThere, { key }, "absent", "a picture that metadata name");
      },
    },
    {
      id: "photo.decodes",
      statement: "a picture is a JPEG, PNG or GIF, and whole",
      judge: ({ facts, key }) => readable(facts, key, "a whole JPEG, PNG or GIF"),
    },
    {
      id: "photo.size",
      statement: "a picture has 50 pixels or more along each side",
      async judge({ facts, key }) {
        const { width, height } = await known(facts);
        return unless(Math.min(width, height) >= LEAST, { key }, `${width}×${height} pixels`, `${LEAST}×${LEAST} at least`);
      },
    },
    {
      id: "photo.thumbnail-size",
      statement: "the thumbnail of a tomogram has 134 × 100 pixels or more",
      applies: ({ role }) => role === "tomogram-thumbnail",
      judge: largeEnough("tomogram-thumbnail"),
    },
    {
      id: "photo.snapshot-size",
      statement: "the snapshot of a tomogram has 512 × 384 pixels or more",
      applies: ({ role }) => role === "tomogram-snapshot",
      judge: largeEnough("tomogram-snapshot"),
    },
  ]),
  ...checksOf("tomogram", { marks: ["photo"], suites: STANDARDIZED }, [
    {
      id: "photo.tomogram-photos",
      statement: "the metadata of a tomogram name a snapshot and a thumbnail",
      async judge({ metadata }) {
        const document = await known(metadata);
        return ["snapshot", "thumbnail"].flatMap((name) => {
          const path = `key_photo.${name}`;
          return unless((textAt(document, path) ?? "") !== "", { key: document.key, path }, `no ${path}`, "the key of a picture");
        });
      },
    },
  ]),
];
