import { type UseNavigateResult, useNavigate } from "@tanstack/react-router";
import { FolderOpen } from "lucide-react";
import { useRef } from "react";
import { quoteWord } from "../../src/core/shell.js";
import { notify } from "./page.js";
import { shared } from "./store.js";

/** The file that was dropped on the page or chosen last. A browser forgets it with the page. */
export const droppedFile = shared<File | undefined>(undefined);

/** Models and tilt angles that were dropped together with it, or onto it. */
export const droppedBeside = shared<readonly File[]>([]);

const BESIDE = /\.(mod|fid|tlt|rawtlt|mdoc)$/i;

type Navigate = UseNavigateResult<string>;

/** Shows a file. Where its address is open already, what that says of slices and contrast holds for it. */
function show(files: readonly File[], navigate: Navigate): void {
  const beside = files.filter(({ name }) => BESIDE.test(name));
  const [file, ...more] = files.filter((one) => !beside.includes(one));
  const open = droppedFile.get();
  if (!file) {
    const names = beside.map(({ name }) => name).join(", ");
    if (beside.length === 0) return;
    if (open && isShown(open)) {
      const kept = droppedBeside.get().filter((one) => !beside.some(({ name }) => name === one.name));
      droppedBeside.set([...kept, ...beside]);
    } else notify(`${names}: drop it together with its volume. Beside a volume of the server it is read from the same folder.`);
    return;
  }
  if (more.length > 0) notify(`${file.name} is shown, of several files one; not ${more.map(({ name }) => name).join(", ")}.`);
  droppedFile.set(file);
  droppedBeside.set(beside);
  if (!isShown(file)) void navigate({ to: "/view/dropped/$name", params: { name: file.name } });
}

const isShown = ({ name }: File): boolean => decodeURIComponent(location.pathname).endsWith(`/view/dropped/${name}`);

/** Shows what was dropped on the page. @param folder name of one that is among it, which no page is given */
export function takeDropped(files: readonly File[], folder: string | undefined, navigate: Navigate): void {
  const what = folder && /\.zarr$/i.test(folder) ? ", a volume of many small files" : "";
  if (folder === undefined) show(files, navigate);
  else notify(`${folder} is a folder${what}: a page is given single files. It opens with: emporium serve ${quoteWord(folder)}`);
}

/** Button that opens a file, as dropping it does. */
export function OpenFile({ label = "Open a file" }: { label?: string }) {
  const field = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();
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
          show([...(target.files ?? [])], navigate);
          target.value = ""; // the same may be chosen again
        }}
      />
    </>
  );
}
