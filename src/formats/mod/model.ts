/** Three numbers in file order: x, y, z. Here and in point files this project's order z, y, x does not apply. */
export type Xyz = readonly [x: number, y: number, z: number];

/** The 232 bytes behind `IMODV1.2`. Coordinates are pixels of the volume, from 0; the centre of a slice has a whole z. */
export interface ModHeader {
  readonly name: string;
  /** Size of the volume, in most files. */
  readonly max: Xyz;
  readonly objectCount: number;
  readonly flags: number;
  readonly drawMode: number;
  readonly mouseMode: number;
  readonly blackLevel: number;
  readonly whiteLevel: number;
  readonly offset: Xyz;
  readonly scale: Xyz;
  /** Selection in 3dmod: indices from 0, −1 for none. */
  readonly current: { readonly object: number; readonly contour: number; readonly point: number };
  readonly resolution: number;
  readonly threshold: number;
  /** Size of a pixel in `units`: 0 pixels, 1 m, otherwise the power of ten of a metre (3 km, −9 nm, −10 Å). */
  readonly pixelSize: number;
  readonly units: number;
  /** Pixel size in ångström; undefined where the units are pixels or unknown, or the size is not positive. */
  readonly pixelSizeAngstrom: number | undefined;
  readonly checksum: number;
  readonly angles: Xyz;
}

/** The head of an object; its contours and meshes follow. */
export interface ModObject {
  readonly name: string;
  readonly contourCount: number;
  readonly meshCount: number;
  /** README.md lists the bits. `contourKind` says what they mean for the contours. */
  readonly flags: number;
  readonly contourKind: "closed" | "open" | "scattered";
  readonly axis: number;
  readonly drawMode: number;
  /** Red, green, blue: 0 to 1. */
  readonly color: Xyz;
  /** Radius of the sphere at each point, in pixels. */
  readonly pointSize: number;
  readonly symbol: number;
  readonly symbolSize: number;
  readonly symbolFlags: number;
  readonly lineWidth2d: number;
  readonly lineWidth: number;
  readonly lineStyle: number;
  /** 0 opaque to 100. */
  readonly transparency: number;
  readonly surfaceCount: number;
}

/** The head of a contour; its points follow. */
export interface ModContour {
  readonly pointCount: number;
  readonly flags: number;
  /** Time index, from 1; 0 where the model has no times. */
  readonly time: number;
  readonly surface: number;
}

export interface ModMesh {
  readonly vertexCount: number;
  readonly indexCount: number;
  readonly flags: number;
  readonly time: number;
  readonly surface: number;
  /** x, y, z of vertices and normals in turn: 3 · `vertexCount` numbers. Where meshes are asked for. */
  readonly vertices?: Float32Array | undefined;
  /** Places in the list of vertices, and commands below 0: −25 begins triangles, −22 ends them, −1 ends the list. Likewise. */
  readonly indices?: Int32Array | undefined;
}

/** A view direction in 3dmod's slicer window, saved with the point it is centred on. */
export interface ModSlicerAngles {
  readonly time: number;
  /** Degrees about x, y, z. */
  readonly angles: Xyz;
  readonly center: Xyz;
  readonly label: string;
}

/** Transform to the image file that the model was last opened on (`MINX`). Its old scale and rotation fields hold garbage. */
export interface ModImage {
  /** The image's origin, where bit 14 of the model's flags is set. */
  readonly oldTranslation: Xyz;
  /** Pixel size, Å. */
  readonly scale: Xyz;
  readonly translation: Xyz;
  /** Degrees. */
  readonly rotation: Xyz;
}

export interface ModLabels {
  readonly name: string;
  /** `index` is a point of the contour, or a surface of the object, from 0. */
  readonly items: readonly { readonly index: number; readonly text: string }[];
}

/** Place of a part: the byte at which its chunk's id begins or, for points, the byte of the first of them. */
interface Placed {
  readonly offset: number;
}

/** A part of a model; parts come in the order of the file. `object` and `contour` count from 0. */
export type ModPart = Placed &
  (
    | { readonly kind: "header"; readonly version: string; readonly header: ModHeader }
    | { readonly kind: "object"; readonly object: number; readonly head: ModObject }
    | { readonly kind: "contour"; readonly object: number; readonly contour: number; readonly head: ModContour }
    /** x, y, z of some points of the contour: of those from `first` on. */
    | {
        readonly kind: "points";
        readonly object: number;
        readonly contour: number;
        readonly first: number;
        readonly xyz: Float32Array;
      }
    /** Sphere radius of each point of the contour, pixels; below 0 the object's `pointSize` holds. */
    | { readonly kind: "sizes"; readonly object: number; readonly contour: number; readonly sizes: Float32Array }
    | { readonly kind: "mesh"; readonly object: number; readonly mesh: ModMesh }
    | { readonly kind: "contourLabels"; readonly object: number; readonly contour: number; readonly labels: ModLabels }
    | { readonly kind: "objectLabels"; readonly object: number; readonly labels: ModLabels }
    | { readonly kind: "slicerAngles"; readonly slicer: ModSlicerAngles }
    | { readonly kind: "image"; readonly image: ModImage }
    /**
     * A skipped chunk: views, clipping planes, materials, mesh parameters, single values, unknown. `length`: bytes of its body.
     */
    | { readonly kind: "other"; readonly id: string; readonly length: number }
    /** `marked`: the file closes with `IEOF`. */
    | { readonly kind: "end"; readonly marked: boolean }
  );
