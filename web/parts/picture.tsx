import { ImageOff } from "lucide-react";
import { useState } from "react";
import { fileUrl } from "./files.js";

/** A key photo of the tree; a sign in its place where there is none, or it cannot be read. */
export function Photo({ of, alt }: { of: string | undefined; alt: string }) {
  const [failed, setFailed] = useState<string>();
  if (of === undefined || failed === of)
    return (
      <span className="none">
        <ImageOff size={16} aria-hidden /> <span>no picture</span>
      </span>
    );
  return <img src={fileUrl(of).href} alt={alt} loading="lazy" onError={() => setFailed(of)} />;
}
