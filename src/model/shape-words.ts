/** What is said of shapes on every page, by the names that the portal stores. */
const WORDS: Readonly<Record<string, string>> = {
  Point: "points",
  OrientedPoint: "oriented points",
  InstanceSegmentation: "instance points",
  SegmentationMask: "mask",
  SemanticSegmentationMask: "mask",
  InstanceSegmentationMask: "instance mask",
  Mesh: "mesh",
  TriangularMesh: "mesh",
  TriangularMeshGroup: "mesh",
  GlobalCaption: "caption",
  AnnotationCaption: "caption",
};

/** `oriented points` for `OrientedPoint`; a name that nobody knows stays as it is. */
export const shapeWords = (stored: string): string => WORDS[stored] ?? stored;
