import { useQuery } from "@tanstack/react-query";
import { ImageOff } from "lucide-react";
import { useEffect, useRef } from "react";
import { PLANE_HEADERS, type PlaneQuery, type VolumeFacts } from "../../src/model/page-api.js";
import { answered, base } from "./api.js";
import { volumeQuery } from "./queries.js";

const SIDE_PIXELS = 160;

/** Columns from and rows from, columns to and rows to, in voxels; it may reach beyond the plane. */
type PictureBox = readonly [u0: number, v0: number, u1: number, v1: number];

interface VolumePictureProps {
  readonly of: string;
  /** Index of the section. Default: the middle one. */
  readonly at?: number;
  /** Axis across the section: y gives xz. */
  readonly axis?: "z" | "y";
  /** Part of the section. Default: all of it. */
  readonly box?: PictureBox;
}

/** A section of a volume without a key photo, as coarse as a thumbnail needs, or a box of one. */
export function VolumePicture({ of, at, axis = "z", box }: VolumePictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { data: facts, error } = useQuery(volumeQuery(of));
  const section = at ?? Math.floor((facts?.shape[axis === "z" ? 0 : 1] ?? 0) / 2);
  const plane = useQuery({
    queryKey: ["thumbnail", of, facts?.etag, axis, section, box],
    queryFn: ({ signal }) => readPlane(of, facts!, { axis, at: section, box }, signal),
    enabled: facts !== undefined && facts.isSequential !== true,
  });
  useEffect(() => {
    if (!canvas.current || !plane.data) return;
    const { pixels, left, top } = plane.data;
    canvas.current.getContext("2d")?.putImageData(pixels, left, top);
    canvas.current.dataset.drawn = "true"; // for those who wait for the picture
  }, [plane.data]);
  if (error || plane.error || facts?.isSequential)
    return (
      <span className="none" title={(error ?? plane.error)?.message}>
        <ImageOff size={16} role="img" aria-label="no picture" />
      </span>
    );
  return <canvas ref={canvas} width={plane.data?.width ?? 1} height={plane.data?.height ?? 1} aria-hidden />;
}

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: ImageData;
  /** Columns of the picture to the left of the pixels; `top` has the rows above them. */
  readonly left: number;
  readonly top: number;
}

async function readPlane(
  of: string,
  facts: VolumeFacts,
  { axis, at, box }: Pick<PlaneQuery, "axis" | "at"> & { readonly box: PictureBox | undefined },
  signal: AbortSignal,
): Promise<Picture> {
  const fits = box ? 0 : facts.levels.findLastIndex(({ shape: [, , x] }) => x >= SIDE_PIXELS);
  const [depth, across, along] = facts.shape;
  const ends = [along, axis === "z" ? across : depth];
  const inside = box?.map((edge, i) => Math.min(Math.max(edge, 0), ends[i % 2]!));
  const query = new URLSearchParams({
    axis,
    at: String(at),
    level: String(Math.max(fits, 0)),
    as: "u8",
    low: String(facts.limits.low),
    high: String(facts.limits.high),
    v: facts.etag,
    ...(inside && { box: inside.join() }),
  });
  const reply = await answered(new URL(`api/v1/volumes/${of}/plane?${query}`, base), { signal });
  const [rows = 0, columns = 0] = (reply.headers.get(PLANE_HEADERS.shape) ?? "").split(",").map(Number);
  const grey = new Uint8Array(await reply.arrayBuffer());
  const pixels = new ImageData(columns, rows);
  const colours = new Uint32Array(pixels.data.buffer);
  for (let i = 0; i < colours.length; i++) colours[i] = 0xff000000 | ((grey[i] ?? 0) * 0x010101);
  if (!box || !inside) return { width: columns, height: rows, pixels, left: 0, top: 0 };
  return { width: box[2] - box[0], height: box[3] - box[1], pixels, left: inside[0]! - box[0], top: inside[1]! - box[1] };
}
