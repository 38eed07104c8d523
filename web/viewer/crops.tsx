import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { OverlayShapes } from "../../src/model/overlay-bytes.js";
import type { OverlayLayer, VolumeFacts } from "../../src/model/page-api.js";
import { count, plural } from "../parts/format.js";
import { overlaysQuery, volumeQuery } from "../parts/queries.js";
import { ErrorPanel } from "../parts/states.js";
import { VolumePicture } from "../parts/volume-picture.js";
import { indexAt, voxelOf } from "./geometry.js";
import { shapesQuery } from "./overlays/served-shapes.js";

const CROPS = 24;
const SIDE_PIXELS = 72;
/** Edges of a crop in voxels; three diameters of the particle, where that is known. */
const [SIDE_MIN, SIDE, SIDE_MAX] = [24, 48, 128];

/** Whether a layer is a list of particles that could be read. */
export const hasParticles = ({ kind, error }: OverlayLayer): boolean => /points$/i.test(kind) && !error;

interface CropsProps {
  readonly tomogram: number;
  readonly layer: OverlayLayer;
  /** What the viewer shows, with the particle in its middle. */
  readonly search: { on?: string };
  /** Crops at most. */
  readonly most?: number;
  /** What stands above them. @param says how many of them are shown, as soon as that is known */
  head(says?: string): ReactNode;
}

/** Particles of an annotation: crops of xy around some of them, evenly spread over the list. Nothing for masks and meshes. */
export default function CropsOf({ annotation, ...rest }: { annotation: number } & Omit<CropsProps, "layer" | "head">) {
  const { data: overlays } = useQuery(overlaysQuery(`tomogram:${rest.tomogram}`));
  const layer = overlays?.layers.find((one) => one.annotationId === annotation && hasParticles(one));
  return layer && <Crops layer={layer} {...rest} head={(says) => says && <h2>{says}</h2>} />;
}

export function Crops({ tomogram, layer, search, most = CROPS, head }: CropsProps) {
  const ref = `tomogram:${tomogram}`;
  const { data: facts } = useQuery(volumeQuery(ref));
  const { data: shapes, error, refetch } = useQuery(shapesQuery(ref, layer.id));
  if (error) return <ErrorPanel error={error} again={() => void refetch()} />;
  if (!facts || !shapes || shapes.xyz.length === 0) return head();
  const points = chosenOf(shapes, most);
  const all = shapes.xyz.length / 3;
  const says = all > points.length ? `${points.length} of ${count(all)} particles` : plural(all, "particle");
  return (
    <section aria-label={says}>
      {head(says)}
      <ul className="row wrap">
        {points.map((point) => (
          <li key={point.place}>
            <Link
              to="/view/tomogram/$id"
              params={{ id: String(tomogram) }}
              search={{ ...search, p: point.world.map((length) => length.toFixed(1)).join() }}
              aria-label={`Particle ${point.place + 1} in the viewer`}
              title={`particle ${point.place + 1}, section ${indexAt(facts, 0, point.world[2]) + 1}`}
            >
              <span className="stage" style={{ width: SIDE_PIXELS }}>
                <VolumePicture of={ref} {...cropOf(layer, facts, point.world)} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface Point {
  /** Number of the particle in its file, from 0. */
  readonly place: number;
  /** Position in Å. */
  readonly world: readonly [x: number, y: number, z: number];
}

function chosenOf({ xyz, places }: OverlayShapes, most: number): readonly Point[] {
  const all = xyz.length / 3;
  const chosen = Math.min(most, all);
  return Array.from({ length: chosen }, (_, i) => {
    const at = Math.floor((i * all) / chosen);
    return { place: places[at] ?? at, world: [xyz[3 * at]!, xyz[3 * at + 1]!, xyz[3 * at + 2]!] };
  });
}

function cropOf({ radiusAngstrom }: OverlayLayer, facts: VolumeFacts, [x, y, z]: Point["world"]) {
  const wanted = radiusAngstrom ? Math.round((6 * radiusAngstrom) / voxelOf(facts)[2]) : SIDE;
  const side = Math.min(Math.max(wanted, SIDE_MIN), SIDE_MAX);
  const [u, v] = [indexAt(facts, 2, x) - Math.floor(side / 2), indexAt(facts, 1, y) - Math.floor(side / 2)];
  return { at: indexAt(facts, 0, z), box: [u, v, u + side, v + side] as const };
}
