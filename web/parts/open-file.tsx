import { useNavigate } from "@tanstack/react-router";
import { FolderOpen } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { quoteWord } from "../../src/core/shell.js";
import { notify } from "./page.js";
import { shared } from "./store.js";

/** The file that was dropped on the page or chosen last. A browser forgets it with the page. */
export const droppedFile = shared<File | undefined>(undefined);

/** Models and tilt angles that were dropped together with it, or onto it. */
export const droppedBeside = shared<readonly File[]>([]);

const BESIDE = /\.(mod|fid|tlt|rawtlt|mdoc)$/i;

/** Shows a file. Where its address is open already, what that says of slices and contrast holds for it. */
function useShow(): (files: readonly File[]) => void {
  const navigate = useNavigate();
  return useCallback(
    (files) => {
      const beside = files.filter(({ name }) => BESIDE.test(name));
      const [file, ...more] = files.filter((one) => !beside.includes(one));
      const open = droppedFile.get();
      if (!file) {
        const names = beside.map(({ name }) => name).join(", ");
        if (beside.length === 0) return;
        if (!open || !isShown(open)) {
          return notify(
            `${names}: drop it together with its volume. Beside a volume of the server it is read from the same folder.`,
          );
        }
        const kept = droppedBeside.get().filter((one) => !beside.some(({ name }) => name === one.name));
        return droppedBeside.set([...kept, ...beside]);
      }
      if (more.length > 0) notify(`${file.name} is shown, of several files one; not ${more.map(({ name }) => name).join(", ")}.`);
      droppedFile.set(file);
      droppedBeside.set(beside);
      if (!isShown(file)) void navigate({ to: "/view/dropped/$name", params: { name: file.name } });
    },
    [navigate],
  );
}

const isShown = ({ name }: File): boolean => decodeURIComponent(location.pathname).endsWith(`/view/dropped/${name}`);

/** Files may be dropped anywhere on the page. */
export function DropTarget() {
  const [isOver, setOver] = useState(false);
  const show = useShow();
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
      const items = [...from.items].filter(({ kind }) => kind === "file");
      const folder = items.map((item) => item.webkitGetAsEntry?.()).find((entry) => entry?.isDirectory);
      if (folder) return notify(folderWords(folder.name));
      show([...from.files]);
    });
    return () => stop.abort();
  }, [show]);
  return isOver ? (
    <div className="panel dropping" aria-hidden>
      Drop a file to look at its slices, with its model and tilt angles. It stays on this machine: nothing is sent.
    </div>
  ) : null;
}

const folderWords = (name: string): string =>
  `${name} is a folder${/\.zarr$/i.test(name) ? ", a volume of many small files" : ""}: a page is given single files. It opens with: emporium serve ${quoteWord(name)}`;

/** Button that opens a file, as dropping it does. */
export function OpenFile({ label = "Open a file" }: { label?: string }) {
  const field = useRef<HTMLInputElement>(null);
  const show = useShow();
  return (
    <>
      <button
        type="button"
        onClick={() => field.current!.click()}
        title="A volume of this machine, with its .mod, .tlt or .mdoc: nothing is sent"
      >
        <FolderOpen size={16} aria-hidden /> {label}
      </button>
      <input
        ref={field}
        type="file"
        multiple
        hidden
        onChange={({ target }) => {
          show([...(target.files ?? [])]);
          target.value = ""; // the same may be chosen again
        }}
      />
    </>
  );
}
