import { unless } from "../../../../core/finding.js";
import { type Check, checksOf, STANDARDIZED } from "../check.js";
import { known } from "../facts/fact.js";
import { numberAt, shownAt } from "../facts/fields.js";
import { sizeChecks } from "./sizes.js";

export const TOMOGRAM_CHECKS: readonly Check[] = [
  ...sizeChecks("tomogram", "a tomogram"),
  ...checksOf("tomogram", { marks: ["tomogram"], suites: STANDARDIZED }, [
    {
      id: "tomogram.voxel-spacing",
      statement: "the voxel spacing of a tomogram is that of its folder",
      async judge({ metadata, spacingName }) {
        const document = await known(metadata);
        const path = "voxel_spacing";
        const isWell = numberAt(document, path) === Number(spacingName);
        return unless(
          isWell,
          { key: document.key, path },
          shownAt(document, path),
          `${spacingName}, as the folder VoxelSpacing${spacingName}`,
        );
      },
    },
  ]),
];
