import type { ModObject } from "./model.js";

/**
 * Whether contours of an object are outlines: closed, and of more than two points. 3dmod closes contours by default, so a closed contour of one or two
 * points is none. Only of outlined objects a mesh is a surface: those of other objects show tubes and spheres round their points.
 *
 * @param longest number of points in the longest contour
 */
export const isOutlined = (contourKind: ModObject["contourKind"], longest: number): boolean =>
  contourKind === "closed" && longest >= OUTLINE_MIN;

/** Points of the shortest outline. */
export const OUTLINE_MIN = 3;
