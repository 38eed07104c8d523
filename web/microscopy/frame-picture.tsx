import { useQuery } from "@tanstack/react-query";
import { ImageOff } from "lucide-react";
import { useEffect, useRef } from "react";
import { AnswerError } from "../parts/api.js";
import { type FrameAt, imageOf, type Limits, pixelsQuery } from "./frames.js";

/** A frame within limits. @param side of a thumbnail; without it, every pixel */
export function FramePicture({ id, at, side, limits }: { id: string; at: FrameAt; side?: number; limits: Limits | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { data, error } = useQuery(pixelsQuery(id, at, side));
  useEffect(() => {
    if (!canvas.current) return;
    delete canvas.current.dataset.drawn;
    if (!data || !limits) return;
    canvas.current.getContext("2d")?.putImageData(imageOf(data, limits), 0, 0);
    canvas.current.dataset.drawn = `${limits.low},${limits.high}`; // for those who wait for the picture
  }, [data, limits]);
  if (error) {
    const isAbsent = error instanceof AnswerError && error.status === 404;
    return (
      <span className="none" title={error.message}>
        <ImageOff size={16} aria-hidden /> {isAbsent ? "no frame" : error instanceof AnswerError ? error.error.code : "failed"}
      </span>
    );
  }
  return <canvas ref={canvas} width={data?.columns ?? 1} height={data?.rows ?? 1} aria-hidden />;
}
