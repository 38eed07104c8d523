import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";

/** Files may be dropped anywhere on the page. What is done with them is loaded when some are. */
export function DropTarget() {
  const [isOver, setOver] = useState(false);
  const navigate = useNavigate();
  useEffect(() => {
    const stop = new AbortController();
    const on = (type: "dragenter" | "dragover" | "dragleave" | "drop", act: (event: DragEvent, from: DataTransfer) => void) =>
      addEventListener(
        type,
        (event) => {
          if (!event.dataTransfer?.types.includes("Files")) return;
          event.preventDefault();
          act(event, event.dataTransfer);
        },
        { signal: stop.signal },
      );
    on("dragenter", () => setOver(true));
    on("dragover", (_, from) => {
      from.dropEffect = "copy";
    });
    on("dragleave", ({ relatedTarget }) => relatedTarget === null && setOver(false));
    on("drop", (_, from) => {
      setOver(false);
      // the browser takes them back when the event is over
      const files = [...from.files];
      const folder = [...from.items].map((item) => item.webkitGetAsEntry?.()).find((entry) => entry?.isDirectory);
      void import("./open-file.js").then(({ takeDropped }) => takeDropped(files, folder?.name, navigate));
    });
    return () => stop.abort();
  }, [navigate]);
  return isOver ? (
    <div className="panel dropping" aria-hidden>
      Drop a file to look at its slices, with its model and tilt angles. It stays on this machine: nothing is sent.
    </div>
  ) : null;
}
