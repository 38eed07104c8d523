/** Placement of one section of a tilt series in the tomogram, in the terms of the portal's metadata. */
export interface SectionAlignment {
  /** From 0, in the whole tilt series: sections that were left out leave gaps. */
  zIndex: number;
  tiltAngleDegrees: number;
  volumeXRotationDegrees: number;
  inPlaneRotation: [[number, number], [number, number]];
  /** Pixels of the unbinned tilt series, as in the file, though the portal's schema says Å. */
  xOffset: number;
  yOffset: number;
}
