import { useQuery } from "@tanstack/react-query";
import { ImageOff } from "lucide-react";
import { useEffect, useRef } from "react";
import { PLANE_HEADERS, type PlaneQuery, type VolumeFacts } from "../../src/model/page-api.js";
import { answered, base } from "./api.js";
import { volumeQuery } from "./queries.js";

const SIDE_PIXELS = 160;

/** A section of a volume without a key photo, as coarse as a thumbnail needs. @param at default: the middle one @param axis across it: y gives xz */
export function VolumePicture({ of, at, axis = "z" }: { of: string; at?: number; axis?: "z" | "y" }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { data: facts, error } = useQuery(volumeQuery(of));
  const section = at ?? Math.floor((facts?.shape[axis === "z" ? 0 : 1] ?? 0) / 2);
  const plane = useQuery({
    queryKey: ["thumbnail", of, facts?.etag, axis, section],
    queryFn: ({ signal }) => readPlane(of, facts!, { axis, at: section }, signal),
    enabled: facts !== undefined && facts.isSequential !== true,
  });
  useEffect(() => {
    if (canvas.current && plane.data) canvas.current.getContext("2d")?.putImageData(plane.data, 0, 0);
  }, [plane.data]);
  if (error || plane.error || facts?.isSequential)
    return (
      <span className="none" title={(error ?? plane.error)?.message}>
        <ImageOff size={16} role="img" aria-label="no picture" />
      </span>
    );
  return <canvas ref={canvas} width={plane.data?.width ?? 1} height={plane.data?.height ?? 1} aria-hidden />;
}

async function readPlane(
  of: string,
  facts: VolumeFacts,
  { axis, at }: Pick<PlaneQuery, "axis" | "at">,
  signal: AbortSignal,
): Promise<ImageData> {
  const fits = facts.levels.findLastIndex(({ shape: [, , x] }) => x >= SIDE_PIXELS);
  const query = new URLSearchParams({
    axis,
    at: String(at),
    level: String(Math.max(fits, 0)),
    as: "u8",
    low: String(facts.limits.low),
    high: String(facts.limits.high),
    v: facts.etag,
  });
  const reply = await answered(new URL(`api/v1/volumes/${of}/plane?${query}`, base), { signal });
  const [rows = 0, columns = 0] = (reply.headers.get(PLANE_HEADERS.shape) ?? "").split(",").map(Number);
  const grey = new Uint8Array(await reply.arrayBuffer());
  const picture = new ImageData(columns, rows);
  const pixels = new Uint32Array(picture.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = 0xff000000 | ((grey[i] ?? 0) * 0x010101);
  return picture;
}
